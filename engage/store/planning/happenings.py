"""Events as they come in and are asked for; the planning port `Happenings`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from engage.model.contact import Contact, Event
from engage.model.history import Kind, Touch
from engage.rules.expressions import Lookup
from engage.store.expressions.lookups import SqlLookup
from engage.store.people.identities import barred_among, reference_keys
from engage.store.people.references import rows_meant
from engage.store.rows.rows import Row, add_touches, event_of, event_row
from engage.store.schema.tables import contacts, events
from engage.store.session import Session
from engage.store.sql.inserts import insert_ignoring


class SqlHappenings(Session):
    """What has happened, in one transaction."""

    def add_event(self, event: Event) -> bool:
        """Store it with its touch; False, and nothing written, where its id is known. Its touch waits until its contact is known.

        Nothing is kept of an event about somebody who was erased, either.
        """
        if event.contact_id is None and event.contact_ref and self._is_barred(event.contact_ref):
            return False
        ref_key = self._ref_key(event.contact_ref) if event.contact_id is None and event.contact_ref else None
        kept = event.contact_id is None and event.contact_ref is not None
        row = {**event_row(event, ref_key=ref_key), "pending": kept}
        if not self._connection.execute(insert_ignoring(self._connection, events).values(row)).rowcount:
            return False
        if not kept:
            self.add_touches([touch_of(event)])
        return True

    def events_of_contact(self, contact_id: int, *, types: Sequence[str], since: datetime) -> Sequence[Event]:
        """The contact's events of these types with `at` not before `since`, in the order of `at`."""
        asked = (
            sa.select(events)
            .where(events.c.contact_id == contact_id, events.c.type.in_(types), events.c.at >= since)
            .order_by(events.c.at, events.c.id)
        )
        return [self._event_of(row) for row in self._connection.execute(asked).mappings()]

    def find_contact(self, reference: str) -> Contact | None:
        """Whom it means; None where that is nobody we know."""
        return self.find_contacts([reference]).get(reference)

    def find_contacts(self, references: Collection[str]) -> Mapping[str, Contact]:
        """By external id, else email, else phone, primary or other; normalised as on import. Those who are known, by reference."""
        rows = rows_meant(self._connection, references, self._secret) if references else {}
        return {reference: self._contact_of(row) for reference, row in rows.items()}

    def contact(self, contact_id: int) -> Contact | None:
        """The contact, locked."""
        row = self._connection.execute(sa.select(contacts).where(contacts.c.id == contact_id).with_for_update()).mappings().first()
        return None if row is None else self._contact_of(row)

    def lookup(self, contact_id: int, *, now: datetime) -> Lookup:
        """Answers the questions of expressions about one contact, inside this transaction."""
        return SqlLookup(self._connection, workspace=self._workspace(), contact_id=contact_id, now=now)

    def add_touches(self, touches: Sequence[Touch]) -> None:
        """Append to the history."""
        add_touches(self._connection, touches)

    def _is_barred(self, reference: str) -> bool:
        return bool(barred_among(self._connection, list(reference_keys(self._secret, reference).values())))

    def _event_of(self, row: Row) -> Event:
        return event_of(row, self._workspace().settings.events)


def touch_of(event: Event) -> Touch:
    """That it happened."""
    return Touch(at=event.at, contact_id=event.contact_id, kind=Kind.EVENT, detail={"event": event.type, "event_id": event.id})
