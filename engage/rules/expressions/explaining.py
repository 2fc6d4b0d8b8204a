"""What `engage explain` shows of an expression: clause by clause, with the values of the names in it, and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import final

from engage.model.expression import And, Cell, Days, EventCount, Expression, HasConsent, InSegment, Node, Not, Or, Read, Touched, walk
from engage.rules.expressions.running import closure
from engage.rules.expressions.scope import Scope
from engage.rules.expressions.wording import wording


class Joined(StrEnum):
    """How a clause hangs on those within it."""

    ALL = "all"  # a and b
    ANY = "any"  # a or b
    NONE = "none"  # not (a or b)
    SEGMENT = "segment"  # in_segment('name'): what that segment asks


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One question of an expression and its answer.

    `values` has what each name and function in it came to, None for what is missing; a clause made of others has these as `parts`.
    """

    text: str
    holds: bool
    values: Mapping[str, object] = field(default_factory=dict)
    joined: Joined | None = None
    parts: tuple[Clause, ...] = ()


Segments = Mapping[str, Expression]
"""The audiences of the segments that have one, by name."""


def clauses(expression: Expression, scope: Scope, segments: Segments | None = None) -> tuple[Clause, ...]:
    """What the expression asks, in its order: all of these must hold. Raises LookupError as `evaluate` does."""
    whole = _clause(expression.root, scope, segments or {})
    return whole.parts if whole.joined is Joined.ALL else (whole,)


def _clause(node: Node, scope: Scope, segments: Segments) -> Clause:
    match node:
        case And(operands=operands):
            return _joined(node, Joined.ALL, operands, scope, segments)
        case Or(operands=operands):
            return _joined(node, Joined.ANY, operands, scope, segments)
        case Not(operand=Or(operands=operands)):
            return _joined(node, Joined.NONE, operands, scope, segments)
        case InSegment(segment=segment) if segment in segments:
            return _joined(node, Joined.SEGMENT, _conditions(segments[segment].root), scope, segments)
        case Not(operand=InSegment(segment=segment)) if segment in segments:
            return _joined(node, Joined.SEGMENT, _conditions(segments[segment].root), scope, segments)
        case _:
            return _leaf(node, scope)


def _conditions(root: Node) -> tuple[Node, ...]:
    return root.operands if isinstance(root, And) else (root,)


def _joined(node: Node, how: Joined, parts: tuple[Node, ...], scope: Scope, segments: Segments) -> Clause:
    return Clause(
        text=wording(node), holds=bool(closure(node)(scope)), joined=how, parts=tuple(_clause(part, scope, segments) for part in parts)
    )


def _leaf(node: Node, scope: Scope) -> Clause:
    asked = [each for each in walk(node) if isinstance(each, Read | Cell | HasConsent | InSegment | Touched | EventCount | Days)]
    return Clause(
        text=wording(node), holds=bool(closure(node)(scope)), values={wording(each): closure(each)(scope) for each in asked},
    )
