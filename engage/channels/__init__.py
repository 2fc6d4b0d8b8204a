"""`Cleared -> Receipt`, or one of three errors: one adapter a provider, found by entry point.

An adapter's name in engage.yaml is an entry point in the group `engage.channels`, so that a package installed beside
Engage adds one. What an adapter is: `engage.channels.adapter`.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint

from engage.channels.adapter import Adapter, TellsHandOvers
from engage.model.errors import InputError, NotThereError, Place, Problem, nearest
from engage.model.workspace import Channel, Settings

__all__ = ["GROUP", "Adapter", "adapter_names", "knows_keys", "load_channels", "tell_hand_overs"]

GROUP = "engage.channels"

_PARTS = ("KIND", "OPTIONS", "IDEMPOTENT", "send", "check", "close")
"""What every adapter has: a foreign one that lacks any is refused by `engage check`, not at its first message."""


def adapter_names(*, entry_points: Iterable[EntryPoint] | None = None) -> tuple[str, ...]:
    """The adapters that are installed, sorted."""
    return tuple(sorted(_installed(entry_points)))


def load_channels(settings: Settings, *, entry_points: Iterable[EntryPoint] | None = None) -> Mapping[str, Adapter]:
    """An adapter for every way of the settings' channels, by the way's name; nothing is connected yet.

    Raises InputError with all that is wrong (no such adapter, a kind it does not serve, its options), and NotThereError where an
    adapter's package cannot be imported or it is no adapter.
    """
    installed = _installed(entry_points)
    channels: dict[str, Adapter] = {}
    problems: list[Problem] = []
    for way in (way for channel in settings.channels.values() for way in channel.ways):
        try:
            channels[way.key] = _adapter(way, installed)(way, settings)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return channels


def knows_keys(channel: Channel, *, entry_points: Iterable[EntryPoint] | None = None) -> bool:
    """Whether the channel's adapter makes no second message of a repeated Idempotency-Key; nothing is connected."""
    return _adapter(channel, _installed(entry_points)).IDEMPOTENT


def tell_hand_overs(channels: Iterable[Adapter], handed_over: Callable[[], None]) -> None:
    """Have those that can call it whenever they have written a content whole; before the first message is sent."""
    for channel in channels:
        if isinstance(channel, TellsHandOvers):
            channel.handed_over = handed_over


def _installed(entry_points: Iterable[EntryPoint] | None) -> Mapping[str, EntryPoint]:
    found = importlib.metadata.entry_points(group=GROUP) if entry_points is None else entry_points
    return {entry_point.name: entry_point for entry_point in found}


def _adapter(channel: Channel, installed: Mapping[str, EntryPoint]) -> type[Adapter]:
    place = channel.place or Place(file="engage.yaml")
    entry_point = installed.get(channel.adapter)
    if entry_point is None:
        what = f"no adapter {channel.adapter!r} is installed (there are: {', '.join(sorted(installed))})"
        raise InputError([Problem(place=place, what=what, suggestion=nearest(channel.adapter, installed))])
    try:
        adapter: type[Adapter] = entry_point.load()
    except (ImportError, AttributeError) as error:
        raise NotThereError(f"the adapter {channel.adapter} ({entry_point.value}) cannot be loaded; is its package whole?") from error
    missing = [part for part in _PARTS if not hasattr(adapter, part)]
    if missing:
        raise NotThereError(f"the adapter {channel.adapter} ({entry_point.value}) lacks {', '.join(missing)} (docs/channels.md)")
    if adapter.KIND not in (None, channel.kind):
        what = f"the adapter {channel.adapter} serves {adapter.KIND} channels, and {channel.name} is one of kind {channel.kind}"
        raise InputError([Problem(place=place, what=what)])
    return adapter
