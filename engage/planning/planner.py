"""2 Plan: triggers x people -> runs; due runs -> deliveries. Decides who and when, never whether a message may go out.

Every method takes `now` of the business clock, works in short transactions, and is safe to repeat and to run in any number of
processes at once: runs have UNIQUE keys, due runs are locked while they advance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import final

from engage.model.campaign import Campaign
from engage.model.contact import Event
from engage.model.triggers import DateTrigger, EventTrigger, ScheduleTrigger
from engage.model.workspace import Workspace
from engage.planning.happenings import Matching
from engage.planning.moving import Moving
from engage.planning.occurrences import date_slots, late_date_slots, needs_country, next_occurrence, schedule_slots
from engage.planning.ports import NEWS_TAKES, PlanningStore, Transaction
from engage.planning.positions import START
from engage.planning.progress import Seen
from engage.planning.slots import Entry, Slot
from engage.planning.versions import Versions, live_campaigns

KEPT_FOR = timedelta(days=30)
"""How long an event waits for its contact to become known."""

BATCH = 500


@final
class Planner:
    """Enters contacts into campaigns and moves their runs on."""

    def __init__(
        self, store: PlanningStore, *, workspace: Callable[[], Workspace], versions: Versions, zones_of: Callable[[str], tuple[str, ...]],
        seen: Seen = lambda campaign, path: None, refresh: Callable[[], object] = lambda: None,
    ) -> None:
        """`refresh` takes a workspace up that another process has just accepted."""
        self._store = store
        self._workspace = workspace
        self._versions = versions
        self._zones_of = zones_of
        self._seen = seen
        self._refresh = refresh

    def happen(self, event: Event, *, now: datetime) -> bool:
        """Take an event in: its row, its touch, and the runs it enters, ends or moves, in one transaction.

        False where an event of that id was taken before. An event about a contact not yet known is kept for 30 days.
        """
        with self._store.transaction() as tx:
            return self._matching(tx, now).happen(self._with_contact(tx, event))

    def tick(self, *, now: datetime) -> int:
        """Enter everybody whose moment has come since the last tick; the number of new runs.

        A campaign that nothing can be done with stops no other. Raises ExceptionGroup, once all others are done.
        """
        workspace, entered, errors = self._workspace(), 0, list[Exception]()
        for campaign in live_campaigns(workspace, now):
            try:
                entered += self._enter_due(workspace, campaign, now)
            except Exception as error:  # noqa: BLE001  # raised below
                errors.append(error)
        with self._store.transaction() as tx:
            tx.meet_contacts(since=now - KEPT_FOR, limit=BATCH)
        if errors:
            raise ExceptionGroup("not everything could be planned", errors)
        return entered

    def advance(self, *, now: datetime) -> int:
        """Draw a batch of pending events and move a batch of due runs on; how many (0: nothing more is due).

        A run that cannot be moved is put off, with a touch that says so, and stops no other; nor does an event that cannot be
        drawn. Raises ExceptionGroup for such events, once all else is done.
        """
        drawn, errors = self._draw_pending(now)
        with self._store.transaction() as tx:
            due = tx.due_runs(now=now, limit=BATCH)
            if due:
                self._refresh()  # what was accepted elsewhere a moment ago may have woken them, to go on in the new version
            moved = Moving(tx, workspace=self._workspace, versions=self._versions, now=now, seen=self._seen).move(due)
        if errors:
            raise ExceptionGroup("not every event could be drawn", errors)
        return drawn + moved

    def next_moment(self, *, after: datetime) -> datetime | None:
        """The next business moment at which anything may become due; None where nothing ever will."""
        workspace = self._workspace()
        moments = [self._store.next_due(after=after)]
        with self._store.transaction() as tx:
            moments.extend(self._next_occurrence(tx, workspace, campaign, after) for campaign in live_campaigns(workspace, after))
        return min((moment for moment in moments if moment is not None), default=None)

    def _matching(self, tx: Transaction, now: datetime) -> Matching:
        return Matching(tx, workspace=self._workspace(), versions=self._versions, now=now)

    @staticmethod
    def _with_contact(tx: Transaction, event: Event) -> Event:
        if event.contact_id is not None or event.contact_ref is None:
            return event
        contact = tx.find_contact(event.contact_ref)
        return event if contact is None else replace(event, contact_id=contact.id)

    def _draw_pending(self, now: datetime) -> tuple[int, list[Exception]]:
        """Draw what pending events ask for, each in a transaction of its own: one that raises leaves nothing half-written."""
        drawn, errors = 0, list[Exception]()
        with self._store.transaction() as tx:
            waiting = tx.pending_events(limit=BATCH)
        for event_id in waiting:
            try:
                drawn += self._draw(event_id, now)
            except Exception as error:  # noqa: BLE001  # raised by the caller; counted, so that it does not come again for ever
                errors.append(error)
                with self._store.transaction() as tx:
                    tx.put_back_event(event_id)
        return drawn, errors

    def _draw(self, event_id: str, now: datetime) -> bool:
        with self._store.transaction() as tx:
            event = tx.take_pending_event(event_id)
            if event is not None:
                self._matching(tx, now).match(event)
            return event is not None

    def _enter_due(self, workspace: Workspace, campaign: Campaign, now: datetime) -> int:
        if isinstance(campaign.trigger, EventTrigger):
            return 0
        with self._store.transaction() as tx:
            if tx.is_paused(campaign.name):
                return 0
            slots = self._slots(tx, workspace, campaign, campaign.trigger, now)
            tx.move_planned_until(campaign.name, now)
            return self._enter(tx, workspace, campaign, slots, now) if slots else 0

    def _enter(self, tx: Transaction, workspace: Workspace, campaign: Campaign, slots: Sequence[Slot], now: datetime) -> int:
        guards = workspace.settings.guards
        entry = Entry(
            campaign=campaign, now=now, position=START, slots=tuple(slots),
            excluded_dates=guards.placeholder_dates, audience=campaign.audience,
        )
        entered = tx.enter(entry)
        if guards.max_audience is not None and entered:
            tx.guard(campaign.name, entered=entered, most=guards.max_audience, now=now)
        return entered

    def _slots(
        self, tx: Transaction, workspace: Workspace, campaign: Campaign, trigger: DateTrigger | ScheduleTrigger, now: datetime
    ) -> Sequence[Slot]:
        after = tx.planned_until(campaign.name) or now
        went_live = tx.went_live(campaign.name) or now
        residences = tx.residences(by_country=needs_country(trigger))
        home = workspace.settings.timezone
        match trigger:
            case DateTrigger():
                due = date_slots(trigger, residences=residences, after=after, until=now, zones_of=self._zones_of, default_zone=home)
                changed_since = max(after - NEWS_TAKES, went_live)
                late = late_date_slots(
                    trigger, residences=residences, changed_since=changed_since, now=now, zones_of=self._zones_of, default_zone=home
                )
                return (*due, *late)
            case ScheduleTrigger():
                return schedule_slots(
                    trigger, residences=residences, after=after, until=now, zones_of=self._zones_of, default_zone=home,
                    went_live=went_live,
                )

    def _next_occurrence(self, tx: Transaction, workspace: Workspace, campaign: Campaign, after: datetime) -> datetime | None:
        if isinstance(campaign.trigger, EventTrigger) or tx.is_paused(campaign.name):
            return None
        return next_occurrence(
            campaign.trigger, residences=tx.residences(by_country=needs_country(campaign.trigger)), after=after,
            zones_of=self._zones_of, default_zone=workspace.settings.timezone, went_live=tx.went_live(campaign.name),
        )
