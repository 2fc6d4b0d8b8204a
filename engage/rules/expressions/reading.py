"""Jinja's tree -> the typed tree: names against what is declared, kinds against each other. Every problem is collected."""

from __future__ import annotations

import math
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
)
from engage.model.values import UNSTORABLE
from engage.rules.expressions.matching import a_kind, why_never
from engage.rules.expressions.meaning import as_date, kind_of
from engage.rules.expressions.names import Names

DATES = (AttributeKind.DATE, AttributeKind.DATETIME)
MAX_NUMBER = 2**63
"""Whole numbers below it are what every database computes with."""
MAX_DEPTH = 40
"""Operators within operators: as with brackets, a limit of the language's own."""

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
    """Reads one expression; `problems` grows as it goes, and so does `doubts`: what is no mistake, but can never hold."""

    source: str
    place: Place
    names: Names
    shift: int = 0
    problems: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)
    depth: int = 0
    dispatch: Mapping[type[jinja.Node], Callable[[Reader, Any], Node]]

    def refuse(self, at: int, what: str, suggestion: str | None = None) -> Node:
        """Note a problem at the offset; nothing stands for what was wrong."""
        self.problems.append(Problem(place=self.place.after(at + self.shift), what=what, suggestion=suggestion))
        return NOTHING

    def doubt(self, at: int, what: str, suggestion: str | None = None) -> None:
        """Note what is surely not what was meant, though it has a meaning."""
        self.doubts.append(Problem(place=self.place.after(at + self.shift), what=what, suggestion=suggestion))

    def unknown(self, at: int, what: str, word: str, known: Iterable[str], *, kind: str) -> Node:
        """Note that a word of this kind is not known, and what was probably meant."""
        return self.refuse(at, f"{what}{kind} `{word}`", nearest(word, known))

    def read(self, tree: jinja.Node) -> Node:
        """The typed node."""
        rule = self.dispatch.get(type(tree))
        if rule is None:
            return self.refuse(tree.lineno, f"{type(tree).__name__.lower()} has no place in an expression")
        if self.depth >= MAX_DEPTH:
            return self.refuse(tree.lineno, "the expression is nested too deeply")
        self.depth += 1
        node = rule(self, tree)
        self.depth -= 1
        return node


def _read_constant(reader: Reader, tree: jinja.Const) -> Node:
    value: Value = tree.value
    if (isinstance(value, int) and abs(value) >= MAX_NUMBER) or (isinstance(value, float) and math.isinf(value)):
        return reader.refuse(tree.lineno, "this number is too large")
    if isinstance(value, str) and UNSTORABLE.search(value):
        return reader.refuse(tree.lineno, "a text may hold neither the character NUL nor one half of a surrogate pair")
    return Constant(value=value, kind=kind_of(value), at=tree.lineno)


def _read_several(reader: Reader, tree: jinja.List | jinja.Tuple) -> Node:
    return Several(items=tuple(reader.read(item) for item in tree.items), at=tree.lineno)


def _read_not(reader: Reader, tree: jinja.Not) -> Node:
    return Not(operand=reader.read(tree.node), at=tree.lineno)


def _read_and(reader: Reader, tree: jinja.And) -> Node:
    operands = tuple(reader.read(each) for each in _flat(tree, jinja.And))
    return And(operands=operands, kind=common_kind(operands), at=tree.lineno)


def _read_or(reader: Reader, tree: jinja.Or) -> Node:
    operands = tuple(reader.read(each) for each in _flat(tree, jinja.Or))
    return Or(operands=operands, kind=common_kind(operands), at=tree.lineno)


def _read_choice(reader: Reader, tree: jinja.CondExpr) -> Node:
    then = reader.read(tree.expr1)
    otherwise = reader.read(tree.expr2) if tree.expr2 is not None else Constant(value=None, kind=None, at=tree.lineno)
    return Choice(
        condition=reader.read(tree.test), then=then, otherwise=otherwise, kind=common_kind((then, otherwise)), at=tree.lineno
    )


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
    """The comparison by Jinja's operator; sides that can never match are doubted."""
    relation, doubts = RELATIONS[operator], len(reader.doubts)
    left, right = _meeting(reader, left, right)
    if (why := why_never(relation, left, right)) and len(reader.doubts) == doubts:
        reader.doubt(at, why)
    comparison = Comparison(relation=relation, left=left, right=right, at=at)
    return Not(operand=comparison, at=at) if operator in ("ne", "notin") else comparison


def _read_sum(reader: Reader, tree: jinja.BinExpr) -> Node:
    left, right = reader.read(tree.left), reader.read(tree.right)
    for side in (left, right):
        if side.kind in DATES:
            return reader.refuse(side.at, "dates are not computed with; ask days_since(…) or days_until(…)")
        if side.kind not in (None, AttributeKind.NUMBER):
            hint = "; texts are joined by ~" if side.kind is AttributeKind.TEXT else ""
            return reader.refuse(side.at, f"{a_kind(side)} is no number{hint}")
    return Arithmetic(sum=SUMS[type(tree)], left=left, right=right, at=left.at)


def _read_sign(reader: Reader, tree: jinja.Neg | jinja.Pos) -> Node:
    operand = reader.read(tree.node)
    if operand.kind not in (None, AttributeKind.NUMBER):
        return reader.refuse(operand.at, f"{a_kind(operand)} is no number")
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
        return reader.refuse(at, f"{a_kind(owner)} has no items")
    return Item(owner=owner, index=index, kind=AttributeKind.TEXT if owner.kind is AttributeKind.LIST else None, at=at)


def _flat(tree: jinja.BinExpr, kind: type[jinja.BinExpr]) -> list[jinja.Expr]:
    """The operands of a chain of one operator; a loop, as a long chain would exhaust the stack."""
    operands: list[jinja.Expr] = []
    left: jinja.Expr = tree
    while isinstance(left, kind):
        operands.append(left.right)
        left = left.left
    return [left, *reversed(operands)]


def common_kind(operands: Iterable[Node]) -> AttributeKind | None:
    """The kind of whichever of these it will be; `none` is of every kind."""
    kinds = {operand.kind for operand in operands if not (isinstance(operand, Constant) and operand.value is None)}
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
        reader.doubt(node.at, f"`{node.value}` is no {other}; write it like {example}")
        return node
    return Constant(value=value, kind=other, at=node.at)


OPERATORS: Mapping[type[jinja.Node], Callable[[Reader, Any], Node]] = {
    jinja.Const: _read_constant, jinja.List: _read_several, jinja.Tuple: _read_several,
    jinja.Not: _read_not, jinja.And: _read_and, jinja.Or: _read_or, jinja.CondExpr: _read_choice, jinja.Compare: _read_comparison,
    jinja.Add: _read_sum, jinja.Sub: _read_sum, jinja.Mul: _read_sum, jinja.Div: _read_sum, jinja.FloorDiv: _read_sum, jinja.Mod: _read_sum,
    jinja.Neg: _read_sign, jinja.Pos: _read_sign, jinja.Concat: _read_text,
}
"""How each of Jinja's nodes is read; names and calls have their own modules. `**` is missing on purpose: 9**9**9 is a bomb."""
