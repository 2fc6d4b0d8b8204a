"""Deliveries that ended ill, and what people decide of them: the port `engage.delivery.reviewing.IllEnded` on SQL.

The only way out of a final state. Rows are locked in the order of everybody: runs, deliveries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, final

import sqlalchemy as sa

from engage.delivery.reviewing import AT_ONCE, Choice, EndedIll, Order, Verdict
from engage.model.delivery import DeliveryState
from engage.model.history import Kind, Touch
from engage.model.run import RunState
from engage.store.database import Database
from engage.store.rows.rows import Row, add_touches
from engage.store.schema.conditions import ENDED_ILL
from engage.store.schema.tables import calls, contacts, deliveries, runs, touch_details, touches
from engage.store.schema.traffic import questions
from engage.store.sql.listings import Awaited

UNDER_WAY = (DeliveryState.WAITING.value, DeliveryState.SENDING.value)
KINDS = {Verdict.AGAIN: Kind.DEFERRED, Verdict.SENT: Kind.SENT, Verdict.FAILED: Kind.FAILED}
REASONS = {Verdict.AGAIN: "retry", Verdict.SENT: "decided", Verdict.FAILED: "decided"}


@final
class SqlIllEnded:
    """Safe to use from many processes: whoever comes second finds a delivery decided."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, choice: Choice, *, after: int = 0, limit: int = AT_ONCE) -> Sequence[EndedIll]:
        """The chosen ones with a higher id than `after`, in the order of their ids."""
        asked = _ENDED.where(deliveries.c.id > after, *_conditions(choice)).order_by(deliveries.c.id).limit(limit)
        with self._database.read() as connection:
            return [_ended_ill(row) for row in connection.execute(asked).mappings()]

    def decide(self, deliveries: Sequence[EndedIll], order: Order) -> frozenset[int]:
        """Let it become of them, in one transaction; the ids of those of which nobody else decided before."""
        given = {"ids": [each.id for each in deliveries]}
        with self._database.begin() as connection:
            connection.execute(_LOCK_RUNS, given)
            asked = {each.id: each for each in deliveries}
            rows = [row for row in connection.execute(_LOCK_ROWS, given).mappings() if row["state"] == asked[row["id"]].state]
            if rows:
                connection.execute(sa.delete(questions).where(questions.c.delivery_id.in_([row["id"] for row in rows])))
                write = _send_again if order.verdict is Verdict.AGAIN else _settle
                write(connection, rows, asked, order)
        return frozenset(row["id"] for row in rows)


def _conditions(choice: Choice) -> list[sa.ColumnElement[bool]]:
    by = {
        deliveries.c.campaign: choice.campaign, deliveries.c.message: choice.message, _CHANNEL: choice.channel,
        deliveries.c.contact_id: choice.contact_id, touches.c.provider: choice.provider, touches.c.reason: choice.reason,
    }
    conditions = [column == wanted for column, wanted in by.items() if wanted is not None]
    conditions.append(deliveries.c.state.in_([state.value for state in choice.states]))
    if choice.ids:
        conditions.append(deliveries.c.id.in_(choice.ids))
    if choice.since is not None:
        conditions.append(touches.c.at >= choice.since)
    if choice.until is not None:
        conditions.append(touches.c.at < choice.until)
    return conditions


def _ended_ill(row: Row) -> EndedIll:
    failed = row["state"] == DeliveryState.FAILED.value
    return EndedIll(
        id=row["id"], state=DeliveryState.FAILED if failed else DeliveryState.UNKNOWN, campaign=row["campaign"], message=row["message"],
        step=row["step"], at=row["at"], contact=row["external_id"] or f"#{row['contact_id']}", expires_at=row["expires_at"],
        channel=row["channel"], provider=row["provider"], reason=row["reason"], answer=row["answer"],
    )


def _send_again(connection: sa.Connection, rows: Sequence[Row], asked: dict[int, EndedIll], order: Order) -> None:
    """Back to the queue as if new, but known as handed over where it was: its links and its copy count until it goes again."""
    connection.execute(_AGAIN, [
        {
            "row": row["id"], "due_at": order.now, "expires_at": order.expiry_of(asked[row["id"]]), "apart": not row["awaited"],
            "resends": row["resends"] + _may_have_gone(row), "careful": row["crashes"] > 0, "tried": [],
            "provider": row["provider"] if _may_have_gone(row) else None,
        }
        for row in rows
    ])
    add_touches(connection, [_touch(row, asked[row["id"]], order) for row in rows])


def _may_have_gone(row: Row) -> bool:
    return bool(row["state"] == DeliveryState.UNKNOWN.value)


def _settle(connection: sa.Connection, rows: Sequence[Row], asked: dict[int, EndedIll], order: Order) -> None:
    settle_unknown(connection, rows, [_touch(row, asked[row["id"]], order) for row in rows])


def settle_unknown(connection: sa.Connection, rows: Sequence[Row], told: Sequence[Touch]) -> None:
    """Let unknown deliveries, whose rows are locked, be what their touches say: sent, with what was kept of their text, or failed."""
    ids = [row["id"] for row in rows]
    state = DeliveryState(told[0].kind.value)
    connection.execute(sa.update(deliveries).where(deliveries.c.id.in_(ids)).values(state=state.value))
    if state is DeliveryState.SENT:
        kept = connection.execute(_KEPT, {"contacts": [row["contact_id"] for row in rows], "ids": ids})
        texts = {delivery_id: private for delivery_id, private in kept}  # noqa: C416  # a result is no iterable of pairs to the type checker
        told = [replace(touch, private=texts.get(touch.delivery_id, {})) for touch in told]
    add_touches(connection, told)


def _touch(row: Row, delivery: EndedIll, order: Order) -> Touch:
    return Touch(
        at=order.now, contact_id=row["contact_id"], kind=KINDS[order.verdict], campaign=row["campaign"] or None,
        version=row["version"] or None, run_id=row["run_id"], delivery_id=row["id"], step=row["step"] or None, message=row["message"],
        purpose=row["purpose"], channel=delivery.channel, provider=delivery.provider, reason=REASONS[order.verdict],
        detail={"by": order.by, "was": delivery.state.value, "why": delivery.reason},
    )


_LAST = touches.alias("last")
_LAST_TOUCH = (
    sa.select(sa.func.max(_LAST.c.id))
    .where(_LAST.c.contact_id == deliveries.c.contact_id, _LAST.c.delivery_id == deliveries.c.id, _LAST.c.kind == deliveries.c.state)
    .correlate(deliveries).scalar_subquery()
)
_CHANNEL = sa.func.coalesce(touches.c.channel, deliveries.c.channel)
_ENDED = (
    sa.select(
        deliveries.c.id, deliveries.c.state, deliveries.c.campaign, deliveries.c.message, deliveries.c.step, deliveries.c.expires_at,
        deliveries.c.contact_id, contacts.c.external_id, _CHANNEL.label("channel"), touches.c.provider, touches.c.reason, touches.c.at,
        questions.c.answer,
    )
    .select_from(
        deliveries.join(touches, touches.c.id == _LAST_TOUCH)
        .outerjoin(contacts, contacts.c.id == deliveries.c.contact_id)
        .outerjoin(questions, questions.c.delivery_id == deliveries.c.id)
    )
    .where(sa.text(f"deliveries.{ENDED_ILL}"))
)
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_OF_THEM = deliveries.c.id.in_(_IDS)
_LOCK_RUNS = (
    sa.select(runs.c.id).where(runs.c.id.in_(sa.select(deliveries.c.run_id).where(_OF_THEM))).order_by(runs.c.id).with_for_update()
)


def _awaited() -> sa.ColumnElement[bool]:
    """Whether the run still waits for it: for all of several channels (an occasion), of which another is not final or was just now."""
    other, later, call = deliveries.alias("other"), deliveries.alias("later"), calls.alias("call")
    of_run = (other.c.run_id == deliveries.c.run_id, other.c.step == deliveries.c.step, other.c.state.in_(UNDER_WAY))
    asked_since = sa.exists().where(later.c.run_id == deliveries.c.run_id, later.c.id > deliveries.c.id, later.c.part == 0)
    called_since = sa.exists().where(call.c.run_id == deliveries.c.run_id, call.c.created_at > deliveries.c.intended_at)
    there = (runs.c.id == deliveries.c.run_id, runs.c.state == RunState.ACTIVE.value)
    unread = sa.exists().where(*there, sa.or_(runs.c.outcome.is_not(None), Awaited(runs.c.id), sa.exists().where(*of_run)))
    occasion = deliveries.c.payload["occasion"].as_string().is_not(None)
    return sa.and_(occasion, ~asked_since, ~called_since, unread)


_LOCK_ROWS = (
    sa.select(deliveries, _awaited().label("awaited"))
    .where(_OF_THEM, sa.text(f"deliveries.{ENDED_ILL}"))
    .order_by(deliveries.c.id)
    .with_for_update(of=deliveries)
)
_AGAIN = (
    sa.update(deliveries)
    .where(deliveries.c.id == sa.bindparam("row"))
    .values(state=DeliveryState.WAITING.value, retry_at=None, hold=None, attempts=0, crashes=0, crashed_at=None, batch_id=None)
)
"""The other columns are set from the parameters of the same name."""
_KEPT = (
    sa.select(touches.c.delivery_id, touch_details.c.private)
    .join(touch_details, touch_details.c.touch_id == touches.c.id)
    .where(
        touches.c.contact_id.in_(sa.bindparam("contacts", expanding=True)), touches.c.delivery_id.in_(_IDS),
        touches.c.kind == Kind.UNKNOWN.value,
    )
    .order_by(touches.c.id)
)
