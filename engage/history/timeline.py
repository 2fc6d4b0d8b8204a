"""What a contact's history is asked for: filters -> lines, newest first; and counts of what happened, for summaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, final

from engage.model.history import Kind, Touch
from engage.model.localtime import zone
from engage.model.time import Zones
from engage.model.values import moment_text


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One touch as it stands in the history. `id` grows in the order of writing, `touch.at` is when it happened.

    `label` is what people call the contact: its external id, else `#` and our number; None for a touch about nobody.
    """

    id: int
    label: str | None
    touch: Touch


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which touches are asked for; what is empty or None does not matter. `since` is included, `until` is not."""

    contact_id: int | None = None
    kinds: frozenset[Kind] = frozenset()
    campaign: str | None = None
    message: str | None = None
    channel: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = Filter()
"""All touches of everybody."""


class Figure(StrEnum):
    """By what touches can be counted."""

    CAMPAIGN = "campaign"
    KIND = "kind"
    REASON = "reason"
    CHANNEL = "channel"
    LOCALE = "locale"
    MESSAGE = "message"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many touches have these values (None: the touch has none)."""

    by: Mapping[Figure, str | None]
    touches: int
    contacts: int


class History(Protocol):
    """The touches of everybody. Nothing here writes."""

    def timeline(self, asked: Filter, *, limit: int = 100, before: int | None = None) -> Sequence[Line]:
        """The latest touches first (by `at`, then `id`), with what is private in them where it is still kept.

        `before` is the id of the last line of the page before.
        """
        ...

    def tail(self, after_id: int, *, limit: int = 500) -> Sequence[Line]:
        """The touches written after that one, in the order of writing: for whoever watches. Ids may skip."""
        ...

    def counts(self, by: Sequence[Figure], asked: Filter = EVERYTHING) -> Sequence[Count]:
        """How many touches, and of how many contacts, for each combination of values; the most frequent first."""
        ...


NOT_SENT = frozenset({
    Kind.NOT_ENTERED, Kind.HELD_OUT, Kind.DEFERRED, Kind.SUPPRESSED, Kind.EXPIRED, Kind.CANCELLED, Kind.FAILED, Kind.UNKNOWN,
})
"""Kinds that say why something was not sent, or not yet, or nobody knows."""


class Notebook(Protocol):
    """What people write into the history by hand."""

    def note(self, contact_id: int, text: str, *, by: str, now: datetime) -> None:
        """A touch `note` of the contact; never changed. Raises InputError where there is no such contact."""
        ...


def local_time(at: datetime, zones: Zones) -> datetime | None:
    """What the contact's own clock said; None where it may live in zones that differ, or nobody knows where."""
    there = [at.astimezone(zone(name)) for name in zones.names]
    return there[0] if len({each.replace(tzinfo=None) for each in there}) == 1 else None


def as_json(line: Line, *, zones: Zones | None = None) -> dict[str, object]:
    """The line as JSON: the touch's fields by the names of the campaign language, empty ones left out, `at` in UTC.

    With the contact's zones, `local` is the same moment by its own clock.
    """
    touch = line.touch
    there = local_time(touch.at, zones) if zones is not None else None
    known = {
        "id": line.id, "at": moment_text(touch.at), "local": there.isoformat() if there else None,
        "contact": line.label, "kind": touch.kind.value,
        "campaign": touch.campaign, "version": touch.version, "run": touch.run_id, "delivery": touch.delivery_id, "step": touch.step,
        "message": touch.message, "purpose": touch.purpose, "channel": touch.channel, "provider": touch.provider, "reason": touch.reason,
        "locale": touch.locale, "provider_id": touch.provider_id, "detail": dict(touch.detail), "private": dict(touch.private),
    }
    return {name: value for name, value in known.items() if value not in (None, {})}
