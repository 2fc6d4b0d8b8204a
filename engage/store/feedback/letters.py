"""Messages that were handed over, for the links in them: a delivery's id -> Letter."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import final

import sqlalchemy as sa

from engage.model.contact import Contact
from engage.model.history import Kind
from engage.model.letter import Letter
from engage.model.workspace import Channel
from engage.store.database import Database
from engage.store.rows.kept_texts import private_of
from engage.store.rows.rows import contact_of
from engage.store.schema.tables import contacts, deliveries, runs, touch_details, touches
from engage.store.session import WorkspaceNow

_READERS = sa.select(contacts).where(contacts.c.id.in_(sa.bindparam("ids", expanding=True)))
HANDED_OVER = (Kind.SENT.value, Kind.UNKNOWN.value)


@final
class SqlLetters:
    """Reads letters and their readers."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow) -> None:
        self._database = database
        self._workspace = workspace

    def letter(self, delivery_id: int) -> Letter | None:
        """The message of that delivery, from the moment its hand-off began; None before that, and where there is none.

        A reader may be faster than our record of the provider's answer: then it has no text and no locale yet.
        """
        with self._database.read() as connection:
            return read_letter(connection, delivery_id, channels=self._workspace().settings.channels)

    def trigger(self, run_id: int) -> Mapping[str, object]:
        """What the run of that id began with, as JSON; empty where it is not kept any more."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(runs.c.trigger).where(runs.c.id == run_id)) or {}

    def reader(self, contact_id: int) -> Contact | None:
        """The contact of that id; None where there is none."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(contacts).where(contacts.c.id == contact_id)).mappings().one_or_none()
        return None if row is None else contact_of(row, self._workspace().settings.attributes)

    def readers(self, contact_ids: Collection[int]) -> Mapping[int, Contact]:
        """The contacts of these ids who are there."""
        attributes = self._workspace().settings.attributes
        with self._database.read() as connection:
            rows = connection.execute(_READERS, {"ids": sorted(contact_ids)}).mappings()
            return {row["id"]: contact_of(row, attributes) for row in rows}


def read_letter(connection: sa.Connection, delivery_id: int, *, channels: Mapping[str, Channel]) -> Letter | None:
    """The message of that delivery, as `SqlLetters.letter` returns it."""
    row = connection.execute(sa.select(deliveries).where(deliveries.c.id == delivery_id)).mappings().one_or_none()
    if row is None or row["channel"] is None or row["sending_at"] is None:
        return None
    touch = connection.execute(
        sa.select(
            touches.c.locale, touches.c.at, touches.c.provider, touches.c.delivery_id, touches.c.texts_id, touch_details.c.private,
        )
        .outerjoin(touch_details, touch_details.c.touch_id == touches.c.id)
        .where(touches.c.contact_id == row["contact_id"], touches.c.delivery_id == delivery_id, touches.c.kind.in_(HANDED_OVER))
        .order_by(touches.c.id.desc()).limit(1)
    ).mappings().one_or_none()
    channel = channels.get(row["channel"])
    return Letter(
        delivery_id=delivery_id, contact_id=row["contact_id"], campaign=row["campaign"], version=row["version"], message=row["message"],
        purpose=row["purpose"], channel=row["channel"], run_id=row["run_id"], step=row["step"], address_key=row["address_key"],
        at=touch["at"] if touch else row["sending_at"], locale=touch["locale"] if touch else None,
        private=private_of(connection, [touch])(touch) if touch else {}, provider=touch["provider"] if touch else None,
        handed_over_at=row["sending_at"], fixed=bool(row["payload"].get("to") or (channel is not None and channel.to)),
    )
