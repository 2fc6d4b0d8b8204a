"""Plain yeses, quickly: most deliveries of a batch may simply go, by the first of their channels, and nobody will read why.

`decide` takes the decision with its whole trail; this says yes only where `decide` would (a property test holds one against the other),
and leaves everything else to it. What many deliveries of one moment share (campaign, channel, quiet hours of a place) is found out once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import final
from zoneinfo import ZoneInfo

from engage.model.campaign import Campaign, Status
from engage.model.consent import decisive_line, is_allowed
from engage.model.contact import PREFERRED, Contact
from engage.model.delivery import Approved, Facts, Intent, ProviderState
from engage.model.localtime import UnknownZoneError, to_utc, zone, zones_of
from engage.model.quiet_hours import QuietHoursLayer
from engage.model.workspace import Channel, Purpose, Settings
from engage.policy.addresses import is_within, why_unusable
from engage.policy.limits import full_quota, quotas_of
from engage.policy.quiet_hours import quiet_rule, rules_of
from engage.policy.reach import channel_order


@final
class Approver:
    """Approves at one moment. Not for two threads at once; what it is given must not change while it is used."""

    def __init__(self, settings: Settings, *, now: datetime, providers: Mapping[str, ProviderState]) -> None:
        self._settings = settings
        self._now = now
        self._busy = frozenset(name for name, state in providers.items() if state.wait > 0)
        self._plain_campaigns: dict[tuple[str, str], bool] = {}
        self._routes: dict[tuple[tuple[str, ...], object], Channel | None] = {}
        self._zones: dict[tuple[int, str, str | None, str, str], tuple[tuple[ZoneInfo, ...] | None, tuple[QuietHoursLayer, ...]]] = {}
        self._limited: dict[tuple[str, str, str], bool] = {}

    def approve(self, intent: Intent, facts: Facts, campaign: Campaign | None) -> Approved | None:
        """Yes, without a trail; None where `decide` must be asked."""
        contact, state = facts.contact, facts.campaign
        if contact is None or contact.erased or facts.run_exited or intent.tried or intent.to is not None:
            return None
        if state.ended or state.paused or not state.live or not state.approved or self._now >= intent.expires_at:
            return None
        if not self._is_plain(intent, campaign):
            return None
        channel = self._route(intent, contact)
        purpose = self._settings.purposes.get(intent.purpose)
        if channel is None or purpose is None or channel.name in facts.paused_channels or channel.kind in facts.duplicates:
            return None
        address = contact.address(channel.kind)
        if address is None or not self._may_be_written(address, channel, purpose, contact, facts):
            return None
        zones = self._open_zones(intent, contact, channel, purpose)
        if zones is None or not self._has_room(intent, facts, purpose, campaign, zones):
            return None
        return Approved(intent=intent, contact=contact, channel=channel.name, kind=channel.kind, address=address, trail=())

    def _is_plain(self, intent: Intent, campaign: Campaign | None) -> bool:
        """Whether the campaign says neither pause nor ramp, and is not past its validity."""
        key = (intent.campaign, intent.version)
        plain = self._plain_campaigns.get(key)
        if plain is None:
            plain = campaign is None or (campaign.status is not Status.PAUSED and not campaign.ramp and not self._is_past(campaign))
            self._plain_campaigns[key] = plain
        return plain

    def _is_past(self, campaign: Campaign) -> bool:
        if campaign.valid_until is None:
            return False
        return self._now >= to_utc(datetime.combine(campaign.valid_until + timedelta(days=1), time()), zone(self._settings.timezone))

    def _route(self, intent: Intent, contact: Contact) -> Channel | None:
        """The first channel; None where it is none, has a fixed recipient, or its provider must be waited for."""
        key = (intent.channels, contact.attributes.get("preferred_channel") if PREFERRED in intent.channels else None)
        if key not in self._routes:
            name = next(iter(channel_order(intent.channels, contact, self._settings)), "")
            channel = self._settings.channels.get(name)
            self._routes[key] = None if channel is None or channel.to is not None or name in self._busy else channel
        return self._routes[key]

    def _may_be_written(self, address: str, channel: Channel, purpose: Purpose, contact: Contact, facts: Facts) -> bool:
        """Checks 2 to 4, and the guard."""
        if why_unusable(address, channel.kind, channel.countries) is not None or channel.kind in facts.suppressed:
            return False
        if not is_within(self._settings.guards.only_to, address):
            return False
        line = None
        if facts.consents:
            line = decisive_line(facts.consents, contact_id=contact.id, purpose=purpose.name, kind=channel.kind, now=self._now)
        return is_allowed(purpose.consent[channel.kind], line)

    def _open_zones(self, intent: Intent, contact: Contact, channel: Channel, purpose: Purpose) -> tuple[ZoneInfo, ...] | None:
        """The contact's zones, where it is no quiet hour in any of them; None where it is, or they are not known."""
        country = contact.text("country")
        key = (id(intent.quiet_hours), purpose.name, country, contact.zones.key, channel.kind.value)
        if key not in self._zones:
            layers = (self._settings.quiet_hours, purpose.quiet_hours, *intent.quiet_hours)
            rules = rules_of(layers, country=country, transactional=purpose.is_transactional(channel.kind))
            try:
                zones = zones_of(contact.zones)
            except UnknownZoneError:
                zones = ()
            is_open = bool(zones) and quiet_rule(self._now, rules, zones) is None
            self._zones[key] = (zones if is_open else None, intent.quiet_hours)  # kept, so that its id is nobody else's
        return self._zones[key][0]

    def _has_room(
        self, intent: Intent, facts: Facts, purpose: Purpose, campaign: Campaign | None, zones: tuple[ZoneInfo, ...],
    ) -> bool:
        """Check 7."""
        key = (intent.campaign, intent.version, purpose.name)
        limited = self._limited.get(key)
        if limited is None:
            limits = (*purpose.limits, *(campaign.limits if campaign is not None else ()), *self._settings.limits)
            limited = self._limited[key] = bool(limits) and min(limit.count for limit in limits) < 1
        if not limited and not facts.hand_offs:
            return True
        quotas = quotas_of(intent, facts.hand_offs, settings=self._settings, campaign=campaign)
        return full_quota(self._now, quotas, zones) is None
