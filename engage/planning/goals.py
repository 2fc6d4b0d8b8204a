"""2c Goals: an event -> the runs that have converted by it, the held-out ones among them. In one transaction with its matching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import final

from engage.model.contact import Contact, Event
from engage.model.history import Kind, Touch
from engage.model.localtime import add_everywhere
from engage.model.run import Run
from engage.model.workspace import Workspace
from engage.planning.ports import Transaction
from engage.planning.progress import Journey, touch_of

JourneyOf = Callable[[Run, Contact], Journey | None]
"""What a run goes through; None where its version is not kept any more."""


@final
class Goals:
    """Counts conversions: of each run the first matching event within the span after it entered, once."""

    def __init__(self, transaction: Transaction, *, workspace: Workspace, journey_of: JourneyOf) -> None:
        self._tx = transaction
        self._workspace = workspace
        self._journey_of = journey_of

    def count(self, event: Event, contact: Contact) -> frozenset[int]:
        """Write a touch for each run that the event converts; their ids. The contact is locked."""
        goals = {
            campaign.name: campaign.goal
            for campaign in self._workspace.campaigns.values()
            if campaign.goal is not None and campaign.goal.event == event.type
        }
        if not goals:
            return frozenset()
        since = event.at - max(goal.within.at_most for goal in goals.values())
        counted = self._tx.runs_since(contact.id, campaigns=sorted(goals), since=since)
        done = self._tx.converted(contact.id) if counted else frozenset()
        converted = [run for run in counted if run.id not in done and self._is_reached(run, contact, event)]
        self._tx.add_touches([_conversion(run, event) for run in converted])
        return frozenset(run.id for run in converted)

    def _is_reached(self, run: Run, contact: Contact, event: Event) -> bool:
        """By the goal of the version that the run goes by. What came before the entry, or brought it about, does not count."""
        journey = self._journey_of(run, contact)
        goal = journey.campaign.goal if journey is not None else None
        if journey is None or goal is None or goal.event != event.type or event.id == run.trigger.get("event_id"):
            return False
        in_time = run.intended_at <= event.at <= add_everywhere(run.intended_at, goal.within, journey.zones)
        return in_time and journey.holds(goal.where, run, event=event)


def _conversion(run: Run, event: Event) -> Touch:
    told = touch_of(run, Kind.CONVERTED, at=event.at)
    return replace(told, detail={"event": event.type, "event_id": event.id, "key": run.key})
