"""A copy of the data as of a moment, for simulation: what was known then, in a database of its own. Read in chunks, never all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache, partial
from typing import Any

import sqlalchemy as sa

from engage.model.delivery import DeliveryState
from engage.model.run import RunState
from engage.planning.ports import NEWS_TAKES
from engage.store.database import Database
from engage.store.installation.business_clock import StoredMoment
from engage.store.notes import SECRET
from engage.store.schema.columns import Instant
from engage.store.schema.conditions import CALL_WAITING
from engage.store.schema.ledger import consents, suppressions
from engage.store.schema.people import identities
from engage.store.schema.tables import (
    calls,
    campaign_states,
    campaign_versions,
    contact_dates,
    contacts,
    deliveries,
    events,
    former_names,
    meta,
    pauses,
    runs,
    segment_members,
    segment_states,
    snapshots,
    touches,
)
from engage.store.schema.traffic import run_outcomes, volumes
from engage.store.sql.clock import MachineNow
from engage.store.sql.shares import is_in_share

CHUNK = 2_000
EVERYBODY = Fraction(1)

A_MOMENT = timedelta(minutes=5)
"""So long ago still is now: to copy a large database takes its time."""


def copy_into(
    source: Database, target: Database, *, as_of: datetime, look_back: timedelta | None = None, share: Fraction = EVERYBODY
) -> None:
    """Copy what was known at `as_of` into an empty, migrated database: people, consents, suppressions, events, history, runs.

    Runs under way and their waiting deliveries come along as they are where the source's business clock is not past `as_of`; of a
    past moment nobody knows how far they were, so they come as finished: their keys and entries still count. Every campaign counts as
    planned up to `as_of`. Texts and addresses of messages stay behind. Both databases are read or written in one transaction.
    Of the history as much comes along as happened within `look_back` (None: all of it).
    With a `share` of the people: always the same ones, independent of all other shares.
    """
    with source.read() as old, target.begin() as new:
        under_way = _clock(source, old) - A_MOMENT <= as_of
        copy = partial(_copy, old, new, share)
        copy(meta, meta.c.name == SECRET)
        copy(former_names)
        # Nobody was changed just now: that would make them enter at once what they missed today.
        before = as_of - NEWS_TAKES - timedelta(seconds=1)
        copy(contacts, known_at=_not_after(contacts.c.known_at, as_of), changed_at=_not_after(contacts.c.changed_at, before),
             written_at=_not_after(contacts.c.written_at, as_of))
        copy(contact_dates)
        copy(identities)
        copy(consents, consents.c.at <= as_of)
        copy(suppressions, suppressions.c.at <= as_of)
        copy(events, events.c.at <= as_of, received_at=_not_after(events.c.received_at, as_of))
        since = [touches.c.at >= as_of - look_back] if look_back is not None else []
        copy(touches, touches.c.at <= as_of, *since, texts_id=sa.null())
        copy(pauses, pauses.c.at <= as_of)
        live_since = campaign_states.c.live_since  # NULL: entered by events, or never live
        planned = sa.case((live_since.is_not(None), sa.literal(as_of, Instant)))
        copy(campaign_states, sa.or_(live_since.is_(None), live_since <= as_of), planned_until=planned)
        _copy_runs(copy, as_of, under_way=under_way)
        if under_way:  # of a past moment nobody knows who was in a segment: the first look begins anew
            copy(volumes)
            copy(segment_states)
            copy(segment_members)


def _copy_runs(copy: Callable[..., None], as_of: datetime, *, under_way: bool) -> None:
    then = runs.c.entered_at <= as_of
    if not under_way:
        ended = sa.case((runs.c.state == RunState.ACTIVE.value, RunState.FINISHED.value), else_=runs.c.state)
        copy(runs, then, state=ended, due_at=sa.null())
        return
    copy(runs, then)
    going = sa.case((deliveries.c.state == DeliveryState.SENDING.value, DeliveryState.WAITING.value), else_=deliveries.c.state)
    copy(deliveries, _still_matters(), state=going, batch_id=sa.null(), retry_at=sa.null())
    copy(run_outcomes, run_outcomes.c.at <= as_of)
    copy(calls, sa.text(f"calls.{CALL_WAITING}"), due_at=calls.c.created_at)
    active = sa.select(runs.c.campaign, runs.c.version).where(runs.c.state == RunState.ACTIVE.value)
    newest = sa.select(campaign_states.c.campaign, campaign_states.c.version)
    used = sa.tuple_(campaign_versions.c.campaign, campaign_versions.c.version).in_(sa.union(active, newest))
    # By another hash: what the simulation runs on is accepted anew, be it the same.
    copy(snapshots, snapshots.c.id.in_(sa.select(campaign_versions.c.snapshot_id).where(used)), hash=sa.literal("copied"))
    copy(campaign_versions, used)


def _still_matters() -> sa.ColumnElement[bool]:
    """Deliveries to come or under way, all of the runs that go on, and whatever went out of an occurrence of which more is to come."""
    to_come = (DeliveryState.WAITING.value, DeliveryState.SENDING.value)
    other = deliveries.alias("other")
    keys = sa.select(other.c.send_key).where(other.c.state.in_(to_come), other.c.send_key.is_not(None))
    active = sa.select(runs.c.id).where(runs.c.state == RunState.ACTIVE.value)
    return sa.or_(deliveries.c.state.in_(to_come), deliveries.c.run_id.in_(active), deliveries.c.send_key.in_(keys))


def _clock(source: Database, old: sa.Connection) -> datetime:
    """The source's business clock: its own where it keeps one, else the machine's."""
    return StoredMoment(source).get() or old.execute(sa.select(MachineNow())).scalar_one()


def _not_after(column: sa.Column[datetime], as_of: datetime) -> sa.ColumnElement[datetime]:
    return sa.case((column > as_of, sa.literal(as_of, column.type)), else_=column)


def _copy(
    old: sa.Connection, new: sa.Connection, share: Fraction, table: sa.Table, *conditions: sa.ColumnElement[bool],
    **changed: sa.ColumnElement[Any],
) -> None:
    """Copy the rows that meet the conditions, with what `changed` says in place of a column."""
    columns = [changed[column.name].label(column.name) if column.name in changed else column for column in table.c]
    for rows in _chunks(old, sa.select(*columns).where(*conditions, *_of_share(table, share))):
        new.execute(_into(table), rows)


@cache
def _into(table: sa.Table) -> sa.Insert:
    """Made once, so that it is kept ready."""
    return table.insert()


def _of_share(table: sa.Table, share: Fraction) -> Iterator[sa.ColumnElement[bool]]:
    owner = table.c.id if table is contacts else table.c.get("contact_id")
    if owner is not None and share < EVERYBODY:
        yield sa.or_(owner.is_(None), is_in_share(owner, share, "sample"))


def _chunks(old: sa.Connection, asked: sa.Select[Any]) -> Iterator[list[dict[str, object]]]:
    names = asked.selected_columns.keys()
    for part in old.execute(asked, execution_options={"yield_per": CHUNK}).partitions():
        yield [dict(zip(names, row, strict=True)) for row in part]
