"""What operators do and look at: pause, resume, approve, and the figures of `engage status`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, final

import sqlalchemy as sa

from engage.model.run import RunState
from engage.store.campaigns import pausing
from engage.store.campaigns.releases import let_go
from engage.store.database import Database
from engage.store.delivery.calls import TO_MAKE
from engage.store.planning.open_runs import active_by_campaign
from engage.store.planning.pending import known_by_now
from engage.store.schema.conditions import CALL_WAITING, ENDED_ILL, PENDING
from engage.store.schema.tables import calls, campaign_states, campaign_versions, deliveries, events, pauses, runs, snapshots
from engage.store.schema.traffic import run_outcomes
from engage.store.sql.inserts import upsert

WAITING, SENDING, UNKNOWN = (deliveries.c.state == sa.literal_column(f"'{state}'") for state in ("waiting", "sending", "unknown"))
"""Said in the words of the partial indexes: by a bound parameter all that was ever sent would be read."""

SCOPES = ("all", "campaign", "channel")
A_DAY = timedelta(days=1)


@final
class SqlOperations:
    """Operation. Everything is safe to repeat."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pause(self, scope: str, name: str, *, now: datetime, reason: str | None = None) -> None:
        """Stop entries and hand-offs of `campaign` or `channel` NAME, or of `all` (name: empty)."""
        with self._database.begin() as connection:
            pausing.pause(connection, scope=_scope(scope), name=name, now=now, reason=reason)

    def resume(self, scope: str, name: str, *, now: datetime) -> None:
        """Take a pause back; what it held becomes due."""
        with self._database.begin() as connection:
            pausing.resume(connection, scope=_scope(scope), name=name, now=now)

    def approve(self, campaign: str, *, now: datetime) -> None:
        """Let a campaign go that reached more people than `guards.max_audience`."""
        with self._database.begin() as connection:
            upsert(connection, campaign_states, {"campaign": campaign, "approved_at": now}, {"approved_at": now})
            let_go(connection, now=now, hold="approval", where=deliveries.c.campaign == campaign)

    def pauses(self) -> Sequence[Mapping[str, object]]:
        """What is paused, as JSON values: scope, name, at, reason."""
        with self._database.read() as connection:
            return _pauses(connection)

    def status(self, *, now: datetime) -> Mapping[str, object]:
        """Figures of what is waiting, held, under way and unknown, as JSON values; the oldest due moment by queue is ISO 8601."""
        with self._database.read() as connection:
            active = active_by_campaign(connection)
            return {
                "now": now.isoformat(),
                "workspace": _workspace(connection),
                "runs": {"active": sum(active.values())},
                "queues": _queues(connection, now),
                "sending": _count(connection, deliveries, SENDING),
                "unknown": _count(connection, deliveries, UNKNOWN, sa.text(ENDED_ILL)),
                "held": _by(connection, deliveries.c.hold, WAITING, sa.text("hold IS NOT NULL")),
                "calls": _count(connection, calls, sa.text(CALL_WAITING)),
                "retrying": _count(connection, deliveries, WAITING, deliveries.c.retry_at.is_not(None)),
                "paused": _pauses(connection),
                "campaigns": _campaigns(connection, active),
            }

    def work_left(self, *, now: datetime) -> int:
        """How many runs, deliveries, calls and events are due at this business moment or in hand, retries to come among them."""
        due_runs = (runs.c.state == RunState.ACTIVE.value, runs.c.due_at <= now)
        due = sa.or_(sa.and_(WAITING, deliveries.c.due_at <= now), SENDING)
        with self._database.read() as connection:
            drawn_soon = sa.or_(sa.text(PENDING), sa.and_(*known_by_now()))
            told_soon = run_outcomes.c.at <= now
            left = ((runs, sa.and_(*due_runs)), (run_outcomes, told_soon), (deliveries, due), (events, drawn_soon), (calls, TO_MAKE))
            return sum(_count(connection, table, condition) for table, condition in left)


def _scope(scope: str) -> pausing.Scope:
    match scope:
        case "all" | "campaign" | "channel":
            return scope
        case _:
            raise ValueError(f"what may be paused is {', '.join(SCOPES)}; not {scope!r}")


def _count(connection: sa.Connection, table: sa.Table, *conditions: sa.ColumnElement[bool] | sa.TextClause) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0


def _by(connection: sa.Connection, column: sa.Column[Any], *conditions: sa.ColumnElement[bool] | sa.TextClause) -> dict[str, int]:
    rows = connection.execute(sa.select(column, sa.func.count()).where(*conditions).group_by(column).order_by(column))
    return {name: count for name, count in rows}  # noqa: C416  # a result is no iterable of pairs to the type checker


def _queues(connection: sa.Connection, now: datetime) -> dict[str, object]:
    """By queue: how many deliveries wait, how many of them are due, and since when the oldest."""
    is_due = sa.and_(deliveries.c.due_at <= now, deliveries.c.hold.is_(None))
    rows = connection.execute(
        sa.select(
            deliveries.c.queue, sa.func.count(), sa.func.count(sa.case((is_due, 1))),
            sa.func.min(sa.case((is_due, deliveries.c.due_at)), type_=deliveries.c.due_at.type),
        ).where(WAITING).group_by(deliveries.c.queue).order_by(deliveries.c.queue)
    )
    return {
        queue: {"waiting": waiting, "due": due, "oldest_due": oldest.isoformat() if oldest else None}
        for queue, waiting, due, oldest in rows
    }


def _pauses(connection: sa.Connection) -> list[dict[str, object]]:
    rows = connection.execute(sa.select(pauses).order_by(pauses.c.scope, pauses.c.name)).mappings()
    return [{**row, "at": row["at"].isoformat()} for row in rows]


def _campaigns(connection: sa.Connection, active: Mapping[str, int]) -> list[dict[str, object]]:
    """Those of the workspace, and others that have runs under way or a problem; what is wrong with other files among them."""
    mine = sa.and_(
        campaign_versions.c.campaign == campaign_states.c.campaign, campaign_versions.c.version == campaign_states.c.version,
    )
    asked = sa.select(campaign_states, campaign_versions.c.accepted_at).outerjoin(campaign_versions, mine)
    rows = connection.execute(asked.order_by(campaign_states.c.campaign)).mappings()
    return [
        {
            "campaign": row["campaign"], "status": row["status"], "version": row["version"], "since": _written(row["accepted_at"]),
            "ends_at": _written(row["ends_at"]), "active_runs": active.get(row["campaign"], 0),
            "awaits_approval": row["needs_approval"] and row["approved_at"] is None, "problem": row["problem"],
        }
        for row in rows if row["status"] or row["problem"] or row["campaign"] in active
    ]


def _workspace(connection: sa.Connection) -> dict[str, object]:
    """The newest snapshot; whether it and another one took turns, as where two machines have different checkouts."""
    last = connection.execute(sa.select(snapshots.c.hash, snapshots.c.accepted_at).order_by(snapshots.c.id.desc()).limit(4)).all()
    hashes = [row.hash for row in last]
    turns = len(hashes) == 4 and hashes[0] != hashes[1] and hashes[:2] == hashes[2:] and last[0].accepted_at - last[3].accepted_at < A_DAY
    return {
        "snapshot": hashes[0] if hashes else None, "accepted_at": _written(last[0].accepted_at) if last else None,
        "takes_turns": turns,
    }


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
