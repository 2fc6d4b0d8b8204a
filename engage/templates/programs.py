"""Pieces -> a compiled program that prints one part of a message, and whose errors name the line and column of the file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, final

from jinja2 import Template, TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError, nodes
from jinja2.loaders import BaseLoader
from jinja2.runtime import Context

from engage.model.errors import Place
from engage.templates.composing import Composer
from engage.templates.escaping import Form
from engage.templates.faults import TemplateFault, Unprintable
from engage.templates.limits import MAX_OUTPUT
from engage.templates.phrases import Phrasebook
from engage.templates.placeholders import without_empty_lines
from engage.templates.sandbox import Sandbox
from engage.templates.scope import KEY, Scope
from engage.templates.sources import Piece, Tag

Names = dict[str, object]
"""All that a program may name: see `Compiler.names`."""

_numbers = count()
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
@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One compiled part."""

    template: Template
    source: str
    lines: LineMap
    maps: Mapping[str, LineMap] = field(repr=False)

    @property
    def tree(self) -> nodes.Template:
        """What it is compiled of, for those who look into it."""
        return self.template.environment.parse(self.source)

    def run(self, names: Names) -> str:
        """What the part prints; `names` is all that it may name, as `Compiler.names` puts it together. Raises TemplateFault."""
        context = Context(self.template.environment, names, self.template.name, {})
        try:
            text = "".join(self.template.root_render_func(context))
        except TemplateFault:
            raise
        except Exception as error:  # whatever a template makes Python raise is the template's fault, and only that message's
            raise self._fault(error) from error
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
    """Compiles for one language; one sandbox for each form."""

    def __init__(self, locale: str, phrases: Phrasebook, composer: Composer) -> None:
        self.locale = locale
        self._phrases = phrases
        self._composer = composer
        self._sandboxes: dict[Form, Sandbox] = {}
        self._maps: dict[str, LineMap] = {}

    def compile(self, pieces: Sequence[Piece], form: Form, file: str) -> Program:
        """Raises TemplateFault, with the place, for a mistake of syntax or something that no template may do."""
        source, lines = with_lines(pieces, file)
        name = f"{file}#{next(_numbers)}"
        sandbox = self.sandbox(form)
        try:
            code = sandbox.compile(source, name, name)
        except TemplateSyntaxError as error:
            raise lines.fault(error) from error
        self._maps[name] = lines
        template = Template.from_code(sandbox, code, sandbox.make_globals(None))
        return Program(template=template, source=source, lines=lines, maps=self._maps)

    def names(self, data: Mapping[str, object], scope: Scope) -> Names:
        """All that the parts of one message may name: the functions, the data, and the scope out of reach."""
        return {**self.sandbox(Form.TEXT).globals, **data, KEY: scope}

    def sandbox(self, form: Form) -> Sandbox:
        """The form's environment."""
        if form not in self._sandboxes:
            loader = _ImportLoader(self._composer, self._maps)
            self._sandboxes[form] = Sandbox(form, self.locale, self._phrases, loader)
        return self._sandboxes[form]


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
