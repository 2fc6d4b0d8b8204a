"""The conductor: claim, decide, render, clear, send, record, in batches. Calls in the right order, decides nothing itself.

::

    lease = claim due rows
    decide each (policy), render what is approved (templates), settle the rest
    for each slice, as much as can be handed over in half a second:
        clear    one transaction asks everything again and commits `sending`
        send     no transaction is open while the network is
        record   outcome and touch, in one transaction, as the answers come
    release the lease
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import final

import structlog

from engage.delivery.clearing import Cleareds, Going, in_turns
from engage.delivery.equipment import Equipment, Identity, Loop
from engage.delivery.health import Health
from engage.delivery.judging import Judge
from engage.delivery.points import Point, Reached, unheard
from engage.delivery.ports import Candidate, Deliveries, Journal, Lease, LeaseLost, NoJournal, Outcome
from engage.delivery.preparing import Preparing
from engage.delivery.sending import Sending
from engage.delivery.settling import settle_outcome
from engage.delivery.signals import SILENT, Signals, Stage
from engage.model.campaign import Campaign
from engage.model.delivery import Rendered
from engage.model.errors import Unavailable
from engage.model.time import Clock
from engage.model.workspace import Workspace

log = structlog.get_logger()

BATCH = 1000
LEASE = timedelta(seconds=30)
RENEW_EVERY = LEASE.total_seconds() / 3
BEGIN_WITHIN = LEASE.total_seconds() - 5
"""Seconds of a lease in which a hand-off may begin; what is begun then has the rest of it to be answered."""

RECORD_EVERY = 0.5
"""Seconds after which the answers that have come are recorded, while others are awaited."""


@final
class Conductor:
    """Moves due deliveries through the stages. Safe to use from many threads, and in any number of processes."""

    def __init__(
        self, deliveries: Deliveries, *, equipment: Callable[[], Equipment], versions: Callable[[str, str], Campaign | None],
        identity: Identity, clock: Clock, loop: Loop, health: Health, owner: str, reached: Reached = unheard,
        journal: Journal | None = None, signals: Signals = SILENT,
    ) -> None:
        self._deliveries = deliveries
        self._equipment = equipment
        self._versions = versions
        self._identity = identity
        self._clock = clock
        self._loop = loop
        self._health = health
        self._owner = owner
        self._reached = reached
        self._journal = journal or NoJournal()
        self._signals = signals
        self._stopping = False

    def stop(self) -> None:
        """Finish the slice in hand, record it, give back the rest."""
        self._stopping = True

    def drain(self, queue: str) -> int:
        """Work until nothing of the queue is due; how many deliveries were taken in hand."""
        total = 0
        while not self._stopping and (taken := self.work(queue)):
            total += taken
        return total

    def work(self, queue: str) -> int:
        """Take one batch through all stages; its size, 0 where nothing is due."""
        with self._signals.claiming(queue):
            lease = self._deliveries.claim(now=self._clock.now(), queue=queue, limit=BATCH, owner=self._owner, lease=LEASE)
        if lease is None:
            return 0
        self._reached(Point.CLAIMED)
        recorded = False
        try:
            with self._signals.batch(lease, queue):
                self._conduct(lease)
            recorded = True
        except LeaseLost:
            log.warning("delivery.lease_lost", batch=lease.id, deliveries=len(lease.delivery_ids))
        finally:
            self._journal.ended(lease.id, recorded=recorded)
            self._deliveries.release(lease)
        return len(lease.delivery_ids)

    def _conduct(self, lease: Lease) -> None:
        now = self._clock.now()
        with self._signals.stage(Stage.LOAD):
            candidates = self._deliveries.load(lease, now=now)
        equipment = self._equipment()  # after the rows: a version newer than the workspace in use makes the newest be taken up
        batch = Preparing(lease, equipment, self._judge(equipment.workspace, now), self._deliveries, now=now)
        with self._signals.stage(Stage.PREPARE):
            self._prepare(lease, batch, candidates)
        if batch.settlements:
            self._deliveries.settle(lease, batch.settlements)
            self._signals.settled(batch.settlements)
        self._reached(Point.RENDERED)
        for slice_ in self._slices(batch.rendered, equipment.workspace, careful=lease.careful):
            if self._stopping:
                return
            self._hand_over(lease, slice_, equipment)

    def _prepare(self, lease: Lease, batch: Preparing, candidates: Sequence[Candidate]) -> None:
        kept_at = self._health.moment()
        for candidate in candidates:
            if self._health.moment() - kept_at >= RENEW_EVERY:
                self._deliveries.renew(lease, by=LEASE)
                kept_at = self._health.moment()
            batch.prepare(candidate)

    def _judge(self, workspace: Workspace, now: datetime) -> Judge:
        return Judge(workspace, now=now, versions=self._versions, providers=self._health.states())

    def _slices(self, rendered: Sequence[Rendered], workspace: Workspace, *, careful: bool) -> Iterator[Sequence[Rendered]]:
        for messages in in_turns(rendered):
            size = 1 if careful else self._health.slice_size(workspace.settings.channels[messages[0].approved.channel])
            yield from (messages[start : start + size] for start in range(0, len(messages), size))

    def _hand_over(self, lease: Lease, slice_: Sequence[Rendered], equipment: Equipment) -> None:
        channel = slice_[0].approved.channel
        self._pause(lease, channel, self._health.pay(equipment.workspace.settings.channels[channel], len(slice_)))
        if self._stopping:
            return
        if lease.careful:
            self._deliveries.take_in_hand(lease, slice_[0].approved.intent.id)
        held_from = self._health.moment()  # clearing prolongs the lease
        with self._signals.stage(Stage.CLEAR):
            going = self._clear(lease, slice_, equipment.workspace)
        self._signals.settled(going.settlements)
        self._reached(Point.CLEARED)
        if cleared := going.cleared:
            with self._signals.stage(Stage.SEND):
                self._loop.run(self._send(lease, channel, cleared, equipment, held_from))

    def _pause(self, lease: Lease, channel: str, seconds: float) -> None:
        """Wait for the provider's rate, and keep the lease meanwhile: by a slow one a slice may have to wait for minutes."""
        if seconds > 0:
            self._signals.waited(channel, seconds)
        while seconds > 0 and not self._stopping:
            step = min(seconds, RENEW_EVERY)
            self._loop.run(asyncio.sleep(step))
            self._deliveries.renew(lease, by=LEASE)
            seconds -= step

    def _clear(self, lease: Lease, slice_: Sequence[Rendered], workspace: Workspace) -> Going:
        """Ask everything again, in the transaction that commits `sending`; what to send by delivery, with its on_unknown."""
        now = self._clock.now()
        with self._deliveries.clearing(lease, [message.approved.intent.id for message in slice_], now=now, renew_by=LEASE) as clearing:
            going = Going(slice_, workspace, self._identity)
            judge = self._judge(workspace, now)
            for candidate in clearing.candidates():
                going.decide(candidate, judge, now)
            clearing.settle(going.settlements)
            clearing.hand_off(going.clearances(), now=now)
        return going

    async def _send(self, lease: Lease, name: str, cleared: Cleareds, equipment: Equipment, held_from: float) -> None:
        """Hand the slice over at once; record the answers as they come, and keep the lease meanwhile."""
        sending = Sending(
            [message for message, _ in cleared.values()], name=name, channel=equipment.channels[name], health=self._health,
            reached=self._reached, accepted=partial(self._journal.accepted, lease.id),
            until=held_from + BEGIN_WITHIN,
        )
        running = asyncio.ensure_future(sending.run())
        try:
            while not running.done():
                await asyncio.wait([running], timeout=RECORD_EVERY)
                if outcomes := sending.take():
                    await asyncio.to_thread(self._record, lease, outcomes, cleared, equipment)
                if not running.done() and self._health.moment() - held_from >= RENEW_EVERY:
                    held_from = self._health.moment()
                    await asyncio.to_thread(self._deliveries.renew, lease, by=LEASE)
                    sending.until = held_from + BEGIN_WITHIN
        except LeaseLost:  # others have the rows in hand
            sending.until = -inf
            raise
        if outcomes := sending.take():
            await asyncio.to_thread(self._record, lease, outcomes, cleared, equipment)
        running.result()

    def _record(self, lease: Lease, outcomes: Sequence[Outcome], cleared: Cleareds, equipment: Equipment) -> None:
        self._reached(Point.RECORDING)
        now = self._clock.now()
        settlements = [
            settle_outcome(
                outcome, now=now, provider=equipment.workspace.settings.channels[name].provider,
                idempotent=equipment.channels[name].IDEMPOTENT, on_unknown=cleared[outcome.cleared.intent.id][1],
            )
            for outcome in outcomes for name in (outcome.cleared.rendered.approved.channel,)
        ]
        with self._signals.stage(Stage.RECORD):
            self._deliveries.settle(lease, settlements)
        self._reached(Point.RECORDED)
        self._signals.settled(settlements)
        self._signals.answered(outcomes, now=now)
        for outcome in outcomes:
            if isinstance(outcome.error, Unavailable) and outcome.error.configuration:
                name = outcome.cleared.rendered.approved.channel
                self._deliveries.pause_channel(name, now=now, reason=outcome.error.detail)
