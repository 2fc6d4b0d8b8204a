"""Which sides of a comparison can never match, by their kinds: false in Python and in SQL alike, and doubted by `engage check`."""

from __future__ import annotations

from engage.model.contact import AttributeKind
from engage.model.expression import Constant, Node, Relation, Several
from engage.rules.expressions.meaning import ORDERED

DATES = (AttributeKind.DATE, AttributeKind.DATETIME)


def why_never(relation: Relation, left: Node, right: Node) -> str | None:
    """Why this comparison can never hold, whatever the data; None where it can."""
    if relation is Relation.IN:
        return _never_in(left, right)
    if left.kind is None or right.kind is None:
        return None
    if left.kind is not right.kind:
        how = "is never equal to" if relation is Relation.EQUAL else "has no order with"
        return f"{a_kind(left)} {how} {a_kind(right)}{_advice(left, right)}"
    if relation is not Relation.EQUAL and left.kind not in ORDERED:
        return f"{a_kind(left)} is neither less nor greater than another"
    return None


def _never_in(left: Node, right: Node) -> str | None:
    if isinstance(right, Several):
        kinds = {item.kind for item in right.items}
        if left.kind is None or None in kinds or left.kind in kinds or not kinds:
            return None
        return f"{a_kind(left)} is never one of {a_kind(right.items[0])}{_advice(left, right.items[0])}"
    if right.kind not in (None, AttributeKind.LIST, AttributeKind.TEXT):
        return f"nothing is ever in {a_kind(right)}"
    if right.kind is not None and left.kind not in (None, AttributeKind.TEXT):
        return f"{a_kind(left)} is never in {a_kind(right)}: it holds texts"
    return None


def _advice(left: Node, right: Node) -> str:
    kinds = {left.kind, right.kind}
    if kinds == {AttributeKind.MONEY, AttributeKind.NUMBER}:
        return "; compare its .amount, and ask its .currency"
    if kinds == set(DATES):
        return "; ask days_since(…) or days_until(…)"
    if kinds == {AttributeKind.NUMBER, AttributeKind.TEXT}:
        return "; a number is written without quotes, and |float makes one of a text"
    if AttributeKind.BOOLEAN in kinds:
        return "; true and false are written without quotes"
    if AttributeKind.LIST in kinds:
        return "; what a list holds is asked by `in`"
    return ""


def a_kind(node: Node) -> str:
    """A node's value, or its kind, with an article."""
    if isinstance(node, Constant) and node.value is not None:
        return f"the {node.kind} `{node.value}`"
    return "money" if node.kind is AttributeKind.MONEY else f"a {node.kind}"


def comparable(items: tuple[Node, ...], kind: AttributeKind | None) -> tuple[Node, ...]:
    """Those of a list in the source that a value of this kind may equal."""
    return tuple(item for item in items if kind is None or item.kind is None or item.kind is kind)
