"""A small world for expressions: contacts with every kind of attribute, well and wrongly typed, and what happened to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from random import Random  # noqa: TID251 - seeded, so that the world is the same everywhere
from typing import Any

import sqlalchemy as sa

from engage.model.consent import decisive_line, is_allowed
from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind, ChannelKind, Consent, Contact, Value
from engage.model.expression import Expression
from engage.model.time import Duration
from engage.model.values import from_json
from engage.model.workspace import Basis, Purpose, Segment
from engage.rules.expressions import Names, Scope, holds, parse, since
from engage.rules.expressions.meaning import equal
from engage.store.rows.rows import consent_of, contact_of
from engage.store.schema.ledger import consents
from engage.store.schema.tables import contacts, events, touches
from tests.builders import HERE

NOW = datetime(2026, 2, 27, 22, 30, tzinfo=UTC)
LOCAL_DATES = {"Europe/Ljubljana": date(2026, 2, 27), "Pacific/Kiritimati": date(2026, 2, 28), "Pacific/Pago_Pago": date(2026, 2, 27)}
KINDS = {
    "plan": AttributeKind.TEXT, "score": AttributeKind.NUMBER, "vip": AttributeKind.BOOLEAN, "birth_date": AttributeKind.DATE,
    "seen": AttributeKind.DATETIME, "interests": AttributeKind.LIST, "balance": AttributeKind.MONEY, "limit": AttributeKind.MONEY,
}
ORDER = {"sku": AttributeKind.TEXT, "total": AttributeKind.MONEY, "items": AttributeKind.NUMBER, "day": AttributeKind.DATE}
EVENTS = {"order.placed": ORDER}
PURPOSES = {
    "news": Purpose(name="news", title="News", consent=dict.fromkeys(ChannelKind, Basis.OPT_IN)),
    "care": Purpose(name="care", title="Care", consent={**dict.fromkeys(ChannelKind, Basis.OPT_OUT), ChannelKind.SMS: Basis.OPT_IN}),
    "service": Purpose(name="service", title="Service", consent=dict.fromkeys(ChannelKind, Basis.NONE)),
}
NAMES = Names(
    attributes={**BUILT_IN_ATTRIBUTES, **KINDS}, purposes=frozenset(PURPOSES), segments=frozenset({"slovenes", "listed", "both"}),
    campaigns=frozenset({"birthday"}), messages=frozenset({"wish"}), events=EVENTS,
)

TEXTS = ("", "a", "A", "b", "gold", "Gold", "ž", "Ž", "ß", "İ", "ΑΣ", " a ", "\u2003a\n", "it's", "%", "_", "SI", "UA", "😀", "z\\z")
NUMBERS: tuple[int | float, ...] = (0, 1, -1, 2, 3, 2.5, 0.1, 1000.0, 9007199254740993, 12.3)
DAYS = ("1992-02-29", "2026-02-27", "2026-02-28", "2026-03-01", "2025-12-31", "0001-01-01", "9999-12-31")
MOMENTS = (
    "2026-02-27T22:30:00.000000Z", "2026-02-26T22:30:00.000000Z", "2026-02-26T22:30:00.000001Z", "2026-02-26T22:29:59.999999Z",
    "2026-02-28T22:30:00.000000Z", "2026-02-28T22:29:59.999600Z", "1969-12-31T23:59:59.999999Z", "2024-02-29T00:00:00.000000Z",
)
MONEY: tuple[object, ...] = (
    {"amount": "12.30", "currency": "EUR"}, {"amount": "12.3", "currency": "EUR"}, {"amount": 5, "currency": "EUR"},
    {"amount": "-1", "currency": "USD"}, {"amount": "12.30", "currency": "eur"}, {"amount": "abc", "currency": "EUR"},
    {"amount": "5", "currency": "EURO"}, {"amount": "5"}, {"currency": "EUR"}, {"amount": True, "currency": "EUR"},
)
STRANGE: tuple[object, ...] = (
    None, "abc", "", 5, 0.5, True, False, [], ["a"], {}, {"amount": 1}, "2026-02-30", "0000-01-01", "2026-02-30T10:00:00.000000Z",
)
POOLS: Mapping[AttributeKind, Sequence[object]] = {
    AttributeKind.TEXT: TEXTS, AttributeKind.NUMBER: NUMBERS, AttributeKind.BOOLEAN: (True, False), AttributeKind.DATE: DAYS,
    AttributeKind.DATETIME: MOMENTS, AttributeKind.LIST: ([], ["a"], ["a", "gold"], ["A", "it's", ""], ["ž"]), AttributeKind.MONEY: MONEY,
}


@dataclass(frozen=True, kw_only=True, repr=False)
class World:
    """Rows of each table, as they are inserted."""

    contacts: Sequence[dict[str, Any]]
    consents: Sequence[dict[str, Any]]
    events: Sequence[dict[str, Any]]
    touches: Sequence[dict[str, Any]]
    segments: Mapping[str, Segment] = field(default_factory=dict)

    def insert(self, connection: sa.Connection) -> None:
        """All rows; `tags` is given to every contact, as an executemany takes the first row's columns."""
        for table, rows in ((contacts, self.contacts), (consents, self.consents), (events, self.events), (touches, self.touches)):
            connection.execute(table.insert(), list(rows))

    @cached_property
    def people(self) -> Sequence[tuple[Contact, Scope]]:
        """Each contact with its scope."""
        return [(contact, self._scope(contact, row)) for row in self.contacts for contact in [contact_of(row, KINDS)]]

    def _scope(self, contact: Contact, row: Mapping[str, Any]) -> Scope:
        lookup = PlainLookup(world=self, row=row)
        scope = Scope(contact=contact, now=NOW, today=LOCAL_DATES[row["zone_key"]], lookup=lookup)
        lookup.scope = scope
        return scope


@dataclass(kw_only=True)
class PlainLookup:
    """The questions answered by loops over the rows, with the decision's own rule of consent."""

    world: World
    row: Mapping[str, Any]
    scope: Scope = field(init=False)

    def has_consent(self, purpose: str, channel: str) -> bool:
        kind, me = ChannelKind(channel), self.row["id"]
        keys = {self.row[key] for key in ("email_key", "phone_key", "chat_key")} - {None}
        mine = [line for line in self.world.consents if line["contact_id"] == me or line["address_key"] in keys]
        lines: list[Consent] = [consent_of(line) for line in mine]
        return is_allowed(PURPOSES[purpose].consent[kind], decisive_line(lines, contact_id=me, purpose=purpose, kind=kind, now=NOW))

    def in_segment(self, name: str) -> bool:
        segment = self.world.segments[name]
        if segment.audience is not None:
            return holds(segment.audience, self.scope)
        return not (segment.members or frozenset()).isdisjoint({self.row["external_id"], self.row["email"], self.row["phone"]})

    def touched(self, *, campaign: str | None, message: str | None, kind: str | None, within: Duration | None) -> bool:
        wanted = {"campaign": campaign, "message": message, "kind": kind}
        return any(
            self._is_mine(touch, within) and all(touch[name] == value for name, value in wanted.items() if value is not None)
            for touch in self.world.touches
        )

    def events(self, type_: str, *, within: Duration | None, fields: Mapping[str, Value]) -> int:
        kinds = EVENTS[type_]
        mine = [event for event in self.world.events if self._is_mine(event, within) and event["type"] == type_]
        return sum(all(equal(from_json(event["data"].get(name), kinds[name]), value) for name, value in fields.items()) for event in mine)

    def _is_mine(self, row: Mapping[str, Any], within: Duration | None) -> bool:
        earliest = datetime.min.replace(tzinfo=UTC) if within is None else since(NOW, within)
        return bool(row["contact_id"] == self.row["id"] and earliest <= row["at"] <= NOW)


def a_world(*, people: int, seed: int) -> World:
    """A world of so many contacts, the same for one seed."""
    dice = Random(seed)
    slovenes, both = an_expression("contact.country == 'SI'"), an_expression("in_segment('slovenes') or in_segment('listed')")
    return World(
        contacts=[_a_contact(dice, number) for number in range(1, people + 1)],
        consents=[_a_consent(dice, number, people) for number in range(1, people * 3)],
        events=[_an_event(dice, number, people) for number in range(1, people * 2)],
        touches=[_a_touch(dice, number, people) for number in range(1, people * 2)],
        segments={
            "slovenes": Segment(name="slovenes", audience=slovenes), "both": Segment(name="both", audience=both),
            "listed": Segment(name="listed", members=frozenset({"p3", "p5", "p7@example.com", "+38640000009", "it's", "nobody"})),
        },
    )


def an_expression(source: str) -> Expression:
    """The source, parsed with this world's names."""
    return parse(source, place=HERE, names=NAMES)


def _a_contact(dice: Random, number: int) -> dict[str, Any]:
    attributes = {name: _a_raw(dice, kind) for name, kind in KINDS.items() if dice.random() < 0.85}
    row: dict[str, Any] = {name: dice.choice((None, *TEXTS)) for name in ("first_name", "last_name", "city", "company", "status")}
    return row | {
        "id": number, "external_id": f"p{number}", "email": f"p{number}@example.com" if dice.random() < 0.8 else None,
        "phone": f"+386400000{number:02}" if dice.random() < 0.5 else None, "chat_id": None, "locale": "sl", "timezone": None,
        "country": dice.choice(("SI", "UA", None)), "preferred_channel": None, "frequency": None,
        "tracking": dice.choice((True, False, None)), "zone_source": "contact", "erased_at": None,
        "tags": dice.choice((None, [], ["a"], ["gold", "ž"], ["A", "it's"])),
        "created_at": _a_moment(dice) if dice.random() < 0.8 else None,
        "attributes": attributes, "zone_key": dice.choice(sorted(LOCAL_DATES)), "known_at": NOW, "changed_at": NOW,
        "email_key": f"e{dice.randint(1, 8)}" if dice.random() < 0.8 else None, "phone_key": None, "chat_key": None,
    }


def _a_raw(dice: Random, kind: AttributeKind) -> object:
    return dice.choice(STRANGE if dice.random() < 0.15 else POOLS[kind])


def _a_moment(dice: Random) -> datetime:
    return datetime.fromisoformat(dice.choice(MOMENTS))


def _a_time(dice: Random) -> datetime:
    return NOW + timedelta(days=dice.choice((-40, -30, -3, -1, 0, 1)), seconds=dice.choice((-1, 0, 1)))


def _a_consent(dice: Random, number: int, people: int) -> dict[str, Any]:
    return {
        "id": number, "contact_id": dice.randint(1, people), "purpose": dice.choice(("news", "care", "service")),
        "channel": dice.choice((None, "email", "sms")), "granted": dice.random() < 0.5, "at": _a_time(dice),
        "source": "test", "proof": None,
        "address_key": f"e{dice.randint(1, 8)}" if dice.random() < 0.3 else None,
        "expires_at": _a_time(dice) if dice.random() < 0.4 else None, "ground": None, "wording": None, "locale": None,
    }


def _an_event(dice: Random, number: int, people: int) -> dict[str, Any]:
    fields = {name: _a_raw(dice, kind) for name, kind in EVENTS["order.placed"].items()}
    return {
        "id": f"e{number}", "type": dice.choice(("order.placed", "order.placed", "other")), "at": _a_time(dice), "received_at": NOW,
        "contact_id": dice.randint(1, people), "contact_ref": None, "data": fields,
    }


def _a_touch(dice: Random, number: int, people: int) -> dict[str, Any]:
    return {
        "id": number, "at": _a_time(dice), "contact_id": dice.randint(1, people), "kind": dice.choice(("sent", "opened", "bounced")),
        "campaign": dice.choice(("birthday", "other", None)), "message": dice.choice(("wish", "other", None)), "detail": {},
    }
