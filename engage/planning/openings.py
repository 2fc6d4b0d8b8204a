"""2a Openings: of a campaign that begins with a plain send, the first deliveries are known before anybody enters.

They differ by when a contact enters and by where it lives, and in nothing else: so the store makes them together with the runs, and a
newsletter to a million costs Python nothing. Any other beginning is gone step by step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from engage.model.campaign import Campaign, ExitWhen
from engage.model.expression import Expression
from engage.model.localtime import known
from engage.model.run import Run, RunState
from engage.model.steps import Binding, Send
from engage.model.time import Zones, ZoneSource
from engage.model.values import pack
from engage.model.workspace import Workspace
from engage.planning.positions import START
from engage.planning.sending import delivery_as_written
from engage.planning.slots import Opening, Slot
from engage.planning.whereabouts import ZonesOf

MOST = 5_000
"""How many slots and zones may be worked out beforehand; beyond that every run goes its way step by step."""


def opening_send(campaign: Campaign) -> Send | None:
    """The first step, where it is a send that asks nothing of the contact: whether, what, to whom, by which channels."""
    first = campaign.steps[0]
    if not isinstance(first, Send) or first.when is not None or first.by_all or first.fallback is not None:
        return None
    asks = _asks(first.with_) or isinstance(first.to, Expression) or any(isinstance(each, ExitWhen) for each in campaign.exits)
    return None if asks else first


def openings(
    campaign: Campaign, slots: Sequence[Slot], *, workspace: Workspace, zone_keys: Sequence[str], zones_of: ZonesOf, now: datetime
) -> tuple[Opening, ...]:
    """The first delivery for each slot and each zone in which its contacts live; none where the campaign begins otherwise.

    Slots for those who changed late are left out: they are made at every look, and hardly anybody enters by them.
    """
    send = opening_send(campaign)
    places = _places([slot for slot in slots if slot.changed_since is None], zone_keys)
    if send is None or len(places) > MOST:
        return ()
    values = {name: pack(binding) for name, binding in send.with_.items()}
    zones = {zone_key: _zones(zone_key, workspace, zones_of) for _, _, zone_key in places}
    return tuple(
        Opening(
            at=at, key=key, zone_key=zone_key,
            delivery=delivery_as_written(
                send, _run(campaign, at, key, now), campaign=campaign, settings=workspace.settings, zones=zones[zone_key],
                channels=send.channels, to=send.to if isinstance(send.to, str) else None, values=values,
            ),
        )
        for at, key, zone_key in places
    )


def _asks(binding: Binding) -> bool:
    match binding:
        case Expression():
            return True
        case Mapping():
            return any(map(_asks, binding.values()))
        case tuple():
            return any(map(_asks, binding))
        case _:
            return False


def _places(slots: Iterable[Slot], zone_keys: Sequence[str]) -> list[tuple[datetime, str, str]]:
    """When, under which key and where contacts enter, each once."""
    found = (
        (slot.at, slot.key, zone_key)
        for slot in slots
        for zone_key in ([slot.residence.zone_key] if slot.residence is not None else zone_keys)
    )
    return list(dict.fromkeys(found))


def _run(campaign: Campaign, at: datetime, key: str, now: datetime) -> Run:
    """A run as it is made; of no contact yet."""
    return Run(
        id=0, campaign=campaign.name, version=campaign.version, contact_id=0, key=key, state=RunState.ACTIVE, entered_at=now,
        intended_at=at, position=START, since=at, due_at=now,
    )


def _zones(zone_key: str, workspace: Workspace, zones_of: ZonesOf) -> Zones:
    return known(Zones(key=zone_key, names=zones_of(zone_key), source=ZoneSource.CONTACT), workspace.settings.timezone)
