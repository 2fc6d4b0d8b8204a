"""Plain yeses, quickly: most deliveries of a batch may simply go, by the first of their channels, and nobody will read why.

`decide` takes the decision with its whole trail; this says yes only where `decide` would (a property test holds one against the other),
and leaves everything else to it. What many deliveries of one moment share (campaign, purpose, channel, quiet hours of a place) is found
out once; of one contact are left its address, its consent, and what it was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import final
from zoneinfo import ZoneInfo

from engage.model.campaign import Campaign, Status
from engage.model.consent import decisive_line, is_allowed
from engage.model.contact import ADDRESSES, PREFERRED, Contact
from engage.model.delivery import Approved, CampaignState, Facts, Intent, ProviderState
from engage.model.localtime import UnknownZoneError, to_utc, zone, zones_of
from engage.model.workspace import Channel, Purpose, Settings
from engage.policy.addresses import is_within, why_unusable
from engage.policy.limits import full_quota, quotas_of
from engage.policy.quiet_hours import quiet_rule, rules_of
from engage.policy.reach import channel_order


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What deliveries share that go by one channel for one purpose of one campaign: only their contacts differ.

    `address` is the attribute that holds it; `limits` how many each limit allows, and since when it counts; `zones` are those of contacts
    by country and zone key, where it is no quiet hour in any of them.
    """

    intent: Intent  # kept, so that the ids in the key are nobody else's
    channel: Channel
    purpose: Purpose
    address: str
    limits: tuple[tuple[int, datetime], ...]
    zones: dict[tuple[str | None, str], tuple[ZoneInfo, ...] | None] = field(default_factory=dict, compare=False, repr=False)


@final
class Approver:
    """Approves at one moment. Not for two threads at once; what it is given must not change while it is used."""

    def __init__(self, settings: Settings, *, now: datetime, providers: Mapping[str, ProviderState]) -> None:
        self._settings = settings
        self._now = now
        self._busy = frozenset(name for name, state in providers.items() if state.wait > 0)
        self._only_to = settings.guards.only_to
        self._shared: dict[tuple[object, ...], _Shared | None] = {}

    def approve(self, intent: Intent, facts: Facts, campaign: Campaign | None) -> Approved | None:
        """Yes, without a trail; None where `decide` must be asked."""
        contact = facts.contact
        if contact is None or contact.erased or facts.run_exited or intent.needless or intent.tried or intent.to is not None:
            return None
        if self._now >= intent.expires_at or not _goes_on(facts.campaign):
            return None
        shared = self._shared_by(intent, contact, campaign)
        if shared is None:
            return None
        channel = shared.channel
        if channel.name in facts.paused_channels or channel.kind in facts.duplicates or channel.kind in facts.suppressed:
            return None
        address = contact.text(shared.address)
        if address is None or not self._may_be_written(address, shared, contact, facts):
            return None
        if contact.attributes.get("frequency") is not None:
            return None
        zones = self._open_zones(contact, shared)
        if zones is None or not self._has_room(intent, facts, shared, campaign, zones):
            return None
        return Approved(intent=intent, contact=contact, channel=channel.name, kind=channel.kind, address=address, trail=())

    def _shared_by(self, intent: Intent, contact: Contact, campaign: Campaign | None) -> _Shared | None:
        """What this delivery has in common with others; None where `decide` must be asked about each of them."""
        channels = intent.channels
        preferred = contact.attributes.get("preferred_channel") if PREFERRED in channels else None
        key = (intent.campaign, intent.version, intent.purpose, channels, preferred, id(intent.quiet_hours))
        if key not in self._shared:
            self._shared[key] = self._found(intent, contact, campaign)
        return self._shared[key]

    def _found(self, intent: Intent, contact: Contact, campaign: Campaign | None) -> _Shared | None:
        if not self._is_plain(campaign):
            return None
        name = next(iter(channel_order(intent.channels, contact, self._settings)), "")
        channel, purpose = self._settings.channels.get(name), self._settings.purposes.get(intent.purpose)
        if channel is None or channel.to is not None or name in self._busy or purpose is None:
            return None  # there is none, it has a fixed recipient, or its provider must be waited for
        limits = (*purpose.limits, *(campaign.limits if campaign is not None else ()), *self._settings.limits)
        return _Shared(
            intent=intent, channel=channel, purpose=purpose, address=ADDRESSES[channel.kind],
            limits=tuple((limit.count, self._now - limit.looks_back) for limit in limits),
        )

    def _is_plain(self, campaign: Campaign | None) -> bool:
        """Whether the campaign says neither pause nor ramp, and is not past its validity."""
        return campaign is None or (campaign.status is not Status.PAUSED and not campaign.ramp and not self._is_past(campaign))

    def _is_past(self, campaign: Campaign) -> bool:
        if campaign.valid_until is None:
            return False
        return self._now >= to_utc(datetime.combine(campaign.valid_until + timedelta(days=1), time()), zone(self._settings.timezone))

    def _may_be_written(self, address: str, shared: _Shared, contact: Contact, facts: Facts) -> bool:
        """Checks 2 to 4, and the guard."""
        channel, purpose = shared.channel, shared.purpose
        if why_unusable(address, channel.kind, channel.countries) is not None:
            return False
        if self._only_to and not is_within(self._only_to, address):
            return False
        line = None
        if facts.consents:
            line = decisive_line(facts.consents, contact_id=contact.id, purpose=purpose.name, kind=channel.kind, now=self._now)
        return is_allowed(purpose.consent[channel.kind], line)

    def _open_zones(self, contact: Contact, shared: _Shared) -> tuple[ZoneInfo, ...] | None:
        """The contact's zones, where it is no quiet hour in any of them; None where it is, or they are not known."""
        key = (contact.text("country"), contact.zones.key)
        if key not in shared.zones:
            shared.zones[key] = self._zones_if_open(contact, shared)
        return shared.zones[key]

    def _zones_if_open(self, contact: Contact, shared: _Shared) -> tuple[ZoneInfo, ...] | None:
        purpose = shared.purpose
        layers = (self._settings.quiet_hours, purpose.quiet_hours, *shared.intent.quiet_hours)
        rules = rules_of(layers, country=contact.text("country"), transactional=purpose.is_transactional(shared.channel.kind))
        try:
            zones = zones_of(contact.zones)
        except UnknownZoneError:
            return None
        return zones if quiet_rule(self._now, rules, zones) is None else None

    def _has_room(self, intent: Intent, facts: Facts, shared: _Shared, campaign: Campaign | None, zones: tuple[ZoneInfo, ...]) -> bool:
        """Check 7. Whose hand-offs could not fill a limit even if all counted that are not too long ago has room."""
        taken = facts.hand_offs
        for count, since in shared.limits:
            if len(taken) >= count and sum(each.at >= since for each in taken) >= count:
                break
        else:
            return True
        quotas = quotas_of(intent, taken, settings=self._settings, campaign=campaign)
        return full_quota(self._now, quotas, zones) is None


def _goes_on(state: CampaignState) -> bool:
    return state.live and state.approved and not (state.ended or state.paused)
