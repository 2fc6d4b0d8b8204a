"""The history in SQL, read and added to by people: the ports `History` and `Notebook` of `engage.history.timeline`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.history.timeline import EVERYTHING, Count, Figure, Filter, Line
from engage.model.errors import InputError
from engage.model.history import Kind, Touch
from engage.store.database import Database
from engage.store.rows.kept_texts import private_of
from engage.store.rows.rows import TOUCH_FIELDS, add_touches
from engage.store.schema.tables import contacts, touch_details, touches


@final
class SqlHistory:
    """Touches with who they are about. A page of one contact's timeline is one walk along the index over (contact, at)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def timeline(self, asked: Filter, *, limit: int = 100, before: int | None = None) -> Sequence[Line]:
        """The latest touches first (by `at`, then `id`), with what is private in them where it is still kept."""
        query = _lines().where(*_conditions(asked)).order_by(touches.c.at.desc(), touches.c.id.desc()).limit(limit)
        if before is not None:
            last = sa.select(touches.c.at).where(touches.c.id == before).scalar_subquery()
            query = query.where(sa.or_(touches.c.at < last, sa.and_(touches.c.at == last, touches.c.id < before)))
        return self._read(query)

    def tail(self, after_id: int, *, limit: int = 500) -> Sequence[Line]:
        """The touches written after that one, in the order of writing: for whoever watches. Ids may skip."""
        return self._read(_TAIL, {"after": after_id, "most": limit})

    def note(self, contact_id: int, text: str, *, by: str, now: datetime) -> None:
        """A touch `note` of the contact; never changed. Raises InputError where there is no such contact."""
        there = sa.select(contacts.c.id).where(contacts.c.id == contact_id, contacts.c.erased_at.is_(None)).with_for_update()
        with self._database.begin() as connection:
            if connection.scalar(there) is None:
                raise InputError.of(f"there is no contact #{contact_id}", file="<command line>")
            add_touches(connection, [Touch(at=now, contact_id=contact_id, kind=Kind.NOTE, detail={"by": by}, private={"text": text})])

    def newest(self) -> int:
        """The id of the touch that was written last; 0 where there is none."""
        with self._database.read() as connection:
            return connection.scalar(_NEWEST) or 0

    def counts(self, by: Sequence[Figure], asked: Filter = EVERYTHING) -> Sequence[Count]:
        """How many touches, and of how many contacts, for each combination of values; the most frequent first."""
        columns = [touches.c[figure.value] for figure in by]
        number, people = sa.func.count(), sa.func.count(touches.c.contact_id.distinct())
        query = sa.select(*columns, number, people).where(*_conditions(asked)).group_by(*columns).order_by(number.desc(), *columns)
        with self._database.read() as connection:
            return [
                Count(by=dict(zip(by, values, strict=True)), touches=touched, contacts=met)
                for *values, touched, met in connection.execute(query)
            ]

    def _read(self, query: sa.Select[tuple[object, ...]], given: Mapping[str, object] | None = None) -> Sequence[Line]:
        with self._database.read() as connection:
            rows = connection.execute(query, given).mappings().all()
            private = private_of(connection, rows)
            return [_line_of(row, private(row)) for row in rows]


def _lines() -> sa.Select[tuple[object, ...]]:
    private = touches.outerjoin(touch_details, touch_details.c.touch_id == touches.c.id)
    named = private.outerjoin(contacts, contacts.c.id == touches.c.contact_id)
    return sa.select(touches, touch_details.c.private, contacts.c.external_id).select_from(named)


_NEWEST = sa.select(sa.func.max(touches.c.id))
_TAIL = (
    _lines().where(touches.c.id > sa.bindparam("after")).order_by(touches.c.id).limit(sa.bindparam("most", type_=sa.Integer))
)


def _conditions(asked: Filter) -> list[sa.ColumnElement[bool]]:
    equal = {"contact_id": asked.contact_id, "campaign": asked.campaign, "message": asked.message, "channel": asked.channel}
    conditions = [touches.c[name] == value for name, value in equal.items() if value is not None]
    if asked.kinds:
        conditions.append(touches.c.kind.in_(sorted(kind.value for kind in asked.kinds)))
    if asked.since is not None:
        conditions.append(touches.c.at >= asked.since)
    if asked.until is not None:
        conditions.append(touches.c.at < asked.until)
    return conditions


def _line_of(row: sa.RowMapping, private: Mapping[str, object]) -> Line:
    touch = Touch(kind=Kind(row["kind"]), private=private, **{name: row[name] for name in TOUCH_FIELDS})
    label = None if touch.contact_id is None else row["external_id"] or f"#{touch.contact_id}"
    return Line(id=row["id"], label=label, touch=touch)
