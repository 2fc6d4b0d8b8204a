"""What can change about a campaign while its deliveries wait: live, paused, ended, approved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from engage.model.campaign import Status
from engage.model.delivery import CampaignState
from engage.store.tables import campaign_states, pauses


def campaign_states_of(connection: sa.Connection, names: Iterable[str], *, now: datetime) -> Mapping[str, CampaignState]:
    """The state of each campaign, by the newest accepted snapshot and by what people did. One that is in no snapshot is not live."""
    wanted = sorted(set(names))
    rows = connection.execute(sa.select(campaign_states).where(campaign_states.c.campaign.in_(wanted))).mappings()
    known = {row["campaign"]: row for row in rows}
    paused = set(connection.execute(sa.select(pauses.c.scope, pauses.c.name)).all())
    everything = ("all", "") in paused
    return {name: _state(known.get(name), paused=everything or ("campaign", name) in paused, now=now) for name in wanted}


def _state(row: sa.RowMapping | None, *, paused: bool, now: datetime) -> CampaignState:
    if row is None:
        return CampaignState(live=False, paused=paused)
    rests = row["status"] == Status.PAUSED.value
    return CampaignState(
        live=rests or row["status"] == Status.LIVE.value, paused=paused or rests,
        ended=row["ends_at"] is not None and row["ends_at"] <= now, approved=not row["needs_approval"] or row["approved_at"] is not None,
    )
