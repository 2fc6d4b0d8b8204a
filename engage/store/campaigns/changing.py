"""What can change about a campaign while its deliveries wait: live, paused, ended, approved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa

from engage.model.campaign import Status
from engage.model.delivery import CampaignState
from engage.store.campaigns.fact_rows import CAMPAIGN, EDITION, PAUSE, STANDING, FactRow
from engage.store.sql.raw import moment, moment_or_none, raw_rows

Edition = tuple[str, str]
"""A campaign's name, and the hash of one version of it."""


Pause = tuple[str, str]
"""What is paused: a scope, and a name in it."""


def pauses_in(rows: Iterable[FactRow]) -> frozenset[Pause]:
    """All that people paused, of rows about whatever."""
    return frozenset((row.text or "", row.other or "") for row in rows if row.about == PAUSE)


def campaign_states_in(rows: Iterable[FactRow], editions: Iterable[Edition], *, now: datetime) -> Mapping[Edition, CampaignState]:
    """The state of each campaign, by the newest accepted snapshot and by what people did. One that is in no snapshot is not live.

    What has no campaign, a single message, goes as long as not everything is paused.
    """
    rows = list(rows)
    paused = pauses_in(rows)
    everything = ("all", "") in paused
    known = {row.text: row for row in rows if row.about == CAMPAIGN}
    since = {(row.text, row.other): moment_or_none(row.at) for row in rows if row.about == EDITION}
    return {
        (name, version): CampaignState(paused=everything) if not name else _state(
            known.get(name), paused=everything or ("campaign", name) in paused, now=now, since=since.get((name, version)),
        )
        for name, version in set(editions)
    }


def campaign_state_of(connection: sa.Connection, edition: Edition, *, now: datetime) -> CampaignState:
    """The state of one of them."""
    name, version = edition
    rows = map(FactRow._make, raw_rows(connection, STANDING, {"campaigns": [name], "versions": [version]}))
    return campaign_states_in(rows, [edition], now=now)[edition]


def _state(row: FactRow | None, *, paused: bool, now: datetime, since: datetime | None) -> CampaignState:
    if row is None:
        return CampaignState(live=False, paused=paused, since=since)
    rests = row.other == Status.PAUSED.value
    return CampaignState(
        live=rests or row.other == Status.LIVE.value, paused=paused or rests, ended=row.at is not None and moment(row.at) <= now,
        approved=not row.flag, since=since,
    )
