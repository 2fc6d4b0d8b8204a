"""Recipients' domains: how many mails each is given, and which is left alone. One that is slow holds up no other.

Each domain has a bucket, where engage.yaml gives it a rate, and a breaker of its own: what its servers put off (4xx) says nothing of
the provider. Mails over the rate go back, each to the moment at which there is room for it behind those that went back before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import final

import structlog

from engage.delivery.breaker import DOMAIN, Breaker
from engage.delivery.buckets import Buckets, Charge, Grant
from engage.delivery.rate_ports import Notice, Notices
from engage.model.contact import ChannelKind
from engage.model.rates import EVERY_OTHER, domain_of
from engage.model.workspace import Channel

log = structlog.get_logger()

BURST = 1.0
"""Seconds of its rate that a domain may be given at once: workers look for what is due about as often."""

LINE = 3600.0
"""Seconds for which those that went back may stand in line; more of them come back at its end."""

SOONEST = 0.05

Back = float | None
"""What becomes of a message: None, it goes; else it goes back, for so many seconds."""


@final
class Domains:
    """What this process knows of domains. Safe to use from many threads."""

    def __init__(self, monotonic: Callable[[], float], *, buckets: Buckets, notices: Notices) -> None:
        self._monotonic = monotonic
        self._buckets = buckets
        self._notices = notices
        self._breakers: dict[str, Breaker] = {}
        self._lock = Lock()

    def sift(self, channel: Channel, addresses: Sequence[str], *, within: float) -> Sequence[Back]:
        """Which of these would go in so many seconds, as far as one can tell beforehand: nothing is taken."""
        return self._part(channel, addresses, ahead=within, dry=True)

    def admit(self, channel: Channel, addresses: Sequence[str]) -> Sequence[Back]:
        """Which of these go now."""
        return self._part(channel, addresses, ahead=0.0, dry=False)

    def learn(self, channel: Channel, address: str, *, put_off: bool) -> None:
        """Whether the servers of a recipient's domain put a mail off, or said yes or no for good."""
        if channel.kind is not ChannelKind.EMAIL or not (put_off or self._breakers):
            return
        key, now = _key(channel, domain_of(address)), self._monotonic()
        with self._lock:
            opened, closed, wait = self._learn(key, now, put_off=put_off)
        if opened:  # without its name: somebody may have it for himself alone
            log.warning("domain.shut", channel=channel.name, seconds=round(wait))
            self._notices.tell(Notice(provider=key, seconds=wait, reason="breaker"))
        elif closed:
            log.info("domain.well", channel=channel.name)
            self._notices.well(key)

    def _learn(self, key: str, now: float, *, put_off: bool) -> tuple[bool, bool, float]:
        breaker = self._breakers.get(key)
        if breaker is None:
            if not put_off:
                return False, False, 0.0
            breaker = self._breakers[key] = Breaker(temper=DOMAIN)
        if put_off:
            return breaker.failed(now), False, breaker.wait(now)
        closed = breaker.succeeded(now)
        if breaker.is_forgettable(now):
            del self._breakers[key]
        return False, closed, 0.0

    @property
    def are_troubled(self) -> bool:
        """Whether there is any of which something was put off of late."""
        return bool(self._breakers)

    def _part(self, channel: Channel, addresses: Sequence[str], *, ahead: float, dry: bool) -> Sequence[Back]:
        if channel.kind is not ChannelKind.EMAIL or not (channel.domain_rates or self._breakers):
            return [None] * len(addresses)
        domains = [domain_of(address) for address in addresses]
        room = self._room(channel, Counter(domains), dry=dry)
        self._pay(channel, room, ahead=ahead, dry=dry)
        over: dict[str, list[int]] = {}
        for position, domain in enumerate(domains):
            if room[domain] > 0:
                room[domain] -= 1
            else:
                over.setdefault(domain, []).append(position)
        backs: list[Back] = [None] * len(addresses)
        for domain, positions in over.items():
            for position, seconds in zip(positions, self._line(channel, domain, len(positions)), strict=True):
                backs[position] = seconds
        return backs

    def _room(self, channel: Channel, wanted: Mapping[str, int], *, dry: bool) -> dict[str, int]:
        """How many of each domain its breaker lets through."""
        room, now = dict(wanted), self._monotonic()
        with self._lock:
            for domain, count in wanted.items():
                breaker = self._breakers.get(_key(channel, domain))
                if breaker is not None:
                    room[domain] = (0 if breaker.wait(now) else count) if dry else breaker.admit(now, count)
        return room

    def _pay(self, channel: Channel, room: dict[str, int], *, ahead: float, dry: bool) -> None:
        """Take them from the domains' buckets, or see how many there are; leaves in `room` what there is."""
        charges = {
            domain: Charge(bucket=_key(channel, domain), rate=rate, wanted=count, burst=BURST, ahead=ahead, dry=dry)
            for domain, count in room.items() if count and (rate := _rate(channel, domain)) is not None
        }
        grants: Sequence[Grant] = self._buckets.take(list(charges.values())) if charges else ()
        room.update({domain: grant.taken for domain, grant in zip(charges, grants, strict=True)})

    def _line(self, channel: Channel, domain: str, messages: int) -> Sequence[float]:
        """For how many seconds each of those goes back, spread as they may go later."""
        key, rate = _key(channel, domain), _rate(channel, domain)
        with self._lock:
            breaker = self._breakers.get(key)
            wait = breaker.wait(self._monotonic()) if breaker is not None else 0.0
        if rate is None or wait:
            return [max(SOONEST, wait) * (1 + position / (2 * messages)) for position in range(messages)]
        return in_line(self._buckets, key, rate, messages)


def in_line(buckets: Buckets, bucket: str, rate: float, messages: int) -> Sequence[float]:
    """For how many seconds each of those goes back for whom a bucket had no room: they line up behind those that went back before."""
    [grant] = buckets.take([Charge(bucket=f"{bucket}:line", rate=rate, wanted=messages, ahead=LINE)])
    seconds = [max(SOONEST, grant.wait + (place + 1) / rate) for place in range(grant.taken)]
    rest = messages - grant.taken
    return [*seconds, *(LINE * (1 + place / rest) for place in range(rest))]


def _key(channel: Channel, domain: str) -> str:
    return f"{channel.name}@{domain}"


def _rate(channel: Channel, domain: str) -> float | None:
    return channel.domain_rates.get(domain, channel.domain_rates.get(EVERY_OTHER))
