"""May it be sent? `Intent + Facts + now -> Approved | Deferred | Held | Refused`, with the trail of every check on the way.

The eight checks, in their order; the first that says no decides:

1. the campaign: run not exited, campaign not ended, nothing paused, approved, the contact in the ramp's share
2. to 4. the channel: address, suppression list, consent; the first channel on the list that passes all three is chosen
1. again, of the channel chosen: not paused, its address within `guards.only_to`; another channel is never tried for either
5. the expiry
6. to 8. the hour: quiet hours, limits, the provider; put off to the first moment that satisfies all three together

What is held waits for people no longer than to its expiry: from then on the answer is `expired`, so that every delivery comes to an end.
Where no moment within reach satisfies 6 to 8 (seven days off, zones whose allowed hours never meet), the answer is `expired`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal, final

from engage.model.campaign import Campaign, Status
from engage.model.contact import Contact
from engage.model.delivery import Approved, Check, Decision, Deferred, DeliveryState, Facts, Held, Intent, Refused
from engage.model.localtime import UnknownZoneError, to_utc, zone
from engage.model.workspace import Settings
from engage.policy.addresses import is_within
from engage.policy.ramp import opens_at
from engage.policy.reach import Reached, reach
from engage.policy.timing import QUIET_HOURS, Timing, timing_for_staff, timing_of

Final = Literal[DeliveryState.SUPPRESSED, DeliveryState.EXPIRED, DeliveryState.CANCELLED]
HoldReason = Literal["paused", "approval", "zone", "ramp"]


def decide(intent: Intent, facts: Facts, *, now: datetime, settings: Settings, campaign: Campaign | None) -> Decision:
    """Takes the decision for one delivery. Pure: the same facts and moment give the same answer.

    `settings` and `campaign` are the newest accepted ones and the run's own version; no campaign: a single message asked for by the
    API. An Approved says that it may be sent at `now`, and only then.
    """
    case = _Case(intent=intent, facts=facts, now=now, settings=settings, campaign=campaign)
    contact = facts.contact
    if (stopped := case.campaign_stops()) is not None:
        return stopped
    if contact is None or contact.erased:
        case.note(2, "contact", "the contact is erased", passed=False)
        return case.refuse(DeliveryState.SUPPRESSED, "erased")
    reached = reach(intent, contact, facts, now=now, settings=settings, trail=case.trail)
    if not isinstance(reached, Reached):
        return case.refuse(DeliveryState.SUPPRESSED, reached.reason, reached.channel)
    return case.channel_stops(reached) or case.time_of(reached, contact)


def next_chance(intent: Intent, facts: Facts, *, now: datetime, settings: Settings, campaign: Campaign | None) -> datetime | None:
    """The first moment, `now` or later, that satisfies checks 6 to 8 together, whatever the expiry says.

    None where there is none, where no channel passes checks 2 to 4, or where the contact's zone is broken.
    """
    case = _Case(intent=intent, facts=facts, now=now, settings=settings, campaign=campaign)
    contact = facts.contact
    if contact is None or contact.erased:
        return None
    reached = reach(intent, contact, facts, now=now, settings=settings, trail=[])
    try:
        return case.timing(reached, contact).first_moment(now) if isinstance(reached, Reached) else None
    except UnknownZoneError:
        return None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One decision in the making; `trail` is what it has found so far."""

    intent: Intent
    facts: Facts
    now: datetime
    settings: Settings
    campaign: Campaign | None
    trail: list[Check] = field(default_factory=list)

    def campaign_stops(self) -> Refused | Held | None:
        """Check 1, as far as it needs no channel."""
        state = self.facts.campaign
        if self.facts.run_exited:
            return self.cancel("exited", "the run has exited")
        if self.intent.needless is not None:
            return self.cancel(self.intent.needless, f"{self.intent.needless} came of what went by an earlier channel")
        if state.ended or not state.live or self._is_past_validity():
            return self.cancel("ended", "the campaign has ended")
        if state.paused or (self.campaign is not None and self.campaign.status is Status.PAUSED):
            return self.hold(1, "campaign", "paused", "the campaign, or everything, is paused")
        if not state.approved:
            return self.hold(1, "campaign", "approval", "the campaign waits for somebody to approve it")
        if (opens := self.ramp_opens()) is not None:
            return self.hold(1, "ramp", "ramp", f"the ramp reaches this contact {opens:%Y-%m-%d %H:%M} UTC", until=opens)
        self.note(1, "campaign", "the campaign is live, valid and approved, and the run goes on")
        return None

    def ramp_opens(self) -> datetime | None:
        """When the ramp will reach the contact; None where it does already, or there is none."""
        since = self.facts.campaign.since
        if self.campaign is None or since is None or not self.campaign.ramp:
            return None
        opens = opens_at(self.campaign, self.intent.contact_id, since=since, zone=zone(self.settings.timezone))
        return opens if opens > self.now else None

    def _is_past_validity(self) -> bool:
        if self.campaign is None or self.campaign.valid_until is None:
            return False
        end = datetime.combine(self.campaign.valid_until + timedelta(days=1), time())
        return self.now >= to_utc(end, zone(self.settings.timezone))

    def channel_stops(self, reached: Reached) -> Refused | Held | None:
        """Check 1 of the channel that was chosen, and the expiry."""
        name = reached.channel.name
        if name in self.facts.paused_channels:
            return self.hold(1, "channel", "paused", "the channel is paused", name)
        if not is_within(self.settings.guards.only_to, reached.address):
            self.note(1, "only_to", "the address is not among those that guards.only_to lets through", name, passed=False)
            return self.refuse(DeliveryState.SUPPRESSED, "only_to", name)
        self.note(1, "channel", "the channel is not paused, and guards.only_to lets the address through", name)
        return self.expired(name)

    def expired(self, channel: str | None) -> Refused | None:
        """Check 5."""
        until = f"{self.intent.expires_at:%Y-%m-%d %H:%M} UTC"
        if self.now >= self.intent.expires_at:
            self.note(5, "expiry", f"it expired {until}", channel, passed=False)
            return self.refuse(DeliveryState.EXPIRED, "expired", channel)
        self.note(5, "expiry", f"it expires {until}", channel)
        return None

    def time_of(self, reached: Reached, contact: Contact) -> Decision:
        """Checks 6 to 8."""
        name = reached.channel.name
        try:
            timing = self.timing(reached, contact)
        except UnknownZoneError as error:
            return self.hold(QUIET_HOURS, "quiet_hours", "zone", str(error), name)
        checks = timing.checks(self.now, name)
        self.trail.extend(checks)
        failed = next((check for check in checks if not check.passed), None)
        if failed is None:
            return Approved(
                intent=self.intent, contact=contact, channel=name, kind=reached.channel.kind, address=reached.address,
                trail=tuple(self.trail),
            )
        return self.put_off(timing, failed.number, name)

    def put_off(self, timing: Timing, failed: int, channel: str) -> Deferred | Refused:
        """Not now: at the first moment that satisfies 6 to 8 together, or never where that is past the expiry."""
        until = timing.first_moment(self.now, until=self.intent.expires_at)
        if until is None or until >= self.intent.expires_at:
            self.note(5, "expiry", "it expires before the first moment at which it may go", channel, passed=False)
            return self.refuse(DeliveryState.EXPIRED, "expired", channel)
        reason = timing.reason(failed, until)
        return Deferred(intent=self.intent, until=until, reason=reason, trail=tuple(self.trail), channel=channel)

    def timing(self, reached: Reached, contact: Contact) -> Timing:
        """What says when it may go by the channel chosen."""
        if reached.fixed:
            return timing_for_staff(self.facts, reached.channel, now=self.now)
        return timing_of(
            self.intent, contact, self.facts, reached.channel, now=self.now, settings=self.settings, campaign=self.campaign,
        )

    def note(self, number: int, name: str, why: str, channel: str | None = None, *, passed: bool = True) -> None:
        """Writes a line of the trail."""
        self.trail.append(Check(number=number, name=name, passed=passed, why=why, channel=channel))

    def cancel(self, reason: str, why: str) -> Refused:
        """Never, because of its campaign or run."""
        self.note(1, "campaign", why, passed=False)
        return self.refuse(DeliveryState.CANCELLED, reason)

    def hold(
        self, number: int, name: str, reason: HoldReason, why: str, channel: str | None = None, *, until: datetime | None = None,
    ) -> Held | Refused:
        """Waits for people, or until then, but not beyond its expiry."""
        self.note(number, name, why, channel, passed=False)
        if self.now >= self.intent.expires_at:
            return self.refuse(DeliveryState.EXPIRED, "expired", channel)
        return Held(intent=self.intent, reason=reason, trail=tuple(self.trail), until=until)

    def refuse(self, state: Final, reason: str, channel: str | None = None) -> Refused:
        """Never."""
        return Refused(intent=self.intent, state=state, reason=reason, trail=tuple(self.trail), channel=channel)
