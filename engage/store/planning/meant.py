"""Whom slots mean: slots x contacts, by way of dates or of a segment's members, as one SELECT that every entry is made of."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa

from engage.model.run import RunState
from engage.store.planning.slots import Shape
from engage.store.schema.tables import contact_dates, contacts, runs, segment_members

CAMPAIGN = sa.bindparam("of_campaign", type_=sa.String)
"""The name of the campaign that is entered."""


def people_meant(shape: Shape, slot: sa.FromClause, excluded: frozenset[date]) -> sa.Select[int]:
    """The contacts of each slot, less those who are erased and those who have a run under its key; the audience is not asked yet."""
    known = sa.exists().where(runs.c.campaign == CAMPAIGN, runs.c.contact_id == contacts.c.id, runs.c.key == slot.c.key)
    return (
        sa.select(contacts.c.id)
        .select_from(_people_of(shape, slot))
        .where(contacts.c.erased_at.is_(None), ~known, *_not_late_twice(shape, slot))
        .where(*_conditions(shape, slot, excluded))
    )


def entered_after(
    campaign: str | sa.ColumnElement[str], contact_id: sa.ColumnElement[int], since: sa.ColumnElement[datetime]
) -> sa.ColumnElement[bool]:
    """Whether the contact entered the campaign after that moment; entries that were given back do not count."""
    last = runs.alias("last")
    return sa.exists().where(
        last.c.campaign == campaign, last.c.contact_id == contact_id, last.c.state != RunState.RETURNED.value,
        last.c.intended_at > since,
    )


def _people_of(shape: Shape, slot: sa.FromClause) -> sa.FromClause:
    """Each slot with each contact, by way of the dates or members where it goes by those; the conditions say which belong together."""
    if shape.attribute is not None:
        return slot.join(contact_dates, sa.true()).join(contacts, contacts.c.id == contact_dates.c.contact_id)
    if shape.segment is not None:
        return slot.join(segment_members, sa.true()).join(contacts, contacts.c.id == segment_members.c.contact_id)
    return slot.join(contacts, sa.true())


def _conditions(shape: Shape, slot: sa.FromClause, excluded: frozenset[date]) -> list[sa.ColumnElement[bool]]:
    """What the slots of a shape ask of a contact."""
    wanted = []
    if shape.attribute is not None:
        wanted += _date_conditions(shape, slot, excluded)
    if shape.segment is not None:
        wanted += _member_conditions(shape, slot)
    if shape.zone:
        wanted.append(contacts.c.zone_key == slot.c.zone_key)
    if shape.country:
        wanted.append(contacts.c.country == slot.c.country)
    if shape.no_country:
        wanted.append(contacts.c.country.is_(None))
    if shape.changed:
        wanted.append(contacts.c.changed_at > slot.c.changed_since)
    return wanted


def _date_conditions(shape: Shape, slot: sa.FromClause, excluded: frozenset[date]) -> list[sa.ColumnElement[bool]]:
    dates = contact_dates
    wanted = [dates.c.name == shape.attribute, dates.c.month == slot.c.month, dates.c.day == slot.c.day]
    if shape.year:
        wanted.append(dates.c.year == slot.c.year)
    if shape.zone:
        wanted.append(dates.c.zone_key == slot.c.zone_key)
    wanted.append(slot.c.base_year - dates.c.year >= slot.c.min_years)
    wanted += [
        ~sa.and_(dates.c.year == day.year, dates.c.month == day.month, dates.c.day == day.day) for day in sorted(excluded)
    ]
    return wanted


def _member_conditions(shape: Shape, slot: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    members = segment_members
    wanted = [members.c.segment == shape.segment, members.c.inside == sa.literal(shape.inside, sa.Boolean)]
    return [*wanted, members.c.moved_at == slot.c.moved_at] if shape.moved else wanted


def _not_late_twice(shape: Shape, slot: sa.FromClause) -> list[sa.ColumnElement[bool]]:
    """The same late change is looked at again and again: whoever entered for it and gave the key back does not enter anew."""
    if not shape.changed:
        return []
    returned = sa.and_(runs.c.state == RunState.RETURNED.value, runs.c.key.startswith(slot.c.key + "#", autoescape=False))
    mine = sa.and_(runs.c.campaign == CAMPAIGN, runs.c.contact_id == contacts.c.id)
    return [~sa.exists().where(mine, returned, runs.c.entered_at >= contacts.c.changed_at)]
