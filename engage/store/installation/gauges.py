"""How much there is to do and how old it is, for monitoring: read by indexes, whatever the number of rows that are done with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, final

import sqlalchemy as sa

from engage.model.workspace import QUEUES
from engage.store.database import Database
from engage.store.delivery.queues import PRIORITIES, due_rows
from engage.store.rows.rows import earliest
from engage.store.schema.columns import Instant
from engage.store.schema.conditions import AGAIN, CALL_WAITING, ENDED_ILL, FRESH, PENDING
from engage.store.schema.tables import batches, calls, campaign_states, deliveries, events, pauses, runs
from engage.store.schema.traffic import run_outcomes
from engage.store.sql.clock import MachineNow
from engage.store.sql.listings import Held, HowManyAwaited


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Heap:
    """So much waits, the oldest of it for so many seconds (0: nothing is due)."""

    count: int
    age: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """Deliveries by queue and state (`due`, `later`, `in_hand`, `sending`), the oldest due ones' age by queue, and all the rest.

    `planned_behind` is by live campaign that time makes enter anybody: the seconds since it was planned last. `leases` are by
    whether they have ended.
    """

    deliveries: Mapping[tuple[str, str], int]
    ages: Mapping[str, float]
    held: Mapping[str, int]
    unknown: Mapping[str, int]
    leases: Mapping[str, int]
    runs: Heap
    events: Heap
    calls: Heap
    planned_behind: Mapping[str, float]
    pauses: Mapping[str, int]
    refused_files: int
    awaiting_approval: int


@final
class SqlGauges:
    """Reads them, in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, *, now: datetime) -> Gauges:
        """As of this moment of the business clock. A backlog is counted through its index: some 0.1 s for a million rows."""
        with self._database.read() as connection:
            ask = _Asking(connection, now)
            return Gauges(
                deliveries=ask.deliveries(), ages={queue: ask.age_of_queue(queue) for queue in QUEUES},
                held=ask.by(deliveries.c.hold, sa.text("hold IS NOT NULL"), deliveries.c.state == "waiting"),
                unknown=ask.by(deliveries.c.campaign, sa.text(ENDED_ILL), deliveries.c.state == "unknown"), leases=ask.leases(),
                runs=ask.runs(),
                events=ask.heap(events, events.c.at, sa.text(PENDING)),
                calls=ask.heap(calls, calls.c.due_at, sa.text(CALL_WAITING), calls.c.due_at <= MachineNow(), machine=True),
                planned_behind=ask.planned_behind(), pauses=ask.by(pauses.c.scope),
                refused_files=ask.count(campaign_states, campaign_states.c.problem.is_not(None)),
                awaiting_approval=ask.count(campaign_states, campaign_states.c.needs_approval, campaign_states.c.approved_at.is_(None)),
            )


class _Asking:
    """The questions, over one connection."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def count(self, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
        return self._connection.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0

    def by(self, column: sa.Column[Any], *conditions: sa.ColumnElement[bool] | sa.TextClause) -> Mapping[str, int]:
        rows = self._connection.execute(sa.select(column, sa.func.count()).where(*conditions).group_by(column).order_by(column)).all()
        return {str(name): count for name, count in rows}

    def deliveries(self) -> Mapping[tuple[str, str], int]:
        """Waiting ones by what their index says alone: due or later. What waits for its provider counts as due, what is held as later."""
        is_due, queue = sa.case((deliveries.c.due_at <= self._now, "due"), else_="later").label("due"), deliveries.c.queue
        free = sa.select(queue, is_due, sa.func.count()).where(sa.text(FRESH)).group_by(queue, is_due)
        again = sa.select(queue, sa.literal_column("'due'"), sa.func.count()).where(sa.text(AGAIN)).group_by(queue)
        sending = sa.select(queue, sa.literal_column("'sending'"), sa.func.count()).where(sa.text("batch_id IS NOT NULL")).group_by(queue)
        in_hand = sa.select(queue, sa.func.count()).where(deliveries.c.state == "waiting", Held(deliveries.c.id)).group_by(queue)
        found = Counter[tuple[str, str]]()
        for asked in (free, again, sending):
            found.update({(row[0], row[1]): row[2] for row in self._connection.execute(asked)})
        for name, number in self._connection.execute(in_hand):  # they were due
            found.update({(name, "in_hand"): number, (name, "due"): -number})
        return {(name, state): found[name, state] for name in QUEUES for state in ("due", "later", "in_hand", "sending")}

    def age_of_queue(self, queue: str) -> float:
        """Since when the oldest has been due that nobody has in hand, and that waits neither for people nor for its provider."""
        fresh, again = due_rows(sa.literal(self._now, Instant))
        here = sa.and_(deliveries.c.queue == queue, ~Held(deliveries.c.id))
        first = [
            sa.select(deliveries.c.due_at).where(*fresh, here, deliveries.c.priority == priority).order_by(deliveries.c.due_at).limit(1)
            for priority in PRIORITIES
        ]
        first.append(sa.select(sa.func.min(deliveries.c.due_at)).where(*again, here, deliveries.c.priority.in_(PRIORITIES)))
        return self._age([self._connection.scalar(asked) for asked in first])

    def runs(self) -> Heap:
        """Those that are due, and those that are to be told what their message came to."""
        due = self.heap(runs, runs.c.due_at, sa.text("due_at IS NOT NULL"), runs.c.due_at <= self._now)
        number, oldest = self._connection.execute(sa.select(HowManyAwaited(), sa.func.min(run_outcomes.c.at))).one()
        return Heap(count=due.count + number, age=max(due.age, self._age([oldest])))

    def heap(
        self, table: sa.Table, moment: sa.Column[datetime], *conditions: sa.ColumnElement[bool] | sa.TextClause, machine: bool = False
    ) -> Heap:
        asked = sa.select(sa.func.count(), sa.func.min(moment, type_=moment.type)).select_from(table).where(*conditions)
        count, oldest = self._connection.execute(asked).one()
        now = self._connection.execute(sa.select(MachineNow())).scalar_one() if machine else None
        return Heap(count=count, age=self._age([oldest], now))

    def leases(self) -> Mapping[str, int]:
        ended = sa.case((batches.c.lease_until <= MachineNow(), "ended"), else_="live").label("which")
        found = {name: count for name, count in self._connection.execute(sa.select(ended, sa.func.count()).group_by(ended))}  # noqa: C416  # a result is no iterable of pairs to the type checker
        return {name: found.get(name, 0) for name in ("live", "ended")}

    def planned_behind(self) -> Mapping[str, float]:
        asked = sa.select(campaign_states.c.campaign, campaign_states.c.planned_until).where(
            campaign_states.c.status == "live", campaign_states.c.planned_until.is_not(None),
            sa.or_(campaign_states.c.ends_at.is_(None), campaign_states.c.ends_at > self._now),
            ~sa.exists().where(_STOPS),
        )
        rows = self._connection.execute(asked.order_by(campaign_states.c.campaign)).all()
        return {campaign: max(0.0, (self._now - until).total_seconds()) for campaign, until in rows}

    def _age(self, moments: Sequence[datetime | None], now: datetime | None = None) -> float:
        oldest = earliest(moments)
        return 0.0 if oldest is None else max(0.0, ((now or self._now) - oldest).total_seconds())


_STOPS = sa.or_(pauses.c.scope == "all", sa.and_(pauses.c.scope == "campaign", pauses.c.name == campaign_states.c.campaign))
