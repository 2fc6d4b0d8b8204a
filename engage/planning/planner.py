"""2 Plan: triggers x people -> runs; due runs -> deliveries. Decides who and when, never whether a message may go out.

Every method takes `now` of the business clock, works in short transactions, and is safe to repeat and to run in any number of
processes at once: runs have UNIQUE keys, due runs are locked while they advance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import final

from engage.model.campaign import Campaign
from engage.model.contact import Event
from engage.model.workspace import Workspace
from engage.planning.due import Due
from engage.planning.endings import AtItsEnd, Ending, endings_of
from engage.planning.enrolling import Fate
from engage.planning.entering import Entering
from engage.planning.happenings import Matching, heeded_events
from engage.planning.moving import Moving
from engage.planning.ports import PlanningStore, Transaction
from engage.planning.progress import Seen
from engage.planning.signals import SILENT, Signals
from engage.planning.versions import Versions, live_campaigns

KEPT_FOR = timedelta(days=30)
"""How long an event waits for its contact to become known."""

BATCH = 500
ENDING_AT_ONCE = 2_000
EVENTS_AT_ONCE = 100
VAIN_AT_ONCE = 10_000
"""Events that ask for nothing are passed over by the thousand: that a newsletter was delivered mostly asks for nothing."""


@final
class Planner:
    """Enters contacts into campaigns and moves their runs on."""

    def __init__(
        self, store: PlanningStore, *, workspace: Callable[[], Workspace], versions: Versions, zones_of: Callable[[str], tuple[str, ...]],
        seen: Seen = lambda campaign, path: None, refresh: Callable[[], object] = lambda: None, signals: Signals = SILENT,
    ) -> None:
        """`refresh` takes a workspace up that another process has just accepted."""
        self._store = store
        self._workspace = workspace
        self._versions = versions
        self._zones_of = zones_of
        self._seen = seen
        self._refresh = refresh
        self._signals = signals
        self._ends: tuple[Workspace, Sequence[Ending]] | None = None

    def happen(self, event: Event, *, now: datetime) -> bool:
        """Take an event in: its row, its touch, and the runs it enters, ends or moves, in one transaction.

        False where an event of that id was taken before. An event about a contact not yet known is kept for 30 days.
        """
        self._refresh()  # a campaign may have been edited, or renamed, a moment ago
        with self._store.transaction() as tx:
            return self._matching(tx, now).happen(self._with_contact(tx, event))

    def happen_all(self, events: Sequence[Event], *, now: datetime) -> Sequence[bool]:
        """The same of many, a hundred in each transaction; an answer for each, in the order given."""
        self._refresh()
        answers: list[bool] = []
        for start in range(0, len(events), EVENTS_AT_ONCE):
            with self._store.transaction() as tx:
                answers += self._happen_together(tx, events[start : start + EVENTS_AT_ONCE], now)
        return answers

    def _happen_together(self, tx: Transaction, events: Sequence[Event], now: datetime) -> Sequence[bool]:
        """In one order of contacts, whoever asks: two who tell of the same people at once wait for each other and never for good."""
        meant = tx.find_contacts({event.contact_ref for event in events if event.contact_ref})
        known = [
            event if (contact := meant.get(event.contact_ref or "")) is None else replace(event, contact_id=contact.id) for event in events
        ]
        matching, answers = self._matching(tx, now), [False] * len(known)
        for place in sorted(range(len(known)), key=lambda place: (known[place].contact_id or 0, known[place].at, known[place].id)):
            answers[place] = matching.happen(known[place])
        return answers

    def tick(self, *, now: datetime) -> int:
        """Look at segments, and enter everybody whose moment has come since the last tick; how many runs began.

        A campaign that nothing can be done with stops no other. Raises ExceptionGroup, once all others are done.
        """
        workspace, entering, entered = self._workspace(), self._entering(), 0
        errors = entering.look(now=now)
        for campaign in live_campaigns(workspace, now):
            try:
                entered += entering.enter_due(campaign, now=now)
            except Exception as error:  # noqa: BLE001  # raised below
                errors.append(error)
        with self._store.transaction() as tx:
            tx.meet_contacts(since=now - KEPT_FOR, limit=BATCH)
        if errors:
            raise ExceptionGroup("not everything could be planned", errors)
        return entered

    def look(self, *, now: datetime) -> None:
        """Look at the segments whose turn has come, and nothing else: for a clock that jumps, before anything is written at its moment.

        Raises ExceptionGroup, once all others are done.
        """
        errors = self._entering().look(now=now)
        if errors:
            raise ExceptionGroup("not every segment could be looked at", errors)

    def enroll(
        self, campaign: Campaign, contact_ids: Sequence[int], *, data: Mapping[str, object], key: str, now: datetime
    ) -> Mapping[int, Fate]:
        """Enter those named into a live campaign, whatever its trigger; what became of each. `data`, JSON, is what the trigger holds.

        The audience is asked, and re-entry and holdout hold, as ever. Safe to repeat: under the same key nobody enters twice.
        """
        return self._entering().enroll(campaign, contact_ids, data=data, key=key, now=now)

    def advance(self, *, now: datetime) -> int:
        """Draw a batch of pending events and move a batch of due runs on; how many (0: nothing more is due).

        A run that cannot be moved is put off, with a touch that says so, and stops no other; nor does an event that cannot be
        drawn. Raises ExceptionGroup for such events, once all else is done.
        """
        drawn, errors = self._draw_pending(now)
        with self._store.transaction() as tx:
            told = self._tell_outcomes(tx, now)
            ended = self._end_plainly(tx, now)
            due = tx.due_runs(now=now, limit=BATCH)
            if due:
                self._refresh()  # what was accepted elsewhere a moment ago may have woken them, to go on in the new version
            moved = Moving(tx, workspace=self._workspace, versions=self._versions, now=now, seen=self._seen).move(due)
        self._signals.advanced(events=drawn, runs=told + ended + moved)
        if errors:
            raise ExceptionGroup("not every event could be drawn", errors)
        return drawn + told + ended + moved

    def _tell_outcomes(self, tx: Transaction, now: datetime) -> int:
        """Tell runs what their messages came to: those that have nothing more to do end with it, the others are due. How many ended."""
        ended = told = 0
        while told < ENDING_AT_ONCE and (outcome := tx.take_outcome(self._endings(), now=now)) is not None:
            at_end = self._still_at_end(outcome.at_end)
            gone = frozenset(each.run_id for each in at_end)
            if gone:
                tx.end_runs(sorted(gone), now=now, told=outcome)
            going = [*outcome.others, *(each.run_id for each in outcome.at_end if each.run_id not in gone)]
            if going:
                tx.wake_runs(going, told=outcome)
            ended, told = ended + len(gone), told + len(gone) + len(going)
            self._see(at_end)
            if outcome.left:
                break
        return ended

    def _end_plainly(self, tx: Transaction, now: datetime) -> int:
        """End the due runs at once that have nothing more to do; how many."""
        endings = self._endings()
        found = tx.runs_at_their_end(endings, now=now, limit=ENDING_AT_ONCE) if endings else ()
        if not found:
            return 0
        ended = self._still_at_end(found)
        if ended:
            tx.end_runs([each.run_id for each in ended], now=now)
        self._see(ended)
        return len(ended)

    def _still_at_end(self, found: Sequence[AtItsEnd]) -> Sequence[AtItsEnd]:
        """In a version that was accepted a moment ago they may have more to do."""
        if not found:
            return ()
        self._refresh()
        still = frozenset(self._endings())
        return [each for each in found if each.ending in still]

    def _see(self, ended: Sequence[AtItsEnd]) -> None:
        for ending in sorted({each.ending for each in ended}, key=lambda ending: (ending.campaign, ending.position)):
            self._seen(ending.campaign, ending.position)

    def _endings(self) -> Sequence[Ending]:
        workspace = self._workspace()
        if self._ends is None or self._ends[0] is not workspace:
            self._ends = (workspace, endings_of(workspace))
        return self._ends[1]

    def due(self, *, now: datetime) -> Due:
        """What is due at this moment, so that a clock that jumps asks only those who have something to do."""
        return self._store.due(now=now)

    def next_moment(self, *, after: datetime) -> datetime | None:
        """The next business moment at which anything may become due; None where nothing ever will."""
        moments = [self._store.next_due(after=after), *self._entering().next_moments(after=after)]
        return min((moment for moment in moments if moment is not None), default=None)

    def _entering(self) -> Entering:
        return Entering(self._store, workspace=self._workspace(), zones_of=self._zones_of, seen=self._seen, signals=self._signals)

    def _matching(self, tx: Transaction, now: datetime) -> Matching:
        return Matching(tx, workspace=self._workspace(), versions=self._versions, now=now)

    @staticmethod
    def _with_contact(tx: Transaction, event: Event) -> Event:
        if event.contact_id is not None or event.contact_ref is None:
            return event
        contact = tx.find_contacts([event.contact_ref]).get(event.contact_ref)
        return event if contact is None else replace(event, contact_id=contact.id)

    def _draw_pending(self, now: datetime) -> tuple[int, list[Exception]]:
        """Draw what pending events ask for, each in a transaction of its own: one that raises leaves nothing half-written."""
        drawn, errors = 0, list[Exception]()
        with self._store.transaction() as tx:
            waiting = tx.pending_events(limit=BATCH)
            if waiting:
                drawn = tx.pass_over_events(heeded=heeded_events(self._workspace(), now), limit=VAIN_AT_ONCE)
            if drawn:
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
