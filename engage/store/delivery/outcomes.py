"""What became of deliveries: states, touches, suppressions and the runs that waited for them, written together or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from engage.delivery.ports import Settlement
from engage.feedback.consequences import event_of
from engage.model.contact import ChannelKind
from engage.model.delivery import DeliveryState
from engage.model.history import Kind
from engage.model.run import RunState, has_left
from engage.store.campaigns.releases import releases
from engage.store.delivery.leases import let_go
from engage.store.rows.rows import Row, add_touches, insert_pending
from engage.store.schema.columns import Instant
from engage.store.schema.ledger import suppressions
from engage.store.schema.tables import deliveries, runs
from engage.store.sql.clock import MachineNow
from engage.store.sql.inserts import insert_ignoring
from engage.store.sql.lists import among
from engage.store.sql.raw import as_text, json_of, moment, moment_or_none, raw_rows


class Standing(NamedTuple):
    """What a delivery's row says of it before it is settled; moments and JSON as the driver has them."""

    id: int
    run_id: int | None
    state: str
    sending_at: datetime | str | None
    due_at: datetime | str
    attempts: int
    resends: int
    tried: str
    address_key: str | None
    provider: str | None
    apart: bool


Taken = tuple[Settlement, Standing]
"""A settlement, and its delivery as it was."""


def settle(connection: sa.Connection, batch: Row, settlements: Sequence[Settlement]) -> list[Settlement]:
    """Apply those that the batch holds and that are not final; these are returned. The caller holds the batch's lock.

    Locks are taken in one order everywhere, so that no two wait for each other: runs, the count of releases, deliveries.
    """
    wanted = {settlement.delivery_id: settlement for settlement in settlements}
    if not wanted:
        return []
    ended = _lock_runs(connection, wanted)
    acted = any(new.hold for new in settlements) and releases(connection, locked=True) != batch["releases"]
    taken = [(wanted[row.id], row) for row in _lock_rows(connection, batch, wanted)]
    waiting = [(new, row) for new, row in taken if new.state is DeliveryState.WAITING]
    if waiting:
        connection.execute(_WAITING, [_waiting_row(new, row, acted=acted, ended=_has_ended(row, ended)) for new, row in waiting])
        let_go(connection, batch, frozenset(row.id for _, row in waiting))
    _write_final(connection, [(new, row) for new, row in taken if new.state is not DeliveryState.WAITING])
    _write_runs(connection, [(new, row) for new, row in taken if row.run_id is not None and not row.apart])
    _suppress(connection, taken)
    add_touches(connection, [new.touch for new, _ in taken if new.touch is not None])
    _tell_of_bounces(connection, taken)
    return [new for new, _ in taken]


def _lock_runs(connection: sa.Connection, delivery_ids: Iterable[int]) -> Mapping[int, str]:
    """Lock the deliveries' runs; the state of each that has ended."""
    locked = raw_rows(connection, _LOCK_RUNS, {"ids": delivery_ids})
    return {run_id: state for run_id, state in locked if state != RunState.ACTIVE.value}


def _has_ended(row: Standing, ended: Mapping[int, str]) -> bool:
    """Whether the delivery's run has ended, and the delivery with it."""
    state = None if row.run_id is None else ended.get(row.run_id)
    return state is not None and has_left(RunState(state), apart=bool(row.apart))


def _lock_rows(connection: sa.Connection, batch: Row, delivery_ids: Collection[int]) -> Sequence[Standing]:
    given = {"ids": delivery_ids, "held": [each for each in batch["delivery_ids"] if each in delivery_ids], "batch": batch["id"]}
    return [Standing._make(row) for row in raw_rows(connection, _LOCK_ROWS, given)]


def _waiting_row(new: Settlement, row: Standing, *, acted: bool, ended: bool) -> dict[str, object]:
    """`acted`: people acted since the batch was taken, so that a hold is decided anew at once.

    `ended`: the run has, and made the row due so that it is cancelled; what was decided before does not put it off.
    """
    stays = ended or (new.hold is not None and acted)
    due_at = moment(row.due_at) if stays or new.due_at is None else new.due_at
    bound_to = new.bound_to if row.state == DeliveryState.SENDING.value else row.provider  # waiting, it may be bound from before
    return {
        **_counts(new, row), "due_at": due_at, "retry_in": new.retry_in, "provider": bound_to, "hold": None if stays else new.hold,
        "may_have_gone": row.resends + new.resend > 0,
    }


def _counts(new: Settlement, row: Standing) -> dict[str, object]:
    tried = json_of(row.tried)
    return {
        "row": row.id, "attempts": row.attempts + new.attempt, "resends": row.resends + new.resend,
        "tried": [*tried, new.tried] if new.tried is not None else tried,
    }


def _write_final(connection: sa.Connection, taken: Sequence[Taken]) -> None:
    """Most come to the same, and go in one statement; one that counts an attempt is written by itself."""
    alike: dict[str, list[int]] = defaultdict(list)
    for new, row in taken:
        if not new.attempt and not new.resend and new.tried is None:
            alike[_final(new).value].append(row.id)
    for state, ids in alike.items():
        connection.execute(_FINALS, {"state": state, "ids": ids})
    counted = [{**_counts(new, row), "state": _final(new).value} for new, row in taken if new.attempt or new.resend or new.tried]
    if counted:
        connection.execute(_FINAL, counted)


def _final(new: Settlement) -> DeliveryState:
    if not new.state.is_final or new.touch is None:
        raise ValueError(f"a delivery is settled as waiting, or as final with its touch; not as {new.state} without one")
    return new.state


def _write_runs(connection: sa.Connection, taken: Sequence[Taken]) -> None:
    """A final delivery makes its run due at the touch's moment; a hand-off, final or not, is remembered for `wait_for`.

    The run of one that people sent again has gone on without it. Those of a slice mostly end alike: one statement for all of them.
    """
    alike: dict[tuple[datetime | None, str, datetime | str | None], list[int | None]] = defaultdict(list)
    for new, row in taken:
        if new.state.is_final:
            handed_off_at = row.sending_at if _was_handed_off(new, row) else None
            alike[new.touch.at if new.touch is not None else None, new.state.value, handed_off_at].append(row.run_id)
    for (at, outcome, handed_off_at), run_ids in alike.items():
        move_runs(connection, run_ids, at=at, outcome=outcome, handed_off_at=moment_or_none(handed_off_at))
    again = [
        {"run": row.run_id, "handed_off": moment_or_none(row.sending_at)}
        for new, row in taken
        if not new.state.is_final and _was_handed_off(new, row)
    ]
    if again:
        connection.execute(_RUN, again)


def move_runs(
    connection: sa.Connection, run_ids: Sequence[int | None], *, at: datetime | None, outcome: str, handed_off_at: datetime | None
) -> None:
    """Make those of the runs due that are under way: their delivery came to that."""
    connection.execute(_RUNS, {"runs": run_ids, "due_at": at, "since": at, "outcome": outcome, "handed_off": handed_off_at})


def _was_handed_off(new: Settlement, row: Standing) -> bool:
    """Whether the provider has the message, or may have it."""
    return row.state == DeliveryState.SENDING.value and new.touch is not None and new.touch.kind in (Kind.SENT, Kind.UNKNOWN)


def _tell_of_bounces(connection: sa.Connection, taken: Sequence[Taken]) -> None:
    """What bounced at its hand-off is an event too: refused as an address, whether or not another channel is left to try."""
    for new, _ in taken:
        if new.touch is not None and (new.touch.kind is Kind.BOUNCED or new.suppress_address is not None):
            insert_pending(connection, event_of(replace(new.touch, kind=Kind.BOUNCED), received_at=new.touch.at))


def _suppress(connection: sa.Connection, taken: Iterable[Taken]) -> None:
    new = [
        {"address_key": row.address_key, "channel": _kind(settled, row), "reason": settled.suppress_address, "at": _at(settled)}
        for settled, row in taken
        if settled.suppress_address is not None
    ]
    if new:
        connection.execute(insert_ignoring(connection, suppressions), new)


def _kind(settled: Settlement, row: Standing) -> ChannelKind:
    """By what kind of channel the delivery went."""
    if row.address_key is None or settled.suppress_kind is None:
        raise ValueError("an address can be suppressed only by the outcome of a hand-off to it")
    return settled.suppress_kind


def _at(settled: Settlement) -> datetime:
    if settled.touch is None:
        raise ValueError("an address is suppressed together with a touch that says why")
    return settled.touch.at


_OF_THEM = among(deliveries.c.id, "ids")
_LOCK_RUNS = (
    sa.select(runs.c.id, runs.c.state)
    .where(runs.c.id.in_(sa.select(deliveries.c.run_id).where(_OF_THEM)))
    .order_by(runs.c.id)
    .with_for_update()
)
_LOCK_ROWS = (
    sa.select(*(as_text(deliveries.c[name]) if name == "tried" else deliveries.c[name] for name in Standing._fields))
    .where(_OF_THEM, sa.or_(
        sa.and_(deliveries.c.state == DeliveryState.SENDING.value, deliveries.c.batch_id == sa.bindparam("batch")),
        sa.and_(deliveries.c.state == DeliveryState.WAITING.value, among(deliveries.c.id, "held")),
    ))
    .order_by(deliveries.c.id)
    .with_for_update()
)
_ROW = deliveries.c.id == sa.bindparam("row")
_LEFT: dict[str, Any] = {"batch_id": None, "careful": False}
_RETRY_IN = sa.cast(sa.bindparam("retry_in"), sa.Float)
_MAY_HAVE_GONE = sa.bindparam("may_have_gone", type_=sa.Boolean)
_OF_ITS_COPY = {
    column.name: sa.case((_MAY_HAVE_GONE, column), else_=sa.null())
    for column in (deliveries.c.channel, deliveries.c.address_key, deliveries.c.sending_at)
}
"""Kept where it may have gone: its reader must be able to unsubscribe, be the next copy as long in coming as it may."""

_WAITING = (
    sa.update(deliveries)
    .where(_ROW)
    .values(
        **_LEFT, **_OF_ITS_COPY, state=DeliveryState.WAITING.value,
        retry_at=sa.case((_RETRY_IN.is_not(None), MachineNow(_RETRY_IN)), else_=sa.null()),
    )
)
_FINAL = sa.update(deliveries).where(_ROW).values(**_LEFT, retry_at=None, hold=None)
_FINALS = sa.update(deliveries).where(_OF_THEM).values(**_LEFT, retry_at=None, hold=None)
_ACTIVE = runs.c.state == RunState.ACTIVE.value
HANDED_OFF = {"handed_off_at": sa.func.coalesce(sa.bindparam("handed_off", type_=Instant), runs.c.handed_off_at)}
_RUN = sa.update(runs).where(runs.c.id == sa.bindparam("run"), _ACTIVE).values(HANDED_OFF)
_RUNS = sa.update(runs).where(among(runs.c.id, "runs"), _ACTIVE).values(HANDED_OFF)
"""Columns that are not named in these statements are set from the parameters of the same name."""
