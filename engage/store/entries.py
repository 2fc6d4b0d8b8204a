"""Entering an audience: slots x contacts -> runs and touches, by INSERT … SELECT; the planning port `Entries`.

The database does all of it: a campaign over a million contacts is as many statements as one over ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engage.model.history import Kind, Touch
from engage.model.run import RunState
from engage.planning.slots import Entry, Residence, Slot
from engage.store.audiences import audience_condition
from engage.store.columns import Instant, Json
from engage.store.database import dialect_insert, insert_ignoring
from engage.store.rows import add_touches
from engage.store.session import Session
from engage.store.slots import Shape, by_shape, not_since, slots_table, waves
from engage.store.tables import campaign_states, contact_dates, contacts, pauses, runs, touches
from engage.store.zones import zone_keys

ENTERED = (
    "campaign", "version", "contact_id", "key", "state", "entered_at", "intended_at", "position", "since", "due_at", "trigger", "variables",
)
GUARDED_SPAN = timedelta(days=1)
TOLD = ("at", "contact_id", "kind", "campaign", "version", "run_id", "purpose", "reason", "detail")


class SqlEntries(Session):
    """Who enters, in one transaction."""

    def planned_until(self, campaign: str) -> datetime | None:
        """Up to when the campaign's entries are planned; None where it was never live. Others wait until this transaction ends."""
        asked = sa.select(campaign_states.c.planned_until).where(campaign_states.c.campaign == campaign).with_for_update()
        return self._connection.scalar(asked)

    def went_live(self, campaign: str) -> datetime | None:
        """When the campaign went live."""
        return self._connection.scalar(sa.select(campaign_states.c.live_since).where(campaign_states.c.campaign == campaign))

    def is_paused(self, campaign: str) -> bool:
        """Whether people paused the campaign, or everything."""
        paused = sa.or_(pauses.c.scope == "all", sa.and_(pauses.c.scope == "campaign", pauses.c.name == campaign))
        return bool(self._connection.scalar(sa.select(sa.exists().where(paused))))

    def move_planned_until(self, campaign: str, to: datetime) -> None:
        """Remember it; the first call also remembers that the campaign went live then."""
        row = {"campaign": campaign, "live_since": to, "planned_until": to, "needs_approval": False}
        moved = {"planned_until": to, "live_since": sa.func.coalesce(campaign_states.c.live_since, sa.literal(to, Instant))}
        self._upsert_state(row, moved)

    def guard(self, campaign: str, *, entered: int, most: int, now: datetime) -> None:
        """Count who entered; hold the campaign, unless it is approved, once more than `most` did within a day."""
        asked = sa.select(campaign_states.c.reached, campaign_states.c.reached_since).where(campaign_states.c.campaign == campaign)
        row = self._connection.execute(asked.with_for_update()).first()
        goes_on = row is not None and row.reached_since is not None and now - row.reached_since < GUARDED_SPAN
        reached = entered + (row.reached if row is not None and goes_on else 0)
        counted = {"reached": reached, "reached_since": row.reached_since if row is not None and goes_on else now}
        held = {"needs_approval": True} if reached > most else {}
        self._upsert_state({"campaign": campaign, "needs_approval": False, **counted, **held}, {**counted, **held})

    def _upsert_state(self, row: dict[str, object], changed: dict[str, object]) -> None:
        written = dialect_insert(self._connection, campaign_states).values(row)
        self._connection.execute(written.on_conflict_do_update(index_elements=["campaign"], set_=changed))

    def residences(self, *, by_country: bool) -> Sequence[Residence]:
        """Where contacts live."""
        if by_country:
            rows = self._connection.execute(sa.select(contacts.c.zone_key, contacts.c.country).distinct()).all()
            return [Residence(zone_key=zone_key, country=country) for zone_key, country in rows]
        return [Residence(zone_key=zone_key) for zone_key in zone_keys(self._connection)]

    def enter(self, entry: Entry) -> int:
        """Enter all slots; the number of new runs. As many statements for a million contacts as for ten."""
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
        table = slots_table(slots, entry.campaign.re_entry, on_postgresql=self._on_postgresql)
        matching = self._matching(entry, shape, table)
        if _asks_re_entry(entry):
            kept_out = _entered_after(entry, contacts.c.id, table.c.not_since)
            self._tell_kept_out(entry, table, matching.where(kept_out))
            matching = matching.where(~kept_out)
        return self._make_runs(entry, shape, table, matching)

    def _matching(self, entry: Entry, shape: Shape, slot: sa.FromClause) -> sa.Select[int]:
        """The contacts of each slot, less those who have a run under its key."""
        known = sa.exists().where(
            runs.c.campaign == entry.campaign.name, runs.c.contact_id == contacts.c.id, runs.c.key == slot.c.key
        )
        asked = (
            sa.select(contacts.c.id)
            .select_from(_people_of(shape, slot))
            .where(contacts.c.erased_at.is_(None), ~known, *_not_late_twice(entry, shape, slot))
            .where(*_conditions(shape, slot, entry.excluded_dates))
        )
        if entry.audience is not None:
            asked = asked.where(audience_condition(self._connection, entry.audience, workspace=self._workspace(), now=entry.now))
        return asked

    def _make_runs(self, entry: Entry, shape: Shape, slot: sa.FromClause, matching: sa.Select[int]) -> int:
        campaign, now = entry.campaign, sa.literal(entry.now, Instant)
        made = matching.with_only_columns(
            sa.literal(campaign.name), sa.literal(campaign.version), contacts.c.id, slot.c.key, sa.literal(RunState.ACTIVE.value),
            now, slot.c.at, sa.literal(entry.position), slot.c.at, now, self._trigger(shape, slot), sa.literal({}, Json),
        ).order_by(slot.c.at, contacts.c.id)  # so that the same plan gives the same ids everywhere
        inserted = insert_ignoring(self._connection, runs).from_select(list(ENTERED), made)
        return self._insert_telling(entry, inserted)

    def _insert_telling(self, entry: Entry, inserted: sa.Insert) -> int:
        """Insert the runs, and their touches of the very rows that were inserted."""
        if self._on_postgresql:
            new = inserted.returning(runs.c.id, runs.c.contact_id, runs.c.key).cte("new")
            return self._connection.execute(_telling(self._connection, entry, Kind.ENTERED, new.c, new.c.id)).rowcount
        before = self._connection.scalar(sa.select(sa.func.coalesce(sa.func.max(runs.c.id), 0)))
        entered = self._connection.execute(inserted).rowcount
        if entered:
            told = _telling(self._connection, entry, Kind.ENTERED, runs.c, runs.c.id, runs.c.id > before)
            self._connection.execute(told)
        return entered

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
        none = sa.cast(sa.null(), sa.BigInteger)
        self._connection.execute(_telling(self._connection, entry, Kind.NOT_ENTERED, who.c, none, reason="re_entry"))

    def enter_one(self, entry: Entry, contact_id: int) -> int | None:
        """Enter one contact at the entry's only slot, without asking the audience again; the new run's id, None where kept out.

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
        entered = _entered_after(entry, sa.literal(contact_id), since)
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
        row = {
            "campaign": campaign.name, "version": campaign.version, "contact_id": contact_id, "key": slot.key,
            "state": RunState.ACTIVE.value, "entered_at": entry.now, "intended_at": slot.at, "position": entry.position,
            "since": slot.at, "due_at": entry.now, "trigger": dict(slot.trigger), "variables": {},
        }
        run_id = self._connection.scalar(insert_ignoring(self._connection, runs).values(row).returning(runs.c.id))
        if run_id is None:
            return None
        add_touches(self._connection, [_touch(entry, Kind.ENTERED, contact_id, slot.key, run_id=run_id)])
        return int(run_id)


def _asks_re_entry(entry: Entry) -> bool:
    return not entry.campaign.re_entry.allowed or entry.campaign.re_entry.after is not None


def _entered_after(entry: Entry, contact_id: sa.ColumnElement[int], since: sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    last = runs.alias("last")
    return sa.exists().where(
        last.c.campaign == entry.campaign.name, last.c.contact_id == contact_id, last.c.state != RunState.RETURNED.value,
        last.c.intended_at > since,
    )


def _not_late_twice(entry: Entry, shape: Shape, slot: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    """The same late change is looked at again and again: whoever entered for it and gave the key back does not enter anew."""
    if not shape.changed:
        return []
    returned = sa.and_(runs.c.state == RunState.RETURNED.value, runs.c.key.startswith(slot.c.key + "#", autoescape=False))
    mine = sa.and_(runs.c.campaign == entry.campaign.name, runs.c.contact_id == contacts.c.id)
    return [~sa.exists().where(mine, returned, runs.c.entered_at >= contacts.c.changed_at)]


def _people_of(shape: Shape, slot: sa.FromClause) -> sa.FromClause:
    """Each slot with each contact, by way of the dates where it goes by one; the conditions say which belong together."""
    if shape.attribute is None:
        return slot.join(contacts, sa.true())
    return slot.join(contact_dates, sa.true()).join(contacts, contacts.c.id == contact_dates.c.contact_id)


def _conditions(shape: Shape, slot: sa.FromClause, excluded: frozenset[date]) -> list[sa.ColumnElement[bool]]:
    """What the slots of a shape ask of a contact."""
    wanted = []
    if shape.attribute is not None:
        wanted += _date_conditions(shape, slot, excluded)
    if shape.zone:
        wanted.append(contacts.c.zone_key == slot.c.zone_key)
    if shape.country:
        wanted.append(contacts.c.country == slot.c.country)
    if shape.changed:
        wanted.append(contacts.c.changed_at > slot.c.changed_since)
    return wanted


def _date_conditions(shape: Shape, slot: sa.FromClause, excluded: frozenset[date]) -> list[sa.ColumnElement[bool]]:
    dates = contact_dates
    wanted = [dates.c.name == shape.attribute, dates.c.month == slot.c.month, dates.c.day == slot.c.day]
    if shape.year:
        wanted.append(dates.c.year == slot.c.year)
    if shape.zone:
        wanted.append(dates.c.zone_key == slot.c.zone_key)
    wanted.append(slot.c.base_year - dates.c.year >= slot.c.min_years)
    wanted += [
        ~sa.and_(dates.c.year == day.year, dates.c.month == day.month, dates.c.day == day.day) for day in sorted(excluded)
    ]
    return wanted


def _telling(
    connection: sa.Connection, entry: Entry, kind: Kind, who: Any,
    run_id: sa.ColumnElement[int], *conditions: sa.ColumnElement[bool], reason: str | None = None,
) -> sa.Insert:
    """INSERT … SELECT of one touch for each row of `who`, which has `contact_id` and `key`."""
    build = sa.func.jsonb_build_object if connection.dialect.name == "postgresql" else sa.func.json_object
    told = sa.select(
        sa.literal(entry.now, Instant), who["contact_id"], sa.literal(kind.value), sa.literal(entry.campaign.name),
        sa.literal(entry.campaign.version), run_id, sa.literal(entry.campaign.purpose), sa.literal(reason, sa.String),
        sa.type_coerce(build("key", who["key"]), Json),
    ).where(*conditions)
    return sa.insert(touches).from_select(list(TOLD), told)


def _touch(entry: Entry, kind: Kind, contact_id: int, key: str, *, run_id: int | None = None, reason: str | None = None) -> Touch:
    return Touch(
        at=entry.now, contact_id=contact_id, kind=kind, campaign=entry.campaign.name, version=entry.campaign.version, run_id=run_id,
        purpose=entry.campaign.purpose, reason=reason, detail={"key": key},
    )
