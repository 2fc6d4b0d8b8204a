"""Removing what is older than it is kept, in small transactions; the port `engage.contacts.retention.Keeping`.

Every kind walks once along the ids of its table, so that what is kept is passed over and not looked at again. What keys, limits and
re-entry need outlives all of it: a run's row stays with its key, and the ledger and the suppression list are kept for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, final

import sqlalchemy as sa

from engage.contacts.privacy import ErasedWhy, Privacy
from engage.contacts.retention import Outdated
from engage.model.errors import InputError
from engage.model.history import Kind
from engage.model.responses import RESPONSES
from engage.model.retention import SIGNS_OF_LIFE, Retained
from engage.model.run import RunState
from engage.rules.expressions import since
from engage.store.database import Database
from engage.store.schema.tables import contacts, deliveries, events, runs, touch_details, touches
from engage.store.schema.texts import kept_texts
from engage.store.session import WorkspaceNow
from engage.store.sql.lists import among

AT_ONCE = 1_000
"""Rows of one transaction."""

FINAL_STATES = ("sent", "unknown", "failed", "suppressed", "expired", "cancelled")
COUNTED = sa.literal_column("1", sa.Integer)
NOT_COUNTED = sa.literal_column("0", sa.Integer)
READ_BY = (Kind.OPENED, Kind.CLICKED)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    """One walk: which rows of which table, and what is done to those of a batch."""

    table: sa.Table
    id: sa.ColumnElement[Any]
    condition: Callable[[datetime], sa.ColumnElement[bool]]
    remove: Callable[[sa.Connection, Sequence[Any]], object]
    number: sa.ColumnElement[int] = COUNTED
    """How many of the kind a row counts as; none where it goes with others that are counted."""


@final
class SqlKeeping:
    """Removes what is not to be kept any longer."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow, privacy: Privacy) -> None:
        self._database = database
        self._workspace = workspace
        self._privacy = privacy

    def outdated(self, *, now: datetime) -> Sequence[Outdated]:
        """What there is to remove now, counted."""
        return [Outdated(kind=kind, keep=keep, before=before, rows=self._count(kind, before)) for kind, keep, before in self._due(now)]

    def expire(
        self, *, now: datetime, most: int | None = None, stopped: Callable[[], bool] = lambda: False
    ) -> Sequence[Outdated]:
        """Remove it in small transactions, at most so many rows of a kind; what was removed."""
        removed = []
        for kind, keep, before in self._due(now):
            rows = 0
            for batch in self._batches(kind, before, now):
                rows += batch
                if stopped() or (most is not None and rows >= most):
                    break
            removed.append(Outdated(kind=kind, keep=keep, before=before, rows=rows))
        return removed

    def _due(self, now: datetime) -> Iterator[tuple[Retained, Any, datetime]]:
        retention = self._workspace().settings.retention
        return ((kind, retention[kind].keep, since(now, retention[kind].keep)) for kind in Retained if kind in retention)

    def _count(self, kind: Retained, before: datetime) -> int:
        with self._database.read() as connection:
            return sum(
                connection.scalar(sa.select(sa.func.sum(each.number)).select_from(each.table).where(each.condition(before))) or 0
                for each in PASSES[kind] if each.number is not NOT_COUNTED
            )

    def _batches(self, kind: Retained, before: datetime, now: datetime) -> Iterator[int]:
        """Batch after batch, each in a transaction of its own; how many rows of the kind there were in each."""
        for each in PASSES[kind]:
            last: Any = None
            while (rows := self._batch(each, before, last)):
                ids = [row[0] for row in rows]
                last = ids[-1]
                if kind is Retained.INACTIVE_CONTACTS:
                    yield self._erase(ids, now)
                else:
                    with self._database.begin() as connection:
                        each.remove(connection, ids)
                    yield sum(row[1] for row in rows)

    def _batch(self, each: _Pass, before: datetime, last: Any) -> Sequence[tuple[Any, int]]:
        """The ids of the next rows, and how many of the kind each is."""
        asked = sa.select(each.id, each.number).select_from(each.table).where(each.condition(before)).order_by(each.id).limit(AT_ONCE)
        with self._database.read() as connection:
            return [(id_, number) for id_, number in connection.execute(asked if last is None else asked.where(each.id > last))]

    def _erase(self, contact_ids: Sequence[int], now: datetime) -> int:
        erased = 0
        for contact_id in contact_ids:
            try:
                self._privacy.erase(contact_id, now=now, by="retention", why=ErasedWhy.INACTIVE)
                erased += 1
            except InputError:  # somebody was faster
                continue
        return erased


def _delete(table: sa.Table, column: sa.ColumnElement[Any]) -> Callable[[sa.Connection, Sequence[Any]], object]:
    statement = sa.delete(table).where(among(column, "ids"))
    return lambda connection, ids: connection.execute(statement, {"ids": ids})


def _delete_touches(connection: sa.Connection, ids: Sequence[Any]) -> None:
    for table, column in ((touch_details, touch_details.c.touch_id), (touches, touches.c.id)):
        connection.execute(sa.delete(table).where(among(column, "ids")), {"ids": ids})


def _empty_runs(connection: sa.Connection, ids: Sequence[Any]) -> None:
    connection.execute(sa.update(runs).where(among(runs.c.id, "ids")).values(trigger={}, variables={}), {"ids": ids})
    asked = sa.select(deliveries.c.id, deliveries.c.payload).where(among(deliveries.c.run_id, "ids"))
    told = [
        {"delivery": row.id, "payload": {**row.payload, "values": {}}}
        for row in connection.execute(asked, {"ids": ids}) if row.payload.get("values")
    ]
    if told:
        connection.execute(sa.update(deliveries).where(deliveries.c.id == sa.bindparam("delivery")), told)


def _has_ended_before(before: datetime) -> sa.ColumnElement[bool]:
    filled = sa.or_(sa.cast(runs.c.trigger, sa.String) != "{}", sa.cast(runs.c.variables, sa.String) != "{}")
    return sa.and_(runs.c.state != RunState.ACTIVE.value, runs.c.since < before, runs.c.entered_at < before, filled)


def _is_inactive_since(before: datetime) -> sa.ColumnElement[bool]:
    """No sign of life, no change, nothing under way; those known for a shorter time have had no chance to give one."""
    machine = sa.func.coalesce(touches.c.detail["machine"].as_boolean(), sa.false())
    alive = sa.exists().where(
        touches.c.contact_id == contacts.c.id, touches.c.at >= before, touches.c.kind.in_([kind.value for kind in SIGNS_OF_LIFE]),
        machine.is_(sa.false()),
    )
    under_way = sa.exists().where(runs.c.contact_id == contacts.c.id, runs.c.state == RunState.ACTIVE.value)
    waiting = sa.exists().where(deliveries.c.contact_id == contacts.c.id, deliveries.c.state == "waiting")
    return sa.and_(
        contacts.c.erased_at.is_(None), contacts.c.known_at < before, contacts.c.written_at < before, ~alive, ~under_way, ~waiting,
    )


def _final_before(before: datetime) -> sa.ColumnElement[bool]:
    """Deliveries that are done with, of runs that are."""
    under_way = sa.exists().where(runs.c.id == deliveries.c.run_id, runs.c.state == RunState.ACTIVE.value)
    return sa.and_(deliveries.c.state.in_(FINAL_STATES), deliveries.c.due_at < before, ~under_way)


def _texts_before(before: datetime) -> sa.ColumnElement[bool]:
    return kept_texts.c.at < before


_READ_EVENTS = [RESPONSES[kind] for kind in READ_BY]
_TOLD = sa.join(touch_details, touches, touches.c.id == touch_details.c.touch_id)
PASSES: Mapping[Retained, Sequence[_Pass]] = {
    Retained.TEXTS: [
        _Pass(
            table=_TOLD, id=touch_details.c.touch_id,  # type: ignore[arg-type]  # a join is selected from alike
            condition=lambda before: sa.and_(touches.c.at < before, touches.c.kind != Kind.NOTE.value),
            remove=_delete(touch_details, touch_details.c.touch_id),
        ),
        _Pass(
            table=kept_texts, id=kept_texts.c.id, condition=_texts_before, remove=_delete(kept_texts, kept_texts.c.id),
            number=kept_texts.c.letters,
        ),
    ],
    Retained.OPENS_CLICKS: [
        _Pass(
            table=touches, id=touches.c.id, remove=_delete_touches,
            condition=lambda before: sa.and_(touches.c.kind.in_([kind.value for kind in READ_BY]), touches.c.at < before),
        ),
        _Pass(
            table=events, id=events.c.id, remove=_delete(events, events.c.id), number=NOT_COUNTED,
            condition=lambda before: sa.and_(events.c.type.in_(_READ_EVENTS), events.c.at < before, ~events.c.pending),
        ),
    ],
    Retained.EVENTS: [_Pass(
        table=events, id=events.c.id, remove=_delete(events, events.c.id),
        condition=lambda before: sa.and_(events.c.at < before, events.c.received_at < before),
    )],
    Retained.RUNS: [_Pass(table=runs, id=runs.c.id, condition=_has_ended_before, remove=_empty_runs)],
    Retained.TOUCHES: [
        _Pass(table=touches, id=touches.c.id, condition=lambda before: touches.c.at < before, remove=_delete_touches),
        _Pass(
            table=kept_texts, id=kept_texts.c.id, condition=_texts_before, remove=_delete(kept_texts, kept_texts.c.id), number=NOT_COUNTED,
        ),
        _Pass(
            table=deliveries, id=deliveries.c.id, condition=_final_before, remove=_delete(deliveries, deliveries.c.id), number=NOT_COUNTED,
        ),
    ],
    Retained.INACTIVE_CONTACTS: [_Pass(
        table=contacts, id=contacts.c.id, condition=_is_inactive_since, remove=lambda connection, ids: None,
    )],
}
"""What is walked for each kind."""
