"""Entering an audience: slots x contacts -> runs, touches, first deliveries, by INSERT … SELECT; the planning port `Entries`.

The database does all of it: a campaign over a million contacts is as many statements as one over ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from engage.model.history import Kind, Touch
from engage.model.run import RunState
from engage.model.shares import HOLDOUT, is_in
from engage.planning.slots import Entry, Opening, Residence, Slot
from engage.store.audiences import audience_condition
from engage.store.columns import Instant, Json
from engage.store.inserts import insert_ignoring
from engage.store.meant import entered_after, people_meant
from engage.store.openings import insert_openings, openings_table
from engage.store.planned import SqlPlanned
from engage.store.rows import add_touches
from engage.store.shares import is_in_share
from engage.store.slots import Shape, by_shape, not_since, slots_table, waves
from engage.store.tables import contact_dates, contacts, runs, touches

ENTERED = (
    "campaign", "version", "contact_id", "key", "state", "entered_at", "intended_at", "position", "since", "due_at", "trigger", "variables",
    "part",
)
NEW = ("id", "contact_id", "key", "state", "intended_at", "due_at")
TOLD = ("at", "contact_id", "kind", "campaign", "version", "run_id", "purpose", "reason", "detail")
HELD_OUT, ACTIVE = RunState.HELD_OUT.value, RunState.ACTIVE.value


class SqlEntries(SqlPlanned):
    """Who enters, in one transaction."""

    def enter(self, entry: Entry) -> int:
        """Enter all slots; how many runs began. As many statements for a million contacts as for ten."""
        self._enter_one_by_one(entry)
        entered = 0
        for wave in waves(entry.slots, one_at_a_time=_asks_re_entry(entry)):
            for shape, slots in by_shape(wave).items():
                entered += self._enter_shape(entry, shape, slots)
        return entered

    def _enter_one_by_one(self, entry: Entry) -> None:
        """Where the last entry is asked for, no two may enter one campaign at once (on SQLite they cannot anyway)."""
        if _asks_re_entry(entry) and self._on_postgresql:
            name = sa.func.hashtextextended(f"enter {entry.campaign.name}", 0)
            self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(name)))

    def _enter_shape(self, entry: Entry, shape: Shape, slots: Sequence[Slot]) -> int:
        table = slots_table(self._connection, slots, entry.campaign.re_entry)
        matching = self.matching(entry, shape, table)
        if _asks_re_entry(entry):
            kept_out = entered_after(entry, contacts.c.id, table.c.not_since)
            self._tell_kept_out(entry, table, matching.where(kept_out))
            matching = matching.where(~kept_out)
        moments = {(slot.at, slot.key) for slot in slots}
        openings = [opening for opening in entry.openings if (opening.at, opening.key) in moments]
        return self._make_runs(entry, self._chosen(entry, shape, table, matching, openings), openings)

    def matching(self, entry: Entry, shape: Shape, slot: sa.FromClause) -> sa.Select[int]:
        """The contacts of the audience whom the slots mean, less those who have a run under its slot's key."""
        asked = people_meant(entry, shape, slot)
        if entry.audience is None:
            return asked
        return asked.where(audience_condition(self._connection, entry.audience, workspace=self._workspace(), now=entry.now))

    def _chosen(
        self, entry: Entry, shape: Shape, slot: sa.FromClause, matching: sa.Select[int], openings: Sequence[Opening]
    ) -> sa.CTE:
        """Those who match, as what their runs hold; each is due now, but the held-out and those for whom there is a first delivery."""
        campaign, waits, says = entry.campaign, list[sa.ColumnElement[bool]](), list[sa.ColumnElement[Any]]()
        state: sa.ColumnElement[str] = sa.literal(ACTIVE)
        if campaign.holdout:
            held_out = is_in_share(contacts.c.id, campaign.holdout, campaign.salt, HOLDOUT)
            state, waits = sa.case((held_out, HELD_OUT), else_=ACTIVE), [held_out]
        if openings:
            opening = openings_table(self._connection, openings)
            here = (opening.c.at == slot.c.at, opening.c.key == slot.c.key, opening.c.zone_key == contacts.c.zone_key)
            matching = matching.outerjoin(opening, sa.and_(*here))
            expires_at = sa.case((sa.or_(*waits), sa.null()), else_=opening.c.expires_at) if waits else opening.c.expires_at
            says = [opening.c.first_due_at, expires_at.label("expires_at"), opening.c.send_key]
            waits = [*waits, opening.c.zone_key.is_not(None)]
        now = sa.literal(entry.now, Instant)
        due_at = sa.case((sa.or_(*waits), sa.null()), else_=now) if waits else now
        return matching.with_only_columns(
            contacts.c.id.label("contact_id"), slot.c.key, slot.c.at, state.label("state"), due_at.label("due_at"),
            self._trigger(shape, slot).label("trigger"), *says,
        ).cte("chosen")

    def _make_runs(self, entry: Entry, chosen: sa.CTE, openings: Sequence[Opening]) -> int:
        """Insert the runs; and the touches and first deliveries of the very rows that were inserted."""
        return self._make_at_once(entry, chosen, openings) if self._on_postgresql else self._make_in_turn(entry, chosen, openings)

    def _make_at_once(self, entry: Entry, chosen: sa.CTE, openings: Sequence[Opening]) -> int:
        """On PostgreSQL all is one statement."""
        new = _inserting(self._connection, entry, chosen).returning(*(runs.c[name] for name in NEW)).cte("new")
        drawn = [_telling_entered(self._connection, entry, new.c, new.c.id.is_not(None))]
        if openings:
            both = new.join(chosen, sa.and_(new.c.contact_id == chosen.c.contact_id, new.c.key == chosen.c.key))
            drawn.append(insert_openings(openings, new.c, chosen.c, both))
        began = sa.select(sa.func.count()).select_from(new).where(new.c.state == ACTIVE)
        return self._connection.scalar(began.add_cte(*(each.cte(f"drawn_{number}") for number, each in enumerate(drawn)))) or 0

    def _make_in_turn(self, entry: Entry, chosen: sa.CTE, openings: Sequence[Opening]) -> int:
        """On SQLite, where nobody else writes meanwhile, the new runs are those with new numbers."""
        before = self._connection.scalar(sa.select(sa.func.coalesce(sa.func.max(runs.c.id), 0)))
        if not self._connection.execute(_inserting(self._connection, entry, chosen)).rowcount:
            return 0
        self._connection.execute(_telling_entered(self._connection, entry, runs.c, runs.c.id > before))
        if openings:
            opening = openings_table(self._connection, openings)
            here = (opening.c.at == runs.c.intended_at, opening.c.key == runs.c.key, opening.c.zone_key == contacts.c.zone_key)
            places = runs.outerjoin(contacts, contacts.c.id == runs.c.contact_id).outerjoin(opening, sa.and_(*here))  # in this order
            self._connection.execute(insert_openings(openings, runs.c, opening.c, places, runs.c.id > before, runs.c.state == ACTIVE))
        return self._connection.scalar(sa.select(sa.func.count()).where(runs.c.id > before, runs.c.state == ACTIVE)) or 0

    def _trigger(self, shape: Shape, slot: sa.FromClause) -> sa.ColumnElement[object]:
        """What the run's trigger holds: the slot's, and with a date the years that have passed."""
        if shape.attribute is None:
            return slot.c.trigger
        years = slot.c.base_year - contact_dates.c.year
        if self._on_postgresql:
            return slot.c.trigger.op("||")(sa.func.jsonb_build_object("years", years))
        return sa.type_coerce(sa.func.json_set(slot.c.trigger, "$.years", years), Json)

    def _tell_kept_out(self, entry: Entry, slot: sa.FromClause, kept_out: sa.Select[int]) -> None:
        """The touch `not_entered`, once for each contact and key."""
        told = sa.exists().where(
            touches.c.contact_id == contacts.c.id, touches.c.kind == Kind.NOT_ENTERED.value,
            touches.c.campaign == entry.campaign.name, touches.c.detail["key"].as_string() == slot.c.key,
        )
        who = kept_out.where(~told).with_only_columns(contacts.c.id.label("contact_id"), slot.c.key.label("key")).subquery("who")
        kind, none = sa.literal(Kind.NOT_ENTERED.value), sa.cast(sa.null(), sa.BigInteger)
        self._connection.execute(_telling(self._connection, entry, kind, who.c, none, reason="re_entry"))

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
        entered = entered_after(entry, sa.literal(contact_id), since)
        if not _asks_re_entry(entry) or not self._connection.scalar(sa.select(entered)):
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
        }
        run_id = self._connection.scalar(insert_ignoring(self._connection, runs).values(row).returning(runs.c.id))
        if run_id is None:
            return None
        kind = Kind.HELD_OUT if held_out else Kind.ENTERED
        add_touches(self._connection, [_touch(entry, kind, contact_id, slot.key, run_id=run_id)])
        return None if held_out else int(run_id)


def _asks_re_entry(entry: Entry) -> bool:
    return not entry.campaign.re_entry.allowed or entry.campaign.re_entry.after is not None


def _inserting(connection: sa.Connection, entry: Entry, chosen: sa.CTE) -> Any:
    """The runs of those who were chosen, in an order that gives the same ids everywhere."""
    campaign, new = entry.campaign, chosen.c
    made = sa.select(
        sa.literal(campaign.name), sa.literal(campaign.version), new.contact_id, new.key, new.state, sa.literal(entry.now, Instant),
        new.at, sa.literal(entry.position), new.at, new.due_at, new.trigger, sa.literal({}, Json), sa.literal(0),
    ).order_by(new.at, new.contact_id)
    return insert_ignoring(connection, runs).from_select(list(ENTERED), made)


def _telling_entered(connection: sa.Connection, entry: Entry, new: Any, condition: sa.ColumnElement[bool]) -> sa.Insert:
    """A touch for each new run: that its contact entered, or was held out."""
    kind: sa.ColumnElement[str] = sa.literal(Kind.ENTERED.value)
    if entry.campaign.holdout:
        kind = sa.case((new["state"] == HELD_OUT, Kind.HELD_OUT.value), else_=Kind.ENTERED.value)
    return _telling(connection, entry, kind, new, new["id"], condition)


def _telling(
    connection: sa.Connection, entry: Entry, kind: sa.ColumnElement[str], who: Any,
    run_id: sa.ColumnElement[int], *conditions: sa.ColumnElement[bool], reason: str | None = None,
) -> sa.Insert:
    """INSERT … SELECT of one touch for each row of `who`, which has `contact_id` and `key`."""
    build = sa.func.jsonb_build_object if connection.dialect.name == "postgresql" else sa.func.json_object
    told = sa.select(
        sa.literal(entry.now, Instant), who["contact_id"], kind, sa.literal(entry.campaign.name),
        sa.literal(entry.campaign.version), run_id, sa.literal(entry.campaign.purpose), sa.literal(reason, sa.String),
        sa.type_coerce(build("key", who["key"]), Json),
    ).where(*conditions)
    return sa.insert(touches).from_select(list(TOLD), told)


def _touch(entry: Entry, kind: Kind, contact_id: int, key: str, *, run_id: int | None = None, reason: str | None = None) -> Touch:
    return Touch(
        at=entry.now, contact_id=contact_id, kind=kind, campaign=entry.campaign.name, version=entry.campaign.version, run_id=run_id,
        purpose=entry.campaign.purpose, reason=reason, detail={"key": key},
    )
