"""Jinja's tree -> the typed tree: names against what is declared, kinds against each other. Every problem is collected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

from jinja2 import nodes as jinja

from engage.model.contact import AttributeKind, Value
from engage.model.errors import Place, Problem, nearest
from engage.model.expression import (
    And,
    Arithmetic,
    Choice,
    Comparison,
    Constant,
    Item,
    Node,
    Not,
    Or,
    Relation,
    Several,
    Sum,
    Text,
    place_at,
)
from engage.rules.expressions.meaning import ORDERED, as_date, kind_of
from engage.rules.expressions.names import Names

DATES = (AttributeKind.DATE, AttributeKind.DATETIME)
MAX_NUMBER = 2**63

RELATIONS = {
    "eq": Relation.EQUAL, "ne": Relation.EQUAL, "lt": Relation.LESS, "lteq": Relation.AT_MOST, "gt": Relation.GREATER,
    "gteq": Relation.AT_LEAST, "in": Relation.IN, "notin": Relation.IN,
}

SUMS: Mapping[type[jinja.Node], Sum] = {
    jinja.Add: Sum.ADD, jinja.Sub: Sum.SUBTRACT, jinja.Mul: Sum.MULTIPLY,
    jinja.Div: Sum.DIVIDE, jinja.FloorDiv: Sum.FLOOR, jinja.Mod: Sum.REMAINDER,
}

NOTHING = Constant(value=None, kind=None)
"""Stands for what could not be read, so that reading goes on and finds the other problems."""


@final
@dataclass(slots=True, kw_only=True)
class Reader:
    """Reads one expression; `problems` grows as it goes."""

    source: str
    place: Place
    names: Names
    shift: int = 0
    problems: list[Problem] = field(default_factory=list)
    dispatch: Mapping[type[jinja.Node], Callable[[Reader, Any], Node]]

    def refuse(self, at: int, what: str, suggestion: str | None = None) -> Node:
        """Note a problem at the offset; nothing stands for what was wrong."""
        self.problems.append(Problem(place=place_at(self.place, at + self.shift), what=what, suggestion=suggestion))
        return NOTHING

    def unknown(self, at: int, what: str, word: str, known: Iterable[str], *, kind: str) -> Node:
        """Note that a word of this kind is not known, and what was probably meant."""
        return self.refuse(at, f"{what}{kind} `{word}`", nearest(word, known))

    def read(self, tree: jinja.Node) -> Node:
        """The typed node."""
        rule = self.dispatch.get(type(tree))
        if rule is None:
            return self.refuse(tree.lineno, f"{type(tree).__name__.lower()} has no place in an expression")
        return rule(self, tree)


def _read_constant(reader: Reader, tree: jinja.Const) -> Node:
    value: Value = tree.value
    if isinstance(value, int | float) and not abs(value) < MAX_NUMBER:
        return reader.refuse(tree.lineno, "this number is too large")
    if isinstance(value, str) and "\0" in value:
        return reader.refuse(tree.lineno, "a text may not hold the character NUL")
    return Constant(value=value, kind=kind_of(value), at=tree.lineno)


def _read_several(reader: Reader, tree: jinja.List | jinja.Tuple) -> Node:
    return Several(items=tuple(reader.read(item) for item in tree.items), at=tree.lineno)


def _read_not(reader: Reader, tree: jinja.Not) -> Node:
    return Not(operand=reader.read(tree.node), at=tree.lineno)


def _read_and(reader: Reader, tree: jinja.And) -> Node:
    operands = tuple(reader.read(each) for each in _flat(tree, jinja.And))
    return And(operands=operands, kind=_common(operands), at=tree.lineno)


def _read_or(reader: Reader, tree: jinja.Or) -> Node:
    operands = tuple(reader.read(each) for each in _flat(tree, jinja.Or))
    return Or(operands=operands, kind=_common(operands), at=tree.lineno)


def _read_choice(reader: Reader, tree: jinja.CondExpr) -> Node:
    then = reader.read(tree.expr1)
    otherwise = reader.read(tree.expr2) if tree.expr2 is not None else Constant(value=None, kind=None, at=tree.lineno)
    kind = then.kind if tree.expr2 is None else _common((then, otherwise))
    return Choice(condition=reader.read(tree.test), then=then, otherwise=otherwise, kind=kind, at=tree.lineno)


def _read_comparison(reader: Reader, tree: jinja.Compare) -> Node:
    links: list[Node] = []
    left_tree, left = tree.expr, reader.read(tree.expr)
    for operand in tree.ops:
        right = reader.read(operand.expr)
        if _is_none(left_tree) or _is_none(operand.expr):
            links.append(_refuse_none(reader, operand, at=right.at or left.at))
        else:
            links.append(compared(reader, operand.op, left, right, at=right.at))
        left_tree, left = operand.expr, right
    return links[0] if len(links) == 1 else And(operands=tuple(links), kind=AttributeKind.BOOLEAN, at=left.at)


def compared(reader: Reader, operator: str, left: Node, right: Node, *, at: int) -> Node:
    """The comparison by Jinja's operator, checked: sides that can never match are a problem."""
    relation = RELATIONS[operator]
    left, right = _meeting(reader, left, right)
    if why := _never(relation, left, right):
        return reader.refuse(at, why)
    comparison = Comparison(relation=relation, left=left, right=right, at=at)
    return Not(operand=comparison, at=at) if operator in ("ne", "notin") else comparison


def _read_sum(reader: Reader, tree: jinja.BinExpr) -> Node:
    left, right = reader.read(tree.left), reader.read(tree.right)
    for side in (left, right):
        if side.kind in DATES:
            return reader.refuse(side.at, "dates are not computed with; ask days_since(…) or days_until(…)")
        if side.kind not in (None, AttributeKind.NUMBER):
            hint = "; texts are joined by ~" if side.kind is AttributeKind.TEXT else ""
            return reader.refuse(side.at, f"{_a(side)} is no number{hint}")
    return Arithmetic(sum=SUMS[type(tree)], left=left, right=right, at=left.at)


def _read_sign(reader: Reader, tree: jinja.Neg | jinja.Pos) -> Node:
    operand = reader.read(tree.node)
    if operand.kind not in (None, AttributeKind.NUMBER):
        return reader.refuse(operand.at, f"{_a(operand)} is no number")
    if isinstance(operand, Constant) and isinstance(operand.value, int | float):
        value = -operand.value if isinstance(tree, jinja.Neg) else operand.value
        return Constant(value=value, kind=AttributeKind.NUMBER, at=tree.lineno)
    sign = Sum.SUBTRACT if isinstance(tree, jinja.Neg) else Sum.ADD
    return Arithmetic(sum=sign, left=Constant(value=0, kind=AttributeKind.NUMBER, at=tree.lineno), right=operand, at=tree.lineno)


def _read_text(reader: Reader, tree: jinja.Concat) -> Node:
    return Text(parts=tuple(reader.read(part) for part in tree.nodes), at=tree.lineno)


def item_of(reader: Reader, owner: Node, index: Node, at: int) -> Node:
    """What stands in a list at a computed place, or in a record under a computed name."""
    if owner.kind not in (None, AttributeKind.LIST):
        return reader.refuse(at, f"{_a(owner)} has no items")
    return Item(owner=owner, index=index, kind=AttributeKind.TEXT if owner.kind is AttributeKind.LIST else None, at=at)


def _flat(tree: jinja.BinExpr, kind: type[jinja.BinExpr]) -> list[jinja.Expr]:
    """The operands of a chain of one operator; a loop, as a long chain would exhaust the stack."""
    operands: list[jinja.Expr] = []
    left: jinja.Expr = tree
    while isinstance(left, kind):
        operands.append(left.right)
        left = left.left
    return [left, *reversed(operands)]


def _common(operands: tuple[Node, ...]) -> AttributeKind | None:
    kinds = {operand.kind for operand in operands}
    return kinds.pop() if len(kinds) == 1 else None


def _is_none(tree: jinja.Node) -> bool:
    return isinstance(tree, jinja.Const) and tree.value is None


def _refuse_none(reader: Reader, operand: jinja.Operand, *, at: int) -> Node:
    meant = {"eq": "is none", "ne": "is not none"}.get(operand.op)
    return reader.refuse(at, "a comparison with none is always false; what is missing is asked for by `is none`", meant)


def _meeting(reader: Reader, left: Node, right: Node) -> tuple[Node, Node]:
    """Both sides, with a text that stands in the source made a date where the other side is one."""
    if isinstance(right, Several):
        items = tuple(_dated(reader, item, left.kind) for item in right.items)
        return left, Several(items=items, at=right.at)
    return _dated(reader, left, right.kind), _dated(reader, right, left.kind)


def _dated(reader: Reader, node: Node, other: AttributeKind | None) -> Node:
    if not isinstance(node, Constant) or not isinstance(node.value, str) or other not in DATES:
        return node
    value = as_date(node.value, other)
    if value is None:
        example = "2026-02-28" if other is AttributeKind.DATE else "2026-02-28T08:00Z"
        return reader.refuse(node.at, f"`{node.value}` is no {other}; write it like {example}")
    return Constant(value=value, kind=other, at=node.at)


def _never(relation: Relation, left: Node, right: Node) -> str | None:
    """Why this comparison can never hold."""
    if relation is Relation.IN:
        return _never_in(left, right)
    if left.kind is None or right.kind is None:
        return None
    if left.kind is not right.kind:
        return f"{_a(left)} is never equal to {_a(right)}{_advice(left, right)}" if relation is Relation.EQUAL else _unordered(left, right)
    if relation is not Relation.EQUAL and left.kind not in ORDERED:
        return f"{_a(left)} is neither less nor greater than another"
    return None


def _unordered(left: Node, right: Node) -> str:
    return f"{_a(left)} has no order with {_a(right)}{_advice(left, right)}"


def _never_in(left: Node, right: Node) -> str | None:
    if isinstance(right, Several):
        kinds = {item.kind for item in right.items}
        if left.kind is None or None in kinds or left.kind in kinds or not kinds:
            return None
        return f"{_a(left)} is never one of {_a(right.items[0])}{_advice(left, right.items[0])}"
    if right.kind not in (None, AttributeKind.LIST, AttributeKind.TEXT):
        return f"nothing is ever in {_a(right)}"
    if right.kind is not None and left.kind not in (None, AttributeKind.TEXT):
        return f"{_a(left)} is never in {_a(right)}: it holds texts"
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


def _a(node: Node) -> str:
    if isinstance(node, Constant) and node.value is not None:
        return f"the {node.kind} `{node.value}`"
    return "money" if node.kind is AttributeKind.MONEY else f"a {node.kind}"


OPERATORS: Mapping[type[jinja.Node], Callable[[Reader, Any], Node]] = {
    jinja.Const: _read_constant, jinja.List: _read_several, jinja.Tuple: _read_several,
    jinja.Not: _read_not, jinja.And: _read_and, jinja.Or: _read_or, jinja.CondExpr: _read_choice, jinja.Compare: _read_comparison,
    jinja.Add: _read_sum, jinja.Sub: _read_sum, jinja.Mul: _read_sum, jinja.Div: _read_sum, jinja.FloorDiv: _read_sum, jinja.Mod: _read_sum,
    jinja.Neg: _read_sign, jinja.Pos: _read_sign, jinja.Concat: _read_text,
}
"""How each of Jinja's nodes is read; names and calls have their own modules. `**` is missing on purpose: 9**9**9 is a bomb."""
