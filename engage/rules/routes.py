"""`channels` in its forms -> Route: which channels a send takes, and how it goes from one to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from engage.model.contact import PREFERRED, ChannelKind
from engage.model.errors import Place, Problem
from engage.model.steps import Fallback, Sign
from engage.model.workspace import Channel
from engage.rules.known import Known, refuse_unknown
from engage.rules.schema.sending import AllSection, FirstSection
from engage.rules.tree import Scalar

GIVES: Mapping[ChannelKind, frozenset[Sign]] = {
    ChannelKind.EMAIL: frozenset({"delivered", "opened", "clicked"}),
    ChannelKind.SMS: frozenset({"delivered", "clicked"}),
    ChannelKind.CHAT: frozenset({"delivered"}),
}
"""The signs that may come back by each kind of channel. Whether a text's links are counted its file says: the templates' check asks."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The channels as `Send` has them. `places` says where each name stands."""

    names: tuple[str, ...] = ()
    by_all: bool = False
    fallback: Fallback | None = None
    places: Mapping[str, Place]

    def for_staff(self, known: Known) -> bool:
        """Whether all of them go to fixed recipients."""
        channels = [known.settings.channels.get(name) for name in self.names]
        return bool(channels) and all(channel is not None and channel.to is not None for channel in channels)


NOWHERE = Route(places={})
"""Where no `channels` stands."""


def read_route(known: Known, written: Sequence[Scalar] | AllSection | FirstSection | None, problems: list[Problem]) -> Route:
    """The route; what of it makes no sense is told."""
    match written:
        case None:
            return NOWHERE
        case AllSection():
            _refuse_preferred(written, problems)
            return Route(names=_known(known, written.channels, problems), by_all=True, places=_places(written.channels))
        case FirstSection():
            _refuse_deaf(known, written, problems)
            fallback = Fallback(after=written.after, unless=written.unless)
            return Route(names=_known(known, written.channels, problems), fallback=fallback, places=_places(written.channels))
        case _:
            return Route(names=_known(known, written, problems), places=_places(written))


def _places(names: Sequence[Scalar]) -> Mapping[str, Place]:
    return {str(name): name.place for name in names}


def _known(known: Known, written: Sequence[Scalar], problems: list[Problem]) -> tuple[str, ...]:
    """The names; what is none, or stands there twice, is told."""
    seen: set[str] = set()
    for name in written:
        if name != PREFERRED and name not in known.settings.channels:
            refuse_unknown("channel", name, {**known.settings.channels, PREFERRED: None}, problems, "is not declared in engage.yaml")
        if name in seen:
            problems.append(Problem(place=name.place, what=f"the channel `{name}` stands in this list twice"))
        seen.add(str(name))
    return tuple(str(name) for name in written)


def _refuse_preferred(written: AllSection, problems: list[Problem]) -> None:
    problems.extend(
        Problem(place=name.place, what="`preferred` has no place in `all`: it chooses one, and all of them go")
        for name in written.channels if name == PREFERRED
    )


def _refuse_deaf(known: Known, written: FirstSection, problems: list[Problem]) -> None:
    """Every channel but the last must be able to give the sign that is waited for."""
    for name in written.channels[:-1]:
        channel = known.settings.channels.get(name)
        why = None if channel is None else silence(channel, written.unless)
        if why:
            problems.append(Problem(place=name.place, what=f"`unless: {written.unless}` waits in vain: {why}"))


def silence(channel: Channel, sign: Sign) -> str | None:
    """Why that sign never comes back by the channel; None where it may."""
    if channel.to is not None:
        return f"the channel `{channel.name}` goes to a fixed recipient, of whom nothing is recorded"
    if sign not in GIVES[channel.kind]:
        return f"by the channel `{channel.name}` ({channel.kind}) nothing is ever seen to be {sign}"
    return None
