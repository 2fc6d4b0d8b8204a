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
from engage.model.history import Kind
from engage.model.run import Run, RunState
from engage.model.triggers import DateTrigger, EventTrigger, ScheduleTrigger
from engage.model.workspace import Workspace
from engage.planning.happenings import Happenings
from engage.planning.journeys import START, Journey, Progress, advance, touch_of
from engage.planning.occurrences import date_slots, late_date_slots, needs_country, next_occurrence, schedule_slots
from engage.planning.ports import NEWS_TAKES, PlanningStore, RunInHand, Transaction
from engage.planning.slots import Entry, Slot
from engage.planning.versions import Versions, live_campaigns

KEPT_FOR = timedelta(days=30)
"""How long an event waits for its contact to become known."""

BATCH = 500
SHORTEST_PUT_OFF, LONGEST_PUT_OFF = timedelta(hours=1), timedelta(days=1)


@final
class Planner:
    """Enters contacts into campaigns and moves their runs on."""

    def __init__(
        self, store: PlanningStore, *, workspace: Callable[[], Workspace], versions: Versions, zones_of: Callable[[str], tuple[str, ...]]
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._versions = versions
        self._zones_of = zones_of

    def happen(self, event: Event, *, now: datetime) -> bool:
        """Take an event in: its row, its touch, and the runs it enters, ends or moves, in one transaction.

        False where an event of that id was taken before. An event about a contact not yet known is kept for 30 days.
        """
        with self._store.transaction() as tx:
            return self._happenings(tx, now).happen(self._with_contact(tx, event))

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
            in_hand = tx.due_runs(now=now, limit=BATCH)
            results = [self._move_or_put_off(tx, held, now) for held in in_hand]
            self._write(tx, results, now)
        if errors:
            raise ExceptionGroup("not every event could be drawn", errors)
        return drawn + len(results)

    def next_moment(self, *, after: datetime) -> datetime | None:
        """The next business moment at which anything may become due; None where nothing ever will."""
        workspace = self._workspace()
        moments = [self._store.next_due(after=after)]
        with self._store.transaction() as tx:
            moments.extend(self._next_occurrence(tx, workspace, campaign, after) for campaign in live_campaigns(workspace, after))
        return min((moment for moment in moments if moment is not None), default=None)

    def _happenings(self, tx: Transaction, now: datetime) -> Happenings:
        return Happenings(tx, workspace=self._workspace(), versions=self._versions, now=now)

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
                self._happenings(tx, now).match(event)
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

    def _move_or_put_off(self, tx: Transaction, held: RunInHand, now: datetime) -> Progress:
        try:
            return self._move(tx, held, now)
        except Exception as error:  # noqa: BLE001  # it stands in the history; an error of the database's own raises again at the next statement
            return _put_off(held.run, error, now)

    def _move(self, tx: Transaction, held: RunInHand, now: datetime) -> Progress:
        run, contact = held.run, held.contact
        campaign = self._versions(run.campaign, run.version)
        workspace = self._workspace()  # after the version, as asking for one that is not known yet takes the newest workspace up
        if contact is None or contact.erased:
            return _gone(run, "erased", now)
        if campaign is None:
            raise LookupError(f"version {run.version[:12]} of {run.campaign} cannot be read")  # now; it may be once that is mended
        return advance(run, Journey.within(tx, workspace=workspace, campaign=campaign, contact=contact, now=now))

    @staticmethod
    def _write(tx: Transaction, results: Sequence[Progress], now: datetime) -> None:
        exited = [progress.run.id for progress in results if progress.run.state is RunState.EXITED]
        returned = {run_id for run_id in exited if not tx.hand_off_started(run_id)}
        tx.save_runs([replace(p.run, state=RunState.RETURNED) if p.run.id in returned else p.run for p in results])
        tx.add_deliveries([delivery for progress in results for delivery in progress.deliveries])
        tx.add_touches([touch for progress in results for touch in progress.touches])
        tx.recall_deliveries(exited, now=now)


def _put_off(run: Run, error: Exception, now: datetime) -> Progress:
    """For as long as it is under way, so that ever fewer touches say the same; a day at most, so that what was mended goes on."""
    until = now + min(max(now - run.entered_at, SHORTEST_PUT_OFF), LONGEST_PUT_OFF)
    told = replace(touch_of(run, Kind.DEFERRED, at=now, reason="error"), detail={"error": type(error).__name__, "until": until.isoformat()})
    return Progress(run=replace(run, due_at=until), touches=(told,), moving=False)


def _gone(run: Run, reason: str, now: datetime) -> Progress:
    left = replace(run, state=RunState.EXITED, due_at=None, waiting_for=None)
    return Progress(run=left, touches=(touch_of(run, Kind.EXITED, at=now, reason=reason),), moving=False)
