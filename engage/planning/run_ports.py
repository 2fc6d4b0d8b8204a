"""What moving runs on needs of a store, in one open transaction with all else of `engage.planning.ports`.

Rows returned by `due_runs` and `runs_of_contact` are locked against other transactions until it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, final

from engage.model.contact import Consent, Contact, Event, Value
from engage.model.run import Run
from engage.model.steps import Sign
from engage.planning.requests import ArmResult, NewCall, NewDelivery, Part


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RunInHand:
    """A run, locked, with its contact (None: gone)."""

    run: Run
    contact: Contact | None


Heeding = Callable[[str, str], bool]
"""Whether runs of a campaign, in a version, may do anything about what happens, wherever they are by then."""


class Runs(Protocol):
    """Journeys: what is due, what waits, and what they ask for next."""

    def due_runs(self, *, now: datetime, limit: int) -> Sequence[RunInHand]:
        """Active runs whose `due_at` has come, oldest first, locked, none that another transaction holds."""
        ...

    def runs_of_contact(self, contact_id: int, *, heeding: Heeding = lambda campaign, version: True) -> Sequence[RunInHand]:
        """The contact's active runs of campaigns that heed, locked; their contact row is locked first. Others are not even locked."""
        ...

    def save_runs(self, runs: Sequence[Run]) -> None:
        """Write what changed. A RETURNED run frees its key."""
        ...

    def add_deliveries(self, deliveries: Sequence[NewDelivery]) -> None:
        """Make the rows; one that is there already is left as it is."""
        ...

    def recall_deliveries(self, run_ids: Sequence[int], *, now: datetime, needless: str | None = None) -> None:
        """Make the waiting deliveries of these runs due now, so that the decision cancels them: as their run ended, or as `needless`.

        That is the type of the event that says so.
        """
        ...

    def hand_offs_started(self, run_ids: Sequence[int]) -> frozenset[int]:
        """Those of the runs of which any delivery is or was in `sending`."""
        ...


class Progressing(Protocol):
    """What runs ask on their way."""

    def parts(self, run_ids: Sequence[int]) -> Mapping[int, Sequence[Part]]:
        """The deliveries of these runs, in the order in which they were made."""
        ...

    def arm_results(self, campaign: str, version: str, arms: Sequence[Sequence[str]], sign: Sign) -> Sequence[ArmResult]:
        """How the arms of a split do, each given by the names of its sends. Signs that a machine made do not count."""
        ...

    def events_since(self, since: Mapping[int, datetime], *, types: Sequence[str]) -> Mapping[int, Sequence[Event]]:
        """The events of these types of each contact with `at` not before its moment, in the order of `at`."""
        ...


class Acting(Protocol):
    """What runs write beside themselves and their deliveries."""

    def hold_contacts(self, contact_ids: Sequence[int]) -> frozenset[int]:
        """Lock these contacts, but for those that another transaction holds: nobody who has locked runs may wait for a contact."""
        ...

    def change_contacts(self, changes: Sequence[tuple[int, Mapping[str, Value]]], *, now: datetime) -> Mapping[int, Contact]:
        """Set attributes (None clears) of contacts that are held; the contacts as they are now."""
        ...

    def record_consents(self, lines: Sequence[Consent]) -> None:
        """Append to the ledger; their touches are the runs' own."""
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
