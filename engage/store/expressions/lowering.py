"""The typed tree of an expression -> one SQL condition on `contacts`, with the meaning that its Python closure has.

Two-valued: a comparison with a missing or wrongly typed side is NULL here, which a WHERE takes for false, and `not` is pushed down to
the comparisons, where it becomes IS NOT TRUE; so positive comparisons stay bare and can use an index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import final

import sqlalchemy as sa

from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind
from engage.model.expression import (
    And,
    Arithmetic,
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
    Node,
    Not,
    Or,
    Read,
    Relation,
    Several,
    Touched,
)
from engage.model.workspace import Purpose, Segment
from engage.rules.expressions.matching import why_never
from engage.store.expressions import asking
from engage.store.schema.tables import contacts, events
from engage.store.sql.operators import (
    CannotLower,
    Condition,
    computed,
    dates_apart,
    days_since,
    days_until,
    filled,
    filtered,
    has_item,
    is_member,
    length_of_list,
    local_date,
    money_related,
    related,
    stands_in,
)
from engage.store.sql.typed_json import TYPES, Sql, amount, currency, literal, read, whole_list


def condition(
    expression: Expression, *, segments: Mapping[str, Segment], kinds: Mapping[str, AttributeKind], purposes: Mapping[str, Purpose],
    now: datetime, local_dates: Mapping[str, date],
) -> Condition:
    """Whether a row of `contacts` is meant. `kinds` are the attributes declared now: one that is not, or is of another kind, is missing.

    `local_dates` has what day it is, by zone key; where a key is not in it, `today` is missing. The condition may be NULL, which
    is no; it holds parameters and subqueries that correlate to `contacts`. Raises CannotLower.
    """
    return _Lowering(segments=segments, kinds=kinds, purposes=purposes, now=now, local_dates=local_dates).holds(expression.root)


def segment_condition(
    segment: Segment, *, segments: Mapping[str, Segment], kinds: Mapping[str, AttributeKind], purposes: Mapping[str, Purpose],
    now: datetime, local_dates: Mapping[str, date],
) -> Condition:
    """Whether a row of `contacts` is in the segment. Raises CannotLower, also where segments name each other in a circle."""
    lowering = _Lowering(segments={**segments, segment.name: segment}, kinds=kinds, purposes=purposes, now=now, local_dates=local_dates)
    return lowering.in_segment(segment.name)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Lowering:
    segments: Mapping[str, Segment]
    kinds: Mapping[str, AttributeKind]
    purposes: Mapping[str, Purpose]
    now: datetime
    local_dates: Mapping[str, date]
    within: tuple[str, ...] = ()  # the segments that are being said

    def holds(self, node: Node) -> Condition:
        """Whether the node holds; NULL is no."""
        match node:
            case Not(operand=operand):
                return self.fails(operand)
            case And(operands=operands):
                return sa.and_(*(self.holds(each) for each in operands))
            case Or(operands=operands):
                return sa.or_(*(self.holds(each) for each in operands))
            case Choice():
                return sa.case((self.holds(node.condition), self.holds(node.then)), else_=self.holds(node.otherwise))
            case Comparison():
                return self.compared(node)
            case IsNone(operand=operand):
                return self.is_none(operand)
            case HasConsent() | InSegment() | Touched():
                return self.asked(node)
            case Filtered(is_test=True):
                return self.tested(node)
            case _:
                return self.truth(node)

    def fails(self, node: Node) -> Condition:
        """Whether the node does not hold; never NULL where it matters."""
        match node:
            case Not(operand=operand):
                return self.holds(operand)
            case And(operands=operands):
                return sa.or_(*(self.fails(each) for each in operands))
            case Or(operands=operands):
                return sa.and_(*(self.fails(each) for each in operands))
            case _:
                return self.holds(node).is_not(sa.true())

    def truth(self, node: Node) -> Condition:
        """Whether a value holds as a condition: what is missing, empty, zero or false does not."""
        if node.kind is AttributeKind.MONEY and isinstance(node, Read):
            return self.money(node)[0].is_not(None)
        value = self.value(node)
        match node.kind:
            case None:
                return sa.false()
            case AttributeKind.BOOLEAN:
                return value.is_(sa.true())
            case AttributeKind.TEXT:
                return value != ""
            case AttributeKind.NUMBER:
                return value != literal(0, AttributeKind.NUMBER)
            case AttributeKind.LIST:
                return length_of_list(value) > 0
            case _:
                return value.is_not(None)

    def value(self, node: Node) -> Sql:
        """What the node is; NULL where it is missing."""
        match node:
            case Constant():
                return literal(node.value, node.kind)
            case Read():
                return self.read(node)
            case Filtered(is_test=False):
                return self.filtered(node)
            case Days():
                return self.days(node)
            case EventCount():
                return sa.cast(asking.event_count(node, [self.field(each) for each in node.fields], self.now), sa.Numeric(asdecimal=False))
            case Arithmetic():
                return computed(node.sum, self.value(node.left), self.value(node.right))
            case And() | Or() | Choice():
                return self.choice(node)
            case Not() | Comparison() | IsNone() | HasConsent() | InSegment() | Touched() | Filtered():
                return sa.case((self.holds(node), sa.true()), else_=sa.false())
            case _:
                raise CannotLower(f"{type(node).__name__} cannot be said in SQL")

    def read(self, node: Read) -> Sql:
        root, *steps = node.path
        if root == "now":
            return literal(self.now, AttributeKind.DATETIME)
        if root == "today":
            return local_date(self.local_dates)
        if root != "contact" or node.kind is None or node.kind is AttributeKind.MONEY:
            raise CannotLower(f"`{'.'.join(node.path)}` cannot be said in SQL")
        name, *parts = steps
        if name in BUILT_IN_ATTRIBUTES:
            column = contacts.c[name]
            return whole_list(column) if node.kind is AttributeKind.LIST else column
        if self.kinds.get(name) is not (AttributeKind.MONEY if parts else node.kind):
            return sa.null()
        if parts:
            return (amount if parts == ["amount"] else currency)(contacts.c.attributes, (name,))
        return read(contacts.c.attributes, (name,), node.kind)

    def compared(self, node: Comparison) -> Condition:
        left, right = node.left, node.right
        if node.relation is Relation.IN:
            return self.contained(left, right)
        if _is_none(left) or _is_none(right) or why_never(node.relation, left, right):
            return sa.false()
        if left.kind is None or left.kind is AttributeKind.LIST:
            raise CannotLower(f"{left.kind} and {right.kind} cannot be compared in SQL")
        if left.kind is AttributeKind.MONEY:
            return money_related(node.relation, self.money(left), self.money(right))
        return related(node.relation, self.value(left), self.value(right), left.kind)

    def contained(self, part: Node, whole: Node) -> Condition:
        if isinstance(whole, Several):
            return self.one_of(part, whole)
        if part.kind is not AttributeKind.TEXT or whole.kind not in (AttributeKind.LIST, AttributeKind.TEXT):
            return sa.false()
        if whole.kind is AttributeKind.TEXT:
            return stands_in(self.value(part), self.value(whole))
        return has_item(self.value(whole), self.value(part))

    def one_of(self, part: Node, whole: Several) -> Condition:
        items = [item for item in whole.items if item.kind is part.kind and item.kind is not None]
        texts = [item.value for item in items if isinstance(item, Constant) and item.kind is AttributeKind.TEXT]
        if items and len(texts) == len(items):
            return self.value(part).in_(texts)
        return sa.or_(sa.false(), *(self.compared(Comparison(relation=Relation.EQUAL, left=part, right=item)) for item in items))

    def is_none(self, operand: Node) -> Condition:
        if operand.kind is AttributeKind.MONEY:
            return self.money(operand)[0].is_(None)
        return self.value(operand).is_(None)

    def money(self, node: Node) -> tuple[Sql, Sql]:
        """The amount and the currency."""
        if not isinstance(node, Read):
            raise CannotLower("money can only be read in SQL, not chosen")
        if self.kinds.get(node.path[1]) is not AttributeKind.MONEY:
            return sa.null(), sa.null()
        return amount(contacts.c.attributes, node.path[1:]), currency(contacts.c.attributes, node.path[1:])

    def filtered(self, node: Filtered) -> Sql:
        return self.defaulted(node) if node.name == "default" else filtered(node.name, self.value(node.operand), node.operand.kind)

    def defaulted(self, node: Filtered) -> Sql:
        value, otherwise = self.value(node.operand), self.value(node.arguments[0])
        if any(isinstance(each, Constant) and each.value is True for each in node.arguments[1:]):
            value = filled(value, node.kind)
        return sa.func.coalesce(value, otherwise, type_=value.type if _is_none(node.arguments[0]) else otherwise.type)

    def tested(self, node: Filtered) -> Condition:
        if node.name not in ("true", "false"):
            raise CannotLower(f"the test `{node.name}` cannot be said in SQL")
        if node.operand.kind is not AttributeKind.BOOLEAN:
            return sa.false()
        return self.value(node.operand).is_(sa.true() if node.name == "true" else sa.false())

    def choice(self, node: And | Or | Choice) -> Sql:
        """The value of `a and b`, `a or b`, `a if c else b`."""
        if node.kind in (None, AttributeKind.MONEY, AttributeKind.LIST):
            raise CannotLower("a choice between values of several kinds, money or lists cannot be said in SQL")
        match node:
            case Choice():
                return sa.case((self.holds(node.condition), self.value(node.then)), else_=self.value(node.otherwise))
            case Or(operands=operands):
                *firsts, last = (self.value(each) for each in operands)
                return sa.func.coalesce(*(filled(each, node.kind) for each in firsts), last, type_=TYPES[node.kind])
            case And(operands=operands):
                *others, final = operands
                return sa.case(*((self.fails(each), self.value(each)) for each in others), else_=self.value(final))

    def days(self, node: Days) -> Sql:
        value = self.value(node.operand)
        if node.operand.kind is AttributeKind.DATE:
            return dates_apart(local_date(self.local_dates), value) * literal(-1 if node.until else 1, AttributeKind.NUMBER)
        return days_until(value, self.now) if node.until else days_since(value, self.now)

    def asked(self, node: HasConsent | InSegment | Touched) -> Condition:
        match node:
            case HasConsent():
                purpose = self.purposes.get(node.purpose)
                return sa.false() if purpose is None else asking.has_consent(purpose, node.channel, self.now)
            case InSegment():
                return self.in_segment(node.segment)
            case Touched():
                return asking.touched(node, self.now)

    def in_segment(self, name: str) -> Condition:
        segment = self.segments.get(name)
        if segment is None:
            return sa.false()
        if name in self.within:
            raise CannotLower(f"segments in a circle: {' -> '.join((*self.within, name))}")
        if segment.audience is not None:
            return replace(self, within=(*self.within, name)).holds(segment.audience.root)
        return is_member(segment.members or frozenset())

    def field(self, node: EventField) -> Condition:
        """Whether a field of a counted event equals what it should."""
        if node.value.kind is not node.kind:
            return sa.false()
        if node.kind is None or node.kind is AttributeKind.LIST:
            raise CannotLower(f"the field `{node.name}` cannot be asked in SQL")
        if node.kind is AttributeKind.MONEY:
            paid = amount(events.c.data, (node.name,)), currency(events.c.data, (node.name,))
            return money_related(Relation.EQUAL, paid, self.money(node.value))
        return related(Relation.EQUAL, read(events.c.data, (node.name,), node.kind), self.value(node.value), node.kind)


def _is_none(node: Node) -> bool:
    return isinstance(node, Constant) and node.value is None
