"""Figures of all contacts, each in one statement: who is active, stale, reachable, consented to, lost; and what people answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engage.history.report import Cohort, PeopleReport
from engage.model.contact import AttributeKind, ChannelKind
from engage.model.history import Kind
from engage.model.workspace import Settings
from engage.store.expressions.asking import by_machine, has_consent
from engage.store.rows.rows import KEY_COLUMNS
from engage.store.schema.columns import Instant
from engage.store.schema.ledger import suppressions
from engage.store.schema.tables import contacts, events, touches
from engage.store.sql.typed_json import ByDialect

ACTIVE_WITHIN, STALE_AFTER = timedelta(days=90), timedelta(days=365)
OWN_DOING = (Kind.EVENT, Kind.OPENED, Kind.CLICKED, Kind.REPLIED, Kind.CONVERTED, Kind.CONSENT_GRANTED)
LOST = (Kind.UNSUBSCRIBED, Kind.COMPLAINED)
SCORES, RECOMMENDATIONS = "csat.answered", "nps.answered"
HERE = contacts.c.erased_at.is_(None)


def people_report(connection: sa.Connection, *, settings: Settings, now: datetime) -> PeopleReport:
    """All of it at that moment."""
    total, active, stale = connection.execute(_activity(now)).one()
    answers = _answers(connection)
    return PeopleReport(
        contacts=total, active=active, stale=stale, reachable=_reachable(connection), consented=_consented(connection, settings, now),
        cohorts=[Cohort(**row) for row in connection.execute(_cohorts(now)).mappings()],
        scores=answers.get(SCORES, {}), recommendations=answers.get(RECOMMENDATIONS, {}),
    )


def _last_doing() -> sa.Subquery:
    """When each contact did something of its own last."""
    mine = (touches.c.kind.in_([kind.value for kind in OWN_DOING]), touches.c.contact_id.is_not(None), ~by_machine())
    return sa.select(touches.c.contact_id,
    sa.func.max(touches.c.at).label("at")).where(*mine).group_by(touches.c.contact_id).subquery("last")


def _activity(now: datetime) -> sa.Select[int, int, int]:
    last = _last_doing()
    silent = sa.or_(last.c.at.is_(None), last.c.at < now - STALE_AFTER)
    return (
        sa.select(
            sa.func.count(), sa.func.count(sa.case((last.c.at >= now - ACTIVE_WITHIN, 1))),
            sa.func.count(sa.case((sa.and_(contacts.c.known_at < now - STALE_AFTER, silent), 1))),
        )
        .select_from(contacts.outerjoin(last, last.c.contact_id == contacts.c.id)).where(HERE)
    )


def _reachable(connection: sa.Connection) -> Mapping[str, int]:
    """By kind of channel: who has an address that is not suppressed."""
    asked = []
    for kind, column in KEY_COLUMNS.items():
        shut = sa.exists().where(suppressions.c.address_key == contacts.c[column]).correlate(contacts)
        asked.append(sa.func.count(sa.case((sa.and_(contacts.c[column].is_not(None), ~shut), 1))).label(kind.value))
    return dict(connection.execute(sa.select(*asked).where(HERE)).mappings().one())


def _consented(connection: sa.Connection, settings: Settings, now: datetime) -> Mapping[str, Mapping[str, int]]:
    """By purpose and kind of channel: whom the purpose may write to, as the decision finds it."""
    pairs = [(purpose, kind) for purpose in settings.purposes.values() for kind in ChannelKind]
    asked = [sa.func.count(sa.case((has_consent(purpose, kind, now), 1))) for purpose, kind in pairs]
    counts = connection.execute(sa.select(*asked).select_from(contacts).where(HERE)).one() if asked else ()
    found: dict[str, dict[str, int]] = {purpose: {} for purpose in settings.purposes}
    for (purpose, kind), count in zip(pairs, counts, strict=True):
        found[purpose.name][kind.value] = count
    return found


def _month(at: sa.ColumnElement[Any]) -> ByDialect:
    return ByDialect(
        sqlite=sa.func.substr(sa.type_coerce(at, sa.String), 1, 7),
        postgresql=sa.func.to_char(sa.func.timezone("UTC", at), "YYYY-MM"), kind=AttributeKind.TEXT,
    )


def _cohorts(now: datetime) -> sa.Select[Any]:
    """By the month in which each was first written to."""
    first = (
        sa.select(
            touches.c.contact_id, sa.func.min(sa.case((touches.c.kind == Kind.SENT.value, touches.c.at)), type_=Instant).label("at"),
            sa.func.max(sa.case((touches.c.kind.in_([kind.value for kind in LOST]), 1), else_=0)).label("lost"),
        )
        .where(touches.c.kind.in_([Kind.SENT.value, *(kind.value for kind in LOST)]), touches.c.contact_id.is_not(None))
        .group_by(touches.c.contact_id).subquery("first")
    )
    last = _last_doing()
    gone = sa.or_(first.c.lost == 1, contacts.c.id.is_(None), contacts.c.erased_at.is_not(None))
    stays = sa.and_(~gone, last.c.at >= now - ACTIVE_WITHIN)
    base = (
        sa.select(_month(first.c.at).label("month"), sa.case((gone, 1), else_=0).label("gone"), sa.case((stays, 1), else_=0).label("stays"))
        .select_from(
            first.outerjoin(contacts, contacts.c.id == first.c.contact_id).outerjoin(last, last.c.contact_id == first.c.contact_id)
        )
        .where(first.c.at.is_not(None)).subquery("each")
    )
    return (
        sa.select(
            base.c.month, sa.func.count().label("contacts"), sa.func.sum(base.c.gone).label("churned"),
            sa.func.sum(base.c.stays).label("active")
        )
        .group_by(base.c.month).order_by(base.c.month)
    )


def _answers(connection: sa.Connection) -> Mapping[str, Mapping[float, int]]:
    """How often each score was given, by the type of the event; what is no number was no answer."""
    score = events.c.data["score"].as_string().label("score")
    asked = (
        sa.select(events.c.type, score, sa.func.count())
        .where(events.c.type.in_([SCORES, RECOMMENDATIONS]), events.c.contact_id.is_not(None)).group_by(events.c.type, score)
    )
    found: dict[str, dict[float, int]] = {}
    for type_, given, count in connection.execute(asked):
        number = _number(given)
        if number is not None:
            answers = found.setdefault(type_, {})
            answers[number] = answers.get(number, 0) + count
    return found


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
