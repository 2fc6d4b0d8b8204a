"""What `engage explain` shows of an expression: clause by clause, with the values of the names in it, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import final

from engage.model.expression import And, Cell, Days, EventCount, Expression, HasConsent, InSegment, Node, Or, Read, Touched, walk
from engage.rules.expressions.running import closure
from engage.rules.expressions.scope import Scope
from engage.rules.expressions.wording import wording


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One leaf of `and` and `or`. `values` has what each name and function in it came to; None for what is missing."""

    text: str
    holds: bool
    values: Mapping[str, object] = field(default_factory=dict)


def clauses(expression: Expression, scope: Scope) -> tuple[Clause, ...]:
    """Each clause of the expression, in its order. Raises LookupError as `evaluate` does."""
    return tuple(_clause(leaf, scope) for leaf in _leaves(expression.root))


def _leaves(node: Node) -> Iterator[Node]:
    if isinstance(node, And | Or):
        for operand in node.operands:
            yield from _leaves(operand)
    else:
        yield node


def _clause(leaf: Node, scope: Scope) -> Clause:
    asked = [node for node in walk(leaf) if isinstance(node, Read | Cell | HasConsent | InSegment | Touched | EventCount | Days)]
    return Clause(
        text=wording(leaf), holds=bool(closure(leaf)(scope)),
        values={wording(node): closure(node)(scope) for node in asked},
    )
