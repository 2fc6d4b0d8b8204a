"""What `engage check` warns of: sends whose quiet hours are never over for contacts of whom only the country is known.

Where a country has several time zones and none is known, quiet hours must be over in all of them at once. In Russia, from Kaliningrad
to Kamchatka, `17:00 to 09:00` leaves no such moment, and everything expires.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from engage.model.campaign import Campaign
from engage.model.errors import Problem
from engage.model.localtime import zone
from engage.model.steps import Send, every_send
from engage.model.workspace import Settings
from engage.policy.quiet_hours import next_allowed, rules_of

LONG_ENOUGH = timedelta(days=30)
"""Longer than any stretch of holidays: what is not allowed for so long is forbidden by the hours themselves."""


def impossible_hours(
    settings: Settings, campaigns: Iterable[Campaign], *, countries: Iterable[str], zones_of_country: Callable[[str], tuple[str, ...]],
    now: datetime,
) -> tuple[Problem, ...]:
    """One problem for each send that can never go to contacts of some countries while their own zone is not known.

    `countries` are ISO 3166-1 alpha-2 codes, `zones_of_country` their IANA zones; countries without any are passed over.
    """
    zones = {country: names for country in countries if (names := zones_of_country(country))}
    problems = []
    never_by_hours: dict[str, Sequence[str]] = {}  # many sends have the same hours; their layers hold maps, which have no hash
    for send in (send for campaign in campaigns for send in every_send(campaign.steps) if not _is_to_staff(send, settings)):
        hours = repr((send.purpose, send.quiet_hours))
        if hours not in never_by_hours:
            never_by_hours[hours] = sorted(each for each, names in zones.items() if _is_never(send, settings, each, names, now))
        if never := never_by_hours[hours]:
            what = f"in {', '.join(never)} quiet hours are never over in all time zones at once"
            problems.append(Problem(place=send.place, what=f"{what}: contacts there whose own zone is not known get nothing"))
    return tuple(problems)


def _is_to_staff(send: Send, settings: Settings) -> bool:
    """Whether it goes to a fixed recipient, who knows no quiet hours."""
    channels = [settings.channels[name] for name in send.channels if name in settings.channels]
    return send.to is not None or (bool(channels) and all(channel.to for channel in channels))


def _is_never(send: Send, settings: Settings, country: str, names: Iterable[str], now: datetime) -> bool:
    """Whether no moment is allowed."""
    purpose = settings.purposes[send.purpose]
    layers = (settings.quiet_hours, purpose.quiet_hours, *send.quiet_hours)
    rules = rules_of(layers, country=country, transactional=purpose.asks_nothing)
    return next_allowed(now, rules, tuple(map(zone, names)), until=now + LONG_ENOUGH) is None
