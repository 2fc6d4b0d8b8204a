"""An email in one language: compiled once from its files, then rendered for each reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from mimetypes import MimeTypes
from typing import final

from engage.model.content import Attachment, EmailContent
from engage.model.errors import Place
from engage.model.stretches import Stretches, trimmed, without_gaps
from engage.model.tracking import Tracking
from engage.model.workspace import Files
from engage.templates import documents, html, markdown, marking, mjml
from engage.templates.catalogue import Parts
from engage.templates.composing import Composer
from engage.templates.escaping import Form
from engage.templates.faults import TemplateFault
from engage.templates.headers import header, mailbox
from engage.templates.placeholders import Held
from engage.templates.programs import Compiler, Program, Rendering
from engage.templates.sources import Piece, Tag, Text, decoded, front_matter
from engage.templates.tracked import read_tracking

KEYS = ("subject", "preheader", "from", "reply_to", "attachments", "track", "utm")
NOT_TRACKED = Tracking()
LAYOUTS = ("_layouts/email.mjml", "_layouts/email.html")

_TYPES = MimeTypes(filenames=())  # the table that comes with Python, not the machine's
_TYPES.add_type("text/calendar", ".ics")
_ATTACHED_FORMS = {"ics": Form.ICS, "html": Form.HTML, "htm": Form.HTML, "xml": Form.HTML, "svg": Form.HTML}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile:
    """A file that goes along: as it is, or rendered where its name ends in `.j2`."""

    name: str
    media_type: str
    content: bytes | Program


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EmailTemplate:
    """The programs of one email in one language. `text_is_made` tells that the text part comes from the HTML."""

    subject: Program
    text: Program
    text_is_made: bool
    html: Program | None = None
    preheader: Program | None = None
    sender: Program | None = None
    reply_to: Program | None = None
    attachments: tuple[AttachedFile, ...] = ()
    tracking: Tracking = NOT_TRACKED

    @property
    def programs(self) -> tuple[Program, ...]:
        """All that it is made of."""
        single = (self.subject, self.preheader, self.sender, self.reply_to, self.html, self.text)
        attached = (file.content for file in self.attachments if isinstance(file.content, Program))
        return (*(program for program in single if program is not None), *attached)

    def render(self, rendering: Rendering) -> EmailContent:
        """The mail for one reader. Raises RenderError."""

        subject = header("subject", self.subject.run(rendering))
        if not subject:
            raise TemplateFault(self.subject.lines.place(0), "the subject is empty")
        return EmailContent(
            subject=subject,
            text=self._text(rendering),
            html=self.html.run(rendering, Stretches.joined) if self.html is not None else None,
            preheader=_whole(self.preheader, rendering),
            sender=mailbox("from", sender) if (sender := _whole(self.sender, rendering)) else None,
            reply_to=mailbox("reply_to", reply_to) if (reply_to := _whole(self.reply_to, rendering)) else None,
            attachments=tuple(_attached(file, rendering) for file in self.attachments) if self.attachments else (),
        )

    def _text(self, rendering: Rendering) -> str:
        constant = self.text.constant
        return self.text.run(rendering, self._tidied) if constant is None else self._tidied(constant.stretches)

    def _tidied(self, stretches: Sequence[str]) -> Stretches:
        """Without what is blank at its ends; of a text that is made of the page with one empty line at most in a row."""
        kept = without_gaps(stretches) if self.text_is_made else stretches
        return Stretches.joined((*trimmed(kept), "\n"))


def _whole(program: Program | None, rendering: Rendering) -> str | None:
    return (program.run(rendering).strip() or None) if program is not None else None


def compile_email(
    parts: Parts, files: Files, compiler: Compiler, composer: Composer, *, tracking: Tracking = NOT_TRACKED
) -> EmailTemplate:
    """Raises TemplateFault for whatever is wrong in the files. `tracking` goes where the front matter says nothing else."""
    bodies = [parts[form] for form in ("mjml", "html", "md") if form in parts]
    if len(bodies) > 1:
        raise TemplateFault(Place(file=bodies[1]), f"{bodies[0]} is the body already: one of .mjml, .html and .md")
    file = bodies[0] if bodies else parts["txt"]
    front, body, line = front_matter(decoded(files[file], file), file)
    tracking = read_tracking(front, tracking, may=("opens", "clicks") if bodies else ("clicks",))
    head = _Head(front, file, files, compiler, composer, tracking)
    start = Place(file=file, line=line, column=1)
    pieces = composer.pieces(body, start)
    text = _text_pieces(parts["txt"], files, composer, with_body=bool(bodies)) if "txt" in parts else None
    if not bodies:
        head.refuse("preheader", "preheader has no effect: this mail has no HTML")
        return head.template(html=None, text=compiler.compile(head.marked(pieces), Form.TEXT, file), made=False)
    page, derived = _page(pieces, head.pieces("preheader"), file, compiler.locale, composer, tracking)
    return head.template(
        html=compiler.compile(page, Form.HTML, file),
        text=compiler.compile(head.marked(derived if text is None else text), Form.TEXT, file if text is None else parts["txt"]),
        made=text is None,
    )


def _text_pieces(file: str, files: Files, composer: Composer, *, with_body: bool) -> tuple[Piece, ...]:
    front, body, line = front_matter(decoded(files[file], file), file)
    if with_body and front.entries:
        raise TemplateFault(front.place, "the front matter belongs to the mail's HTML, MJML or Markdown file")
    return composer.pieces(body, Place(file=file, line=line, column=1))


def _page(
    pieces: Sequence[Piece], preheader: Sequence[Piece], file: str, locale: str, composer: Composer, tracking: Tracking
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The HTML's pieces, and those of the text made from it."""
    language = file.rpartition(".")[2]
    if language == "md":
        layout = composer.first_of(LAYOUTS)
        language = layout.rpartition(".")[2]
        pieces = composer.within(layout, markdown.to_html(pieces))
    before, pieces = _parted(pieces)
    if language == "mjml":
        held, made = mjml.to_html(pieces, locale)
    else:
        held = Held(pieces)
        made = held.text
    page = html.finished(made, locale, file)
    if (lost := held.lost(page, statements_only=True)) is not None:
        raise TemplateFault(lost.place, "a statement cannot stand here (in the styles); put it around the part of the page it is about")
    text = html.text_of(held, page)
    if preheader and any("<mj-preview" in piece.text for piece in pieces):
        raise TemplateFault(preheader[0].place, "preheader has no effect: the page has an mj-preview of its own")
    if preheader:
        page = html.with_preheader(page, "".join(held.word(piece) if isinstance(piece, Tag) else escape(piece.text) for piece in preheader))
    if tracking.clicks or tracking.utm:
        page = marking.with_links(held, page)
    if tracking.opens:
        page = marking.with_picture(held, page)
    return (*before, *held.released(page)), (*before, *text)


def _parted(pieces: Sequence[Piece]) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The statements before the document (`set`, imports), and the document."""
    first = next((at for at, piece in enumerate(pieces) if isinstance(piece, Text) and piece.text.strip()), len(pieces))
    while first and not (isinstance(pieces[first - 1], Tag) and pieces[first - 1].text.startswith("{%")):
        first -= 1
    return tuple(pieces[:first]), tuple(pieces[first:])


class _Head:
    """The front matter: each key a small program of its own."""

    def __init__(
        self, front: documents.Mapping, file: str, files: Files, compiler: Compiler, composer: Composer, tracking: Tracking
    ) -> None:  # fmt: skip
        self._front = front
        self._tracking = tracking
        self._file = file
        self._files = files
        self._compiler = compiler
        self._composer = composer
        check_keys(front, KEYS)

    def pieces(self, key: str) -> tuple[Piece, ...]:
        """The key's text; nothing where it is not given."""
        value = self._front.entries.get(key)
        if value is None:
            return ()
        if not isinstance(value, documents.Scalar):
            raise TemplateFault(value.place, f'{key} is one text; one that begins with {{{{ stands in quotes: "{{{{ … }}}}"')
        return self._composer.pieces(value.text, value.start)

    def refuse(self, key: str, why: str) -> None:
        """Raises TemplateFault where the key is given."""
        if key in self._front.keys:
            raise TemplateFault(self._front.keys[key], why)

    def program(self, key: str) -> Program | None:
        """The key's program."""
        pieces = self.pieces(key)
        return self._compiler.compile(pieces, Form.TEXT, self._file) if pieces else None

    def marked(self, text: Sequence[Piece]) -> Sequence[Piece]:
        """The text's pieces, with what is done to its links."""
        return marking.marked_text(text) if self._tracking.clicks or self._tracking.utm else text

    def template(self, *, html: Program | None, text: Program, made: bool) -> EmailTemplate:
        """The whole."""
        subject = self.program("subject")
        if subject is None:
            raise TemplateFault(Place(file=self._file, line=1, column=1), "a mail needs a subject in its front matter (between --- lines)")
        return EmailTemplate(
            subject=subject, html=html, text=text, text_is_made=made, preheader=self.program("preheader"),
            sender=self.program("from"), reply_to=self.program("reply_to"), attachments=self._attachments(),
            tracking=self._tracking,
        )  # fmt: skip

    def _attachments(self) -> tuple[AttachedFile, ...]:
        value = self._front.entries.get("attachments")
        if value is None:
            return ()
        if not isinstance(value, documents.Sequence):
            raise TemplateFault(value.place, "attachments is a list of files of this folder")
        return tuple(self._attachment(item) for item in value.items)

    def _attachment(self, item: documents.Tree) -> AttachedFile:
        if not isinstance(item, documents.Scalar):
            raise TemplateFault(item.place, "an attachment is the name of a file of this folder")
        path = self._file.rpartition("/")[0] + "/" + item.text
        if "/" in item.text or path not in self._files:
            raise TemplateFault(item.place, f"there is no file {item.text!r} in {path.rpartition('/')[0]}")
        name = item.text.removesuffix(".j2")
        media_type = _TYPES.guess_type(name)[0] or "application/octet-stream"
        if name == item.text:
            return AttachedFile(name=name, media_type=media_type, content=self._files[path])
        pieces = self._composer.pieces(decoded(self._files[path], path), Place(file=path, line=1, column=1))
        form = _ATTACHED_FORMS.get(name.rpartition(".")[2].lower(), Form.TEXT)
        return AttachedFile(name=name, media_type=media_type, content=self._compiler.compile(pieces, form, path))


def check_keys(front: documents.Mapping, known: Sequence[str]) -> None:
    """Raises TemplateFault for the first key that means nothing here."""
    for key, place in front.keys.items():
        if key not in known:
            raise TemplateFault(place, f"{key!r} has no meaning in this front matter" + (f" ({', '.join(known)})" if known else ""))


def _attached(file: AttachedFile, rendering: Rendering) -> Attachment:
    content = file.content.run(rendering).encode() if isinstance(file.content, Program) else file.content
    if file.name.endswith(".ics") and isinstance(file.content, Program):
        content = content.replace(b"\n", b"\r\n")  # RFC 5545, section 3.1
    return Attachment(name=file.name, media_type=file.media_type, content=content)


def attached_names(front: documents.Mapping) -> frozenset[str]:
    """The files that a front matter attaches."""
    value = front.entries.get("attachments")
    items = value.items if isinstance(value, documents.Sequence) else ()
    return frozenset(item.text for item in items if isinstance(item, documents.Scalar))
