"""Every check of the decision, of every channel: what `decide` finds, and what it would have found behind the check that said no."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from engage.model.campaign import Campaign, Status
from engage.model.contact import Contact
from engage.model.delivery import CampaignState, Check, Decision, Facts, Intent
from engage.model.localtime import UnknownZoneError
from engage.model.workspace import Channel, Settings
from engage.policy import channel_order, decide
from engage.policy.reach import fixed_recipient
from engage.policy.timing import timing_for_staff, timing_of

NAMES = {
    1: "campaign", 2: "address", 3: "suppression", 4: "consent", 5: "expiry", 6: "quiet_hours", 7: "limits", 8: "provider",
}


def every_check(
    intent: Intent, facts: Facts, decision: Decision, *, now: datetime, settings: Settings, campaign: Campaign
) -> tuple[Check, ...]:
    """The trail of the decision; for each channel what was not asked is asked now, and stands behind it, in the order of numbers."""
    checks = [check for check in decision.trail if check.channel is None]
    contact = facts.contact
    if contact is None or contact.erased:
        return tuple(checks)
    for name in channel_order(intent.channels, contact, settings):
        channel = settings.channels.get(name)
        asked = [check for check in decision.trail if check.channel == name]
        asked += _missing(asked, replace(intent, channels=(name,)), facts, now=now, settings=settings, campaign=campaign)
        numbers = {check.number for check in asked}
        if channel is not None:
            asked += [check for check in _of_time(intent, contact, facts, channel, now, settings, campaign) if check.number not in numbers]
        checks.extend(sorted(asked, key=lambda check: check.number))
    return tuple(dict.fromkeys(checks))


def _missing(
    asked: list[Check], intent: Intent, facts: Facts, *, now: datetime, settings: Settings, campaign: Campaign
) -> Iterator[Check]:
    """What the decision would have found of this channel alone, had nothing before it said no."""
    numbers = {check.number for check in asked}
    free = replace(facts, campaign=CampaignState(), run_exited=False, paused_channels=frozenset())
    open_to_all = replace(campaign, status=Status.LIVE, valid_until=None, ramp=())
    for check in decide(intent, free, now=now, settings=settings, campaign=open_to_all).trail:
        if check.channel is not None and check.number not in numbers and check.number > 1:
            yield check


def _of_time(
    intent: Intent, contact: Contact, facts: Facts, channel: Channel, now: datetime, settings: Settings, campaign: Campaign
) -> Iterator[Check]:
    """Checks 5 to 8, whatever the others say."""
    expires = f"{intent.expires_at:%Y-%m-%d %H:%M} UTC"
    over = now >= intent.expires_at
    yield Check(number=5, name=NAMES[5], passed=not over, why=f"it expire{'d' if over else 's'} {expires}", channel=channel.name)
    try:
        if fixed_recipient(intent, channel) is not None:
            timing = timing_for_staff(facts, channel, now=now)
        elif intent.purpose in settings.purposes:
            timing = timing_of(intent, contact, facts, channel, now=now, settings=settings, campaign=campaign)
        else:
            return
    except UnknownZoneError as error:
        yield Check(number=6, name=NAMES[6], passed=False, why=str(error), channel=channel.name)
        return
    yield from timing.checks(now, channel.name)
