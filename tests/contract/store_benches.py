"""A bench for the store's contract: a database with a workspace, and the few things every test of it puts there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar, final

import sqlalchemy as sa

from engage.delivery.ports import Clearance, Journal, Lease, Settlement
from engage.model.addresses import address_key
from engage.model.campaign import Campaign
from engage.model.contact import ChannelKind
from engage.model.delivery import DeliveryState
from engage.model.history import Kind, Touch
from engage.model.values import to_json
from engage.model.workspace import Workspace
from engage.planning.requests import NewDelivery
from engage.planning.slots import Entry, Residence, Slot
from engage.store.campaigns.workspaces import SqlWorkspaces
from engage.store.database import Database
from engage.store.delivery.deliveries import SqlDeliveries
from engage.store.installation.operating import SqlOperations
from engage.store.planning.transactions import SqlPlanning
from engage.store.schema.tables import contact_dates, contacts
from tests.builders import NOON, a_campaign, a_workspace

T = TypeVar("T")
MINUTE = timedelta(minutes=1)
LJUBLJANA = "Europe/Ljubljana"


@final
@dataclass(kw_only=True)
class Bench:
    """The store, with a workspace accepted in it."""

    database: Database
    workspace: Workspace = field(default_factory=lambda: a_workspace(a_campaign()))
    older: tuple[Campaign, ...] = ()
    journal: Journal | None = None

    def __post_init__(self) -> None:
        self.planning = SqlPlanning(self.database, workspace=lambda: self.workspace)
        self.deliveries = SqlDeliveries(self.database, workspace=lambda: self.workspace, versions=self._version, journal=self.journal)
        self.operations = SqlOperations(self.database)
        SqlWorkspaces(self.database).accept(self.workspace, now=NOON)

    def add_contacts(self, number: int, *, zone: str = LJUBLJANA, born: date = date(1990, 2, 25), **columns: Any) -> list[int]:
        """Contacts c1, c2, … of one birth date."""
        first = self.count(contacts) + 1
        names = [f"c{first + offset}" for offset in range(number)]
        rows = [self._contact(name, zone, born) | columns for name in names]
        with self.database.begin() as connection:
            connection.execute(contacts.insert(), rows)
            known = dict(connection.execute(sa.select(contacts.c.external_id, contacts.c.id)).all())
            dates = {"name": "birth_date", "year": born.year, "month": born.month, "day": born.day, "zone_key": zone}
            connection.execute(contact_dates.insert(), [{"contact_id": known[name], **dates} for name in names])
        return [known[name] for name in names]

    def _contact(self, name: str, zone: str, born: date) -> dict[str, Any]:
        address = f"{name}@example.com"
        return {
            "external_id": name, "email": address, "email_key": self.key(address), "status": "active", "timezone": zone, "zone_key": zone,
            "zone_source": "contact", "attributes": {"birth_date": to_json(born)}, "known_at": NOON, "changed_at": NOON, "country": "SI",
        }

    def _version(self, name: str, version: str) -> Campaign | None:
        known = (*self.older, *self.workspace.campaigns.values())
        return next((each for each in known if (each.name, each.version) == (name, version)), None)

    def key(self, address: str) -> str:
        """The keyed hash of a mail address."""
        return address_key(self.database.secret(), ChannelKind.EMAIL, address)

    def enter(self, entry: Entry | None = None) -> int:
        """Enter in a transaction of its own."""
        with self.planning.transaction() as tx:
            return tx.enter(entry or an_entry())

    def add_deliveries(self, number: int, **changes: Any) -> list[int]:
        """Contacts with a run each, and a delivery that is due at noon; the deliveries' ids."""
        contact_ids = self.add_contacts(number)
        with self.planning.transaction() as tx:
            started = [(tx.enter_one(an_entry(), contact_id), contact_id) for contact_id in contact_ids]
            tx.save_runs([replace(held.run, due_at=None) for held in tx.due_runs(now=NOON, limit=number)])
            tx.add_deliveries([a_delivery(run_id or 0, contact_id, **changes) for run_id, contact_id in started])
        return self.ids("SELECT id FROM deliveries ORDER BY id")[-number:]

    def claim(self, *, limit: int = 100, lease: timedelta = MINUTE, now: datetime = NOON, owner: str = "worker") -> Lease | None:
        """Claim of the bulk queue."""
        return self.deliveries.claim(now=now, queue="bulk", limit=limit, owner=owner, lease=lease)

    def claimed(self, **changes: Any) -> Lease:
        """The same, where something must be due."""
        lease = self.claim(**changes)
        assert lease is not None
        return lease

    def hand_off(self, lease: Lease, *delivery_ids: int) -> None:
        """Clear deliveries for their contacts' mail addresses."""
        with self.deliveries.clearing(lease, delivery_ids, now=NOON) as clearing:
            addresses = {
                candidate.intent.id: candidate.facts.contact.text("email") or ""
                for candidate in clearing.candidates() if candidate.facts.contact is not None
            }
            goes = [Clearance(delivery_id=id_, channel="email", provider="console", address=addresses[id_]) for id_ in delivery_ids]
            clearing.hand_off(goes, now=NOON)

    def cleared(self, lease: Lease, *delivery_ids: int) -> list[int]:
        """Those of the deliveries that the lease might hand over."""
        with self.deliveries.clearing(lease, delivery_ids, now=NOON) as clearing:
            return [candidate.intent.id for candidate in clearing.candidates()]

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The statements that the block makes."""
        made: list[str] = []

        def note(*arguments: Any) -> None:
            made.append(arguments[2])

        sa.event.listen(self.database.engine, "before_cursor_execute", note)
        yield made
        sa.event.remove(self.database.engine, "before_cursor_execute", note)

    def rows(self, statement: str) -> list[Mapping[str, Any]]:
        """The rows of a query."""
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(sa.text(statement)).mappings()]

    def ids(self, statement: str) -> list[int]:
        """The first column of a query."""
        return [next(iter(row.values())) for row in self.rows(statement)]

    def states(self) -> dict[int, str]:
        """The state of each delivery."""
        return {row["id"]: row["state"] for row in self.rows("SELECT id, state FROM deliveries")}

    def kinds(self) -> list[str]:
        """The kinds of touches about deliveries, in order."""
        return [row["kind"] for row in self.rows("SELECT kind FROM touches WHERE delivery_id IS NOT NULL ORDER BY id")]

    def count(self, table: sa.Table) -> int:
        """How many rows a table has."""
        with self.database.read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def a_slot(**changes: Any) -> Slot:
    """Everybody in Ljubljana, at noon."""
    slot = Slot(at=NOON, key="k1", trigger={"at": "2026-02-25T12:00"}, residence=Residence(zone_key=LJUBLJANA))
    return replace(slot, **changes)


def an_entry(*slots: Slot, campaign: Campaign | None = None, **changes: Any) -> Entry:
    """The birthday campaign, entered at noon."""
    entry = Entry(campaign=campaign or a_campaign(), now=NOON, position="0", slots=slots or (a_slot(),))
    return replace(entry, **changes)


def a_delivery(run_id: int, contact_id: int, **changes: Any) -> NewDelivery:
    """A birthday wish, due at noon."""
    new = NewDelivery(
        run_id=run_id, campaign="birthday", version="v1", step="0", message="birthday", purpose="care", contact_id=contact_id,
        queue="bulk", channels=("email", "sms"), intended_at=NOON, due_at=NOON, expires_at=NOON + timedelta(days=7), priority=5,
        on_unknown="hold",
    )
    return replace(new, **changes)


def settled(delivery_id: int, state: DeliveryState = DeliveryState.SENT, **changes: Any) -> Settlement:
    """An outcome with its touch."""
    touch = Touch(
        at=NOON, contact_id=1, kind=Kind(state.value), campaign="birthday", delivery_id=delivery_id, purpose="care", channel="email",
        private={"address": "somebody@example.com"},
    ) if state.is_final else None
    return replace(Settlement(delivery_id=delivery_id, state=state, touch=touch), **changes)


def at_once(number: int, do: Callable[[int], T]) -> Sequence[T]:
    """Run it in so many threads that begin together."""
    barrier = threading.Barrier(number)

    def begin(index: int) -> T:
        barrier.wait(timeout=30)
        return do(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(begin, range(number)))
