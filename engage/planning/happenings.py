"""2c Happenings: an event -> runs that enter, exit or go on. All in one transaction with the event's own row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import final

from engage.model.campaign import Campaign, ExitOnEvent, ReEntry
from engage.model.contact import Contact, Event, Value
from engage.model.run import Run
from engage.model.triggers import Again, EventTrigger
from engage.model.workspace import Workspace
from engage.planning.goals import Goals
from engage.planning.journeys import exits_on, exits_on_goal, leave, may_end_by
from engage.planning.migration import Passage
from engage.planning.moving import awaited_events, returned_run
from engage.planning.ports import Transaction
from engage.planning.positions import START
from engage.planning.progress import Journey, waits_for
from engage.planning.run_ports import RunInHand
from engage.planning.sending import is_shown_late
from engage.planning.slots import Entry, Slot
from engage.planning.versions import Versions, live_campaigns
from engage.rules.expressions import Scope, evaluate, holds
from engage.rules.scopes import event_trigger, scope


@final
class Matching:
    """Matches events against what waits for them and what they trigger, inside one transaction."""

    def __init__(self, transaction: Transaction, *, workspace: Workspace, versions: Versions, now: datetime) -> None:
        self._tx = transaction
        self._workspace = workspace
        self._versions = versions
        self._now = now
        self._goals = Goals(transaction, workspace=workspace, journey_of=self._journey)

    def happen(self, event: Event) -> bool:
        """Store the event and do what it asks; False where its id was seen before (then nothing is written)."""
        if not self._tx.add_event(event):
            return False
        self.match(event)
        return True

    def match(self, event: Event) -> None:
        """Do what a stored event asks: conversions first, then exits and waits, then entries."""
        if event.contact_id is not None:
            self._match_contact(event, event.contact_id)
        elif event.contact_ref is None:
            for campaign, trigger in self._triggered(event):
                self._enter_everybody(event, campaign, trigger)

    def _match_contact(self, event: Event, contact_id: int) -> None:
        in_hand = self._tx.runs_of_contact(contact_id, heeding=partial(self._heeds, event))
        contact = self._tx.contact(contact_id)
        if contact is None or contact.erased:
            return
        converted = self._goals.count(event, contact)
        for held in in_hand:
            self._tell(held, contact, event, converted=held.run.id in converted)
        for campaign, trigger in self._triggered(event):
            self._enter(event, contact, campaign, trigger)

    def _heeds(self, event: Event, name: str, version: str) -> bool:
        """Whether an event of that type could end or move any run of the campaign: what does not wait for it yet may do so by now."""
        newest = self._workspace.campaigns.get(name)
        ways = [self._versions(name, version), newest if newest is not None and newest.takes_over else None]
        return any(way is not None and (may_end_by(event, way) or event.type in awaited_events(way)) for way in ways)

    def _tell(self, held: RunInHand, contact: Contact, event: Event, *, converted: bool) -> None:
        run = self._taken_over(held.run)
        journey = self._journey(run, contact)
        if journey is None:
            return
        if converted and exits_on_goal(journey):
            self._exit(run, journey, reason="goal")
        elif event.at >= run.intended_at and exits_on(event, run, journey):
            self._exit(run, journey, reason=event.type)
            self._enter_later(run, contact, event)
        elif waits_for(held.run, event):
            self._tx.save_runs([replace(held.run, due_at=min(held.run.due_at or self._now, self._now))])  # when its time was up stays known
        elif is_shown_late(event, run, journey.campaign, lambda: self._tx.parts([run.id]).get(run.id, ())):
            self._tx.recall_deliveries([run.id], now=self._now, needless=event.type)

    def _exit(self, run: Run, journey: Journey, *, reason: str) -> None:
        self._end(run, journey, reason=reason, returned=not self._tx.hand_offs_started([run.id]))

    def _end(self, run: Run, journey: Journey, *, reason: str, returned: bool) -> None:
        progress = leave(run, journey, reason=reason)
        self._tx.save_runs([returned_run(progress.run) if returned else progress.run])
        self._tx.add_touches(progress.touches)
        self._tx.recall_deliveries([run.id], now=self._now)

    def _enter_later(self, run: Run, contact: Contact, exit_: Event) -> None:
        """What came after the exit by `at`, but was posted before it, found the key taken; where that was given back it counts now."""
        for campaign in live_campaigns(self._workspace, self._now):
            trigger = campaign.trigger
            if campaign.name != run.campaign or not isinstance(trigger, EventTrigger) or self._tx.is_paused(campaign.name):
                continue
            for later in self._tx.events_of_contact(contact.id, types=[trigger.event], since=exit_.at):
                if later.at > exit_.at and self._key(later, trigger, self._scope(later, contact)) == run.key:
                    self._enter(later, contact, campaign, trigger)

    def _triggered(self, event: Event) -> Iterable[tuple[Campaign, EventTrigger]]:
        for campaign in live_campaigns(self._workspace, self._now):
            trigger = campaign.trigger
            if isinstance(trigger, EventTrigger) and trigger.event == event.type and not self._tx.is_paused(campaign.name):
                yield campaign, trigger

    def _enter(self, event: Event, contact: Contact, campaign: Campaign, trigger: EventTrigger) -> None:
        asked = self._scope(event, contact)
        wanted = (trigger.where, campaign.audience)
        if not all(expression is None or holds(expression, asked) for expression in wanted):
            return
        key = self._key(event, trigger, asked)
        restarted = trigger.again is Again.RESTART and self._end_for_restart(event, campaign, contact, key)
        asking = replace(campaign, re_entry=ReEntry()) if restarted else campaign  # it goes on from its start: that is no new entry
        run_id = self._tx.enter_one(self._entry(event, asking, key), contact.id)
        if run_id is not None or campaign.holdout:
            self._catch_up(run_id, contact, event, campaign)

    def _end_for_restart(self, event: Event, campaign: Campaign, contact: Contact, key: str) -> bool:
        """End the run that is under way under the key, if any; not one that a later event began, as this one was only posted late."""
        ended = False
        for held in self._tx.runs_of_contact(contact.id):
            journey = self._journey(held.run, contact)
            mine = (held.run.campaign, held.run.key) == (campaign.name, key) and held.run.intended_at <= event.at
            if journey is not None and mine:
                self._end(held.run, journey, reason="restarted", returned=True)  # whatever was sent: its key is for the one that begins
                ended = True
        return ended

    def _catch_up(self, run_id: int | None, contact: Contact, event: Event, campaign: Campaign) -> None:
        """What was posted before the entry but came after it counts: events are ordered by `at`, not by arrival.

        Without a run the contact may be held out: then its conversions count, as those of the treated do.
        """
        types = [exit_.event for exit_ in campaign.exits if isinstance(exit_, ExitOnEvent)]
        types += [campaign.goal.event] if campaign.goal else []
        for later in self._tx.events_of_contact(contact.id, types=types, since=event.at) if types else ():
            held = next((held for held in self._tx.runs_of_contact(contact.id) if held.run.id == run_id), None)
            converted = run_id in self._goals.count(later, contact)
            journey = self._journey(held.run, contact) if held else None
            if later.id == event.id or held is None or journey is None:
                continue
            if converted and exits_on_goal(journey):
                self._exit(held.run, journey, reason="goal")
            elif exits_on(later, held.run, journey):
                self._exit(held.run, journey, reason=later.type)

    def _enter_everybody(self, event: Event, campaign: Campaign, trigger: EventTrigger) -> None:
        asked = self._scope(event, None)
        if trigger.where is not None and not holds(trigger.where, asked):
            return
        entry = self._entry(event, campaign, self._key(event, trigger, asked))
        entered = self._tx.enter(replace(entry, audience=campaign.audience))
        most = self._workspace.settings.guards.max_audience
        if most is not None and entered:
            self._tx.guard(campaign.name, entered=entered, most=most, now=self._now)

    def _entry(self, event: Event, campaign: Campaign, key: str) -> Entry:
        slot = Slot(at=event.at, key=key, trigger=event_trigger(event))
        return Entry(campaign=campaign, now=self._now, position=START, slots=(slot,), trace=event.trace)

    def _key(self, event: Event, trigger: EventTrigger, asked: Scope) -> str:
        value: Value = evaluate(trigger.key, asked) if trigger.key is not None else None
        return event.id if value is None else str(value)

    def _scope(self, event: Event, contact: Contact | None) -> Scope:
        lookup = self._tx.lookup(contact.id, now=self._now) if contact is not None else None
        return scope(self._workspace, contact=contact, now=self._now, lookup=lookup, event=event)

    def _taken_over(self, run: Run) -> Run:
        """The run as it would go on now: a newer version that takes it over says what ends it, though it is not due yet."""
        newest, old = self._workspace.campaigns.get(run.campaign), self._versions(run.campaign, run.version)
        if newest is None or old is None or not newest.takes_over or newest.version == run.version:
            return run
        return Passage(old, newest).migrated(run, now=self._now)

    def _journey(self, run: Run, contact: Contact) -> Journey | None:
        campaign = self._versions(run.campaign, run.version)
        if campaign is None:
            return None
        return Journey.within(self._tx, workspace=self._workspace, campaign=campaign, contact=contact, now=self._now)


def heeded_events(workspace: Workspace, now: datetime) -> frozenset[str]:
    """The types of events that do something for people who are in no campaign: they enter one, or convert what is over."""
    triggers = (campaign.trigger for campaign in live_campaigns(workspace, now))
    goals = (campaign.goal for campaign in workspace.campaigns.values())
    entering = {trigger.event for trigger in triggers if isinstance(trigger, EventTrigger)}
    return frozenset(entering | {goal.event for goal in goals if goal is not None})
