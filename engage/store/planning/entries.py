"""Entering an audience: slots x contacts -> runs, touches, first deliveries, by INSERT … SELECT; the planning port `Entries`.

The database does all of it: a campaign over a million contacts is as many statements as one over ten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from engage.model.history import Kind, Touch
from engage.model.shares import HOLDOUT, is_in
from engage.planning.slots import Entry, Residence, Slot
from engage.store.expressions.audiences import audience_condition
from engage.store.planning.entrances import ACTIVE, HELD_OUT, Entrance, asks_re_entry, entrance, form_of, given
from engage.store.planning.meant import entered_after
from engage.store.planning.planned import SqlPlanned
from engage.store.planning.slots import Shape, by_shape, not_since, waves
from engage.store.rows.rows import add_touches
from engage.store.schema.columns import Instant
from engage.store.schema.tables import contacts, runs, touches
from engage.store.sql.inserts import insert_ignoring


class SqlEntries(SqlPlanned):
    """Who enters, in one transaction."""

    def enter(self, entry: Entry) -> int:
        """Enter all slots; how many runs began. As many statements for a million contacts as for ten."""
        self._enter_one_by_one(entry)
        entered = 0
        for wave in waves(entry.slots, one_at_a_time=asks_re_entry(entry)):
            for shape, slots in by_shape(wave).items():
                entered += self._enter_shape(entry, shape, slots)
        return entered

    def _enter_one_by_one(self, entry: Entry) -> None:
        """Where the last entry is asked for, no two may enter one campaign at once (on SQLite they cannot anyway)."""
        if asks_re_entry(entry) and self._on_postgresql:
            name = sa.func.hashtextextended(f"enter {entry.campaign.name}", 0)
            self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(name)))

    def _enter_shape(self, entry: Entry, shape: Shape, slots: Sequence[Slot]) -> int:
        moments = {(slot.at, slot.key) for slot in slots}
        openings = [opening for opening in entry.openings if (opening.at, opening.key) in moments]
        form = form_of(self._connection.dialect.name, entry, shape, slots, openings)
        made, parameters = entrance(form, self._audience(entry)), given(form, entry, slots, openings)
        if made.kept_out is not None:
            self._connection.execute(made.kept_out, parameters)
        if self._on_postgresql:
            return self._connection.scalar(made.at_once, parameters) or 0
        return self._enter_in_turn(made, parameters)

    def _audience(self, entry: Entry) -> sa.ColumnElement[bool] | None:
        if entry.audience is None:
            return None
        return audience_condition(self._connection, entry.audience, workspace=self._workspace(), now=entry.now)

    def _enter_in_turn(self, made: Entrance, parameters: Mapping[str, object]) -> int:
        """On SQLite, where nobody else writes meanwhile, the new runs are those with new numbers."""
        new = {**parameters, "last_before": self._connection.scalar(_LAST_RUN)}
        if not self._connection.execute(made.enter, parameters).rowcount:
            return 0
        self._connection.execute(made.tell, new)
        if made.open is not None:
            self._connection.execute(made.open, new)
        return self._connection.scalar(made.began, new) or 0

    def enter_one(self, entry: Entry, contact_id: int) -> int | None:
        """Enter one contact at the entry's only slot, without asking the audience again; the new run's id, None where none began.

        A run under the same key that is there already, active or final, keeps it out without a touch.
        """
        (slot,) = entry.slots
        self._enter_one_by_one(entry)
        asked = sa.select(contacts.c.zone_key).where(contacts.c.id == contact_id, contacts.c.erased_at.is_(None))
        zone_key = self._connection.scalar(asked)
        if zone_key is None or self._has_run(entry, contact_id, slot.key):
            return None
        at_home = replace(slot, residence=Residence(zone_key=zone_key))
        if self._is_kept_out(entry, contact_id, at_home):
            return None
        return self._make_run(entry, contact_id, slot)

    def _has_run(self, entry: Entry, contact_id: int, key: str) -> bool:
        there = sa.exists().where(runs.c.campaign == entry.campaign.name, runs.c.contact_id == contact_id, runs.c.key == key)
        return bool(self._connection.scalar(sa.select(there)))

    def _is_kept_out(self, entry: Entry, contact_id: int, slot: Slot) -> bool:
        """Whether re-entry keeps the contact out; it then gets its touch, once."""
        since = sa.literal(not_since(slot, entry.campaign.re_entry), Instant)
        entered = entered_after(entry.campaign.name, sa.literal(contact_id), since)
        if not asks_re_entry(entry) or not self._connection.scalar(sa.select(entered)):
            return False
        told = sa.exists().where(
            touches.c.contact_id == contact_id, touches.c.kind == Kind.NOT_ENTERED.value,
            touches.c.campaign == entry.campaign.name, touches.c.detail["key"].as_string() == slot.key,
        )
        if not self._connection.scalar(sa.select(told)):
            add_touches(self._connection, [_touch(entry, Kind.NOT_ENTERED, contact_id, slot.key, reason="re_entry")])
        return True

    def _make_run(self, entry: Entry, contact_id: int, slot: Slot) -> int | None:
        campaign = entry.campaign
        held_out = is_in(contact_id, campaign.holdout, campaign.salt, HOLDOUT)
        row = {
            "campaign": campaign.name, "version": campaign.version, "contact_id": contact_id, "key": slot.key,
            "state": HELD_OUT if held_out else ACTIVE, "entered_at": entry.now, "intended_at": slot.at, "position": entry.position,
            "since": slot.at, "due_at": None if held_out else entry.now, "trigger": dict(slot.trigger), "variables": {},
            "trace": entry.trace,
        }
        run_id = self._connection.scalar(insert_ignoring(self._connection, runs).values(row).returning(runs.c.id))
        if run_id is None:
            return None
        kind = Kind.HELD_OUT if held_out else Kind.ENTERED
        add_touches(self._connection, [_touch(entry, kind, contact_id, slot.key, run_id=run_id)])
        return None if held_out else int(run_id)


_LAST_RUN = sa.select(sa.func.coalesce(sa.func.max(runs.c.id), 0))


def _touch(entry: Entry, kind: Kind, contact_id: int, key: str, *, run_id: int | None = None, reason: str | None = None) -> Touch:
    return Touch(
        at=entry.now, contact_id=contact_id, kind=kind, campaign=entry.campaign.name, version=entry.campaign.version, run_id=run_id,
        purpose=entry.campaign.purpose, reason=reason, detail={"key": key},
    )
