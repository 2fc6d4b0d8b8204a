"""What of an expression cannot be one SQL condition, and why; and what an expression names. Asked by `engage check`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from engage.model.contact import AttributeKind
from engage.model.errors import Problem
from engage.model.expression import (
    And,
    Arithmetic,
    Cell,
    Choice,
    Comparison,
    Constant,
    Days,
    EventCount,
    EventField,
    Expression,
    Filtered,
    HasConsent,
    InSegment,
    Item,
    Node,
    Not,
    Or,
    Read,
    Relation,
    Several,
    Sum,
    Text,
    children,
    walk,
)
from engage.rules.expressions.functions import FILTERS, TESTS

WHOLE_SUMS = (Sum.ADD, Sum.SUBTRACT, Sum.MULTIPLY)
IN_PARTS = (AttributeKind.MONEY, AttributeKind.LIST)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Mentions:
    """What an expression names. `roots` are the names it begins with: contact, trigger, answer, …"""

    attributes: frozenset[str]
    segments: frozenset[str]
    events: frozenset[str]
    purposes: frozenset[str]
    tables: frozenset[str]
    roots: frozenset[str]


def names_of(expression: Expression) -> Mentions:
    """What the expression names."""
    nodes = list(walk(expression.root))
    reads = [node.path for node in nodes if isinstance(node, Read)]
    return Mentions(
        attributes=frozenset(path[1] for path in reads if path[0] == "contact"),
        segments=frozenset(node.segment for node in nodes if isinstance(node, InSegment)),
        events=frozenset(node.type for node in nodes if isinstance(node, EventCount)),
        purposes=frozenset(node.purpose for node in nodes if isinstance(node, HasConsent)),
        tables=frozenset(node.table for node in nodes if isinstance(node, Cell)),
        roots=frozenset(path[0] for path in reads),
    )


def sql_refusals(expression: Expression) -> tuple[Problem, ...]:
    """Every reason why the expression cannot be one SQL condition, with its place; none where it can."""
    found = dict.fromkeys(_refusals(expression.root, is_condition=True))
    return tuple(Problem(place=expression.place_of(node), what=f"an audience cannot ask this: {why}") for node, why in found)


def is_whole(node: Node) -> bool:
    """Whether the node can only be a whole number: such are computed alike everywhere."""
    match node:
        case Constant(value=value):
            return isinstance(value, int) and not isinstance(value, bool)
        case Days() | EventCount():
            return True
        case Filtered(name=name):
            return name == "length"
        case Arithmetic():
            return node.sum in WHOLE_SUMS and is_whole(node.left) and is_whole(node.right)
        case _:
            return False


Refusal = tuple[Node, str]


def _refusals(node: Node, *, is_condition: bool) -> Iterator[Refusal]:
    """Depth first. `is_condition`: only whether it holds is asked, not what it is."""
    if why := _own_refusal(node, is_condition=is_condition):
        yield node, why
        return
    for child in children(node):
        if not isinstance(child, Several):
            yield from _refusals(child, is_condition=_asks_condition(node, child, is_condition=is_condition))
            continue
        for item in child.items:
            yield from _refusals(item, is_condition=False)


def _asks_condition(node: Node, child: Node, *, is_condition: bool) -> bool:
    if isinstance(node, Not):
        return True
    if isinstance(node, Choice) and child is node.condition:
        return True
    return is_condition and isinstance(node, And | Or | Choice)


def _own_refusal(node: Node, *, is_condition: bool) -> str | None:
    match node:
        case Read():
            return _read_refusal(node)
        case Cell():
            return "a table of data/ is not known to the database"
        case Item() | Text() | Several():
            return "it asks for a computed item, a joined text or a list of its own, which the database has otherwise"
        case Filtered():
            return _filter_refusal(node)
        case Arithmetic() if not is_whole(node):
            return "only whole numbers (days_since, events, length) are added, subtracted and multiplied here; a database rounds otherwise"
        case Comparison(relation=Relation.EQUAL) if AttributeKind.LIST in (node.left.kind, node.right.kind):
            return "whether two lists are the same; ask with `in` and |length"
        case EventField(kind=AttributeKind.LIST):
            return "events by a field that is a list"
        case And() | Or() | Choice() if not is_condition:
            return _mixed_refusal(node)
        case _:
            return None


def _read_refusal(node: Read) -> str | None:
    if node.path[0] not in ("contact", "now", "today"):
        return f"`{node.path[0]}` is not known for a whole audience at once; ask it in `when` or `if`"
    if any('"' in step or "\\" in step for step in node.path):
        return "a name with a quote or a backslash in it"
    return None


def _filter_refusal(node: Filtered) -> str | None:
    function = (TESTS if node.is_test else FILTERS)[node.name]
    if not function.in_sql:
        return f"`{node.name}` has another meaning in a database"
    if node.name == "default":
        if len(node.arguments) > 1 and not isinstance(node.arguments[1], Constant):
            return "the second argument of `default` is true or false"
        return _mixed_refusal(node)
    return None


def _mixed_refusal(node: And | Or | Choice | Filtered) -> str | None:
    if node.kind is None:
        return "its value may be of one kind or another"
    return f"a choice between values of the kind {node.kind}" if node.kind in IN_PARTS else None
