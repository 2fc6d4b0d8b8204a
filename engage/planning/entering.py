"""2a Entering: triggers x people -> runs, campaign by campaign; looks at the segments that campaigns watch; people who are named.

The database does the work: a campaign over a million contacts is as many statements as one over ten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import assert_never, final

from engage.model.campaign import Campaign
from engage.model.triggers import Change, DateTrigger, EventTrigger, ManualTrigger, Repeat, ScheduleTrigger, SegmentTrigger
from engage.model.values import to_json
from engage.model.workspace import Workspace
from engage.planning.enrolling import Fate, fates
from engage.planning.occurrences import date_slots, late_date_slots, needs_country, next_occurrence, schedule_slots
from engage.planning.openings import openings
from engage.planning.ports import NEWS_TAKES, PlanningStore, Transaction
from engage.planning.positions import START
from engage.planning.progress import Seen
from engage.planning.segments import EPOCH, TIMED, Watched, grid_moment, next_grid_moment, watched
from engage.planning.signals import Signals
from engage.planning.slots import Entry, MemberMatch, Slot
from engage.planning.versions import beginnings, live_campaigns
from engage.planning.whereabouts import SHORTEST, ZonesOf

MOMENT = timedelta(microseconds=1)
"""The shortest span there is: a look at the very moment of the grid sees what happens at it."""

AHEAD = timedelta(days=1)
"""How far a clock that jumps looks for somebody's date at once."""

SOON = 10
"""Of how many slots it looks first: where there are many people it is somebody's date nearly always."""

AT_ONCE = 1_000
"""How many of those named enter in one transaction."""


@final
class Entering:
    """Enters contacts into the campaigns of one workspace that are live at a moment."""

    def __init__(self, store: PlanningStore, *, workspace: Workspace, zones_of: ZonesOf, seen: Seen, signals: Signals) -> None:
        self._store = store
        self._workspace = workspace
        self._zones_of = zones_of
        self._seen = seen
        self._signals = signals

    def look(self, *, now: datetime) -> list[Exception]:
        """Look at the watched segments whose turn has come, each in a transaction of its own; what could not be looked at."""
        errors, at = list[Exception](), grid_moment(now)
        for each in self._unseen(now, at):
            try:
                with self._store.transaction() as tx:
                    tx.look(each, at=at)
            except Exception as error:  # noqa: BLE001  # raised by the caller; a segment that cannot be asked stops no other
                errors.append(error)
        return errors

    def _unseen(self, now: datetime, at: datetime) -> list[Watched]:
        campaigns = [each for each in live_campaigns(self._workspace, now) if isinstance(each.trigger, SegmentTrigger)]
        if not campaigns:
            return []
        with self._store.transaction() as tx:
            looked = tx.looked()
            asked = watched(self._workspace, [each for each in campaigns if not tx.is_paused(each.name)])
        known = {name: one for name, one in looked.items() if one.looked_at >= at}
        return [each for name, each in asked.items() if name not in known or known[name].definition != each.definition]

    def enter_due(self, campaign: Campaign, *, now: datetime) -> int:
        """Enter everybody whose moment has come since the campaign was planned last; how many runs began. Not while it is paused."""
        if isinstance(campaign.trigger, EventTrigger | ManualTrigger):
            return 0
        with self._store.transaction() as tx:
            if tx.is_paused(campaign.name):
                return 0
            after = tx.planned_until(campaign.name)
            since = after or now - SHORTEST  # the very moment at which it goes live has not passed
            slots = self._slots(tx, campaign, campaign.trigger, since, now)
            if after is None or after < now:
                tx.move_planned_until(campaign.name, now if after is None else _known_until(tx, campaign, now))
            entered = self._enter(tx, campaign, slots, now) if slots else 0
        if slots:
            self._signals.entered(campaign.name, slots=len(slots), runs=entered)
        return entered

    def enroll(
        self, campaign: Campaign, contact_ids: Sequence[int], *, data: Mapping[str, object], key: str, now: datetime
    ) -> Mapping[int, Fate]:
        """Enter those named, under the key, whatever the campaign's trigger; what became of each. `data` is JSON.

        The audience is asked, and re-entry and holdout hold, as ever. Safe to repeat: under the same key nobody enters twice.
        """
        if campaign not in live_campaigns(self._workspace, now):
            return dict.fromkeys(contact_ids, Fate.NOT_LIVE)
        ids = list(dict.fromkeys(contact_ids))
        slot = Slot(at=now, key=key, trigger=data)
        found: dict[int, Fate] = {}
        for start in range(0, len(ids), AT_ONCE):
            found |= self._enroll(campaign, ids[start : start + AT_ONCE], slot, now)
        return found

    def _enroll(self, campaign: Campaign, ids: Sequence[int], slot: Slot, now: datetime) -> Mapping[int, Fate]:
        with self._store.transaction() as tx:
            if tx.is_paused(campaign.name):
                return dict.fromkeys(ids, Fate.PAUSED)
            tx.planned_until(campaign.name)  # locked, as everybody does who enters a campaign's audience, before any run is made
            before = tx.run_states(campaign.name, slot.key, ids)
            self._enter(tx, campaign, [slot], now, only=frozenset(ids))
            return fates(tx, campaign, slot.key, ids, before=before)

    def next_moments(self, *, after: datetime) -> Iterator[datetime | None]:
        """When, after that, anybody may enter by a trigger of time, a look may find somebody to have moved, or a campaign begins."""
        yield from beginnings(self._workspace, after=after)
        campaigns = list(live_campaigns(self._workspace, after))
        with self._store.transaction() as tx:
            awake = [each for each in campaigns if not isinstance(each.trigger, EventTrigger) and not tx.is_paused(each.name)]
            for campaign in awake:
                yield self._next_occurrence(tx, campaign, after)
            for each in watched(self._workspace, awake).values():
                yield _next_look(tx, each, after)

    def _enter(
        self, tx: Transaction, campaign: Campaign, slots: Sequence[Slot], now: datetime, *, only: frozenset[int] | None = None
    ) -> int:
        guards = self._workspace.settings.guards
        entry = Entry(
            campaign=campaign, now=now, position=START, slots=tuple(slots), excluded_dates=guards.placeholder_dates,
            audience=campaign.audience, only=only,
            openings=openings(
                campaign, slots, workspace=self._workspace, zones_of=self._zones_of, now=now,
                zone_keys=[each.zone_key for each in tx.residences(by_country=False)] if any(not slot.residence for slot in slots) else (),
            ),
        )
        entered = tx.enter(entry)
        if guards.max_audience is not None and entered:
            tx.guard(campaign.name, entered=entered, most=guards.max_audience, now=now)
        if entry.openings and entered:
            self._seen(campaign.name, START)
        return entered

    def _slots(
        self, tx: Transaction, campaign: Campaign, trigger: DateTrigger | ScheduleTrigger | SegmentTrigger, after: datetime, now: datetime
    ) -> Sequence[Slot]:
        home, zones_of = self._workspace.settings.timezone, self._zones_of
        match trigger:
            case SegmentTrigger():
                return _segment_slots(tx, campaign, trigger, after=after, now=now)
            case DateTrigger():
                return self._date_slots(tx, campaign, trigger, after, now)
            case ScheduleTrigger():
                return schedule_slots(
                    trigger, residences=tx.residences(by_country=needs_country(trigger)), after=after, until=now, zones_of=zones_of,
                    default_zone=home, went_live=tx.went_live(campaign.name) or now,
                )
            case _ as never:
                assert_never(never)

    def _date_slots(self, tx: Transaction, campaign: Campaign, trigger: DateTrigger, after: datetime, now: datetime) -> Sequence[Slot]:
        """Those that are due; and for whoever was changed meanwhile, where anybody was, those that were missed."""
        home, zones_of = self._workspace.settings.timezone, self._zones_of
        changed_since = max(after - NEWS_TAKES, tx.went_live(campaign.name) or now)
        changed = tx.any_changed(since=changed_since)
        if after >= now and not changed:
            return ()
        residences = tx.residences(by_country=needs_country(trigger))
        due = date_slots(trigger, residences=residences, after=after, until=now, zones_of=zones_of, default_zone=home)
        if not changed:
            return due
        late = late_date_slots(
            trigger, residences=residences, changed_since=changed_since, now=now, zones_of=zones_of, default_zone=home
        )
        return (*due, *late)

    def _next_occurrence(self, tx: Transaction, campaign: Campaign, after: datetime) -> datetime | None:
        trigger, home = campaign.trigger, self._workspace.settings.timezone
        residences = tx.residences(by_country=needs_country(trigger))
        if isinstance(trigger, DateTrigger) and trigger.repeat is not Repeat.MONTHLY:  # of a day of the month there is somebody anyway
            slots = date_slots(
                trigger, residences=residences, after=after, until=after + AHEAD, zones_of=self._zones_of, default_zone=home
            )
            if slots:
                return tx.first_dated(slots[:SOON]) or tx.first_dated(slots[SOON:]) or slots[-1].at  # nobody: one looks again from there
        return next_occurrence(
            trigger, residences=residences, after=after, zones_of=self._zones_of, default_zone=home, went_live=tx.went_live(campaign.name),
        )


def _known_until(tx: Transaction, campaign: Campaign, now: datetime) -> datetime:
    """Up to when is known who was to enter: who moved is known up to the last look, as one that failed is still to come."""
    if not isinstance(campaign.trigger, SegmentTrigger):
        return now
    looked = tx.looked().get(campaign.trigger.segment)
    return EPOCH if looked is None else looked.looked_at


def _segment_slots(tx: Transaction, campaign: Campaign, trigger: SegmentTrigger, *, after: datetime, now: datetime) -> list[Slot]:
    """One for each look that found somebody moved; and, once for a campaign, one for those who were in the segment already."""
    inside = trigger.change is Change.ENTERS
    slots = [
        _segment_slot(trigger, at=moved_at, key=str(to_json(moved_at)), moved_at=moved_at)
        for moved_at in tx.moves(trigger.segment, inside=inside, after=after, until=now)
    ]
    if trigger.existing and tx.existing_entered(campaign.name) is None and trigger.segment in tx.looked():
        slots.append(_segment_slot(trigger, at=now, key="existing", moved_at=None))
        tx.mark_existing_entered(campaign.name, now=now)
    return slots


def _segment_slot(trigger: SegmentTrigger, *, at: datetime, key: str, moved_at: datetime | None) -> Slot:
    return Slot(
        at=at, key=f"{trigger.change}:{trigger.segment}:{key}", trigger={"segment": trigger.segment, "at": to_json(at)},
        members=MemberMatch(segment=trigger.segment, inside=trigger.change is Change.ENTERS, moved_at=moved_at),
    )


def _next_look(tx: Transaction, asked: Watched, after: datetime) -> datetime | None:
    """The next look that may find somebody moved, for a clock that jumps; None where nothing is known that would have moved anybody."""
    news = tx.news_of(asked, at=after)
    looks = [next_grid_moment(max(after, news - MOMENT))] if news is not None else []
    looks += [next_grid_moment(after, TIMED)] if asked.timed else []
    return min(looks, default=None)
