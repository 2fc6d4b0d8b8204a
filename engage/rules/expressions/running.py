"""The typed tree as a Python closure: Expression and Scope in, a value or a yes or no out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from engage.model.contact import AttributeKind, Value
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
    IsNone,
    Item,
    Node,
    Not,
    Or,
    Read,
    Relation,
    Several,
    Text,
    Touched,
)
from engage.rules.expressions.computing import compute, days, item
from engage.rules.expressions.functions import FILTERS, MAX_TEXT, TESTS
from engage.rules.expressions.matching import comparable, why_never
from engage.rules.expressions.meaning import conform, contains, equal, kind_of, ordered, plain, text_of
from engage.rules.expressions.scope import Scope

Run = Callable[[Scope], object]
"""A node made ready: asks the scope, gives the value (a record where the name of one stands alone)."""

ORDERS: Mapping[Relation, frozenset[int]] = {
    Relation.LESS: frozenset({-1}), Relation.AT_MOST: frozenset({-1, 0}),
    Relation.GREATER: frozenset({1}), Relation.AT_LEAST: frozenset({0, 1}),
}
MANY = 10_000

_closures: dict[int, tuple[Node, Run]] = {}


def evaluate(expression: Expression, scope: Scope) -> Value:
    """The value; None where it is missing. Raises LookupError where a function asks a lookup that the scope does not have."""
    return _closure(expression.root)(scope)  # type: ignore[return-value]  # records alone are only asked whether they are none


def holds(expression: Expression, scope: Scope) -> bool:
    """Whether it holds as a condition: what is missing, empty, zero or false does not."""
    return bool(_closure(expression.root)(scope))


def closure(node: Node) -> Run:
    """The node made ready to run."""
    match node:
        case Constant(value=value):
            return lambda scope: value
        case Read():
            return _read(node)
        case Comparison():
            return _comparison(node)
        case Not() | IsNone() | And() | Or() | Choice():
            return _logic(node)
        case Several() | Cell() | Item() | Arithmetic() | Text() | Filtered():
            return _computed(node)
        case HasConsent() | InSegment() | Touched() | EventField() | EventCount() | Days():
            return _asked(node)
        case _ as never:
            assert_never(never)


def _closure(root: Node) -> Run:
    """The root's closure, made once: found by identity, as hashing a tree would cost more than running it."""
    known = _closures.get(id(root))
    if known is not None and known[0] is root:
        return known[1]
    if len(_closures) >= MANY:
        _closures.clear()
    run = closure(root)
    _closures[id(root)] = (root, run)
    return run


def _read(node: Read) -> Run:
    root, *steps = node.path
    kind = node.kind
    if root == "now":
        return lambda scope: scope.now
    if root == "today":
        return lambda scope: scope.today
    if root == "contact":
        return _attribute(*steps)
    if len(steps) == 1 and kind is not None:
        field = steps[0]
        return lambda scope: _typed(_part(scope.values.get(root), field), kind)
    return lambda scope: _deep(scope.values.get(root), steps, kind)


def _attribute(name: str, part: str | None = None) -> Run:
    """An attribute of the contact, or a part of it, where that is money."""

    def whole(scope: Scope) -> object:
        return scope.contact.attributes.get(name) if scope.contact is not None else None

    return whole if part is None else lambda scope: _part(whole(scope), part)


def _part(owner: object, name: str) -> object:
    """What a record or an amount of money has under a name; nothing is ever asked of a Python object."""
    return item(owner, name)


def _deep(value: object, steps: list[str], kind: AttributeKind | None) -> object:
    for step in steps:
        value = _part(value, step)
    return _typed(value, kind)


def _typed(value: object, kind: AttributeKind | None) -> object:
    return plain(value) if kind is None else conform(value, kind)


def _comparison(node: Comparison) -> Run:
    relation, left = node.relation, closure(node.left)
    if why_never(relation, node.left, node.right):
        return lambda scope: False
    if relation is Relation.IN and isinstance(node.right, Several):
        right = _all(comparable(node.right.items, node.left.kind))
    else:
        right = closure(node.right)
    if relation is Relation.IN:
        texts = _texts(node.right) if node.left.kind is AttributeKind.TEXT else None
        return lambda scope: contains(right(scope), left(scope)) if texts is None else left(scope) in texts
    if relation is Relation.EQUAL:
        if isinstance(node.right, Constant) and isinstance(node.right.value, str) and node.left.kind is AttributeKind.TEXT:
            text = node.right.value
            return lambda scope: left(scope) == text
        return lambda scope: equal(left(scope), right(scope))
    wanted = ORDERS[relation]
    return lambda scope: ordered(left(scope), right(scope)) in wanted


def _texts(node: Node) -> frozenset[str] | None:
    """The texts of a list of nothing else: a set is asked faster, and no value but a text is in it."""
    values = [item.value for item in node.items if isinstance(item, Constant)] if isinstance(node, Several) else []
    texts = frozenset(value for value in values if isinstance(value, str))
    return texts if isinstance(node, Several) and len(texts) == len(node.items) else None


def _logic(node: Not | IsNone | And | Or | Choice) -> Run:
    match node:
        case Not(operand=operand):
            inner = closure(operand)
            return lambda scope: not inner(scope)
        case IsNone(operand=operand):
            inner = closure(operand)
            return lambda scope: inner(scope) is None
        case And(operands=operands):
            return _first(operands, stop_at=False)
        case Or(operands=operands):
            return _first(operands, stop_at=True)
        case Choice():
            condition, then, otherwise = closure(node.condition), closure(node.then), closure(node.otherwise)
            return lambda scope: then(scope) if condition(scope) else otherwise(scope)


def _first(operands: tuple[Node, ...], *, stop_at: bool) -> Run:
    *firsts, last = (closure(operand) for operand in operands)

    def run(scope: Scope) -> object:
        for each in firsts:
            value = each(scope)
            if bool(value) is stop_at:
                return value
        return last(scope)

    return run


def _computed(node: Several | Cell | Item | Arithmetic | Text | Filtered) -> Run:
    match node:
        case Several(items=items):
            return _all(items)
        case Text(parts=parts):
            return _text(parts)
        case Cell():
            return _cell(node)
        case Item():
            owner, index = closure(node.owner), closure(node.index)
            return lambda scope: item(owner(scope), index(scope))
        case Arithmetic():
            left, right, sum_ = closure(node.left), closure(node.right), node.sum
            return lambda scope: compute(sum_, left(scope), right(scope))
        case Filtered():
            return _default(node) if node.name == "default" else _filtered(node)


def _all(items: tuple[Node, ...]) -> Run:
    if all(isinstance(item, Constant) for item in items):
        values = tuple(item.value for item in items if isinstance(item, Constant))
        return lambda scope: values
    runs = tuple(closure(item) for item in items)
    return lambda scope: tuple(run(scope) for run in runs)


def _text(parts: tuple[Node, ...]) -> Run:
    runs = tuple(closure(part) for part in parts)

    def run(scope: Scope) -> object:
        texts = [text_of(each(scope)) for each in runs]
        whole = None if None in texts else "".join(text for text in texts if text is not None)
        return whole if whole is None or len(whole) <= MAX_TEXT else None

    return run


def _cell(node: Cell) -> Run:
    table, column, key = node.table, node.column, closure(node.key)

    def run(scope: Scope) -> object:
        name = key(scope)
        row = scope.data.get(table, {}).get(name) if isinstance(name, str) else None
        return None if row is None else row.get(column)

    return run


def _default(node: Filtered) -> Run:
    """`x|default(y)` is y where x is missing; `x|default(y, true)` also where x is empty, zero or false."""
    operand, otherwise = closure(node.operand), closure(node.arguments[0])
    empty_too = closure(node.arguments[1]) if len(node.arguments) > 1 else lambda scope: False

    def run(scope: Scope) -> object:
        value = operand(scope)
        return otherwise(scope) if value is None or (not value and empty_too(scope)) else value

    return run


def _filtered(node: Filtered) -> Run:
    function = (TESTS if node.is_test else FILTERS)[node.name]
    operand, runs, takes, apply = closure(node.operand), tuple(closure(each) for each in node.arguments), function.takes, function.run
    missing = function.of_list if node.operand.kind in (None, AttributeKind.LIST) else None
    nothing = False if node.is_test else missing

    def run(scope: Scope) -> object:
        value = operand(scope)
        kind = kind_of(value)
        if kind is None:
            return nothing
        if kind not in takes:
            return False if node.is_test else None
        try:
            return apply(value, *(each(scope) for each in runs))
        except (ArithmeticError, ValueError, TypeError, AttributeError):
            return False if node.is_test else None  # an argument of another kind than it takes: as good as missing

    return run


def _asked(node: HasConsent | InSegment | Touched | EventField | EventCount | Days) -> Run:
    match node:
        case HasConsent():
            return lambda scope: scope.answers.has_consent(node.purpose, node.channel)
        case InSegment():
            return lambda scope: scope.answers.in_segment(node.segment)
        case Touched():
            return lambda scope: scope.answers.touched(campaign=node.campaign, message=node.message, kind=node.touch, within=node.within)
        case EventField():
            return closure(node.value)
        case EventCount():
            return _count(node)
        case Days():
            operand, until = closure(node.operand), node.until
            return lambda scope: days(operand(scope), scope, until=until)


def _count(node: EventCount) -> Run:
    if any(why_never(Relation.EQUAL, field, field.value) for field in node.fields):
        return lambda scope: 0
    wanted = tuple((field.name, closure(field.value), field.kind) for field in node.fields)

    def run(scope: Scope) -> object:
        fields = {name: _typed(value(scope), kind) for name, value, kind in wanted}
        if None in fields.values():
            return 0
        return scope.answers.events(node.type, within=node.within, fields=fields)  # type: ignore[arg-type]  # _typed made Values of them

    return run
