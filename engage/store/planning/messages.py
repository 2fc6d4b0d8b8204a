"""Single messages in SQL: deliveries without a run; the port `engage.planning.messages.Messages`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, final

import sqlalchemy as sa

from engage.model.delivery import DeliveryState
from engage.model.history import Kind, Touch
from engage.planning.messages import NO_CAMPAIGN, TAKEN_BACK, MessageGone, MessageSeen, RequestName, RequestRepeated, RequestUnderWay
from engage.planning.requests import NewDelivery
from engage.store.database import Database
from engage.store.planning.runs import delivery_row
from engage.store.rows.rows import Row, add_touches
from engage.store.schema.api import requests
from engage.store.schema.tables import contacts, deliveries, touches
from engage.store.sql.clock import MachineNow

KEPT_FOR = 7 * 86_400.0
"""Seconds for which what was asked under an Idempotency-Key is known."""


@final
class SqlMessages:
    """Safe to use from many threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, new: NewDelivery, *, request: RequestName | None) -> tuple[MessageSeen, bool]:
        """Make the row; as it was then, and whether it is new. Raises RequestRepeated, RequestUnderWay."""
        with self._database.begin() as connection:
            if request is not None:
                known = _asked_before(connection, request)
                if known is not None:
                    return known, False
            made = connection.execute(deliveries.insert().values(delivery_row(new)).returning(deliveries.c.id)).scalar_one()
            seen = _seen(connection, made)
            assert seen is not None  # noqa: S101  # it was made a line before
            if request is not None:
                _remember(connection, request, seen)
        return seen, True

    def seen(self, message_id: int) -> MessageSeen | None:
        """The single message of that id; None where there is none."""
        with self._database.read() as connection:
            return _seen(connection, message_id)

    def take_back(self, message_id: int, *, now: datetime, by: str) -> MessageSeen | None:
        """Cancel it while it waits, with a touch that says by whom. Raises MessageGone.

        Its contact is locked first, as whoever clears it for its hand-off does: one of the two comes first.
        """
        with self._database.begin() as connection:
            whose = sa.select(deliveries.c.contact_id).where(deliveries.c.id == message_id, *_SINGLE).scalar_subquery()
            connection.execute(sa.select(contacts.c.id).where(contacts.c.id == whose).with_for_update())
            row = connection.execute(_LOCKED, {"of": message_id}).mappings().first()
            if row is None:
                return None
            state = DeliveryState(row["state"])
            if state is DeliveryState.WAITING and not row["resends"]:
                connection.execute(_CANCEL, {"of": message_id})
                add_touches(connection, [_taken_back(row, now, by)])
            elif state is not DeliveryState.CANCELLED:
                raise MessageGone(DeliveryState.UNKNOWN if state is DeliveryState.WAITING else state)
            return _seen(connection, message_id)


def _asked_before(connection: sa.Connection, request: RequestName) -> MessageSeen | None:
    """What was answered under that name. On SQLite who writes is alone; on PostgreSQL the name is held by who comes first."""
    if connection.dialect.name == "postgresql":
        word = sa.func.hashtextextended(f"{request.key_id} {request.name}", 0)
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(word))):
            raise RequestUnderWay("what was asked for under this Idempotency-Key is being done: ask again in a moment")
    connection.execute(_FORGET)
    row = connection.execute(_KNOWN, {"key": request.key_id, "word": request.name}).mappings().first()
    if row is None:
        return None
    if row["fingerprint"] != request.fingerprint:
        raise RequestRepeated("this Idempotency-Key was used for another message before: a new message needs a new key")
    return _from_json(row["answer"])


def _remember(connection: sa.Connection, request: RequestName, seen: MessageSeen) -> None:
    row = {"key_id": request.key_id, "name": request.name, "fingerprint": request.fingerprint, "at": MachineNow()}
    connection.execute(requests.insert().values({**row, "delivery_id": seen.id, "answer": _to_json(seen)}))


def _seen(connection: sa.Connection, message_id: int) -> MessageSeen | None:
    row = connection.execute(_SEEN, {"of": message_id}).mappings().first()
    if row is None:
        return None
    state = DeliveryState(row["state"])
    return MessageSeen(
        id=row["id"], contact=row["external_id"] or f"#{row['contact_id']}", message=row["message"], purpose=row["purpose"], state=state,
        channels=tuple(row["payload"]["channels"]), channel=row["channel"], send_at=row["intended_at"], due_at=row["due_at"],
        expires_at=row["expires_at"], hold=row["hold"] if state is DeliveryState.WAITING else None, reason=row["reason"],
    )


def _taken_back(row: Row, now: datetime, by: str) -> Touch:
    return Touch(
        at=now, contact_id=row["contact_id"], kind=Kind.CANCELLED, delivery_id=row["id"], message=row["message"], purpose=row["purpose"],
        reason=TAKEN_BACK, detail={"by": by},
    )


_MOMENTS = ("send_at", "due_at", "expires_at")


def _to_json(seen: MessageSeen) -> dict[str, Any]:
    """It knows no touch yet, and nothing of how it will go."""
    return {
        "id": seen.id, "contact": seen.contact, "message": seen.message, "purpose": seen.purpose, "state": seen.state.value,
        "channels": list(seen.channels), **{name: getattr(seen, name).isoformat() for name in _MOMENTS},
    }


def _from_json(raw: Mapping[str, Any]) -> MessageSeen:
    moments = {name: datetime.fromisoformat(raw[name]) for name in _MOMENTS}
    known = {**raw, **moments, "state": DeliveryState(raw["state"]), "channels": tuple(raw["channels"])}
    return MessageSeen(**known, channel=None, hold=None, reason=None)


_SINGLE = (deliveries.c.run_id.is_(None), deliveries.c.campaign == NO_CAMPAIGN)
_OF = (deliveries.c.id == sa.bindparam("of"), *_SINGLE)
_LOCKED = sa.select(deliveries).where(*_OF).with_for_update()
_CANCEL = sa.update(deliveries).where(*_OF).values(
    state=DeliveryState.CANCELLED.value, careful=False, retry_at=None, hold=None,
)
_LAST = (
    sa.select(touches.c.reason)
    .where(touches.c.contact_id == deliveries.c.contact_id, touches.c.delivery_id == deliveries.c.id)
    .order_by(touches.c.id.desc()).limit(1).scalar_subquery()
)
_SEEN = sa.select(deliveries, contacts.c.external_id, _LAST.label("reason")).outerjoin(
    contacts, contacts.c.id == deliveries.c.contact_id
).where(*_OF)
_KNOWN = sa.select(requests).where(requests.c.key_id == sa.bindparam("key"), requests.c.name == sa.bindparam("word"))
_FORGET = sa.delete(requests).where(requests.c.at < MachineNow(-KEPT_FOR))
