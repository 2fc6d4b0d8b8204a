"""The questions of expressions about a row of `contacts`, as subqueries: consent, history, events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from engage.feedback.responses import BY_MACHINES
from engage.model.contact import ChannelKind
from engage.model.expression import EventCount, Touched
from engage.model.time import Duration
from engage.model.workspace import Basis, Purpose
from engage.rules.expressions import since
from engage.store.campaigns.renaming import is_of
from engage.store.schema.ledger import consents
from engage.store.schema.tables import contacts, events, touches


def has_consent(purpose: Purpose, kind: ChannelKind, now: datetime) -> sa.ColumnElement[bool]:
    """Whether the purpose may write to the contact by that kind of channel; never NULL.

    The line that counts is the latest of this kind of channel or of all, ties by id, of those that have not expired; withdrawals
    through a message count for every contact that shares the address.
    """
    basis = purpose.consent[kind]
    if basis is Basis.NONE:
        return sa.true()
    shared = sa.and_(~consents.c.granted, consents.c.address_key.in_([contacts.c.email_key, contacts.c.phone_key, contacts.c.chat_key]))
    last = (
        sa.select(consents.c.granted)
        .where(
            consents.c.purpose == purpose.name, consents.c.at <= now,
            sa.or_(consents.c.expires_at.is_(None), consents.c.expires_at > now),
            sa.or_(consents.c.channel.is_(None), consents.c.channel == kind.value),
            sa.or_(consents.c.contact_id == contacts.c.id, shared),
        )
        .order_by(consents.c.at.desc(), consents.c.id.desc()).limit(1)
        .correlate(contacts).scalar_subquery()
    )
    return sa.func.coalesce(last, sa.literal(basis is Basis.OPT_OUT, sa.Boolean()), type_=sa.Boolean)


def touched(asked: Touched, now: datetime) -> sa.ColumnElement[bool]:
    """Whether the contact's history has such a touch; what a machine opened, clicked or answered by itself never counts."""
    wanted = [touches.c.contact_id == contacts.c.id, *_span(touches.c.at, asked.within, now)]
    pairs = ((touches.c.message, asked.message), (touches.c.kind, asked.touch))
    wanted += [column == str(value) for column, value in pairs if value is not None]
    wanted += [is_of(asked.campaign, touches.c.campaign)] if asked.campaign is not None else []
    wanted += [~by_machine()] if asked.touch in BY_MACHINES else []
    return sa.exists().where(*wanted).correlate(contacts)


def by_machine() -> sa.ColumnElement[bool]:
    """Whether a touch is a machine's doing; never NULL."""
    return sa.func.coalesce(touches.c.detail["machine"].as_boolean(), sa.false(), type_=sa.Boolean)


def event_count(asked: EventCount, fields: Iterable[sa.ColumnElement[bool]], now: datetime) -> sa.ColumnElement[int]:
    """How many such events the contact had; `fields` are the conditions on their data."""
    return (
        sa.select(sa.func.count()).select_from(events)
        .where(events.c.contact_id == contacts.c.id, events.c.type == asked.type, *_span(events.c.at, asked.within, now), *fields)
        .correlate(contacts).scalar_subquery()
    )


def _span(at: sa.Column[datetime], within: Duration | None, now: datetime) -> list[sa.ColumnElement[bool]]:
    return [at <= now, *([at >= since(now, within)] if within is not None else [])]
