"""Delivery rows under leases: the port `Deliveries` of the conductor on SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import final

import sqlalchemy as sa

from engage.delivery.ports import Candidate, Clearance, Clearing, Journal, Lease, NoJournal, Settlement
from engage.model.addresses import address_key
from engage.planning.versions import Versions
from engage.rules.expressions import Lookup
from engage.store.campaigns.pausing import pause
from engage.store.database import Database
from engage.store.delivery import leases, outcomes, sweeping
from engage.store.delivery.candidates import Reading, Recall, load_candidates, reload_candidates, waiting_rows
from engage.store.delivery.handing_off import hand_off
from engage.store.delivery.queues import outranked_ids, waiting_by_queue
from engage.store.delivery.recording import NotAllInHand, is_plain, record_sent
from engage.store.expressions.lookups import SqlLookup
from engage.store.rows.rows import Row
from engage.store.session import WorkspaceNow
from engage.store.sql.raw import Raw


@final
class SqlDeliveries:
    """Safe to use from many threads and processes; every method is one short transaction."""

    def __init__(
        self, database: Database, *, workspace: WorkspaceNow, versions: Versions, journal: Journal | None = None,
        repeatable: sweeping.Repeatable = lambda channel, provider: False,
    ) -> None:
        self._database = database
        self._workspace = workspace
        self._versions = versions
        self._journal = journal or NoJournal()
        self._repeatable = repeatable
        self._recalls: dict[int, Recall] = {}  # by lease
        self._rows: dict[int, Sequence[Raw]] = {}  # of leases that are not loaded yet
        self._left: dict[int, set[int]] = {}  # of each lease, what is not settled
        self._over: set[int] = set()  # leases of which nothing is left

    def claim(self, *, now: datetime, queue: str, limit: int, owner: str, lease: timedelta) -> Lease | None:
        """Take up to `limit` due rows (higher priority first, then older), or None. Suspects come alone, in small careful batches."""
        with self._database.begin() as connection:
            claimed = leases.claim(connection, now=now, queue=queue, limit=limit, owner=owner, lease=lease)
        if claimed is None:
            return None
        new, rows = claimed
        self._left[new.id] = set(new.delivery_ids)
        if rows is not None:
            self._rows[new.id] = rows
        return new

    def load(self, lease: Lease, *, now: datetime) -> Sequence[Candidate]:
        """The lease's rows with their facts, in a few set-based queries, in the order in which they were claimed."""
        with self._database.read() as connection:
            rows = self._rows.pop(lease.id, None)
            if rows is None:
                rows = waiting_rows(connection, lease.delivery_ids)
            found = load_candidates(connection, self._reading(now), self._recall(lease), rows)
        return _in_order(found, lease.delivery_ids)

    def _reading(self, now: datetime) -> Reading:
        return Reading(now=now, workspace=self._workspace(), versions=self._versions)

    def renew(self, lease: Lease, *, by: timedelta) -> None:
        """Prolong the lease, to end so long from now by the machine clock. Raises LeaseLost."""
        with self._database.begin() as connection:
            leases.renew(connection, lease, by=by)

    def take_in_hand(self, lease: Lease, delivery_id: int) -> None:
        """Remember, committed, that this row is about to be rendered or handed over (careful batches only). Raises LeaseLost."""
        with self._database.begin() as connection:
            leases.take_in_hand(connection, lease, delivery_id)

    @contextmanager
    def clearing(
        self, lease: Lease, delivery_ids: Sequence[int], *, now: datetime, renew_by: timedelta | None = None,
    ) -> Iterator[Clearing]:
        """The clearing transaction over a slice. Raises LeaseLost, also where the lease's time is up though nobody swept it yet."""
        secret = self._database.secret()
        with self._database.begin() as connection:
            batch = leases.hold_unexpired(connection, lease, renew_by=renew_by)
            held = frozenset(batch["delivery_ids"])  # what was given back is others'
            ids = [delivery_id for delivery_id in delivery_ids if delivery_id in held]
            clearing = SqlClearing(connection, batch, ids, self._reading(now), secret=secret, recall=self._recall(lease))
            yield clearing
        self._left.get(lease.id, set()).difference_update(clearing.settled)

    def settle(self, lease: Lease, settlements: Sequence[Settlement]) -> None:
        """Write outcomes and touches in one transaction. Raises LeaseLost."""
        plain = [each for each in settlements if is_plain(each)]
        others = [each for each in settlements if not is_plain(each)] if len(plain) < len(settlements) else []
        left = self._left.get(lease.id, set())
        left.difference_update(each.delivery_id for each in settlements)
        try:
            with self._database.begin() as connection:
                is_over = record_sent(connection, lease, plain, all_left=not (left or others)) if plain else False
                if others and not is_over:  # else none of them is the lease's any more
                    outcomes.settle(connection, leases.hold(connection, lease), others)
        except NotAllInHand:
            with self._database.begin() as connection:
                outcomes.settle(connection, leases.hold(connection, lease), settlements)
            return
        if is_over:
            self._over.add(lease.id)

    def _recall(self, lease: Lease) -> Recall:
        return self._recalls.setdefault(lease.id, Recall())

    def release(self, lease: Lease) -> None:
        """End the lease: rows still WAITING go back free of guilt. No error where it has ended already."""
        self._recalls.pop(lease.id, None)
        self._left.pop(lease.id, None)
        self._rows.pop(lease.id, None)
        if lease.id in self._over:  # with its last row
            self._over.discard(lease.id)
            return
        with self._database.begin() as connection:
            leases.release(connection, lease)

    def give_back(self, lease: Lease) -> None:
        """Rows still WAITING go back free of guilt; the lease goes on. No error where it has ended already."""
        with self._database.begin() as connection:
            leases.give_back(connection, lease)

    def owners(self) -> frozenset[str]:
        """Who holds a lease that has not ended."""
        with self._database.read() as connection:
            return leases.owners(connection)

    def end_leases(self, owners: Collection[str]) -> None:
        """End their leases now: whoever it was writes nothing any more."""
        with self._database.begin() as connection:
            leases.end_those_of(connection, owners)

    def sweep(self, *, now: datetime) -> int:
        """Settle what ended leases left, each in a transaction of its own; the number of rows. Any number of processes may."""
        repeatable = cache(self._repeatable)  # to find a way's adapter out takes as long as to settle a hundred rows
        sweep = sweeping.Sweep(now=now, noted=self._journal.noted, held=self._journal.held, repeatable=repeatable)
        swept = 0
        while (rows := self._sweep_one(sweep)) is not None:
            swept += rows
        return swept

    def _sweep_one(self, sweep: sweeping.Sweep) -> int | None:
        with self._database.begin() as connection:
            swept = sweep.one(connection)
        if swept is None:
            return None
        self._journal.forget(swept.batch_id)
        return swept.rows

    def pause_channel(self, channel: str, *, now: datetime, reason: str) -> None:
        """Pause a channel whose configuration the provider refuses, until people resume it."""
        with self._database.begin() as connection:
            pause(connection, scope="channel", name=channel, now=now, reason=reason)

    def lookup(self, contact_id: int, *, now: datetime) -> Lookup:
        """Answers the questions of expressions about one contact, each in a transaction of its own."""
        return SqlLookup(self._database.read, workspace=self._workspace(), contact_id=contact_id, now=now)

    def waiting(self, *, now: datetime) -> Mapping[str, int]:
        """How many rows are due now and in nobody's hand, by queue."""
        with self._database.read() as connection:
            return waiting_by_queue(connection, now=now)


@final
class SqlClearing:
    """The clearing transaction, open: the lease's row and the contacts of the slice are locked."""

    def __init__(
        self, connection: sa.Connection, batch: Row, delivery_ids: Sequence[int], reading: Reading, *, secret: bytes, recall: Recall,
    ) -> None:
        self._connection = connection
        self._batch = batch
        self._delivery_ids = delivery_ids
        self._reading = reading
        self._secret = secret
        self._recall = recall
        self.settled: list[int] = []

    def candidates(self) -> Sequence[Candidate]:
        """The slice's deliveries that are still in hand, with their facts as they are now, in the order of the slice."""
        found = reload_candidates(self._connection, self._reading, self._recall, self._delivery_ids)
        outranked = outranked_ids(self._connection, self._delivery_ids, mine=self._batch["delivery_ids"], now=self._reading.now)
        if outranked:
            found = [replace(each, outranked=True) if each.intent.id in outranked else each for each in found]
        return _in_order(found, self._delivery_ids)

    def hand_off(self, cleared: Sequence[Clearance], *, now: datetime) -> None:
        """Write `sending` for these."""
        by_way: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        for clearance in cleared:
            by_way[clearance.channel, clearance.provider].append((clearance.delivery_id, self._key_of(clearance)))
        for (channel, provider), keyed in by_way.items():
            hand_off(self._connection, keyed, batch_id=self._batch["id"], channel=channel, provider=provider, now=now)

    def _key_of(self, clearance: Clearance) -> str:
        kind = self._reading.workspace.settings.channels[clearance.channel].kind
        known = self._recall.key_of(clearance.delivery_id, kind, clearance.address)
        return known or address_key(self._secret, kind, clearance.address)

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Write what became of the others."""
        outcomes.settle(self._connection, self._batch, settlements)
        self.settled += [each.delivery_id for each in settlements]


def _in_order(found: Sequence[Candidate], ids: Sequence[int]) -> list[Candidate]:
    by_id = {candidate.intent.id: candidate for candidate in found}
    return [by_id[delivery_id] for delivery_id in ids if delivery_id in by_id]

