"""How each provider stands, as far as the database knows: what workers said of it, and its share of today. For `explain` and `status`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from engage.delivery.warming import Warming
from engage.model.delivery import ProviderState
from engage.model.localtime import local_date, zone
from engage.model.workspace import Channel, Settings
from engage.store.database import Database
from engage.store.delivery.notices import Standing, standings
from engage.store.delivery.volumes import SqlVolumes

SECOND = timedelta(seconds=1)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WayStanding:
    """One way of a channel: what is said of its provider, what it was given today, and how much it may be given (None: no bound)."""

    way: Channel
    said: Sequence[Standing]
    today: int
    allowance: int | None


def provider_states(database: Database, settings: Settings, *, now: datetime) -> Mapping[str, ProviderState]:
    """For the decision at this moment: the channels none of whose ways takes anything, as workers told and as is counted."""
    ways = [way for channel in settings.channels.values() for way in channel.ways]
    full = Warming(SqlVolumes(database)).ready_at(ways, now=now, zone=zone(settings.timezone))
    waits = dict.fromkeys((way.key for way in ways), (0.0, ""))
    for said in standings(database):
        if said.provider in waits and said.since <= now < said.until:
            waits[said.provider] = max(waits[said.provider], ((said.until - now) / SECOND, said.reason))
    for key, ready_at in full.items():
        waits[key] = max(waits[key], ((ready_at - now) / SECOND, "warm_up"))
    states = {name: min(waits[way.key] for way in channel.ways) for name, channel in settings.channels.items()}
    return {name: ProviderState(wait=wait, reason=reason) for name, (wait, reason) in states.items() if wait > 0}


def way_standings(database: Database, settings: Settings, *, now: datetime) -> Sequence[WayStanding]:
    """Every way of every channel, in the order in which they stand in engage.yaml."""
    ways = [way for channel in settings.channels.values() for way in channel.ways]
    day, said = local_date(now, zone(settings.timezone)), standings(database)
    taken = SqlVolumes(database).taken([way.key for way in ways], day)
    return [
        WayStanding(
            way=way, said=[each for each in said if each.provider == way.key], today=taken.get(way.key, 0),
            allowance=None if way.warm_up is None else way.warm_up.allowance(day),
        )
        for way in ways
    ]


def shut_domains(database: Database) -> Sequence[Standing]:
    """The recipients' domains that are left alone."""
    return [each for each in standings(database) if "@" in each.provider and each.lasts]
