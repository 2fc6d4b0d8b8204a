"""Who is in the segments that campaigns watch, and who moved; the planning port `Segments`.

A look is a few statements, whatever the segment's size: those who left are marked, those who came are added, both with the moment of
the look. Campaigns enter by these marks. A contact has one mark for each segment: its last move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from engage.planning.ports import NEWS_TAKES
from engage.planning.segments import TIMED, Looked, Source, Watched, grid_moment
from engage.store.expressions.audiences import is_in_segment
from engage.store.rows.rows import Row
from engage.store.schema.columns import Instant
from engage.store.schema.ledger import consents
from engage.store.schema.tables import contacts, segment_members, segment_states, touches
from engage.store.session import Session
from engage.store.sql.inserts import dialect_insert, insert_ignoring

LONGEST_UNCOMPARED = timedelta(days=1)
"""Everybody is compared once a day at least, whatever seems not to have changed."""

NEWS = 10_000
"""Rows so near the newest are counted too, as one of a lower number may be committed later."""

members, states = segment_members.c, segment_states.c


class SqlSegments(Session):
    """Looks, in one transaction."""

    def looked(self) -> Mapping[str, Looked]:
        """The segments that were ever looked at, by name."""
        rows = self._connection.execute(sa.select(states.segment, states.definition, states.looked_at))
        return {segment: Looked(definition=definition, looked_at=looked_at) for segment, definition, looked_at in rows}

    def look(self, asked: Watched, *, at: datetime) -> None:
        """Find out who moved by that moment. Whoever looks at the same segment waits, and finds it done."""
        marks = self._marks(asked, at)
        if self._began(asked, at, marks):
            self._begin(asked, at)
            return
        state = self._locked(asked)
        if state["definition"] != asked.definition:
            self._begin(asked, at)
        elif state["looked_at"] >= at:
            return
        elif _is_worth_while(asked, state, at, marks):
            self._compare(asked, state, at)
        else:
            self._remember(asked, looked_at=at)
            return
        self._remember(asked, definition=asked.definition, looked_at=max(at, state["looked_at"]), compared_at=at, seen=marks)

    def news_of(self, asked: Watched, *, at: datetime) -> datetime | None:
        """Since when, or from when on, a look may find somebody moved; None where nothing is known that would have moved anybody."""
        seen = self._connection.scalar(sa.select(states.seen).where(states.segment == asked.segment.name))
        if seen != self._marks(asked, at):
            return at
        if Source.CONSENTS not in asked.sources:
            return None
        expires: datetime | None = self._connection.scalar(sa.select(sa.func.min(consents.c.expires_at)).where(consents.c.expires_at > at))
        return expires

    def moves(self, segment: str, *, inside: bool, after: datetime, until: datetime) -> Sequence[datetime]:
        """The looks in `(after, until]` at which somebody was found to have moved into the segment, or out of it."""
        moved = (members.segment == segment, members.inside == sa.literal(inside, sa.Boolean))
        span = (members.moved_at > after, members.moved_at <= until)
        return self._connection.scalars(sa.select(members.moved_at).distinct().where(*moved, *span).order_by(members.moved_at)).all()

    def _began(self, asked: Watched, at: datetime, marks: Mapping[str, object]) -> bool:
        """Whether nobody had looked at the segment before."""
        row = {
            "segment": asked.segment.name, "definition": asked.definition, "looked_at": at, "compared_at": at, "seen": dict(marks),
        }
        return bool(self._connection.execute(insert_ignoring(self._connection, segment_states).values(row)).rowcount)

    def _locked(self, asked: Watched) -> Row:
        state = sa.select(segment_states).where(states.segment == asked.segment.name).with_for_update()
        return self._connection.execute(state).mappings().one()

    def _remember(self, asked: Watched, **changed: object) -> None:
        self._connection.execute(sa.update(segment_states).where(states.segment == asked.segment.name).values(**changed))

    def _begin(self, asked: Watched, at: datetime) -> None:
        """The silent baseline: whoever is in the segment now has been in it as long as we look."""
        self._connection.execute(sa.delete(segment_members).where(members.segment == asked.segment.name))
        self._connection.execute(self._joining(asked, self._is_in(asked, at), sa.cast(sa.null(), Instant)))

    def _compare(self, asked: Watched, state: Row, at: datetime) -> None:
        is_in = self._is_in(asked, at)
        moved_at = sa.case((_silently(state["compared_at"]), sa.null()), else_=sa.literal(at, Instant))
        stays = sa.exists().where(contacts.c.id == members.contact_id, contacts.c.erased_at.is_(None), is_in)
        of_contact = sa.select(moved_at).where(contacts.c.id == members.contact_id).scalar_subquery()
        left = sa.update(segment_members).where(members.segment == asked.segment.name, members.inside, ~stays)
        self._connection.execute(left.values(inside=False, moved_at=of_contact))
        self._connection.execute(self._joining(asked, is_in, moved_at))

    def _joining(self, asked: Watched, is_in: sa.ColumnElement[bool], moved_at: sa.ColumnElement[datetime]) -> sa.Insert:
        """Everybody in the segment who is not yet known to be."""
        known = sa.exists().where(members.segment == asked.segment.name, members.contact_id == contacts.c.id, members.inside)
        new = (
            sa.select(sa.literal(asked.segment.name), contacts.c.id, sa.true(), moved_at)
            .where(contacts.c.erased_at.is_(None), ~known, is_in)
            .order_by(contacts.c.id)
        )
        inserted = dialect_insert(self._connection, segment_members).from_select(["segment", "contact_id", "inside", "moved_at"], new)
        back = {"inside": inserted.excluded.inside, "moved_at": inserted.excluded.moved_at}
        joining: sa.Insert = inserted.on_conflict_do_update(index_elements=["segment", "contact_id"], set_=back)
        return joining

    def _is_in(self, asked: Watched, at: datetime) -> sa.ColumnElement[bool]:
        return is_in_segment(self._connection, asked.segment, workspace=self._workspace(), now=at)

    def _marks(self, asked: Watched, at: datetime) -> Mapping[str, object]:
        """For each table that the segment depends on, what tells that something was written to it: the newest row, and how many near it.

        Of the ledger also how many lines have expired by then.
        """
        return {source.value: self._mark(source, at) for source in sorted(asked.sources)}

    def _mark(self, source: Source, at: datetime) -> object:
        if source is Source.CONTACTS:
            last = self._connection.scalar(sa.select(sa.func.max(contacts.c.written_at)))
            if last is None:
                return None
            near, then = contacts.c.written_at >= last - NEWS_TAKES, contacts.c.written_at == last
            return [last.isoformat(), self._count(near), self._count(then)]  # an import has one moment, and many transactions
        table = touches if source is Source.TOUCHES else consents
        newest = self._connection.scalar(sa.select(sa.func.max(table.c.id))) or 0
        marks = [newest, self._count(table.c.id > newest - NEWS)]
        return marks if source is Source.TOUCHES else [*marks, self._count(consents.c.expires_at <= at)]

    def _count(self, near: sa.ColumnElement[bool]) -> int:
        return self._connection.scalar(sa.select(sa.func.count()).where(near)) or 0


def _is_worth_while(asked: Watched, state: Row, at: datetime, marks: Mapping[str, object]) -> bool:
    since = state["compared_at"]
    timed = asked.timed and grid_moment(at, TIMED) > since
    return bool(timed or marks != state["seen"] or at - since >= LONGEST_UNCOMPARED)


def _silently(compared_at: datetime) -> sa.ColumnElement[bool]:
    """Whether a contact's last change since then was by a silent import."""
    return sa.and_(contacts.c.quietly, contacts.c.written_at > sa.literal(compared_at - NEWS_TAKES, Instant))
