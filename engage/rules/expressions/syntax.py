"""Jinja's lexer and parser, made to tell columns. A source comes in, Jinja's tree goes out, its `lineno` being an offset."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

MAX_LENGTH = 10_000

MAX_BRACKETS = 40
"""Brackets within brackets. Far below what exhausts the stack: whether a campaign can be read never hangs on who calls."""

JINJA = Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701 - only its grammar is used, nothing is rendered

OPENING, CLOSING = frozenset("([{"), frozenset(")]}")

WORDS_OF_OTHERS = {
    "=": "==", "&": "and", "|": "or", "AND": "and", "OR": "or", "NOT": "not", "IN": "in", "IS": "is", "null": "none", "NULL": "none",
    "nil": "none", "True": "true", "False": "false", "!": "not", "$": None, "?": "a if condition else b",
    **dict.fromkeys("‘’‚‹›´`", "'"), **dict.fromkeys("“”„«»", '"'),
}
"""What people write who know another language, and what it is here."""


class SyntaxProblem(Exception):
    """The source is no expression: why, the offset where, and what was probably meant."""

    def __init__(self, what: str, at: int, suggestion: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.at = at
        self.suggestion = suggestion


@final
@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text that holds `{{ }}`: plain text, or an expression's source, beginning at `at`."""

    text: str
    at: int
    is_expression: bool


def tree_of(source: str) -> nodes.Expr:
    """Jinja's tree of the expression. Raises SyntaxProblem."""
    if len(source) > MAX_LENGTH:
        raise SyntaxProblem(f"the expression is longer than {MAX_LENGTH} characters", 0)
    if not source.strip():
        raise SyntaxProblem("an expression is missing", 0)
    parser = Parser(JINJA, "")
    try:
        parser.stream = TokenStream(JINJA.lexer.wrap(_shallow(_with_offsets(source))), None, None)
        tree = parser.parse_expression()
        if not parser.stream.eos:
            left = parser.stream.current
            raise _unexpected(source, left.lineno)
    except TemplateSyntaxError as error:
        raise _explained(source, error) from error
    except RecursionError as error:
        raise SyntaxProblem("the expression is nested too deeply", 0) from error
    return tree


def pieces_of(text: str) -> list[Piece]:
    """The text cut at its `{{ }}`. Raises SyntaxProblem."""
    pieces: list[Piece] = []
    inside: list[str] | None = None
    begun = 0
    for at, kind, raw in _counted(text, JINJA.lexer.tokeniter(text, None)):
        if kind == "data":
            pieces.append(Piece(raw, at, False))
        elif kind == "variable_begin":
            inside, begun = [], at + len(raw)
        elif kind == "variable_end" and inside is not None:
            pieces.append(Piece("".join(inside), begun, True))
            inside = None
        elif inside is not None:
            inside.append(raw)
        else:
            raise SyntaxProblem("only {{ }} may stand in this text", at)
    if inside is not None:
        raise SyntaxProblem("{{ is not closed", max(begun - 2, 0))
    return pieces


def _with_offsets(source: str) -> Iterator[tuple[int, str, str]]:
    """Jinja's raw tokens, each with its offset in place of its line, so that every node knows where it stands."""
    return _counted(source, JINJA.lexer.tokeniter(source, None, None, "variable"))


def _shallow(tokens: Iterable[tuple[int, str, str]]) -> Iterator[tuple[int, str, str]]:
    depth = 0
    for token in tokens:
        at, _, raw = token
        depth += (raw in OPENING) - (raw in CLOSING)
        if depth > MAX_BRACKETS:
            raise SyntaxProblem("the expression is nested too deeply", at)
        yield token


def _counted(source: str, tokens: Iterable[tuple[int, str, str]]) -> Iterator[tuple[int, str, str]]:
    at = 0
    try:
        for _, kind, raw in tokens:
            at = max(source.find(raw, at), at)
            yield at, kind, raw
            at += len(raw)
    except TemplateSyntaxError as error:
        raise _explained(source, TemplateSyntaxError(error.message or "", at)) from error


def _explained(source: str, error: TemplateSyntaxError) -> SyntaxProblem:
    what = re.sub("end of (template|print statement)", "end of the expression", error.message or "").rstrip(".")
    at = min(error.lineno, len(source))
    if "expected token 'end of the expression'" in what or "unexpected char" in what:
        return _unexpected(source, at)
    return SyntaxProblem(what[:1].lower() + what[1:], at)


def _unexpected(source: str, at: int) -> SyntaxProblem:
    at += len(source[at:]) - len(source[at:].lstrip())
    rest = source[at:]
    token = re.match(r"\w+|.", rest)
    if rest[:1] in ("'", '"'):
        return SyntaxProblem("this text is not closed" if rest.count(rest[0]) == 1 else f"unexpected {rest[:20]}", at)
    found = token[0][:40] if token else "end of the expression"
    return SyntaxProblem(f"unexpected {found}", at, WORDS_OF_OTHERS.get(found))
