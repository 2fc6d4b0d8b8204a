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

WHOLE_SUMS = (Sum.ADD, Sum.SUBTRACT, Sum.MULTIPLY, Sum.FLOOR, Sum.REMAINDER)
MAX_WHOLE = 2**63
MOST_COUNTED = 2**31
"""No contact has had more events, or days, and no text or list is longer."""

MAX_LEVELS, MAX_LINKS = 12, 500
"""SQLite's parser has a stack of 100, of which a level takes up to six, and takes a chain of at most 1,000."""

MAX_WEIGHT = 5_000

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
    found = dict.fromkeys((*_refusals(expression.root, is_condition=True), *_too_much(expression.root)))
    return tuple(Problem(place=expression.place_of(node), what=f"an audience cannot ask this: {why}") for node, why in found)


def is_whole(node: Node) -> bool:
    """Whether the node can only be a whole number: such are computed alike everywhere."""
    match node:
        case Constant(value=value):
            return isinstance(value, int) and not isinstance(value, bool)
        case Days() | EventCount():
            return True
        case Filtered(name="length"):
            return True
        case Filtered(name="abs", operand=operand):
            return is_whole(operand)
        case Arithmetic():
            return node.sum in WHOLE_SUMS and is_whole(node.left) and is_whole(node.right)
        case _:
            return False


def largest(node: Node) -> int:
    """A whole number that the node's own is never further from zero than."""
    match node:
        case Constant(value=int() as value):
            return abs(value)
        case Arithmetic(sum=Sum.MULTIPLY):
            return largest(node.left) * largest(node.right)
        case Arithmetic(sum=Sum.FLOOR | Sum.REMAINDER):
            return largest(node.left) + 2 * largest(node.right)
        case Arithmetic():
            return largest(node.left) + largest(node.right)
        case Filtered(name="abs"):
            return largest(node.operand)
        case _:
            return MOST_COUNTED


def _compares_lists(node: Comparison) -> bool:
    """Whether two lists are asked to be the same, be it one of several."""
    others = children(node.right) if node.relation is Relation.IN else (node.right,)
    compares = node.relation is Relation.EQUAL or isinstance(node.right, Several)
    return compares and node.left.kind is AttributeKind.LIST and any(other.kind is AttributeKind.LIST for other in others)


def levels(node: Node) -> int:
    """How many operators stand within each other, as SQL will have them: `not` is pushed down, a sum of sums needs no brackets."""
    if isinstance(node, Not):
        return levels(node.operand)
    inner = [levels(child) - (isinstance(node, Arithmetic) and child is node.left) for child in children(node)]
    return 1 + max(inner) if inner else 0


def links(node: Node) -> int:
    """How many conditions it chains by `and`, `or` and `in`."""
    return sum(len(tuple(children(each))) for each in walk(node) if isinstance(each, And | Or) or _is_chain(each))


def _is_chain(node: Node) -> bool:
    """A list that becomes a chain of comparisons: one of texts alone is asked at once."""
    return isinstance(node, Several) and any(item.kind is not AttributeKind.TEXT for item in node.items)


def weight(node: Node) -> int:
    """How many nodes its SQL says: a remainder has to say its sides several times over."""
    repeats = isinstance(node, Arithmetic) and node.sum in (Sum.FLOOR, Sum.REMAINDER)
    return 1 + (6 if repeats else 1) * sum(map(weight, children(node)))


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


def _too_much(root: Node) -> Iterator[Refusal]:
    if levels(root) > MAX_LEVELS:
        yield root, f"more than {MAX_LEVELS} operators within each other; make a segment of a part"
    if weight(root) > MAX_WEIGHT:
        yield root, "remainders of remainders; make a segment of a part"
    if links(root) > MAX_LINKS:
        yield root, f"more than {MAX_LINKS} things at once; a list of people or of values belongs in a segment"


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
            return "only whole numbers (days_since, events, length) are computed with here, and not by `/`; a database rounds otherwise"
        case Arithmetic() if largest(node) >= MAX_WHOLE:
            return "the result may be larger than the numbers that a database computes with"
        case Comparison() if _compares_lists(node):
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
