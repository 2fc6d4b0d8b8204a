"""How often one contact hears from us: limits of a purpose, a campaign, the workspace, by local calendar or rolling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import final
from zoneinfo import ZoneInfo

from engage.model.campaign import FREQUENCIES, Campaign, Limit, Per
from engage.model.contact import Contact
from engage.model.delivery import HandOff, Intent
from engage.model.localtime import add, add_to_date, local_date, start_of_day
from engage.model.time import Duration
from engage.model.workspace import Settings


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A limit with the hand-offs that count against it (their instants, in order); `whose` is for people to read."""

    whose: str
    limit: Limit
    taken: tuple[datetime, ...]

    def __str__(self) -> str:
        return f"{self.whose}: {self.limit}"


def quotas_of(
    intent: Intent, hand_offs: Iterable[HandOff], *, settings: Settings, campaign: Campaign | None, contact: Contact | None = None,
) -> tuple[Quota, ...]:
    """The limits that hold for a delivery: its purpose's, its campaign's, the workspace's, and what the contact asked for itself; it
    does not count against itself.

    The workspace's limit, and the contact's, is over all purposes but those that ask no consent on any channel: they neither count nor
    are held back. A purpose that is no longer declared counts.
    """
    purpose = settings.purposes[intent.purpose]
    campaigns = campaign.limits if campaign else ()
    wished = frequency_of(contact)
    if not (purpose.limits or campaigns or settings.limits or wished):
        return ()
    others = _others(intent, hand_offs)
    quotas = [
        *_quotas(f"purpose {purpose.name}", purpose.limits, [each for each in others if each.purpose == purpose.name]),
        *_quotas(f"campaign {intent.campaign}", campaigns, [each for each in others if each.campaign == intent.campaign]),
    ]
    if not _is_unlimited(intent.purpose, settings):
        promotional = [each for each in others if not _is_unlimited(each.purpose, settings)]
        quotas += _quotas("workspace", settings.limits, promotional)
        quotas += _quotas("the contact's own wish", [wished] if wished else [], promotional)
    return tuple(quotas)


def frequency_of(contact: Contact | None) -> Limit | None:
    """How often the contact wants to hear from us at most; None where it said nothing that is known."""
    wish = contact.attributes.get("frequency") if contact is not None else None
    return FREQUENCIES.get(wish) if isinstance(wish, str) else None


def _others(intent: Intent, hand_offs: Iterable[HandOff]) -> Sequence[HandOff]:
    """The hand-offs beside this one's own, in their order; the several of one occasion, or delivery, count as the first of them."""
    counted: dict[object, HandOff] = {}
    for each in sorted(hand_offs, key=lambda each: each.at):
        mine = each.delivery_id == intent.id or (each.occasion is not None and each.occasion == intent.occasion)
        if not mine:
            counted.setdefault(each.occasion or each.delivery_id or id(each), each)
    return list(counted.values())


def _quotas(whose: str, limits: Iterable[Limit], hand_offs: Sequence[HandOff]) -> list[Quota]:
    return [Quota(whose=whose, limit=limit, taken=tuple(each.at for each in hand_offs)) for limit in limits]


def _is_unlimited(name: str, settings: Settings) -> bool:
    purpose = settings.purposes.get(name)
    return purpose is not None and purpose.asks_nothing


def full_quota(moment: datetime, quotas: Iterable[Quota], zones: Sequence[ZoneInfo]) -> Quota | None:
    """A quota that has no room at the moment, in one of the zones at least; None where all have."""
    for quota in quotas:
        if any(_room_from(moment, quota, zone) != moment for zone in zones):
            return quota
    return None


def next_room(moment: datetime, quotas: Iterable[Quota], zones: Sequence[ZoneInfo]) -> datetime | None:
    """The earliest instant, `moment` itself or later, at which every quota has room in every zone; None where there is never any."""
    quotas = tuple(quotas)
    while True:
        later = moment
        for quota in quotas:
            for zone in zones:
                room = _room_from(moment, quota, zone)
                if room is None:
                    return None
                later = max(later, room)
        if later == moment:
            return moment
        moment = later


def _room_from(moment: datetime, quota: Quota, zone: ZoneInfo) -> datetime | None:
    """The earliest instant, `moment` or later, at which one quota has room in one zone; None where it allows nothing at all."""
    limit = quota.limit
    if limit.count < 1:
        return None
    if len(quota.taken) < limit.count:
        return moment
    if limit.per is not None:
        return _calendar_room(moment, quota.taken, limit.count, limit.per, zone)
    return _rolling_room(moment, quota.taken, limit.count, limit.within or Duration(), zone)


def _rolling_room(moment: datetime, taken: Sequence[datetime], count: int, within: Duration, zone: ZoneInfo) -> datetime:
    """A hand-off counts until the span after it has passed, days by the wall clock; those not yet past count as well."""
    freed = sorted(add(at, within, zone) for at in taken)
    still = [at for at in freed if at > moment]
    return moment if len(still) < count else still[len(still) - count]


def _calendar_room(moment: datetime, taken: Sequence[datetime], count: int, per: Per, zone: ZoneInfo) -> datetime:
    counted = Counter(_first_day(local_date(at, zone), per) for at in taken)
    while counted[first := _first_day(local_date(moment, zone), per)] >= count:
        moment = start_of_day(_next_period(first, per), zone, after=moment)
    return moment


def _first_day(day: date, per: Per) -> date:
    match per:
        case Per.DAY:
            return day
        case Per.WEEK:
            return day - timedelta(days=day.weekday())
        case Per.MONTH:
            return day.replace(day=1)


def _next_period(first: date, per: Per) -> date:
    return add_to_date(first, {Per.DAY: Duration(days=1), Per.WEEK: Duration(days=7), Per.MONTH: Duration(months=1)}[per])
