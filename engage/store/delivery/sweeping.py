"""What leases leave that ended without a word: a worker was killed, or fell asleep.

A row not yet in `sending` cannot have been handed over, so it is simply tried again; one in `sending` may have been, unless the
journal of this machine has the provider's yes: then it was. A provider that would know it by its key gets it again.

Only the row in hand is blamed. This machine's journal has it, or has that none was; of a careful batch the database has it. Of a batch
of another machine nobody knows: while it was being rendered it may have been any of them, later one of those being handed over. These
go back as they are, once: machines die, and their batches were innocent. Those that were there at such a crash before go into careful
batches. Three crashes within 72 hours with a row in hand, and it is given up as poison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import final

import sqlalchemy as sa

from engage.delivery.ports import Settlement
from engage.delivery.settling import KINDS, final_state
from engage.model.delivery import DeliveryState
from engage.model.history import Kind, Touch
from engage.store.delivery.outcomes import settle
from engage.store.rows.rows import Row
from engage.store.schema.tables import batches, deliveries
from engage.store.sql.clock import MachineNow
from engage.store.sql.lists import among

POISONOUS = 3
FORGOTTEN_AFTER = timedelta(hours=72)


Repeatable = Callable[[str | None, str | None], bool]
"""Whether the provider (of a channel, by its name) knows a message by its key, so that to hand it over again makes no second copy."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """A batch that was settled, and how many rows it still had."""

    batch_id: int
    rows: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """`noted` and `held`: what this machine's journal knows of a batch's hand-offs, and of what was in hand."""

    now: datetime
    noted: Callable[[int], Mapping[int, str | None]]
    held: Callable[[int], int | None]
    repeatable: Repeatable

    def one(self, connection: sa.Connection) -> Swept | None:
        """Settle what one ended lease left; None where no lease has ended that nobody else sweeps."""
        ended = (
            sa.select(batches, MachineNow().label("machine_now"))
            .where(batches.c.lease_until <= MachineNow())
            .order_by(batches.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        batch = connection.execute(ended).mappings().first()
        return None if batch is None else self._batch(connection, batch)

    def _batch(self, connection: sa.Connection, batch: Row) -> Swept:
        rows = connection.execute(_HELD, {"batch": batch["id"], "ids": batch["delivery_ids"]}).mappings().all()
        held = self.held(batch["id"])
        guilty = next((row for row in rows if row["id"] == (batch["in_hand"] if held is None else held)), None)
        crashes = 0 if guilty is None else _crashes(guilty, batch["machine_now"])
        noted = self.noted(batch["id"]) if any(row["state"] == DeliveryState.SENDING.value for row in rows) else {}
        settlements = [self._settlement(row, noted, poison=row is guilty and crashes >= POISONOUS) for row in rows]
        settle(connection, batch, [settlement for settlement in settlements if settlement is not None])
        if guilty is not None:
            _write_crash(connection, [guilty["id"]], crashes, batch["machine_now"])
            _mark_suspects(connection, rows, frozenset({guilty["id"]}))
        elif held is None:
            self._suspect(connection, batch, rows)
        connection.execute(sa.delete(batches).where(batches.c.id == batch["id"]))
        return Swept(batch_id=batch["id"], rows=len(rows))

    def _suspect(self, connection: sa.Connection, batch: Row, rows: Sequence[Row]) -> None:
        """Nobody knows which it was: of a batch that was rendered what was handed over, else any; those to whom it happened before."""
        among_them = [row for row in rows if not batch["rendered"] or row["state"] == DeliveryState.SENDING.value]
        before = frozenset(row["id"] for row in among_them if row["careful"] or _is_recent(row, batch["machine_now"]))
        _mark_suspects(connection, rows, before)
        _write_crash(connection, [row["id"] for row in among_them if row["id"] not in before], 0, batch["machine_now"])

    def _settlement(self, row: Row, noted: Mapping[int, str | None], *, poison: bool) -> Settlement | None:
        """None where the row simply goes back."""
        if row["state"] == DeliveryState.SENDING.value:
            return self._handed_over(row, noted, poison=poison)
        if not poison:
            return None
        state = final_state(DeliveryState.FAILED, resends=row["resends"])
        return Settlement(delivery_id=row["id"], state=state, touch=_touch(row, KINDS[state], self.now, "poison"))

    def _handed_over(self, row: Row, noted: Mapping[int, str | None], *, poison: bool) -> Settlement:
        if row["id"] in noted:
            return self._sent(row, noted[row["id"]])
        if not poison and self.repeatable(row["channel"], row["provider"]):
            return self._repeated(row)
        return _unknown(row, self.now, poison=poison)

    def _repeated(self, row: Row) -> Settlement:
        """By the same provider, which knows it by its key, as after an answer that was lost."""
        touch = _touch(row, Kind.DEFERRED, self.now, "crash")
        return Settlement(
            delivery_id=row["id"], state=DeliveryState.WAITING, due_at=self.now, resend=True, bound_to=row["provider"], touch=touch
        )

    def _sent(self, row: Row, provider_id: str | None) -> Settlement:
        """The provider said yes: its answer was noted, though never recorded."""
        touch = replace(_touch(row, Kind.SENT, self.now, None, detail={"recovered": "journal"}), provider_id=provider_id)
        return Settlement(delivery_id=row["id"], state=DeliveryState.SENT, touch=touch)


_HELD = (
    sa.select(deliveries)
    .where(sa.or_(
        deliveries.c.batch_id == sa.bindparam("batch"),
        sa.and_(deliveries.c.state == DeliveryState.WAITING.value, among(deliveries.c.id, "ids")),
    ))
    .order_by(deliveries.c.id)
)
"""In `sending`, or waiting and listed."""


def _crashes(row: Row, machine_now: datetime) -> int:
    return int(row["crashes"]) + 1 if _is_recent(row, machine_now) else 1


def _is_recent(row: Row, machine_now: datetime) -> bool:
    return row["crashed_at"] is not None and row["crashed_at"] > machine_now - FORGOTTEN_AFTER


def _write_crash(connection: sa.Connection, ids: Sequence[int], crashes: int, machine_now: datetime) -> None:
    """`crashes`: with the row in hand, 0 where that is not known."""
    if ids:
        written = sa.update(deliveries).where(among(deliveries.c.id, "ids")).values(crashes=crashes, crashed_at=machine_now)
        connection.execute(written, {"ids": ids})


def _unknown(row: Row, now: datetime, *, poison: bool) -> Settlement:
    resend = row["payload"]["on_unknown"] == "resend" and row["resends"] == 0 and not poison
    touch = _touch(row, Kind.UNKNOWN, now, "crash", detail={"resend": resend})
    if resend:
        return Settlement(delivery_id=row["id"], state=DeliveryState.WAITING, due_at=now, resend=True, touch=touch)
    return Settlement(delivery_id=row["id"], state=DeliveryState.UNKNOWN, touch=touch)


def _touch(row: Row, kind: Kind, now: datetime, reason: str | None, detail: Mapping[str, object] | None = None) -> Touch:
    return Touch(
        at=now, contact_id=row["contact_id"], kind=kind, campaign=row["campaign"] or None, version=row["version"] or None,
        run_id=row["run_id"], delivery_id=row["id"], step=row["step"] or None, message=row["message"], purpose=row["purpose"],
        channel=row["channel"],
        provider=row["provider"], reason=reason, detail=detail or {},
    )


def _mark_suspects(connection: sa.Connection, rows: Sequence[Row], suspects: frozenset[int]) -> None:
    """All of them that still wait, or wait again."""
    waiting = deliveries.c.state == DeliveryState.WAITING.value
    for careful in (True, False):
        ids = [row["id"] for row in rows if (row["id"] in suspects) is careful]
        if ids:
            connection.execute(sa.update(deliveries).where(among(deliveries.c.id, "ids"), waiting).values(careful=careful), {"ids": ids})
