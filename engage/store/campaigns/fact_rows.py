"""The statements by which facts are read: all that the decision asks beside the deliveries and their contacts, in one query.

What is read has one shape, whatever it is about: `FactRow`. Read again, at the hand-off, are only sums of what is many: they tell
whether anything was added or taken away since.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from engage.model.delivery import DeliveryState
from engage.model.history import Kind
from engage.store.campaigns.renaming import present_name
from engage.store.schema.ledger import consents, suppressions
from engage.store.schema.tables import campaign_states, campaign_versions, deliveries, pauses, touches
from engage.store.sql.lists import among

COPIES = (DeliveryState.SENDING.value, DeliveryState.SENT.value, DeliveryState.UNKNOWN.value)

CONSENT, DONE, UNDER_WAY, SUPPRESSED, COPY, PAUSE, CAMPAIGN, EDITION = range(8)
"""What a row is about: a line of the ledger; a hand-off in the history; one under way; an address that is on the list; one that got the
message of an occurrence; a pause; a campaign's state; when a version of one was accepted."""


class FactRow(NamedTuple):
    """One row. `number` is the id of the line or the delivery, or a sum; the texts are in the order of the statements below."""

    about: int
    owner: int | None
    number: int | None
    at: datetime | str | None
    flag: bool | int | None
    text: str | None
    other: str | None
    third: str | None
    fourth: str | None
    fifth: str | None
    until: datetime | str | None


_NAMES = FactRow._fields[1:]


def _rows(about: int, **columns: Any) -> sa.Select[Any]:
    """A SELECT of that shape: NULL is what is not named."""
    first: sa.ColumnElement[int] = sa.literal_column(str(about), sa.Integer).label("about")
    return sa.select(first, *(columns.get(name, sa.null()).label(name) for name in _NAMES))


_LINES = sa.or_(among(consents.c.contact_id, "ids"), sa.and_(among(consents.c.address_key, "keys"), ~consents.c.granted))
_HANDED_OVER = (
    among(touches.c.contact_id, "counted"), touches.c.at >= sa.bindparam("since"),
    touches.c.kind.in_((sa.literal_column(f"'{Kind.SENT.value}'"), sa.literal_column(f"'{Kind.UNKNOWN.value}'"))),
)
_SENDING = (sa.text("state = 'sending'"), among(deliveries.c.contact_id, "counted"))

_ALL_OF_MANY = (
    _rows(
        CONSENT, owner=consents.c.contact_id, number=consents.c.id, at=consents.c.at, flag=consents.c.granted, text=consents.c.purpose,
        other=consents.c.channel, third=consents.c.source, fourth=consents.c.proof, fifth=consents.c.address_key,
        until=consents.c.expires_at,
    ).where(_LINES),
    _rows(
        DONE, owner=touches.c.contact_id, number=touches.c.delivery_id, at=touches.c.at, text=present_name(touches.c.campaign),
        other=touches.c.purpose, third=touches.c.detail["occasion"].as_string(),
    ).where(*_HANDED_OVER),
    _rows(
        UNDER_WAY, owner=deliveries.c.contact_id, number=deliveries.c.id, at=deliveries.c.sending_at, text=deliveries.c.campaign,
        other=deliveries.c.purpose, third=deliveries.c.payload["occasion"].as_string(),
    ).where(*_SENDING),
)


_NEVER = sa.cast(sa.null(), touches.c.at.type)


def _sums(about: int, number: sa.ColumnElement[int]) -> sa.Select[Any]:
    """How many rows there are (`owner`), and what the numbers in them come to."""
    total = sa.cast(sa.func.coalesce(sa.func.sum(number), 0), sa.BigInteger)
    return _rows(about, owner=sa.func.count(), number=total, at=_NEVER, until=_NEVER, flag=sa.false())


_SUMS_OF_MANY = (
    _sums(CONSENT, consents.c.id).where(_LINES), _sums(DONE, touches.c.delivery_id).where(*_HANDED_OVER),
    _sums(UNDER_WAY, deliveries.c.id).where(*_SENDING),
)

_STANDING = (
    _rows(PAUSE, text=pauses.c.scope, other=pauses.c.name),
    _rows(
        CAMPAIGN, at=campaign_states.c.ends_at, text=campaign_states.c.campaign, other=campaign_states.c.status,
        flag=sa.and_(campaign_states.c.needs_approval, campaign_states.c.approved_at.is_(None)),
    ).where(among(campaign_states.c.campaign, "campaigns")),
    _rows(
        EDITION, at=campaign_versions.c.accepted_at, text=campaign_versions.c.campaign, other=campaign_versions.c.version,
    ).where(among(campaign_versions.c.campaign, "campaigns"), among(campaign_versions.c.version, "versions")),
)
_OF_ADDRESSES = (
    _rows(SUPPRESSED, text=suppressions.c.address_key, other=suppressions.c.reason).where(among(suppressions.c.address_key, "keys")),
    _rows(COPY, text=deliveries.c.send_key, other=deliveries.c.address_key).where(
        among(deliveries.c.send_key, "send_keys"), deliveries.c.send_key.is_not(None),
        among(deliveries.c.address_key, "keys"), deliveries.c.address_key.is_not(None),
        deliveries.c.state.in_([sa.literal_column(f"'{state}'") for state in COPIES]),
    ),
)

# Made once, as every batch of every worker asks the first once and the second by the slice.
FACTS = sa.union_all(*_ALL_OF_MANY, *_OF_ADDRESSES, *_STANDING).order_by("at", "number")
"""Lines in the order of the ledger, hand-offs in theirs."""

SUMS = sa.union_all(*_SUMS_OF_MANY, *_OF_ADDRESSES, *_STANDING)
STANDING = sa.union_all(*reversed(_STANDING))
