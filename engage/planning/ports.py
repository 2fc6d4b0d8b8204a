"""What planning needs of a store: one short transaction, in which entries, runs and events are read and written.

Implementers must ensure that what one `transaction()` writes is committed together or not at all; that rows returned by
`due_runs` and `runs_of_contact` are locked against other transactions until it ends; and that everything is safe to repeat:
entering twice under one key enters once, an event seen before is not stored again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from engage.model.contact import Contact, Event
from engage.model.history import Touch
from engage.model.run import RunState
from engage.planning.due import Due
from engage.planning.endings import Ends
from engage.planning.run_ports import Acting, Conversions, Progressing, Runs
from engage.planning.segments import Looked, Watched
from engage.planning.slots import Entry, Residence, Slot
from engage.rules.expressions import Lookup

NEWS_TAKES = timedelta(hours=1)
"""How long after its moment a change of a contact may be committed: an import of a million rows has one moment."""


class Planned(Protocol):
    """How far each campaign is planned, and whether it may enter anybody."""

    def planned_until(self, campaign: str) -> datetime | None:
        """Up to when the campaign's entries are planned; None where it was never live."""
        ...

    def went_live(self, campaign: str) -> datetime | None:
        """When the campaign went live."""
        ...

    def is_paused(self, campaign: str) -> bool:
        """Whether people paused the campaign, or everything."""
        ...

    def move_planned_until(self, campaign: str, to: datetime) -> None:
        """Remember it, unless it is planned further already; the first call also remembers that the campaign went live then."""
        ...


class Entries(Protocol):
    """Entering: set-based, a handful of statements whatever the audience's size."""

    def any_changed(self, *, since: datetime) -> bool:
        """Whether any contact was imported or corrected after that moment."""
        ...

    def first_dated(self, slots: Sequence[Slot]) -> datetime | None:
        """The first moment of these slots of dates whose day is anybody's date, whether or not they will enter; None: nobody's."""
        ...

    def residences(self, *, by_country: bool) -> Sequence[Residence]:
        """Where contacts live."""
        ...

    def enter(self, entry: Entry) -> int:
        """Enter all slots; how many runs began (the held-out do not count)."""
        ...

    def enter_one(self, entry: Entry, contact_id: int) -> int | None:
        """Enter one contact at the entry's only slot, without asking the audience again; the new run's id, None where none began.

        A run under the same key that is there already, active or final, keeps it out without a touch.
        """
        ...

    def guard(self, campaign: str, *, entered: int, most: int, now: datetime) -> None:
        """Count who entered; hold the campaign, unless it is approved, once more than `most` did within a day: the time that one
        hour takes to come everywhere."""
        ...


class Segments(Protocol):
    """Looks at the segments that campaigns watch; several at once make one look."""

    def looked(self) -> Mapping[str, Looked]:
        """The segments that were ever looked at, by name."""
        ...

    def look(self, asked: Watched, *, at: datetime) -> None:
        """Find out who moved into the segment, and out of it, by that moment of the grid; nobody, where it is new or edited.

        Everybody is compared only where something that the segment depends on was written since, or time alone may have moved somebody.
        """
        ...

    def news_of(self, asked: Watched, *, at: datetime) -> datetime | None:
        """From when on a look may find somebody moved: `at`, where anything that the segment depends on was written since the last;
        else when the next consent expires that it asks for. None: nothing is known that would have moved anybody.
        """
        ...

    def moves(self, segment: str, *, inside: bool, after: datetime, until: datetime) -> Sequence[datetime]:
        """The looks in `(after, until]` at which somebody was found to have moved into the segment, or out of it."""
        ...

    def existing_entered(self, campaign: str) -> datetime | None:
        """When those entered the campaign who were in its segment already; None where they have not."""
        ...

    def mark_existing_entered(self, campaign: str, *, now: datetime) -> None:
        """Remember that they did."""
        ...


class Enrolments(Protocol):
    """What became of those who were named."""

    def run_states(self, campaign: str, key: str, contact_ids: Sequence[int]) -> Mapping[int, RunState]:
        """The states of these contacts' runs under the key, by contact."""
        ...

    def kept_out(self, campaign: str, key: str, contact_ids: Sequence[int]) -> frozenset[int]:
        """Those of these contacts whom re-entry kept out under the key."""
        ...


class Happenings(Protocol):
    """Events, and what has happened before."""

    def add_event(self, event: Event) -> bool:
        """Store it with its touch; False, and nothing written, where its id is known."""
        ...

    def events_of_contact(self, contact_id: int, *, types: Sequence[str], since: datetime) -> Sequence[Event]:
        """The contact's events of these types with `at` not before `since`, in the order of `at`."""
        ...

    def find_contacts(self, references: Collection[str]) -> Mapping[str, Contact]:
        """By external id, else email, else phone; normalised as on import. Those who are known, by reference."""
        ...

    def contact(self, contact_id: int) -> Contact | None:
        """The contact, locked."""
        ...

    def lookup(self, contact_id: int, *, now: datetime) -> Lookup:
        """Answers the questions of expressions about one contact."""
        ...

    def add_touches(self, touches: Sequence[Touch]) -> None:
        """Append to the history."""
        ...


class Pending(Protocol):
    """Events whose consequences are drawn later, each in a transaction of its own; kept ones wait for their contact first."""

    def add_pending_events(self, events: Sequence[Event]) -> None:
        """Store events of people who are known, each with its touch, to be drawn; one whose id is known is left as it is."""
        ...

    def meet_contacts(self, *, since: datetime, limit: int) -> int:
        """Give kept events received since then to the contacts who are known by now, each with its touch; how many."""
        ...

    def pass_over_events(self, *, heeded: Collection[str], limit: int) -> int:
        """Take from the pending what asks for nothing: of types that are not heeded, of people who are in no campaign. How many."""
        ...

    def pending_events(self, *, limit: int) -> Sequence[str]:
        """Ids of events to be drawn, in the order of `at`."""
        ...

    def take_pending_event(self, event_id: str) -> Event | None:
        """The event, drawn from now on; None where it was drawn already or another transaction has it."""
        ...

    def put_back_event(self, event_id: str) -> None:
        """Count that it could not be drawn; it comes again a few times, and then no more."""
        ...


class Transaction(Planned, Entries, Segments, Enrolments, Runs, Ends, Progressing, Acting, Conversions, Happenings, Pending, Protocol):
    """All of them, in one transaction."""


class PlanningStore(Protocol):
    """Where planning writes."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        ...

    def due(self, *, now: datetime) -> Due:
        """What is due at this moment."""
        ...

    def next_due(self, *, after: datetime) -> datetime | None:
        """The next business moment at which a run or a waiting delivery is due, `after` or earlier ones included."""
        ...
