"""What came back of messages, in SQL; the port `engage.feedback.ports.Store`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.feedback.bounces import Severity
from engage.feedback.consequences import AHEAD, Consequences, Known
from engage.feedback.responses import Response
from engage.model.history import Kind, Touch
from engage.model.letter import Letter
from engage.model.responses import RESPONSES
from engage.store.database import Database
from engage.store.feedback.letters import read_letter
from engage.store.people.blocking import put_on_list
from engage.store.people.identities import meant_by
from engage.store.people.ledger import append_lines, lines_of
from engage.store.planning.happenings import SqlHappenings
from engage.store.rows.rows import TOUCH_FIELDS, add_touches, insert_pending
from engage.store.schema.tables import contacts, deliveries, touches
from engage.store.session import WorkspaceNow

_KINDS = [kind.value for kind in RESPONSES]


@final
class SqlFeedback:
    """Writes what came back."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow) -> None:
        self._database = database
        self._workspace = workspace

    @contextmanager
    def transaction(self) -> Iterator[SqlFeedbackTransaction]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        secret = self._database.secret()
        with self._database.begin() as connection:
            yield SqlFeedbackTransaction(connection, workspace=self._workspace, secret=secret)


class SqlFeedbackTransaction(SqlHappenings):
    """Letters, what is known of them, and what is written."""

    def letters(self, responses: Sequence[Response]) -> Sequence[Letter | None]:
        """The message of each response; their contacts are locked, in the order of their ids."""
        found = [self._letter(response) for response in responses]
        whose = sorted({letter.contact_id for letter in found if letter is not None})
        self._connection.execute(sa.select(contacts.c.id).where(contacts.c.id.in_(whose)).order_by(contacts.c.id).with_for_update())
        return found

    def known(self, letter: Letter) -> Known:
        """What came back of it, and the contact's consents."""
        came = self._touches(touches.c.delivery_id == letter.delivery_id, letter=letter)
        full = self._touches(touches.c.channel == letter.channel, touches.c.kind == Kind.BOUNCED.value, letter=letter)
        return Known(touches=came, lines=lines_of(self._connection, letter.contact_id), full=_moments_of_full(full))

    def write(self, new: Consequences) -> None:
        """All of it."""
        if new.withdrawal is not None:
            append_lines(self._connection, [new.withdrawal])
        add_touches(self._connection, [new.touch])
        if new.event is not None:
            insert_pending(self._connection, new.event)
        if new.block is not None:
            put_on_list(self._connection, new.block)

    def _letter(self, response: Response) -> Letter | None:
        delivery_id = response.delivery_id
        if delivery_id is None:
            delivery_id = self._last_delivery(response) if response.provider_id is None else self._known_to_provider(response)
        channels = self._workspace().settings.channels
        return None if delivery_id is None else read_letter(self._connection, delivery_id, channels=channels)

    def _last_delivery(self, response: Response) -> int | None:
        """The last one of that message that was handed over to that contact by then."""
        contact = self.find_contact(response.contact or "")
        if contact is None:
            return None
        wanted = [
            deliveries.c.contact_id == contact.id, deliveries.c.message == response.message, deliveries.c.handed_over,
            deliveries.c.channel.is_not(None), deliveries.c.sending_at <= response.at + AHEAD,
        ]
        if response.channel is not None:
            wanted.append(deliveries.c.channel == response.channel)
        asked = sa.select(deliveries.c.id).where(*wanted).order_by(deliveries.c.sending_at.desc(), deliveries.c.id.desc()).limit(1)
        return self._connection.scalar(asked)

    def _known_to_provider(self, response: Response) -> int | None:
        """The one that its provider calls so, among what went to whoever has that address: nothing finds it by that name alone."""
        whose = sa.select(contacts.c.id).where(sa.or_(*meant_by(response.contact or "", self._secret)))
        asked = sa.select(touches.c.delivery_id).where(touches.c.contact_id.in_(whose), touches.c.provider_id == response.provider_id)
        return self._connection.scalar(asked.where(touches.c.kind == Kind.SENT.value).order_by(touches.c.id.desc()).limit(1))

    def _touches(self, *conditions: sa.ColumnElement[bool], letter: Letter) -> Sequence[Touch]:
        asked = sa.select(touches).where(touches.c.contact_id == letter.contact_id, touches.c.kind.in_(_KINDS), *conditions)
        rows = self._connection.execute(asked.order_by(touches.c.id)).mappings()
        return [Touch(kind=Kind(row["kind"]), **{name: row[name] for name in TOUCH_FIELDS}) for row in rows]


def _moments_of_full(bounced: Sequence[Touch]) -> Sequence[datetime]:
    return [touch.at for touch in bounced if touch.detail.get("bounce") == Severity.FULL.value]
