"""Source -> Expression. What a marketer wrote comes in; the typed tree goes out, or every problem with its place."""

from __future__ import annotations

from engage.model.contact import AttributeKind
from engage.model.errors import InputError, Place, Problem
from engage.model.expression import Constant, Expression, Node, Text
from engage.rules.expressions.calling import CALLING
from engage.rules.expressions.names import Names
from engage.rules.expressions.naming import NAMES
from engage.rules.expressions.reading import OPERATORS, Reader
from engage.rules.expressions.syntax import Piece, SyntaxProblem, pieces_of, tree_of

DISPATCH = {**OPERATORS, **NAMES, **CALLING}


def parse(source: str, *, place: Place, names: Names) -> Expression:
    """The expression. `place` is that of the source's first character.

    Raises InputError with every problem, each at its token: `place` with as many columns added as the token is away. What can be
    read but never hold stands in the expression's `doubts`.
    """
    reader = _reader(source, place, names)
    root = _read(reader, source)
    return _finished(reader, root)


def parse_binding(text: str, *, place: Place, names: Names) -> Expression | str:
    """What stands in `with`, `set`, `data` and `to`: text stays text, and `{{ }}` alone is an expression that keeps its type.

    Text with `{{ }}` in it is an expression too: the whole as one text, missing where a part of it is. Raises InputError.
    """
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return text
    reader = _reader(text, place, names)
    try:
        pieces = [piece for piece in pieces_of(text) if piece.text or piece.is_expression]
    except SyntaxProblem as problem:
        raise InputError([_problem(reader, problem)]) from problem
    if len(pieces) == 1 and pieces[0].is_expression:
        reader.shift = pieces[0].at
        return _finished(reader, _read(reader, pieces[0].text))
    return _finished(reader, Text(parts=tuple(_part(reader, piece) for piece in pieces)))


def _part(reader: Reader, piece: Piece) -> Node:
    if not piece.is_expression:
        return Constant(value=piece.text, kind=AttributeKind.TEXT, at=piece.at)
    reader.shift = piece.at
    return _read(reader, piece.text)


def _reader(source: str, place: Place, names: Names) -> Reader:
    return Reader(source=source, place=place, names=names, dispatch=DISPATCH)


def _read(reader: Reader, source: str) -> Node:
    try:
        return reader.read(tree_of(source))
    except SyntaxProblem as problem:
        reader.problems.append(_problem(reader, problem))
    except RecursionError:
        reader.problems.append(Problem(place=reader.place, what="the expression is nested too deeply"))
    return Constant(value=None, kind=None)


def _problem(reader: Reader, problem: SyntaxProblem) -> Problem:
    return Problem(place=reader.place.after(problem.at + reader.shift), what=problem.what, suggestion=problem.suggestion)


def _finished(reader: Reader, root: Node) -> Expression:
    if reader.problems:
        raise InputError(dict.fromkeys(reader.problems))
    return Expression(source=reader.source, place=reader.place, root=root, doubts=tuple(dict.fromkeys(reader.doubts)))
