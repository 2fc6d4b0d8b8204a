"""Events whose consequences are not drawn yet; the planning port `Pending`.

Whoever writes what became of a message, or takes the step `emit`, leaves an event here in a transaction of its own; planning draws
what it asks for a moment later, each event in another. An event about somebody unknown waits here until they come to be known.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from engage.model.contact import Event
from engage.model.run import RunState
from engage.store.planning.happenings import SqlHappenings, touch_of
from engage.store.rows.rows import Row, event_row
from engage.store.schema.conditions import PENDING
from engage.store.schema.people import identities
from engage.store.schema.tables import contacts, events, runs
from engage.store.sql.inserts import insert_ignoring

MOST_ATTEMPTS = 3
"""After so many an event that cannot be drawn comes no more; it stays in the history."""


class SqlPending(SqlHappenings):
    """What is to be drawn, in one transaction."""

    def add_pending_events(self, new: Sequence[Event]) -> None:
        """Store events of people who are known, to be drawn; one whose id is known is left as it is. Each has its touch."""
        asked = sa.select(events.c.id).where(events.c.id.in_([event.id for event in new]))
        known = set(self._connection.scalars(asked))
        fresh = [event for event in new if event.id not in known]
        if fresh:
            rows = [{**event_row(event, ref_key=None), "pending": True} for event in fresh]
            self._connection.execute(insert_ignoring(self._connection, events), rows)
            self.add_touches([touch_of(event) for event in fresh])

    def meet_contacts(self, *, since: datetime, limit: int) -> int:
        """Give kept events received since then to the contacts who are known by now, each with its touch; how many."""
        kept = self._kept_events(since, limit)
        known = self.find_contacts({row["contact_ref"] for row in kept})
        met = [
            replace(self._event_of(row), contact_id=known[row["contact_ref"]].id) for row in kept if row["contact_ref"] in known
        ]
        if met:
            told = sa.update(events).where(events.c.id == sa.bindparam("event"))
            self._connection.execute(told, [{"event": event.id, "contact_id": event.contact_id} for event in met])
            self.add_touches([touch_of(event) for event in met])
        return len(met)

    def pass_over_events(self, *, heeded: Collection[str], limit: int) -> int:
        """Take from the pending what asks for nothing: of types that are not heeded, of people who are in no campaign. How many."""
        under_way = sa.exists().where(runs.c.contact_id == events.c.contact_id, runs.c.state == RunState.ACTIVE.value)
        vain = (
            sa.select(events.c.id)
            .where(sa.text(PENDING), events.c.contact_id.is_not(None), events.c.type.not_in(sorted(heeded)), ~under_way)
            .order_by(events.c.at, events.c.id).limit(limit).with_for_update(skip_locked=True)
        )
        return self._connection.execute(sa.update(events).where(events.c.id.in_(vain)).values(pending=False)).rowcount

    def pending_events(self, *, limit: int) -> Sequence[str]:
        """Ids of events to be drawn, in the order of `at`."""
        return self._connection.scalars(_WAITING, {"most": limit}).all()

    def take_pending_event(self, event_id: str) -> Event | None:
        """The event, drawn from now on; None where it was drawn already or another transaction has it."""
        asked = sa.select(events).where(events.c.id == event_id, sa.text(PENDING)).with_for_update(skip_locked=True)
        row = self._connection.execute(asked).mappings().first()
        if row is None:
            return None
        self._connection.execute(sa.update(events).where(events.c.id == event_id).values(pending=False))
        return self._event_of(row)

    def put_back_event(self, event_id: str) -> None:
        """Count that it could not be drawn; it comes again a few times, and then no more."""
        tried = events.c.attempts + 1
        counted = sa.update(events).where(events.c.id == event_id, events.c.pending)
        self._connection.execute(counted.values(attempts=tried, pending=tried < MOST_ATTEMPTS))

    def _kept_events(self, since: datetime, limit: int) -> Sequence[Row]:
        return self._connection.execute(_KEPT, {"since": since, "most": limit}).mappings().all()


def known_by_now() -> tuple[sa.ColumnElement[bool], ...]:
    """Events that were kept for a contact who is known by now."""
    ways = (
        (contacts.c.external_id, events.c.contact_ref), (contacts.c.email_key, events.c.ref_key), (contacts.c.phone_key, events.c.ref_key),
    )
    known = sa.or_(
        *(sa.exists().where(column == reference, contacts.c.erased_at.is_(None)) for column, reference in ways),
        sa.exists().where(identities.c.key == events.c.ref_key),
    )
    return events.c.contact_id.is_(None), events.c.contact_ref.is_not(None), known


_MOST = sa.bindparam("most", type_=sa.Integer)
_WAITING = sa.select(events.c.id).where(sa.text(PENDING)).order_by(events.c.at, events.c.id).limit(_MOST)
_KEPT = (
    sa.select(events)
    .where(events.c.received_at >= sa.bindparam("since"), *known_by_now())
    .order_by(events.c.at, events.c.id)
    .limit(_MOST)
    .with_for_update(skip_locked=True)
)
"""Made once, as every look at the clock asks them."""
