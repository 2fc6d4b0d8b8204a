"""By which provider messages go, how many, and how soon: what the conductor asks before each slice. Decides nothing about people.

::

    sift    approved messages that would go back anyway are not even rendered
    leave   the first of the channel's ways that is well, and has room today, takes the slice, as its rate and the domains' allow
    learn   what came of the hand-offs
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from engage.delivery.breaker import LOOK_AGAIN
from engage.delivery.buckets import Buckets, Charge, LocalBuckets
from engage.delivery.domains import Domains, in_line
from engage.delivery.ports import Outcome, Settlement
from engage.delivery.providers import Providers, is_about_one_recipient
from engage.delivery.rate_ports import LocalVolumes, NoNotices, Notices, Volumes
from engage.delivery.settling import put_back
from engage.delivery.strides import Strides
from engage.delivery.warming import Warming
from engage.model.delivery import Approved, ProviderState, Rendered
from engage.model.errors import SendError, Unavailable, Unconfirmed
from engage.model.localtime import zone
from engage.model.workspace import Channel, Settings

SLICE_SECONDS = 0.5
SLICE_AT_MOST = 500
LOOK_AGAIN_AT_THE_LATEST = 300.0
"""Seconds: the business clock, by which a provider's day ends, may be moved meanwhile."""

AHEAD = 5.0
"""Seconds for which a slice waits for its provider's rate, in hand and under its lease; what would wait longer goes back."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A slice: these go by that way in so many seconds, those go back, and the rest is for another slice."""

    way: Channel
    messages: Sequence[Rendered]
    wait: float
    back: Sequence[Settlement]
    rest: Sequence[Rendered]


@final
class Traffic:
    """One process's share in it. Safe to use from many threads; none of its methods is for the loop on which messages are sent."""

    def __init__(
        self, monotonic: Callable[[], float], *, buckets: Buckets | None = None, notices: Notices | None = None,
        volumes: Volumes | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._buckets = buckets or LocalBuckets(monotonic)
        told = notices or NoNotices()
        self._providers = Providers(monotonic, told)
        self._domains = Domains(monotonic, buckets=self._buckets, notices=told)
        self._warming = Warming(volumes or LocalVolumes())
        self._strides = Strides(most=SLICE_AT_MOST)

    def moment(self) -> float:
        """The machine clock, in seconds since nobody knows when."""
        return self._monotonic()

    def states(self, settings: Settings, *, now: datetime) -> Mapping[str, ProviderState]:
        """For the decision: how long each channel must be left alone none of whose ways takes anything."""
        ways = [way for channel in settings.channels.values() for way in channel.ways]
        full = self._warming.ready_at(ways, now=now, zone=zone(settings.timezone))
        states = {}
        for name, channel in settings.channels.items():
            wait, reason = min(self._wait(way, full, now) for way in channel.ways)
            if wait > 0:
                states[name] = ProviderState(wait=wait, reason=reason)
        return states

    def waits(self) -> Mapping[str, ProviderState]:
        """For how long this process leaves each way's provider alone, by the way's key."""
        return {key: ProviderState(wait=wait, reason=reason) for key, (wait, reason) in self._providers.waits().items()}

    def sift(self, approved: Sequence[Approved], settings: Settings) -> tuple[Sequence[Approved], Sequence[Settlement]]:
        """Those that may go while this batch lasts, in their order, and those that go back as their domains' rates do not let them."""
        back: list[Settlement] = []
        for name in {each.channel for each in approved}:
            back += self._sifted([each for each in approved if each.channel == name], settings.channels[name])
        gone = {settlement.delivery_id for settlement in back}
        return [each for each in approved if each.intent.id not in gone] if gone else approved, back

    def _sifted(self, approved: Sequence[Approved], channel: Channel) -> Sequence[Settlement]:
        slowest = min((way.rate for way in channel.ways if way.rate is not None), default=None)
        within = SLICE_SECONDS if slowest is None else max(SLICE_SECONDS, len(approved) / slowest)
        backs = self._domains.sift(channel, [message.address for message in approved], within=within)
        return [put_back(message.intent, seconds) for message, seconds in zip(approved, backs, strict=True) if seconds is not None]

    def leave(
        self, messages: Sequence[Rendered], channel: Channel, settings: Settings, *, now: datetime, most: int = SLICE_AT_MOST
    ) -> Leaving | None:
        """The next slice of a channel's messages; None where no way takes anything now."""
        for way in _ways_of(messages[0], channel):
            taken = self._take(way, messages[:most], settings, now)
            if taken:
                leaving = self._pace(way, taken, messages[len(taken):])
                self.stays(way, len(leaving.back), settings, now=now)
                return leaving
        return None

    def look_again_in(self, message: Rendered, channel: Channel, settings: Settings, *, now: datetime) -> float:
        """Seconds after which a message that no way takes is looked at again: when one may take it, a day's end among that, but soon."""
        ways = _ways_of(message, channel)
        full = self._warming.ready_at(ways, now=now, zone=zone(settings.timezone))
        return min(max(LOOK_AGAIN, min(self._wait(way, full, now)[0] for way in ways)), LOOK_AGAIN_AT_THE_LATEST)

    def stays(self, way: Channel, messages: int, settings: Settings, *, now: datetime) -> None:
        """So many that were to go by that way did not after all."""
        self._providers.give_back(way, messages)
        self._warming.give_back(way, messages, now=now, zone=zone(settings.timezone))

    def is_shut(self, way: Channel) -> bool:
        """Whether its provider is left alone altogether."""
        return self._providers.is_shut(way)

    def went(self, way: Channel, cleared: int, *, late: int, seconds: float) -> None:
        """How a slice went: how many of it were not begun in time, and how long the others took."""
        self._strides.learn(way.key, cleared, late=late, seconds=seconds)

    def fell_silent(self, way: Channel) -> None:
        """It took messages and has not answered for long: it is given no more before it does."""
        self._providers.fell_silent(way)

    def tell_of_silence(self, way: Channel) -> None:
        """Let people know."""
        self._providers.tell_of_silence(way)

    def heard(self, way: Channel) -> None:
        """All of those are answered."""
        self._providers.heard(way)

    def learn(self, way: Channel, channel: Channel, outcomes: Sequence[Outcome]) -> None:
        """What came of hand-offs by that way."""
        alone, went_well = len(channel.ways) == 1, False
        for outcome in outcomes:
            error = outcome.error
            if error is not None or not went_well:  # of successes running, the first one says it all
                self._providers.learn(way, error, alone=alone)
            went_well = error is None
            if error is not None or self._domains.are_troubled:
                self._domains.learn(channel, outcome.cleared.rendered.approved.address, put_off=_is_put_off(error))

    def spares(self, way: Channel, error: SendError | None) -> bool:
        """Whether the failure costs its message no attempt, as the provider was not there for anybody."""
        failed = isinstance(error, Unavailable | Unconfirmed) and not is_about_one_recipient(error)
        return failed and self._providers.is_shut(way)

    def _wait(self, way: Channel, full: Mapping[str, datetime], now: datetime) -> tuple[float, str]:
        wait = self._providers.wait(way)
        return max(wait, ((full[way.key] - now) / timedelta(seconds=1), "warm_up")) if way.key in full else wait

    def _take(self, way: Channel, messages: Sequence[Rendered], settings: Settings, now: datetime) -> Sequence[Rendered]:
        """As many of them as the way takes at once."""
        if self._providers.wait(way)[0] > 0:
            return ()
        home = zone(settings.timezone)
        wanted = min(len(messages), slice_size(way), self._strides.at_most(way.key))
        counted = self._warming.take(way, wanted, now=now, zone=home)
        admitted = self._providers.admit(way, counted)
        self._warming.give_back(way, counted - admitted, now=now, zone=home)
        return messages[:admitted]

    def _pace(self, way: Channel, taken: Sequence[Rendered], rest: Sequence[Rendered]) -> Leaving:
        backs = self._domains.admit(way, [message.approved.address for message in taken])
        going = [message for message, seconds in zip(taken, backs, strict=True) if seconds is None]
        back = [put_back(message.approved.intent, seconds) for message, seconds in zip(taken, backs, strict=True) if seconds is not None]
        wait = 0.0
        if going and way.rate is not None:
            [grant] = self._buckets.take([Charge(bucket=way.key, rate=way.rate, wanted=len(going), ahead=AHEAD)])
            going, over, wait = going[:grant.taken], going[grant.taken:], grant.wait
            line = in_line(self._buckets, way.key, way.rate, len(over)) if over else ()
            back += [put_back(message.approved.intent, AHEAD + seconds) for message, seconds in zip(over, line, strict=True)]
        return Leaving(way=way, messages=going, wait=wait if going else 0.0, back=back, rest=rest)


def slice_size(way: Channel) -> int:
    """How many messages can be handed over in half a second: what one clearing transaction lets go."""
    return SLICE_AT_MOST if way.rate is None else max(1, min(SLICE_AT_MOST, int(way.rate * SLICE_SECONDS)))


def _ways_of(message: Rendered, channel: Channel) -> Sequence[Channel]:
    """Where the message may have been taken by a provider that knows it by its key, no other may have it."""
    bound = message.approved.intent.bound_to
    only = channel.by(bound) if bound is not None else None
    return channel.ways if only is None else (only,)


def _is_put_off(error: SendError | None) -> bool:
    """Whether the recipient's servers put a mail off, other than by greylisting, which is about each recipient for himself."""
    return isinstance(error, Unavailable) and is_about_one_recipient(error) and error.retry_after is None
