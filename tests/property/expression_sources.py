"""Random sources of expressions that an audience may ask, kind by kind."""

from __future__ import annotations

from hypothesis import strategies as st

from engage.model.contact import AttributeKind
from engage.rules.expressions.wording import literal
from tests.property.expression_world import DAYS, NUMBERS, TEXTS

Sources = st.SearchStrategy[str]

ORDERING = ("<", "<=", ">", ">=")
EQUALITY = ("==", "!=")


def of(*choices: str) -> Sources:
    """One of these."""
    return st.sampled_from(choices)


def form(pattern: str, **parts: Sources) -> Sources:
    """The pattern with its parts filled in."""
    return st.builds(lambda **found: pattern.format(**found), **parts)


A_TEXT = of(*(literal(text) for text in TEXTS))
A_NUMBER = of(*(literal(number) for number in NUMBERS))
A_WHOLE = of("0", "1", "2", "-1", "30")
A_DAY = of(*(literal(day) for day in DAYS))
A_MOMENT = of("'2026-02-26T22:30Z'", "'2026-02-26T22:30:00.000001+00:00'", "'2026-02-27'", "'1969-12-31T23:59:59.999999Z'")
A_FLAG = of("true", "false")

condition: Sources = st.deferred(lambda: CONDITION)

text = st.recursive(
    of(
        "contact.plan", "contact.first_name", "contact.country", "contact.status", "contact.balance.currency", "contact.tags|first",
        "contact.interests|last",
    ) | A_TEXT,
    lambda inner: st.one_of(
        form("({x})|lower", x=inner), form("({x})|trim", x=inner), form("({x})|default({y})", x=inner, y=inner),
        form("({x})|default({y}, true)", x=inner, y=inner), form("({x} or {y})", x=inner, y=inner), form("({x} and {y})", x=inner, y=inner),
        form("({x} if ({c}) else {y})", x=inner, y=inner, c=condition), form("({x} if ({c}))", x=inner, c=condition),
        form("({x} or none)", x=inner), form("({x} or {y} or {z})", x=inner, y=inner, z=inner),
    ),
    max_leaves=3,
)


def _chosen(values: Sources) -> Sources:
    """One of two values, by what the language has for it."""
    return st.one_of(
        values, values, form("({x} or {y})", x=values, y=values), form("({x} and {y})", x=values, y=values),
        form("({x} if ({c}) else {y})", x=values, y=values, c=condition), form("({x} if ({c}))", x=values, c=condition),
        form("({x})|default({y}, {t})", x=values, y=values, t=of("true", "false")),
    )


date = _chosen(of("contact.birth_date", "today", "contact.birth_date|default(today)"))
moment = _chosen(of("contact.seen", "contact.created_at", "now", "contact.seen|default(contact.created_at)"))
money = of("contact.balance", "contact.limit")
whole_list = of("contact.tags", "contact.interests")
flag = _chosen(of("contact.vip", "contact.vip|default(true)") | A_FLAG | form("(not ({c}))", c=condition))

event_count = st.one_of(
    of(
        "events('order.placed')", "events('order.placed', within='3d')", "events('order.placed', within='1mo')",
        "events('order.placed', total=contact.balance)", "events('order.placed', day=contact.birth_date)",
        "events('order.placed', day='2026-02-28')",
    ),
    form("events('order.placed', sku={x})", x=text), form("events('order.placed', within='30d', items={x})", x=A_NUMBER),
)
whole = st.recursive(
    st.one_of(
        A_WHOLE, form("({x})|length", x=text), form("{x}|length", x=whole_list), form("days_since({x})", x=date | moment),
        form("days_until({x})", x=date | moment), event_count,
    ),
    lambda inner: st.one_of(
        form("({x} {o} {y})", x=inner, y=inner, o=of("+", "-", "*", "//", "%")), form("(-({x}))", x=inner), form("({x})|abs", x=inner),
    ),
    max_leaves=2,
)
number = st.one_of(_chosen(of("contact.score", "contact.balance.amount", "contact.score|default(2)")), A_NUMBER, whole)

VALUES = {
    AttributeKind.TEXT: (text, A_TEXT), AttributeKind.NUMBER: (number, A_NUMBER), AttributeKind.DATE: (date, A_DAY),
    AttributeKind.DATETIME: (moment, A_MOMENT), AttributeKind.MONEY: (money, money),
}


def _comparisons() -> list[Sources]:
    every = of(*ORDERING, *EQUALITY)
    compared = [form("{x} {o} {y}", x=values, o=every, y=values | constants) for values, constants in VALUES.values()]
    chained = [form("{x} < {y} <= {z}", x=values, y=values, z=values) for values, _ in VALUES.values()]
    listed = [
        form("{x} {i} [{y}, {z}]", x=values, y=constants, z=values, i=of("in", "not in"))
        for kind, (values, constants) in VALUES.items() if kind is not AttributeKind.MONEY
    ]
    wrongly = [
        form("{x} {o} {y}", x=values, o=every, y=others) for kind, (values, _) in VALUES.items()
        for other, (_, others) in VALUES.items() if other is not kind
    ]
    wrongly += [form("{x} {i} [{y}, {z}]", x=text, i=of("in", "not in"), y=A_TEXT, z=number), form("{x} in {y}", x=number, y=whole_list)]
    return [*compared, *compared, *chained, *listed, *wrongly, form("{x} {o} {y}", x=flag, o=of(*EQUALITY), y=flag)]


ANYTHING = st.one_of(text, number, date, moment, money, whole_list, flag)
ATOM = st.one_of(
    *_comparisons(),
    form("{x} {i} {y}", x=text, i=of("in", "not in"), y=whole_list | text),
    form("{x} in []", x=text),
    form("({x}) is {t}", x=ANYTHING, t=of("none", "not none", "defined", "undefined")),
    form("({x}) is {t}", x=flag, t=of("true", "false", "not true")),
    ANYTHING,
    form("has_consent('{p}', '{c}')", p=of("news", "care", "service"), c=of("email", "sms", "chat")),
    form("in_segment('{s}')", s=of("slovenes", "listed", "both")),
    form("({x}) is {t}({y})", x=text, t=of("eq", "ne", "lt", "ge"), y=text),
    form("({x}) is in([{y}, {z}])", x=number, y=A_NUMBER, z=number),
    of(
        "touched()", "touched(kind='sent')", "touched(campaign='birthday', within='30d')", "touched(within='24h')",
        "touched(message='wish', kind='deferred', within='3d')",
    ),
)
CONDITION = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        form("not ({x})", x=inner), form("({x}) and ({y})", x=inner, y=inner), form("({x}) or ({y})", x=inner, y=inner),
        form("({x}) if ({c}) else ({y})", x=inner, y=inner, c=inner),
    ),
    max_leaves=4,
)
