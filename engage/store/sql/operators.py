"""What the lowering of expressions needs of SQL beyond its operators: order, items of lists, days apart, each said for both databases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from engage.model.contact import IDENTITIES, AttributeKind
from engage.model.expression import Relation, Sum
from engage.rules.expressions.functions import BLANKS
from engage.store.schema.people import identities
from engage.store.schema.tables import contacts
from engage.store.sql.typed_json import ByDialect, Lowered, Sql, in_order, literal

Condition = sa.ColumnElement[bool]

MICROSECOND = timedelta(microseconds=1)
DAY_IN_MICROSECONDS = 86_400_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

TIMESTAMP = sa.TIMESTAMP(timezone=True)

OPERATORS = {
    Relation.EQUAL: sa.ColumnElement.__eq__, Relation.LESS: sa.ColumnElement.__lt__, Relation.AT_MOST: sa.ColumnElement.__le__,
    Relation.GREATER: sa.ColumnElement.__gt__, Relation.AT_LEAST: sa.ColumnElement.__ge__,
}


class CannotLower(ValueError):
    """The expression cannot be SQL: `sql_refusals` says so at check, so nothing that was checked raises this."""


def computed(sum_: Sum, left: Sql, right: Sql) -> Sql:
    """The sum of two whole numbers. Raises CannotLower for what databases round otherwise."""
    match sum_:
        case Sum.ADD:
            return left + right
        case Sum.SUBTRACT:
            return left - right
        case Sum.MULTIPLY:
            return left * right
        case Sum.REMAINDER:
            return _remainder(left, sa.func.nullif(right, 0, type_=right.type))
        case Sum.FLOOR:
            divisor = sa.func.nullif(right, 0, type_=right.type)
            exact = left - _remainder(left, divisor)
            whole = ByDialect(sqlite=exact, postgresql=exact, kind=AttributeKind.NUMBER)  # in brackets of its own
            return ByDialect(sqlite=whole.op("/")(divisor), postgresql=sa.func.div(whole, divisor), kind=AttributeKind.NUMBER)
        case _:
            raise CannotLower(f"`{sum_}` cannot be said in SQL")


def _remainder(left: Sql, divisor: Sql) -> Sql:
    """With the sign of the divisor, as Python has it: databases give it that of the number."""
    return (left % divisor + divisor) % divisor


def filled(value: Sql, kind: AttributeKind | None) -> Sql:
    """The value, NULL where it is empty, zero or false: what `or` and `default(…, true)` pass over."""
    match kind:
        case AttributeKind.TEXT:
            return sa.func.nullif(value, "", type_=value.type)
        case AttributeKind.NUMBER:
            return sa.func.nullif(value, literal(0, AttributeKind.NUMBER), type_=value.type)
        case AttributeKind.BOOLEAN:
            return sa.func.nullif(value, sa.false(), type_=value.type)
        case _:
            return value


def local_date(dates: Mapping[str, date]) -> Sql:
    """The date where the contact lives: a few dates, each with its zones; NULL where it is not known."""
    zones: dict[date, list[str]] = {}
    for zone_key, day in dates.items():
        zones.setdefault(day, []).append(zone_key)
    if not zones:
        return sa.null()
    return sa.case(*((contacts.c.zone_key.in_(keys), literal(day, AttributeKind.DATE)) for day, keys in sorted(zones.items())))


def related(relation: Relation, left: Sql, right: Sql, kind: AttributeKind) -> Condition:
    """The comparison of two values of one kind."""
    if kind in (AttributeKind.TEXT, AttributeKind.DATE) and relation is not Relation.EQUAL:
        left, right = in_order(left), in_order(right)
    return OPERATORS[relation](left, right)


def money_related(relation: Relation, left: tuple[Sql, Sql], right: tuple[Sql, Sql]) -> Condition:
    """The comparison of two amounts of money, each with its currency: of one currency alone."""
    return sa.and_(left[1] == right[1], OPERATORS[relation](left[0], right[0]))


def stands_in(part: Sql, text: Sql) -> Condition:
    """Whether the part stands somewhere in the text."""
    at = ByDialect(sqlite=sa.func.instr(text, part), postgresql=sa.func.strpos(text, part), kind=AttributeKind.NUMBER)
    return at > literal(0, AttributeKind.NUMBER)


def has_item(whole: Sql, item: Sql) -> Condition:
    """Whether a JSON list has the text."""
    each = sa.func.json_each(whole).table_valued("value", "type", name="item")
    return ByDialect(
        sqlite=sa.exists().select_from(each).where(each.c.type == "text", each.c.value == item).correlate(contacts),
        postgresql=sa.type_coerce(whole, JSONB).op("?", is_comparison=True)(item), kind=AttributeKind.BOOLEAN,
    ).is_(sa.true())


def filtered(name: str, value: Sql, kind: AttributeKind | None) -> Sql:
    """The value passed through one of Jinja's filters. Raises CannotLower."""
    match name, kind:
        case "lower", AttributeKind.TEXT:
            return Lowered(value)
        case "trim", AttributeKind.TEXT:
            return ByDialect(sqlite=sa.func.trim(value, BLANKS), postgresql=sa.func.btrim(value, BLANKS), kind=AttributeKind.TEXT)
        case "length", AttributeKind.TEXT:
            letters = sa.cast(sa.func.char_length(value), sa.Numeric)
            return ByDialect(sqlite=sa.func.length(value), postgresql=letters, kind=AttributeKind.NUMBER)
        case "length", AttributeKind.LIST:
            return length_of_list(value)
        case "abs", AttributeKind.NUMBER:
            return sa.func.abs(value, type_=value.type)
        case "first" | "last", AttributeKind.LIST:
            return _item(value, 0 if name == "first" else -1)
        case _:
            raise CannotLower(f"the filter `{name}` of a {kind} cannot be said in SQL")


def _item(value: Sql, place: int) -> Sql:
    """An item of a JSON list, from its end where `place` is negative."""
    path = f"$[{place}]" if place >= 0 else f"$[#{place}]"
    text = sa.type_coerce(value, JSONB).op("->>")(sa.cast(sa.literal(place), sa.Integer))
    return ByDialect(sqlite=sa.func.json_extract(value, path), postgresql=text, kind=AttributeKind.TEXT)


def length_of_list(value: Sql) -> Sql:
    """How many items a JSON list has; none where it is missing."""
    items = sa.cast(sa.func.jsonb_array_length(value), sa.Numeric)
    return sa.func.coalesce(
        ByDialect(sqlite=sa.func.json_array_length(value), postgresql=items, kind=AttributeKind.NUMBER),
        literal(0, AttributeKind.NUMBER), type_=sa.Numeric(asdecimal=False),
    )


def is_member(members: frozenset[str]) -> Condition:
    """Whether the list names the contact by external id, email or phone, primary or other; one parameter, as their number is limited."""
    given = sa.literal(json.dumps(sorted(members)), sa.String())
    otherwise = sa.select(identities.c.contact_id).where(identities.c.name.in_(IDENTITIES), _among(identities.c.value, given))
    return sa.or_(*(_among(contacts.c[column], given) for column in IDENTITIES), contacts.c.id.in_(otherwise))


def _among(column: Sql, members: Sql) -> Condition:
    each = sa.func.json_each(members).table_valued("value", name="member")
    listed = sa.func.jsonb_array_elements_text(sa.cast(members, JSONB)).table_valued("value", name="member")
    return ByDialect(
        sqlite=column.in_(sa.select(each.c.value)), postgresql=column.in_(sa.select(listed.c.value)), kind=AttributeKind.BOOLEAN,
    ).is_(sa.true())


def dates_apart(today: Sql, day: Sql) -> Sql:
    """Whole days from `day` to `today`, both ISO texts."""
    return ByDialect(
        sqlite=sa.cast(sa.func.julianday(today) - sa.func.julianday(day), sa.Integer),
        postgresql=sa.cast(sa.cast(today, sa.Date) - sa.cast(day, sa.Date), sa.Numeric), kind=AttributeKind.NUMBER,
    )


def days_since(moment: Sql, now: datetime) -> Sql:
    """Whole spans of 24 hours that have passed, rounded down."""
    passed = sa.literal((now - EPOCH) // MICROSECOND, sa.BigInteger()) - _microseconds(moment)
    interval = sa.literal(now, TIMESTAMP) - sa.type_coerce(moment, TIMESTAMP)
    return ByDialect(sqlite=_floored(passed), postgresql=_spans(interval), kind=AttributeKind.NUMBER)


def days_until(moment: Sql, now: datetime) -> Sql:
    """Whole spans of 24 hours that are to come, rounded down."""
    ahead = _microseconds(moment) - sa.literal((now - EPOCH) // MICROSECOND, sa.BigInteger())
    interval = sa.type_coerce(moment, TIMESTAMP) - sa.literal(now, TIMESTAMP)
    return ByDialect(sqlite=_floored(ahead), postgresql=_spans(interval), kind=AttributeKind.NUMBER)


def _spans(passed: Sql) -> Sql:
    """An interval of PostgreSQL in days, rounded down; `extract` gives an exact numeric."""
    return sa.func.floor(sa.extract("epoch", passed) / sa.literal_column("86400"))


def _microseconds(moment: Sql) -> Sql:
    """An instant of SQLite as microseconds since 1970: its seconds, and its six decimals, both exact."""
    text = sa.type_coerce(moment, sa.String())
    seconds = sa.cast(sa.func.strftime("%s", sa.func.substr(text, 1, 19)), sa.BigInteger())
    return seconds * sa.literal(1_000_000) + sa.cast(sa.func.substr(text, 21, 6), sa.BigInteger())


def _floored(microseconds: Sql) -> Sql:
    """In days, rounded down: SQLite's own division rounds towards zero."""
    day = sa.literal(DAY_IN_MICROSECONDS, sa.BigInteger())
    rest = ((microseconds % day) + day) % day
    return (microseconds - rest) // day
