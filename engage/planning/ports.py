"""What planning needs of a store: one short transaction, in which entries, runs and events are read and written.

Implementers must ensure that what one `transaction()` writes is committed together or not at all; that rows returned by
`due_runs` and `runs_of_contact` are locked against other transactions until it ends; and that everything is safe to repeat:
entering twice under one key enters once, an event seen before is not stored again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, final

from engage.model.contact import Consent, Contact, Event, Value
from engage.model.history import Touch
from engage.model.run import Run
from engage.model.steps import Sign
from engage.planning.requests import ArmResult, NewCall, NewDelivery, Part
from engage.planning.slots import Entry, Residence
from engage.rules.expressions import Lookup

NEWS_TAKES = timedelta(hours=1)
"""How long after its moment a change of a contact may be committed: an import of a million rows has one moment."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RunInHand:
    """A run, locked, with its contact (None: gone) and the outcome of the delivery it waited for, where that is final now."""

    run: Run
    contact: Contact | None


class Entries(Protocol):
    """Entering: set-based, a handful of statements whatever the audience's size."""

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
        """Remember it; the first call also remembers that the campaign went live then."""
        ...

    def residences(self, *, by_country: bool) -> Sequence[Residence]:
        """Where contacts live."""
        ...

    def enter(self, entry: Entry) -> int:
        """Enter all slots; the number of new runs."""
        ...

    def enter_one(self, entry: Entry, contact_id: int) -> int | None:
        """Enter one contact at the entry's only slot, without asking the audience again; the new run's id, None where kept out.

        A run under the same key that is there already, active or final, keeps it out without a touch.
        """
        ...

    def guard(self, campaign: str, *, entered: int, most: int, now: datetime) -> None:
        """Count who entered; hold the campaign, unless it is approved, once more than `most` did within a day: the time that one
        hour takes to come everywhere."""
        ...


class Runs(Protocol):
    """Journeys: what is due, what waits, and what they ask for next."""

    def due_runs(self, *, now: datetime, limit: int) -> Sequence[RunInHand]:
        """Active runs whose `due_at` has come, oldest first, locked, none that another transaction holds."""
        ...

    def runs_of_contact(self, contact_id: int) -> Sequence[RunInHand]:
        """All active runs of the contact, locked; their contact row is locked first."""
        ...

    def save_runs(self, runs: Sequence[Run]) -> None:
        """Write what changed. A RETURNED run frees its key."""
        ...

    def add_deliveries(self, deliveries: Sequence[NewDelivery]) -> None:
        """Make the rows; one that is there already is left as it is."""
        ...

    def recall_deliveries(self, run_ids: Sequence[int], *, now: datetime) -> None:
        """Make the waiting deliveries of these runs due now, so that the decision cancels them."""
        ...

    def hand_offs_started(self, run_ids: Sequence[int]) -> frozenset[int]:
        """Those of the runs of which any delivery is or was in `sending`."""
        ...


class Progressing(Protocol):
    """What runs ask and write on their way beside their deliveries."""

    def parts(self, run_ids: Sequence[int]) -> Mapping[int, Sequence[Part]]:
        """The deliveries of these runs, in the order in which they were made."""
        ...

    def arm_results(self, campaign: str, version: str, arms: Sequence[Sequence[str]], sign: Sign) -> Sequence[ArmResult]:
        """How the arms of a split do, each given by the names of its sends. Signs that a machine made do not count."""
        ...

    def hold_contacts(self, contact_ids: Sequence[int]) -> frozenset[int]:
        """Lock these contacts, but for those that another transaction holds: nobody who has locked runs may wait for a contact."""
        ...

    def change_contacts(self, changes: Sequence[tuple[int, Mapping[str, Value]]], *, now: datetime) -> Mapping[int, Contact]:
        """Set attributes (None clears) of contacts that are held; the contacts as they are now."""
        ...

    def record_consents(self, lines: Sequence[Consent]) -> None:
        """Append to the ledger, each line with its touch."""
        ...

    def add_calls(self, calls: Sequence[NewCall]) -> None:
        """Put the calls into the outbox; one that is there already is left as it is."""
        ...


class Conversions(Protocol):
    """Goals: who is still counted, and who has reached theirs."""

    def runs_since(self, contact_id: int, *, campaigns: Sequence[str], since: datetime) -> Sequence[Run]:
        """The contact's runs of these campaigns that fell due since then and were not returned, held-out ones too, in their order."""
        ...

    def converted(self, contact_id: int) -> frozenset[int]:
        """Those of the contact's runs that have reached their goal."""
        ...


class Happenings(Protocol):
    """Events, and what has happened before."""

    def add_event(self, event: Event) -> bool:
        """Store it with its touch; False, and nothing written, where its id is known."""
        ...

    def events_of_contact(self, contact_id: int, *, types: Sequence[str], since: datetime) -> Sequence[Event]:
        """The contact's events of these types with `at` not before `since`, in the order of `at`."""
        ...

    def find_contact(self, reference: str) -> Contact | None:
        """By external id, else email, else phone; normalised as on import."""
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

    def pending_events(self, *, limit: int) -> Sequence[str]:
        """Ids of events to be drawn, in the order of `at`."""
        ...

    def take_pending_event(self, event_id: str) -> Event | None:
        """The event, drawn from now on; None where it was drawn already or another transaction has it."""
        ...

    def put_back_event(self, event_id: str) -> None:
        """Count that it could not be drawn; it comes again a few times, and then no more."""
        ...


class Transaction(Entries, Runs, Progressing, Conversions, Happenings, Pending, Protocol):
    """All of them, in one transaction."""


class PlanningStore(Protocol):
    """Where planning writes."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        ...

    def next_due(self, *, after: datetime) -> datetime | None:
        """The next business moment at which a run or a waiting delivery is due, `after` or earlier ones included."""
        ...
