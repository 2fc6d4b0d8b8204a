"""Pieces -> a compiled program that prints one part of a message, and whose errors name the line and column of the file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, final

from jinja2 import Template, TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError, nodes
from jinja2.loaders import BaseLoader
from jinja2.meta import find_undeclared_variables

from engage.model.errors import Place
from engage.model.stretches import Stretches
from engage.templates.composing import Composer
from engage.templates.escaping import ESCAPES, Form
from engage.templates.faults import TemplateFault, Unprintable
from engage.templates.formats import Formats
from engage.templates.limits import MAX_OUTPUT
from engage.templates.phrases import Phrasebook
from engage.templates.placeholders import without_empty_lines
from engage.templates.sandbox import Part, Sandbox
from engage.templates.scope import KEY, Reader, Scope
from engage.templates.sources import Piece, Tag

Names = dict[str, object]
"""The data that a program may name."""

_numbers = count()
_ASSIGNING = (nodes.Assign, nodes.AssignBlock, nodes.Macro, nodes.Import, nodes.FromImport, nodes.CallBlock)
_CLOSED = frozenset({"if", "for", "macro", "call", "filter", "with"})
"""Statements that an `end…` closes."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LineMap:
    """From a line of the text given to Jinja back to the tag that stands there: every tag begins a line of its own."""

    lines: tuple[int, ...]
    tags: tuple[Tag, ...]
    file: str

    def place(self, line: int, what: str = "") -> Place:
        """Where the tag stands; where `what` names something of it in quotes, where that stands."""
        at = bisect_right(self.lines, line) - 1
        if at < 0:
            return Place(file=self.file, line=1, column=1)
        tag = self.tags[at]
        lines = tag.text.split("\n")
        offset = min(line - self.lines[at], len(lines) - 1)
        column = lines[offset].find(_quoted(what)) if what else -1
        if column < 0:
            return tag.place
        return Place(file=tag.place.file, line=tag.place.line + offset, column=column + (tag.place.column if offset == 0 else 1))

    def fault(self, error: TemplateSyntaxError) -> TemplateFault:
        """A mistake of syntax at its place; of a statement that is never closed, where it opens."""
        what = str(error.message)
        if not what.startswith("Unexpected end of template"):
            return TemplateFault(self.place(error.lineno, what), what)
        opened: list[Tag] = []
        for tag in self.tags:
            if tag.keyword.startswith("end") and opened:
                opened.pop()
            elif tag.keyword in _CLOSED or (tag.keyword == "set" and "=" not in tag.argument):
                opened.append(tag)
        tag = opened[-1] if opened else self.tags[-1]
        return TemplateFault(tag.place, f"this {tag.keyword} is never closed with {{% end{tag.keyword} %}}")


@final
class Rendering:
    """One message for one reader: what its parts may name, and the contexts that those may share which assign nothing."""

    __slots__ = ("_scope", "_shared", "names")

    def __init__(self, names: Names, scope: Scope) -> None:
        names[KEY] = scope
        self.names = names
        self._scope = scope
        self._shared: dict[Form, Reader] = {}

    def context(self, template: Template, form: Form, *, shared: bool) -> Reader:
        """The context to run a part in."""
        if not shared:
            return Reader(template.environment, {**template.globals, **self.names}, template.name, {})
        context = self._shared.get(form)
        if context is None:
            context = self._shared[form] = Reader.shared(template.environment, self.names, self._scope)
        return context


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One compiled part. `reads` are the names of the data that it may read; None where that cannot be told.

    `constant` is what it prints for everybody, where it is the same.
    """

    template: Template
    form: Form
    source: str
    lines: LineMap
    maps: Mapping[str, LineMap] = field(repr=False)
    reads: frozenset[str] | None = None
    constant: Stretches | None = None

    @property
    def tree(self) -> nodes.Template:
        """What it is compiled of, for those who look into it."""
        return self.template.environment.parse(self.source)

    def run(self, rendering: Rendering, joined: Callable[[list[str]], str] = "".join) -> str:
        """What the part prints. Raises TemplateFault."""
        if self.constant is not None:
            return self.constant
        context = rendering.context(self.template, self.form, shared=self.reads is not None)
        try:
            pieces: list[str] = self.template.root_render_func(context)  # type: ignore[assignment]  # our generator's root returns a list
        except TemplateFault:
            raise
        except Exception as error:  # whatever a template makes Python raise is the template's fault, and only that message's
            raise self._fault(error) from error
        text = joined(pieces)
        if len(text) > MAX_OUTPUT:
            raise TemplateFault(Place(file=self.lines.file), f"the template prints more than {MAX_OUTPUT // 1024} KB")
        return text

    def _fault(self, error: Exception) -> TemplateFault:
        what = _said(error)
        lines, line = self.lines, 0
        for frame, at in _frames(error.__traceback__):
            template = frame.get("__jinja_template__")
            if isinstance(template, Template) and template.name is not None and template.name in self.maps:
                lines, line = self.maps[template.name], template.get_corresponding_lineno(at)
        return TemplateFault(lines.place(line, what), what)


class Compiler:
    """Compiles for one language, and the formats of readers of it; one sandbox for each form."""

    def __init__(
        self, locale: str, formats: Formats, phrases: Phrasebook, composer: Composer, fields: Mapping[str, frozenset[str]]
    ) -> None:
        self.locale = locale
        self._formats = formats
        self._phrases = phrases
        self._composer = composer
        self._fields = fields
        self._sandboxes: dict[Form, Sandbox] = {}
        self._maps: dict[str, LineMap] = {}

    def compile(self, pieces: Sequence[Piece], form: Form, file: str) -> Program:
        """Raises TemplateFault, with the place, for a mistake of syntax or something that no template may do."""
        source, lines = with_lines(pieces, file)
        name = f"{file}#{next(_numbers)}"
        sandbox = self.sandbox(form)
        try:
            tree = sandbox.parse(source, name, name)
            code = sandbox.compile(tree, name, name)
        except TemplateSyntaxError as error:
            raise lines.fault(error) from error
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise TemplateFault(Place(file=file), "its statements or brackets stand in one another too deep") from error
        self._maps[name] = lines
        template = Part.from_code(sandbox, code, sandbox.make_globals(None))
        reads, constant = _reads(tree), _constant(tree, form)
        return Program(template=template, form=form, source=source, lines=lines, maps=self._maps, reads=reads, constant=constant)

    def sandbox(self, form: Form) -> Sandbox:
        """The form's environment."""
        if form not in self._sandboxes:
            loader = _ImportLoader(self._composer, self._maps)
            self._sandboxes[form] = Sandbox(form, self.locale, self._formats, self._phrases, loader, self._fields)
        return self._sandboxes[form]


def read_by(programs: Iterable[Program]) -> frozenset[str] | None:
    """The names that any of these read; None where that cannot be told of one."""
    found: frozenset[str] = frozenset()
    for program in programs:
        if program.reads is None:
            return None
        found |= program.reads
    return found


def _reads(tree: nodes.Template) -> frozenset[str] | None:
    """The names that the part reads, where it only reads: what is assigned or imported needs a context of its own."""
    if next(tree.find_all(_ASSIGNING), None) is not None:
        return None
    called = {name.name for name in tree.find_all(nodes.Name) if name.name in tree.environment.globals}  # type: ignore[union-attr]  # it has one
    return frozenset(find_undeclared_variables(tree) | called)


def _constant(tree: nodes.Template, form: Form) -> Stretches | None:
    """What a part of text alone prints."""
    printed = [child for node in tree.body for child in (node.nodes if isinstance(node, nodes.Output) else (node,))]
    texts: list[str] = []
    for child in printed:
        match child:
            case nodes.TemplateData(data=str(text)):
                texts.append(text)
            case nodes.Const(value=str(text)):
                texts.append(ESCAPES[form](text))
            case _:
                return None
    whole = Stretches.joined(("".join(texts),))
    return whole if len(whole) <= MAX_OUTPUT else None


class _ImportLoader(BaseLoader):
    """What `import` takes: files under templates/."""

    def __init__(self, composer: Composer, maps: dict[str, LineMap]) -> None:
        self._composer = composer
        self._maps = maps

    def get_source(self, environment: Any, template: str) -> tuple[str, str, None]:
        try:
            source, lines = with_lines(self._composer.source(template, Place(file=template)), f"templates/{template}")
        except TemplateFault as fault:
            raise TemplateNotFound(template, str(fault.problem.what)) from fault
        if "<mj-" in source:
            raise TemplateNotFound(template, f"{template} holds MJML, which is made into HTML before anything is imported: use include")
        self._maps[template] = lines
        return source, template, None


def with_lines(pieces: Sequence[Piece], file: str) -> tuple[str, LineMap]:
    """The text for Jinja, in which every tag begins a line of its own (inside its braces, where it prints nothing)."""
    parts: list[str] = []
    lines: list[int] = []
    tags: list[Tag] = []
    line = 1
    for piece in without_empty_lines(pieces):
        text = piece.text
        if isinstance(piece, Tag):
            head = 3 if text[2:3] in ("-", "+") else 2
            text = text[:head] + "\n" + text[head:]
            lines.append(line + 1)
            tags.append(piece)
        parts.append(text)
        line += text.count("\n")
    return "".join(parts), LineMap(lines=tuple(lines), tags=tuple(tags), file=file)


def _frames(traceback: TracebackType | None) -> list[tuple[Mapping[str, object], int]]:
    frames: list[tuple[Mapping[str, object], int]] = []
    while traceback is not None:
        frames.append((traceback.tb_frame.f_globals, traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames


def _said(error: Exception) -> str:
    """The error in words that hold nothing of the contact's: what Python's own errors say may quote a value."""
    match error:
        case Unprintable():
            return str(error)
        case UndefinedError() | TemplateSyntaxError() | TemplateNotFound():
            return str(error.message)
        case RecursionError():
            return "the template calls itself without end"
        case TypeError() | ValueError() | ArithmeticError() | LookupError() | TemplateError():
            return f"this cannot be worked out ({type(error).__name__}): a value is of the wrong kind"
        case _:
            return f"this cannot be worked out ({type(error).__name__})"


def _quoted(what: str) -> str:
    parts = what.split("'")
    return parts[1] if len(parts) >= 3 else "\0"
