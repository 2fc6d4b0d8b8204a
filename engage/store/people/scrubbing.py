"""Emptying all rows of a person of what is personal, table by table; safe to repeat. The contact's own row is not among them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, final

import sqlalchemy as sa

from engage.model.addresses import READMITTED
from engage.model.keyed import Keyed
from engage.model.responses import RESPONSES
from engage.model.run import RunState
from engage.store.delivery.calls import CallState
from engage.store.people.belongings import Belongings, all_numbers, belongings_of, rows_of
from engage.store.rows.kept_texts import forget_texts, place_of
from engage.store.rows.rows import Row
from engage.store.schema.api import requests
from engage.store.schema.hooks import hook_subjects
from engage.store.schema.ledger import consents
from engage.store.schema.people import identities, merges
from engage.store.schema.tables import (
    calls,
    contact_dates,
    deliveries,
    events,
    runs,
    segment_members,
    segment_states,
    touch_details,
    touches,
)
from engage.store.schema.traffic import questions
from engage.store.sql.lists import among

ERASED_MARK = "erased:"
"""What a keyed hash begins with that stands in the place of something erased."""

KEPT_DETAIL = frozenset({
    "attempt", "attempts", "attribute", "bounce", "by", "code", "endpoint", "event", "machine", "merge", "merged", "occasion", "recovered",
    "resend", "until", "was",
})
"""What of a touch's detail says nothing of the person."""

OUR_SOURCES = frozenset({"command line", "complaint", "link", "merge", "double opt-in", "preferences", "unsubscribe", READMITTED})
"""Sources of consents that we name ourselves."""

_WORD = re.compile(r"[a-z][a-z_.]{0,39}")
_SAID_BY_OTHERS = frozenset(kind.value for kind in RESPONSES)


@final
class Scrubbing:
    """One person's rows in an open transaction."""

    def __init__(self, connection: sa.Connection, contact_id: int, *, secret: bytes, now: datetime) -> None:
        self._connection = connection
        self._contact_id = contact_id
        self._secret = secret
        self._now = now
        self._numbers: Sequence[int] = (contact_id,)

    def scrub(self) -> bool:
        """Empty them; whether there was anything left of what they hold of the person."""
        self._numbers = all_numbers(self._connection, self._contact_id)
        theirs = Belongings()
        for number in self._numbers:
            theirs |= belongings_of(self._connection, number)
        found = [
            self._scrub_touches(theirs.touches), self._scrub_runs(theirs.runs), self._scrub_deliveries(theirs),
            bool(self._ids(sa.delete(events), events.c.id, theirs.events)), self._scrub_ledger(), self._forget_rows(theirs),
        ]
        return any(found)

    def _ids(self, statement: Any, column: sa.ColumnElement[Any], ids: Sequence[Any]) -> int:
        return int(self._connection.execute(statement.where(among(column, "ids")), {"ids": ids}).rowcount) if ids else 0

    def _scrub_touches(self, ids: Sequence[int]) -> bool:
        private = self._ids(sa.delete(touch_details), touch_details.c.touch_id, ids)
        rows = [(row, plain(row)) for row in rows_of(self._connection, touches, ids)]
        texts = forget_texts(self._connection, {place for row, _ in rows if (place := place_of(row)) is not None})
        changed = [{"touch": row["id"], **plain} for row, plain in rows if any(row[name] != value for name, value in plain.items())]
        if changed:
            self._connection.execute(sa.update(touches).where(touches.c.id == sa.bindparam("touch")), changed)
        return bool(private or texts or changed)

    def _scrub_runs(self, ids: Sequence[int]) -> bool:
        """Those under way end as soon as anybody looks at them, which is now."""
        rows = [row for row in rows_of(self._connection, runs, ids) if not row["key"].startswith(ERASED_MARK)]
        for row in rows:
            empty: dict[str, Any] = {"trigger": {}, "variables": {}, "trace": None, "key": self._hash(row["key"])}
            due: dict[str, Any] = {"due_at": self._now} if row["state"] == RunState.ACTIVE.value else {}
            self._connection.execute(sa.update(runs).where(runs.c.id == row["id"]).values(**empty, **due))
        self._ids(sa.update(calls).values(data={}), calls.c.run_id, ids)
        waiting = sa.update(calls).where(sa.text("state = 'waiting'")).values(state=CallState.CANCELLED.value)
        self._ids(waiting, calls.c.run_id, ids)
        return bool(rows)

    def _scrub_deliveries(self, theirs: Belongings) -> bool:
        """What it takes to know a row that is being handed over stays until it has been."""
        changed = False
        for row in rows_of(self._connection, deliveries, theirs.deliveries):
            empty = _emptied(row["payload"])
            key = row["address_key"] if row["state"] == "sending" else None
            if empty != row["payload"] or key != row["address_key"]:
                changed = True
                mine = deliveries.c.id == row["id"]
                self._connection.execute(sa.update(deliveries).where(mine).values(payload=empty, address_key=key))
        self._ids(sa.delete(questions), questions.c.delivery_id, theirs.deliveries)
        return changed

    def _scrub_ledger(self) -> bool:
        """Also the lines that merges set aside or took back."""
        theirs = merges.c.kept_id.in_(self._numbers)
        undone = self._connection.scalars(sa.select(merges.c.id).where(theirs)).all()
        owners = [*self._numbers, *(-merge_id for merge_id in undone)]
        self._connection.execute(sa.update(merges).where(theirs).values(record={}, unsettled=False))
        rows = self._connection.execute(sa.select(consents).where(consents.c.contact_id.in_(owners))).mappings().all()
        changed = [(row, self._plain_line(row)) for row in rows]
        for row, plain in changed:
            if any(row[name] != value for name, value in plain.items()):
                self._connection.execute(sa.update(consents).where(consents.c.id == row["id"]).values(plain))
        return any(row["proof"] != plain["proof"] for row, plain in changed)

    def _plain_line(self, row: Row) -> dict[str, Any]:
        source = row["source"].partition(":")[0] if row["source"].startswith("import:") else row["source"]
        return {
            "proof": row["proof"] and self._hash(row["proof"]),
            "source": source if source in OUR_SOURCES or source == "import" else self._hash(source),
        }

    def _forget_rows(self, theirs: Belongings) -> bool:
        self._ids(sa.delete(requests), requests.c.delivery_id, theirs.deliveries)
        for table in (identities, contact_dates, hook_subjects):
            self._connection.execute(sa.delete(table).where(table.c.contact_id == self._contact_id))
        watched = segment_members.c.segment.in_(sa.select(segment_states.c.segment))
        self._connection.execute(sa.delete(segment_members).where(watched, segment_members.c.contact_id == self._contact_id))
        return False

    def _hash(self, text: str) -> str:
        """A keyed hash: whoever has the text can show that it is the same."""
        return text if text.startswith(ERASED_MARK) else erased_text(self._secret, text)


def erased_text(secret: bytes, text: str) -> str:
    """What stands in the place of a text that was erased."""
    return ERASED_MARK + Keyed(secret, b"text:", size=32).code(text.encode()).hex()


def plain(touch: Row) -> dict[str, Any]:
    """What stays of a touch; it says nothing of the person, so that webhooks are told it."""
    theirs = touch["kind"] in _SAID_BY_OTHERS or not _WORD.fullmatch(touch["reason"] or "")
    detail = {name: value for name, value in touch["detail"].items() if name in KEPT_DETAIL}
    return {"detail": detail, "provider_id": None, "reason": None if theirs else touch["reason"], "texts_id": None}


def _emptied(payload: Mapping[str, Any]) -> dict[str, Any]:
    to = payload.get("to")
    return {**payload, "values": {}, "to": "" if to else to}
