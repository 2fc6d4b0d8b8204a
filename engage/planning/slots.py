"""2a What a trigger becomes: slots, each a moment at which some contacts enter; and the entry that a store makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import final

from engage.model.campaign import Campaign
from engage.model.expression import Expression
from engage.planning.requests import NewDelivery


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Residence:
    """A zone key, and where asked for a country, in which at least one contact lives.

    `by_country` tells whoever has no country apart from everybody of the zone.
    """

    zone_key: str
    country: str | None = None
    by_country: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DateMatch:
    """Which stored dates fall on a slot's day: `day`, `month` and, where set, `year`. `base_year` is the year to count from.

    The trigger's `years` are `base_year` less the stored date's year, and at least `min_years`.
    """

    attribute: str
    day: int
    month: int
    year: int | None
    base_year: int
    min_years: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MemberMatch:
    """Who moved into a segment, or (not `inside`) out of it, at `moved_at`; None: whoever is in it, however long."""

    segment: str
    inside: bool = True
    moved_at: datetime | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One moment at which the contacts of one residence enter, under one key. `residence` None: everybody.

    `trigger` is what the run's trigger holds (JSON values); with a `match` the store adds `years` to it. `members` restricts the
    slot to those of a segment.
    `changed_since` restricts the slot to contacts changed after that moment (those imported or corrected late), who have not entered
    under its key since they changed, even if they gave the key back.
    """

    at: datetime
    key: str
    trigger: Mapping[str, object]
    residence: Residence | None = None
    match: DateMatch | None = None
    members: MemberMatch | None = None
    changed_since: datetime | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Enter the campaign's audience at each slot: one run per contact and key, with its touch `entered`.

    Contacts that are erased never enter. `re_entry` of the campaign is asked against the last run that was not returned;
    who is kept out by it gets the touch `not_entered` with reason `re_entry`, once per key. Then `holdout` is: who falls into it gets a
    run that is HELD_OUT, and the touch `held_out`. `audience` is the campaign's, as a whole; `only`, where set, are the ids of those
    who may enter. Runs are made with `position`, `due_at` = now, `intended_at` and `since` = the slot's moment.
    `openings` are the first deliveries of the runs that wait for one from the start, by slot and by where the contact lives; their
    `run_id` and `contact_id` say nothing, and but for the moments and `send_key` they are alike. A run for which there is none goes its
    way step by step. `trace` is that of the event by which one contact enters.
    """

    campaign: Campaign
    now: datetime
    position: str
    slots: tuple[Slot, ...]
    excluded_dates: frozenset[date] = frozenset()
    audience: Expression | None = None
    only: frozenset[int] | None = None
    openings: tuple[Opening, ...] = ()
    trace: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The first delivery of whoever lives in a zone and enters at a slot (its moment and its key)."""

    at: datetime
    key: str
    zone_key: str
    delivery: NewDelivery
