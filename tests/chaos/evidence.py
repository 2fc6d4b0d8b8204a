"""What a fault run left behind, as plain data for the checker: the database's word, and that of those who saw it from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from engage.store.schema.ledger import consents
from engage.store.schema.tables import batches, contacts, deliveries, events, runs, touches
from tests.chaos.received import Taken
from tests.chaos.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A delivery's row as it stands."""

    id: int
    contact: str
    zone: str
    campaign: str
    channel: str | None
    state: str
    on_unknown: str
    resends: int
    sending_at: datetime | None
    run_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A touch of a delivery."""

    delivery_id: int
    kind: str
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """An unsubscription by the link of a message, as whoever asked for it saw it: `answered` is the moment of the 2xx."""

    contact: str
    delivery_id: int
    answered: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of it. `expected` are the (campaign, contact, run key) of which a message was accepted, `possible` those of which nobody was
    told; `keys` has the right key of each delivery."""

    taken: Sequence[Taken]
    rows: Mapping[int, Row]
    marks: Sequence[Mark]
    withdrawals: Sequence[Withdrawal] = ()
    expected: frozenset[tuple[str, str, str]] = frozenset()
    possible: frozenset[tuple[str, str, str]] = frozenset()
    keys: Mapping[int, frozenset[str]] = field(default_factory=dict)
    frozen: Sequence[tuple[float, float]] = ()
    leases: int = 0
    pending_events: int = 0
    withdrawn_in_ledger: frozenset[tuple[str, str]] = frozenset()


def read_rows(window: Window) -> Mapping[int, Row]:
    """Every delivery."""
    d, c, r = deliveries.c, contacts.c, runs.c
    asked = (
        sa.select(
            d.id, c.external_id, c.timezone, d.campaign, d.channel, d.state, d.payload, d.resends, d.sending_at,
            r.key,
        )
        .join(contacts, c.id == d.contact_id).join(runs, r.id == d.run_id)
    )
    return {
        row.id: Row(
            id=row.id, contact=row.external_id, zone=row.timezone, campaign=row.campaign, channel=row.channel, state=row.state,
            on_unknown=row.payload["on_unknown"], resends=row.resends, sending_at=row.sending_at, run_key=row.key,
        )
        for row in window.rows(asked)
    }


def read_marks(window: Window) -> Sequence[Mark]:
    """Every touch of a delivery, in the order in which they were written."""
    t = touches.c
    asked = sa.select(t.delivery_id, t.kind, t.reason, t.at).where(t.delivery_id.is_not(None)).order_by(t.id)
    return [Mark(delivery_id=row.delivery_id, kind=row.kind, reason=row.reason, at=row.at) for row in window.rows(asked)]


def read_withdrawn(window: Window) -> frozenset[tuple[str, str]]:
    """Who has withdrawn from which purpose, by the ledger."""
    asked = sa.select(contacts.c.external_id, consents.c.purpose).join(contacts, contacts.c.id == consents.c.contact_id)
    return frozenset((row.external_id, row.purpose) for row in window.rows(asked.where(~consents.c.granted)))


def read_expected(window: Window, waves: Sequence[tuple[str, str]], tickets: Sequence[tuple[str, str]]) -> frozenset[tuple[str, str, str]]:
    """What was accepted: (campaign, event id) of the waves, each for everybody, and (contact, ticket) of the closed tickets."""
    everybody = [row.external_id for row in window.rows(sa.select(contacts.c.external_id))]
    return frozenset(
        {(campaign, contact, event_id) for campaign, event_id in waves for contact in everybody}
        | {("answered", contact, ticket) for contact, ticket in tickets}
    )


def count_leases(window: Window) -> int:
    """Batches that are still held."""
    return window.count(batches)


def count_pending(window: Window) -> int:
    """Events that are not drawn yet."""
    return window.count(events, events.c.pending)
