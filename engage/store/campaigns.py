"""What can change about a campaign while its deliveries wait: live, paused, ended, approved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from engage.model.campaign import Status
from engage.model.delivery import CampaignState
from engage.store.tables import campaign_states, campaign_versions, pauses

Edition = tuple[str, str]
"""A campaign's name, and the hash of one version of it."""


Pause = tuple[str, str]
"""What is paused: a scope, and a name in it."""


def pauses_in(connection: sa.Connection) -> frozenset[Pause]:
    """All that people paused."""
    return frozenset((scope, name) for scope, name in connection.execute(_PAUSES))


def campaign_states_of(
    connection: sa.Connection, editions: Iterable[Edition], *, paused: frozenset[Pause], now: datetime
) -> Mapping[Edition, CampaignState]:
    """The state of each campaign, by the newest accepted snapshot and by what people did. One that is in no snapshot is not live."""
    editions = set(editions)
    wanted = sorted({name for name, _ in editions})
    rows = connection.execute(_STATES, {"names": wanted}).mappings()
    known = {row["campaign"]: row for row in rows}
    everything = ("all", "") in paused
    since = _accepted_at(connection, editions)
    return {
        (name, version): _state(
            known.get(name), paused=everything or ("campaign", name) in paused, now=now, since=since.get((name, version)),
        )
        for name, version in editions
    }


def _accepted_at(connection: sa.Connection, editions: Iterable[Edition]) -> Mapping[Edition, datetime]:
    rows = connection.execute(_ACCEPTED_AT, {"editions": sorted(editions)})
    return {(name, version): accepted_at for name, version, accepted_at in rows}


_STATES = sa.select(campaign_states).where(campaign_states.c.campaign.in_(sa.bindparam("names", expanding=True)))
_PAUSES = sa.select(pauses.c.scope, pauses.c.name)
_EDITION = (campaign_versions.c.campaign, campaign_versions.c.version)
_NAMED = sa.tuple_(*_EDITION).in_(sa.bindparam("editions", expanding=True))
_ACCEPTED_AT = sa.select(*_EDITION, campaign_versions.c.accepted_at).where(_NAMED)


def _state(row: sa.RowMapping | None, *, paused: bool, now: datetime, since: datetime | None) -> CampaignState:
    if row is None:
        return CampaignState(live=False, paused=paused, since=since)
    rests = row["status"] == Status.PAUSED.value
    return CampaignState(
        live=rests or row["status"] == Status.LIVE.value, paused=paused or rests,
        ended=row["ends_at"] is not None and row["ends_at"] <= now, approved=not row["needs_approval"] or row["approved_at"] is not None,
        since=since,
    )
