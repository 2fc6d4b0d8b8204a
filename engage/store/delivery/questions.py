"""Questions to providers about unknown deliveries: the port `engage.delivery.asking.Questions` on SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, final

import sqlalchemy as sa

from engage.delivery.asking import Question
from engage.model.addresses import address_key
from engage.model.contact import ChannelKind
from engage.model.delivery import DeliveryState, Receipt
from engage.model.history import Kind, Touch
from engage.store.database import Database
from engage.store.delivery.reviewing import settle_unknown
from engage.store.rows.rows import Row
from engage.store.schema.conditions import ENDED_ILL
from engage.store.schema.tables import contacts, deliveries
from engage.store.schema.traffic import questions
from engage.store.session import WorkspaceNow
from engage.store.sql.clock import MachineNow
from engage.store.sql.inserts import dialect_insert

ASKED_FOR = timedelta(days=2)
"""What was handed over longer ago, and was never asked about, is left to people: its provider was not one to be asked then."""

ADDRESSES = {ChannelKind.EMAIL: contacts.c.email, ChannelKind.SMS: contacts.c.phone, ChannelKind.CHAT: contacts.c.chat_id}


@final
class SqlQuestions:
    """Safe to use from many processes: a question in hand is due again only when its lease ends."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow) -> None:
        self._database = database
        self._workspace = workspace

    def claim(self, *, ways: Sequence[str], limit: int, lease: timedelta) -> Sequence[Question]:
        """Take due ones that went by these ways; each is due again when the lease ends. Counts the question."""
        with self._database.read() as connection:
            if connection.scalar(_DUE.with_only_columns(sa.func.count()).order_by(None), {"ways": ways}) == 0:
                return []
        with self._database.begin() as connection:
            due = _DUE.limit(limit).with_for_update(skip_locked=True, of=deliveries)
            rows = connection.execute(due, {"ways": ways}).mappings().all()
            for row in rows:
                _take(connection, row, lease)
        return [self._question(row) for row in rows]

    def _question(self, row: Row) -> Question:
        return Question(
            delivery_id=row["id"], asked=(row["asked"] or 0) + 1, channel=row["channel"], way=row["way"],
            address=self._address(row), around=row["sending_at"],
        )

    def _address(self, row: Row) -> str | None:
        """That it went to, where it still is somebody's: only its key was kept."""
        channel = self._workspace().settings.channels.get(row["channel"])
        if channel is None:
            return None
        known = row["payload"]["to"] or channel.to or row[ADDRESSES[channel.kind].name]
        secret = self._database.secret()
        return known if known and address_key(secret, channel.kind, known) == row["address_key"] else None

    def found(self, question: Question, receipt: Receipt, *, now: datetime) -> None:
        """The provider has it: it is `sent`, unless people decided meanwhile."""
        with self._database.begin() as connection:
            rows = connection.execute(_LOCK, {"delivery": question.delivery_id}).mappings().all()
            if rows:
                provider = rows[0]["provider"] or self._workspace().settings.channels[question.channel].provider
                settle_unknown(connection, rows, [_reconciled(rows[0], question, receipt, provider=provider, now=now)])
            connection.execute(sa.delete(questions).where(questions.c.delivery_id == question.delivery_id))

    def answered(self, question: Question, answer: str, *, again_in: float | None) -> None:
        """It was not found, or nobody can know; asked again in so many seconds of the machine clock, None: never."""
        mine = (questions.c.delivery_id == question.delivery_id, questions.c.asked == question.asked)
        ask_at = sa.null() if again_in is None else MachineNow(again_in)
        with self._database.begin() as connection:
            connection.execute(sa.update(questions).where(*mine).values(answer=answer, ask_at=ask_at))


def _take(connection: sa.Connection, row: Row, lease: timedelta) -> None:
    until = MachineNow(lease.total_seconds())
    written = dialect_insert(connection, questions).values(delivery_id=row["id"], asked=1, ask_at=until)
    again = {"asked": questions.c.asked + 1, "ask_at": until}
    connection.execute(written.on_conflict_do_update(index_elements=[questions.c.delivery_id], set_=again))


def _reconciled(row: Row, question: Question, receipt: Receipt, *, provider: str, now: datetime) -> Touch:
    return Touch(
        at=now, contact_id=row["contact_id"], kind=Kind.SENT, campaign=row["campaign"] or None, version=row["version"] or None,
        run_id=row["run_id"], delivery_id=row["id"], step=row["step"] or None, message=row["message"],
        purpose=row["purpose"], channel=question.channel, provider=provider, provider_id=receipt.provider_id, reason="reconciled",
        detail={"asked": question.asked, **receipt.detail},
    )


_UNKNOWN = deliveries.c.state == sa.literal_column(f"'{DeliveryState.UNKNOWN.value}'")
_WAYS: sa.BindParameter[Any] = sa.bindparam("ways", expanding=True)
_WAY = sa.case(
    (deliveries.c.channel.in_(_WAYS), deliveries.c.channel), else_=deliveries.c.channel + "/" + sa.func.coalesce(deliveries.c.provider, "")
)
"""As `engage.model.workspace.Channel.key` has it."""
_IS_DUE = sa.or_(
    questions.c.ask_at <= MachineNow(),
    sa.and_(questions.c.delivery_id.is_(None), deliveries.c.sending_at >= MachineNow(-ASKED_FOR.total_seconds())),
)
_DUE = (
    sa.select(
        deliveries.c.id, deliveries.c.channel, deliveries.c.sending_at, deliveries.c.payload, deliveries.c.address_key, questions.c.asked,
        _WAY.label("way"), *ADDRESSES.values(),
    )
    .select_from(
        deliveries.outerjoin(questions, questions.c.delivery_id == deliveries.c.id)
        .outerjoin(contacts, contacts.c.id == deliveries.c.contact_id)
    )
    .where(sa.text(f"deliveries.{ENDED_ILL}"), _UNKNOWN, _WAY.in_(_WAYS), deliveries.c.sending_at.is_not(None), _IS_DUE)
    .order_by(deliveries.c.id)
)
_LOCK = sa.select(deliveries).where(deliveries.c.id == sa.bindparam("delivery"), _UNKNOWN).with_for_update()
