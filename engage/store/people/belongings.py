"""What belongs to a contact beside its own row: found without reading whole tables, moved to another contact, or looked at.

Deliveries that are final are found by their runs and by the touches that tell of them, as no index of theirs goes by contact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, final

import sqlalchemy as sa

from engage.store.schema.ledger import consents
from engage.store.schema.people import merges
from engage.store.schema.tables import deliveries, events, runs, touches
from engage.store.sql.lists import among


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """The rows of a contact by table: their ids."""

    runs: Sequence[int] = ()
    deliveries: Sequence[int] = ()
    touches: Sequence[int] = ()
    events: Sequence[str] = ()
    consents: Sequence[int] = ()

    def as_json(self) -> dict[str, object]:
        """The ids by table."""
        return {each.name: list(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def of_json(cls, raw: Mapping[str, Any]) -> Belongings:
        """What `as_json` wrote."""
        return cls(**{each.name: tuple(raw[each.name]) for each in fields(cls)})

    def less(self, **ids: Iterable[int]) -> Belongings:
        """Without these rows of these tables."""
        gone = {name: set(given) for name, given in ids.items()}
        return replace(self, **{name: tuple(id_ for id_ in getattr(self, name) if id_ not in known) for name, known in gone.items()})

    def __or__(self, other: Belongings) -> Belongings:
        names = [each.name for each in fields(self)]
        return Belongings(**{name: tuple(dict.fromkeys((*getattr(self, name), *getattr(other, name)))) for name in names})

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


TABLES: Mapping[str, sa.Table] = {
    "runs": runs, "deliveries": deliveries, "touches": touches, "events": events, "consents": consents,
}
"""The tables of what belongs to contacts, by the field of Belongings; runs first, as rows are locked in that order everywhere."""


def belongings_of(connection: sa.Connection, contact_id: int) -> Belongings:
    """All that is the contact's at this moment."""
    theirs = {
        name: connection.scalars(sa.select(table.c.id).where(table.c.contact_id == contact_id).order_by(table.c.id)).all()
        for name, table in TABLES.items() if name != "deliveries"
    }
    return Belongings(**theirs, deliveries=_deliveries_of(connection, contact_id, theirs["runs"]))


def all_numbers(connection: sa.Connection, contact_id: int) -> Sequence[int]:
    """The contact's own number, and those of all who were merged into it, one way or another."""
    return connection.scalars(_ALL_NUMBERS, {"contact": contact_id}).all()


def _deliveries_of(connection: sa.Connection, contact_id: int, run_ids: Sequence[int]) -> Sequence[int]:
    mine = deliveries.c.contact_id == contact_id
    told_of = sa.select(touches.c.delivery_id).where(touches.c.contact_id == contact_id, touches.c.delivery_id.is_not(None))
    ways = (
        sa.and_(mine, sa.text("state = 'waiting'")), sa.and_(mine, sa.text("state = 'sending'")),
        sa.and_(mine, deliveries.c.id.in_(told_of)), sa.and_(mine, among(deliveries.c.run_id, "runs")),
    )
    found = sa.union(*(sa.select(deliveries.c.id).where(way) for way in ways)).order_by("id")
    return connection.scalars(found, {"runs": run_ids}).all()


def _chain() -> sa.Select[int]:
    chain = sa.select(sa.bindparam("contact", type_=sa.BigInteger).label("id")).cte("chain", recursive=True)
    chain = chain.union(sa.select(merges.c.merged_id).join(chain, merges.c.kept_id == chain.c.id).where(merges.c.undone_at.is_(None)))
    return sa.select(chain.c.id)


_ALL_NUMBERS = _chain()


def move(connection: sa.Connection, what: Belongings, *, to: int) -> None:
    """Let it be another contact's. A delivery in a worker's hand that has not gone yet is decided anew, as its contact is another."""
    for name, table in TABLES.items():
        ids = getattr(what, name)
        if ids:
            mine = among(table.c.id, "ids")
            connection.execute(sa.update(table).where(mine).values(contact_id=to), {"ids": ids})


def rows_of(connection: sa.Connection, table: sa.Table, ids: Iterable[int | str]) -> Sequence[sa.RowMapping]:
    """These rows, in the order of their ids."""
    asked = sa.select(table).where(among(table.c.id, "ids")).order_by(table.c.id)
    return connection.execute(asked, {"ids": list(ids)}).mappings().all()
