"""A small company's declarations, and one contact of it, for tests of expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind, Money, Value
from engage.model.errors import InputError, Place
from engage.model.expression import Expression
from engage.model.time import Duration
from engage.rules.expressions import Names, Scope, evaluate, parse, parse_binding
from tests.builders import a_contact

NOW = datetime(2026, 2, 28, 8, 0, tzinfo=UTC)
START = Place(file="campaigns/a.yaml", line=7, column=12)
ORDER = {"order_id": AttributeKind.TEXT, "sku": AttributeKind.TEXT, "total": AttributeKind.MONEY, "tags": AttributeKind.LIST}
NAMES = Names(
    attributes={
        **BUILT_IN_ATTRIBUTES, "birth_date": AttributeKind.DATE, "score": AttributeKind.NUMBER, "vip": AttributeKind.BOOLEAN,
        "balance": AttributeKind.MONEY, "seen": AttributeKind.DATETIME, "plan": AttributeKind.TEXT,
    },
    trigger={"ticket_id": AttributeKind.TEXT, "items": AttributeKind.NUMBER, "total": AttributeKind.MONEY},
    event=ORDER,
    variables={"answer": {"score": AttributeKind.NUMBER}, "outcome": AttributeKind.TEXT, "reply": None},
    data={"prices": frozenset({"plus", "basic"})},
    purposes=frozenset({"marketing", "service"}), segments=frozenset({"vips"}), campaigns=frozenset({"birthday"}),
    messages=frozenset({"wish"}), events={"order.placed": ORDER, "csat.answered": {"score": AttributeKind.NUMBER}},
)
ANA: Mapping[str, Value] = {
    "birth_date": date(1992, 2, 29), "score": 3, "vip": False, "balance": Money(amount=Decimal("12.30"), currency="EUR"),
    "tags": ("new", "sl"),
    "seen": datetime(2026, 2, 26, 8, 0, 0, 1, tzinfo=UTC), "created_at": datetime(2020, 1, 1, tzinfo=UTC),
}


@dataclass(kw_only=True)
class Answers:
    """A lookup that gives what it was told to, and remembers what it was asked."""

    consent: bool = True
    segment: bool = True
    count: int = 2
    asked: list[object] = field(default_factory=list)

    def has_consent(self, purpose: str, channel: str) -> bool:
        self.asked.append((purpose, channel))
        return self.consent

    def in_segment(self, name: str) -> bool:
        self.asked.append(name)
        return self.segment

    def touched(self, *, campaign: str | None, message: str | None, kind: str | None, within: Duration | None) -> bool:
        self.asked.append((campaign, message, kind, within))
        return True

    def events(self, type_: str, *, within: Duration | None, fields: Mapping[str, Value]) -> int:
        self.asked.append((type_, within, dict(fields)))
        return self.count


def a_scope(*, lookup: Answers | None = None, values: Mapping[str, object] | None = None, **attributes: Value) -> Scope:
    """Ana on 28 February 2026, with what happened to her."""
    given = {
        "trigger": {"ticket_id": "T1", "items": 4, "total": Money(amount=Decimal(5), currency="EUR")}, "answer": {"score": 2},
        "event": {"sku": "A1", "tags": ("spam",)}, "outcome": "sent", "reply": {"code": "X", "lines": ["a", "b"], "deep": {"er": 1}},
    }
    contact = a_contact(**{**ANA, **attributes})
    return Scope(
        contact=contact, now=NOW, today=date(2026, 2, 28), values={**given, **(values or {})}, lookup=lookup,
        data={"prices": {"SI": {"plus": "9.90", "basic": "0"}}},
    )


def parsed(source: str) -> Expression:
    """The source, with this company's names."""
    return parse(source, place=START, names=NAMES)


def value_of(source: str, scope: Scope | None = None) -> Value:
    """What the source comes to."""
    return evaluate(parsed(source), scope or a_scope())


def bound(text: str, scope: Scope | None = None) -> object:
    """What a text of `with` comes to."""
    binding = parse_binding(text, place=START, names=NAMES)
    return binding if isinstance(binding, str) else evaluate(binding, scope or a_scope())


def complaints(source: str, *, binding: bool = False) -> list[str]:
    """Every problem, as people read it, without the file and line."""
    try:
        (parse_binding if binding else parse)(source, place=START, names=NAMES)
    except InputError as error:
        return [str(problem).removeprefix("campaigns/a.yaml:7:") for problem in error.problems]
    return []
