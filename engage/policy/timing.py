"""Checks 6 to 8 of the decision: quiet hours, limits, the provider; and the first moment that satisfies them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final
from zoneinfo import ZoneInfo

from engage.model.campaign import Campaign
from engage.model.contact import Contact
from engage.model.delivery import Check, Facts, Intent, ProviderState
from engage.model.localtime import local, zones_of
from engage.model.workspace import Channel, Settings
from engage.policy.limits import Quota, full_quota, next_room, quotas_of
from engage.policy.quiet_hours import Rule, Rules, next_allowed, quiet_rule, rules_of

QUIET_HOURS, LIMITS, PROVIDER = 6, 7, 8

SHORTEST_WAIT = timedelta(milliseconds=1)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """All that says when a delivery may go by a channel. `ready_at`: when its provider takes the next message."""

    rules: Rules
    quotas: tuple[Quota, ...]
    zones: tuple[ZoneInfo, ...]
    ready_at: datetime
    provider_reason: str = "rate"

    def checks(self, now: datetime, channel: str) -> tuple[Check, Check, Check]:
        """The three lines of the trail."""
        quiet = quiet_rule(now, self.rules, self.zones)
        full = full_quota(now, self.quotas, self.zones)
        return (
            Check(number=QUIET_HOURS, name="quiet_hours", passed=quiet is None, why=self._why_quiet(now, quiet), channel=channel),
            Check(number=LIMITS, name="limits", passed=full is None, why=_why_full(full), channel=channel),
            Check(number=PROVIDER, name="provider", passed=self.ready_at <= now, why=self._why_busy(now), channel=channel),
        )

    def first_moment(self, now: datetime, *, until: datetime | None = None) -> datetime | None:
        """The first moment, `now` or later, that satisfies all three; None where there is none (before `until`)."""
        moment = max(now, self.ready_at)
        while True:
            allowed = next_allowed(moment, self.rules, self.zones, until=until)
            room = next_room(allowed, self.quotas, self.zones) if allowed is not None else None
            if room is None or room == moment:
                return room
            moment = room

    def reason(self, failed: int, until: datetime) -> str:
        """The reason of a deferral to `until` by the check of that number.

        The provider's, by the clock of machines, only where its wait is all: a wait into the night is put off by the night.
        """
        if failed == PROVIDER and until > self.ready_at:
            failed = QUIET_HOURS if quiet_rule(self.ready_at, self.rules, self.zones) else LIMITS
        return {QUIET_HOURS: "quiet_hours", LIMITS: "limit", PROVIDER: self.provider_reason}[failed]

    def _why_quiet(self, now: datetime, quiet: tuple[Rule, ZoneInfo] | None) -> str:
        if quiet is None:
            return f"it is {local(now, self.zones[0]):%H:%M} in {self.zones[0].key}" if self.zones else "there are no quiet hours for staff"
        rule, zone = quiet
        return f"it is {local(now, zone):%A %H:%M} in {zone.key}, quiet: {rule}"

    def _why_busy(self, now: datetime) -> str:
        wait = (self.ready_at - now).total_seconds()
        return f"the provider takes the next message in {wait:.1f} s ({self.provider_reason})" if wait > 0 else "the provider is ready"


def _why_full(full: Quota | None) -> str:
    return f"{full} is used up" if full else "there is room within the limits"


def timing_of(
    intent: Intent, contact: Contact, facts: Facts, channel: Channel, *, now: datetime, settings: Settings, campaign: Campaign | None,
) -> Timing:
    """What holds for this contact by this channel. Raises UnknownZoneError where the contact's zone is broken."""
    purpose = settings.purposes[intent.purpose]
    country = contact.text("country")
    layers = (settings.quiet_hours, purpose.quiet_hours, *intent.quiet_hours)
    ready_at, reason = _readiness(facts.providers, channel, now)
    return Timing(
        rules=rules_of(layers, country=country, transactional=purpose.is_transactional(channel.kind)),
        quotas=quotas_of(intent, facts.hand_offs, settings=settings, campaign=campaign, contact=contact),
        zones=zones_of(contact.zones), ready_at=ready_at, provider_reason=reason,
    )


def timing_for_staff(facts: Facts, channel: Channel, *, now: datetime) -> Timing:
    """A fixed recipient has no quiet hours and no limits; only the provider has a say."""
    ready_at, reason = _readiness(facts.providers, channel, now)
    return Timing(rules=(), quotas=(), zones=(), ready_at=ready_at, provider_reason=reason)


def _readiness(providers: Mapping[str, ProviderState], channel: Channel, now: datetime) -> tuple[datetime, str]:
    state = providers.get(channel.name)
    if state is None or state.wait <= 0:
        return now, "rate"
    return now + max(timedelta(seconds=state.wait), SHORTEST_WAIT), state.reason or "rate"
