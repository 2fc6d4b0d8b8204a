"""What leases leave that ended without a word: a worker was killed, or fell asleep.

A row not yet in `sending` cannot have been handed over, so it is simply tried again; one in `sending` may have been. Nobody knows
which row of an ordinary batch brought the worker down, so all of them go into careful batches; of a careful batch one does: the row
that was in hand. Three such crashes within 72 hours, and that row is given up as poison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from engage.delivery.ports import Settlement
from engage.delivery.settling import KINDS, final_state
from engage.model.delivery import DeliveryState
from engage.model.history import Kind, Touch
from engage.store.clock import MachineNow
from engage.store.outcomes import settle
from engage.store.rows import Row
from engage.store.tables import batches, deliveries

POISONOUS = 3
FORGOTTEN_AFTER = timedelta(hours=72)


def sweep_one(connection: sa.Connection, *, now: datetime) -> int | None:
    """Settle what one ended lease left: the number of rows; None where no lease has ended that nobody else sweeps."""
    ended = (
        sa.select(batches, MachineNow().label("machine_now"))
        .where(batches.c.lease_until <= MachineNow())
        .order_by(batches.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    batch = connection.execute(ended).mappings().first()
    return None if batch is None else _sweep_batch(connection, batch, now=now)


def _sweep_batch(connection: sa.Connection, batch: Row, *, now: datetime) -> int:
    asked = sa.select(deliveries).where(deliveries.c.batch_id == batch["id"]).order_by(deliveries.c.id)
    rows = connection.execute(asked).mappings().all()
    guilty = next((row for row in rows if row["id"] == batch["in_hand"]), None)
    crashes = 0 if guilty is None else _crashes(guilty, batch["machine_now"])
    settlements = [_settlement(row, now, poison=row is guilty and crashes >= POISONOUS) for row in rows]
    settle(connection, batch, [settlement for settlement in settlements if settlement is not None])
    if guilty is not None:
        _write_crash(connection, guilty, crashes, batch["machine_now"])
    _mark_suspects(connection, rows, guilty)
    connection.execute(sa.update(deliveries).where(deliveries.c.batch_id == batch["id"]).values(batch_id=None))
    connection.execute(sa.delete(batches).where(batches.c.id == batch["id"]))
    return len(rows)


def _crashes(row: Row, machine_now: datetime) -> int:
    recent = row["crashed_at"] is not None and row["crashed_at"] > machine_now - FORGOTTEN_AFTER
    return int(row["crashes"]) + 1 if recent else 1


def _write_crash(connection: sa.Connection, row: Row, crashes: int, machine_now: datetime) -> None:
    connection.execute(sa.update(deliveries).where(deliveries.c.id == row["id"]).values(crashes=crashes, crashed_at=machine_now))


def _settlement(row: Row, now: datetime, *, poison: bool) -> Settlement | None:
    """None where the row simply goes back."""
    if row["state"] == DeliveryState.SENDING.value:
        return _unknown(row, now, poison=poison)
    if not poison:
        return None
    state = final_state(DeliveryState.FAILED, resends=row["resends"])
    return Settlement(delivery_id=row["id"], state=state, touch=_touch(row, KINDS[state], now, "poison"))


def _unknown(row: Row, now: datetime, *, poison: bool) -> Settlement:
    resend = row["payload"]["on_unknown"] == "resend" and row["resends"] == 0 and not poison
    touch = _touch(row, Kind.UNKNOWN, now, "crash", detail={"resend": resend})
    if resend:
        return Settlement(
            delivery_id=row["id"], state=DeliveryState.WAITING, due_at=now, resend=True, bound_to=row["provider"], touch=touch
        )
    return Settlement(delivery_id=row["id"], state=DeliveryState.UNKNOWN, touch=touch)


def _touch(row: Row, kind: Kind, now: datetime, reason: str, detail: Mapping[str, object] | None = None) -> Touch:
    return Touch(
        at=now, contact_id=row["contact_id"], kind=kind, campaign=row["campaign"], version=row["version"], run_id=row["run_id"],
        delivery_id=row["id"], step=row["step"], message=row["message"], purpose=row["purpose"], channel=row["channel"],
        provider=row["provider"], reason=reason, detail=detail or {},
    )


def _mark_suspects(connection: sa.Connection, rows: Sequence[Row], guilty: Row | None) -> None:
    """All that still wait, where nobody knows who it was; else the guilty one alone."""
    suspects = [row["id"] for row in rows] if guilty is None else [guilty["id"]]
    others = [row["id"] for row in rows if row["id"] not in set(suspects)]
    waiting = deliveries.c.state == DeliveryState.WAITING.value
    for ids, careful in ((suspects, True), (others, False)):
        if ids:
            connection.execute(sa.update(deliveries).where(deliveries.c.id.in_(ids), waiting).values(careful=careful))
