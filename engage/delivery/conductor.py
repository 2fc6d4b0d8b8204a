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
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import final

import structlog

from engage.delivery.clearing import Cleareds, Going, in_turns
from engage.delivery.equipment import Equipment, Identity, Loop
from engage.delivery.holding import Holding, Unawaited
from engage.delivery.judging import Judge
from engage.delivery.points import Point, Reached, unheard
from engage.delivery.ports import Candidate, Deliveries, Journal, Lease, LeaseLost, NoJournal, Outcome, Settlement
from engage.delivery.preparing import Preparing
from engage.delivery.sending import Sending, came_late
from engage.delivery.settling import settle_outcome
from engage.delivery.signals import SILENT, Signals, Stage
from engage.delivery.traffic import SLICE_AT_MOST, Leaving, Traffic
from engage.model.campaign import Campaign
from engage.model.delivery import ProviderState, Rendered
from engage.model.errors import Unavailable
from engage.model.time import Clock
from engage.model.workspace import Channel, Settings, Workspace

log = structlog.get_logger()

BATCH = 1000
LEASE = timedelta(seconds=30)
RENEW_EVERY = LEASE.total_seconds() / 3
BEGIN_WITHIN = 2.0
"""Seconds after its clearing in which a slice's hand-offs begin. What a slow provider has not begun by then goes back and is cleared
again, as it may be paused or unsubscribed from by now."""

BEGIN_IN_LEASE = LEASE.total_seconds() - 5
"""Seconds of a lease in which a hand-off may begin; what is begun then has the rest of it to be answered."""

PATIENCE = 10.0
"""Seconds for which a batch waits for a slice's answers. Then it goes on with what goes by others, and the loop waits."""

RECORD_EVERY = 0.5
"""Seconds after which the answers that have come are recorded, while others are awaited."""


@final
class Conductor:
    """Moves due deliveries through the stages. Safe to use from many threads, and in any number of processes."""

    def __init__(
        self, deliveries: Deliveries, *, equipment: Callable[[], Equipment], versions: Callable[[str, str], Campaign | None],
        identity: Identity, clock: Clock, loop: Loop, traffic: Traffic, owner: str, reached: Reached = unheard,
        journal: Journal | None = None, signals: Signals = SILENT, patience: float = PATIENCE,
    ) -> None:
        self._deliveries = deliveries
        self._equipment = equipment
        self._versions = versions
        self._identity = identity
        self._clock = clock
        self._loop = loop
        self._traffic = traffic
        self._owner = owner
        self._reached = reached
        self._journal = journal or NoJournal()
        self._signals = signals
        self._patience = patience
        self._unawaited = Unawaited()
        self._stopping = False

    def stop(self) -> None:
        """Finish the slice in hand, record it, give back the rest."""
        self._stopping = True

    def finish(self, *, within: float) -> None:
        """Once stopped, wait for the answers that no batch waits for, so many seconds at most."""
        self._loop.run(self._unawaited.finish(within))

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
        holding = Holding(lease.id, self._journal.begun(lease.id), end=partial(self._end, lease))
        self._reached(Point.CLAIMED)
        recorded = False
        try:
            with self._signals.batch(lease, queue):
                self._conduct(lease, holding)
            recorded = True
        except LeaseLost:
            log.warning("delivery.lease_lost", batch=lease.id, deliveries=len(lease.delivery_ids))
        finally:
            if not holding.leave(recorded=recorded):
                self._deliveries.give_back(lease)
        return len(lease.delivery_ids)

    def _end(self, lease: Lease, recorded: bool) -> None:
        self._journal.ended(lease.id, recorded=recorded)
        self._deliveries.release(lease)

    def _conduct(self, lease: Lease, holding: Holding) -> None:
        now = self._clock.now()
        with self._signals.stage(Stage.LOAD):
            candidates = self._deliveries.load(lease, now=now)
        equipment = self._equipment()  # after the rows: a version newer than the workspace in use makes the newest be taken up
        settings = equipment.workspace.settings
        judge = self._judge(equipment.workspace, now, self._traffic.states(settings, now=now))
        batch = Preparing(lease, equipment, judge, self._deliveries, now=now, in_hand=holding.in_hand)
        with self._signals.stage(Stage.PREPARE):
            self._prepare(lease, batch, candidates, settings)
        if batch.settlements:
            self._settle(lease, batch.settlements)
        self._reached(Point.RENDERED)
        for messages in in_turns(batch.rendered):
            self._hand_over_all(lease, messages, equipment, holding)

    def _prepare(self, lease: Lease, batch: Preparing, candidates: Sequence[Candidate], settings: Settings) -> None:
        batch.decide(candidates)
        batch.put_back(self._traffic, settings)
        kept_at = self._traffic.moment()
        for approved in batch.approved:
            if self._traffic.moment() - kept_at >= RENEW_EVERY:
                self._deliveries.renew(lease, by=LEASE)
                kept_at = self._traffic.moment()
            batch.render(approved)

    def _judge(self, workspace: Workspace, now: datetime, providers: Mapping[str, ProviderState]) -> Judge:
        return Judge(workspace, now=now, versions=self._versions, providers=providers)

    def _settle(self, lease: Lease, settlements: Sequence[Settlement]) -> None:
        self._deliveries.settle(lease, settlements)
        self._signals.settled(settlements)

    def _hand_over_all(self, lease: Lease, messages: Sequence[Rendered], equipment: Equipment, holding: Holding) -> None:
        """The messages of one channel, slice by slice, each by the way that takes it."""
        settings = equipment.workspace.settings
        channel, most = settings.channels[messages[0].approved.channel], 1 if lease.careful else SLICE_AT_MOST
        while messages and not self._stopping:
            leaving = self._traffic.leave(messages, channel, settings, now=self._clock.now(), most=most)
            if leaving is None:  # the decision knows why, and until when
                again_in = self._traffic.look_again_in(messages[0], channel, settings, now=self._clock.now())
                self._clear(lease, messages, equipment.workspace, way=None, again_in=again_in)
                return
            messages = self._hand_over(lease, leaving, equipment, holding)

    def _hand_over(self, lease: Lease, leaving: Leaving, equipment: Equipment, holding: Holding) -> Sequence[Rendered]:
        """One slice; what is left to hand over."""
        if leaving.back:
            self._settle(lease, leaving.back)
        slice_, way, settings = leaving.messages, leaving.way, equipment.workspace.settings
        self._pause(lease, way.name, leaving.wait)
        if not slice_ or self._stopping or self._traffic.is_shut(way):
            self._traffic.stays(way, len(slice_), settings, now=self._clock.now())
            return [*slice_, *leaving.rest]
        if lease.careful:
            self._deliveries.take_in_hand(lease, slice_[0].approved.intent.id)
        held_from = self._traffic.moment()  # clearing prolongs the lease
        cleared = self._clear(lease, slice_, equipment.workspace, way=way)
        self._traffic.stays(way, len(slice_) - len(cleared), settings, now=self._clock.now())
        self._reached(Point.CLEARED)
        if cleared:
            with self._signals.stage(Stage.SEND):
                self._loop.run(self._send(lease, way, cleared, equipment, held_from, holding))
        return leaving.rest

    def _pause(self, lease: Lease, channel: str, seconds: float) -> None:
        """Wait for the provider's rate, and keep the lease meanwhile: by a slow one a slice may have to wait for minutes."""
        if seconds > 0:
            self._signals.waited(channel, seconds)
        while seconds > 0 and not self._stopping:
            step = min(seconds, RENEW_EVERY)
            self._loop.run(asyncio.sleep(step))
            self._deliveries.renew(lease, by=LEASE)
            seconds -= step

    def _clear(
        self, lease: Lease, slice_: Sequence[Rendered], workspace: Workspace, *, way: Channel | None, again_in: float = 0.0,
    ) -> Cleareds:
        """Ask everything again, in the transaction that commits `sending`; what to send by delivery, with its on_unknown."""
        now = self._clock.now()
        states = self._traffic.states(workspace.settings, now=now) if way is None else {}  # the way has been found ready
        ids = [message.approved.intent.id for message in slice_]
        with self._signals.stage(Stage.CLEAR), self._deliveries.clearing(lease, ids, now=now, renew_by=LEASE) as clearing:
            going = Going(slice_, workspace, self._identity, way=way, again_in=again_in)
            judge = self._judge(workspace, now, states)
            for candidate in clearing.candidates():
                going.decide(candidate, judge, now)
            clearing.settle(going.settlements)
            clearing.hand_off(going.clearances(), now=now)
        self._signals.settled(going.settlements)
        return going.cleared

    async def _send(
        self, lease: Lease, way: Channel, cleared: Cleareds, equipment: Equipment, held_from: float, holding: Holding,
    ) -> None:
        """Hand the slice over at once. Returns once it is answered, or its provider has been silent for too long to be waited for."""
        answered = asyncio.ensure_future(self._attend(lease, way, cleared, equipment, held_from, holding))
        await asyncio.wait([answered], timeout=self._patience)
        if answered.done():
            answered.result()
            return
        self._traffic.fell_silent(way)  # before anything more may go by it
        self._unawaited.see_through(
            answered, holding, told=partial(self._traffic.tell_of_silence, way), heard=partial(self._traffic.heard, way)
        )

    async def _attend(
        self, lease: Lease, way: Channel, cleared: Cleareds, equipment: Equipment, held_from: float, holding: Holding,
    ) -> None:
        """Record the answers as they come, and keep the lease meanwhile."""
        begun_at = self._traffic.moment()
        sending = Sending(
            [message for message, _ in cleared.values()], name=way.key, channel=equipment.channels[way.key],
            moment=self._traffic.moment, reached=self._reached, accepted=partial(self._journal.accepted, lease.id),
            until=min(begun_at + BEGIN_WITHIN, held_from + BEGIN_IN_LEASE), in_hand=holding.in_hand,
        )
        running = asyncio.ensure_future(sending.run())
        try:
            while not running.done():
                await asyncio.wait([running], timeout=RECORD_EVERY)
                sending.look_at_the_clock()
                if outcomes := sending.take():
                    await asyncio.to_thread(self._record, lease, outcomes, cleared, way, equipment)
                if not running.done() and self._traffic.moment() - held_from >= RENEW_EVERY:
                    held_from = self._traffic.moment()
                    await asyncio.to_thread(self._deliveries.renew, lease, by=LEASE)
        except BaseException:  # others have the rows in hand, or will have once the lease is given back
            sending.until = -inf
            raise
        if outcomes := sending.take():
            await asyncio.to_thread(self._record, lease, outcomes, cleared, way, equipment)
        running.result()
        self._traffic.went(way, len(cleared), late=sending.late, seconds=self._traffic.moment() - begun_at)

    def _record(self, lease: Lease, outcomes: Sequence[Outcome], cleared: Cleareds, way: Channel, equipment: Equipment) -> None:
        """What came of hand-offs, for the rows and for the traffic."""
        self._reached(Point.RECORDING)
        now, settings = self._clock.now(), equipment.workspace.settings
        channel, idempotent = settings.channels[way.name], equipment.channels[way.key].IDEMPOTENT
        self._traffic.learn(way, channel, [outcome for outcome in outcomes if not came_late(outcome)])
        untaken = [outcome.error for outcome in outcomes if isinstance(outcome.error, Unavailable)]
        wrong = next((error for error in untaken if error.configuration), None)
        if wrong is not None and len(channel.ways) == 1:  # before its rows are held by it: they must find a pause that people can end
            self._deliveries.pause_channel(way.name, now=now, reason=wrong.detail)
        settlements = [
            settle_outcome(
                outcome, now=now, provider=way.provider, idempotent=idempotent, on_unknown=cleared[outcome.cleared.intent.id][1],
                spared=outcome.error is not None and self._traffic.spares(way, outcome.error),
            )
            for outcome in outcomes
        ]
        with self._signals.stage(Stage.RECORD):
            self._deliveries.settle(lease, settlements)
        self._reached(Point.RECORDED)
        self._signals.settled(settlements)
        self._signals.answered(outcomes, now=now)
        self._traffic.stays(way, len(untaken), settings, now=now)
