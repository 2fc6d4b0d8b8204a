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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import final

import structlog

from engage.delivery.clearing import Going, in_turns, is_same
from engage.delivery.equipment import Equipment, Identity, Loop
from engage.delivery.health import Health
from engage.delivery.points import Point, Reached, unheard
from engage.delivery.ports import Candidate, Channel, Clearing, Deliveries, Lease, LeaseLost, Outcome, Settlement
from engage.delivery.settling import settle_decision, settle_mistake, settle_outcome, settle_outranked, settle_render_error
from engage.model.campaign import Campaign
from engage.model.delivery import Approved, Cleared, Decision, Rendered
from engage.model.errors import Rejected, RenderError, SendError, Unavailable, Unconfirmed
from engage.model.time import Clock
from engage.model.triggers import trigger_kinds
from engage.model.values import unpack
from engage.model.workspace import Workspace
from engage.policy import decide
from engage.rules.scopes import typed

log = structlog.get_logger()

BATCH = 500
LEASE = timedelta(seconds=30)
RENEW_EVERY = LEASE.total_seconds() / 3
RECORD_EVERY = 0.5
"""Seconds after which the answers that have come are recorded, while others are awaited."""


@final
class Conductor:
    """Moves due deliveries through the stages. Safe to use from many threads, and in any number of processes."""

    def __init__(
        self, deliveries: Deliveries, *, equipment: Callable[[], Equipment], versions: Callable[[str, str], Campaign | None],
        identity: Identity, clock: Clock, loop: Loop, health: Health, owner: str, reached: Reached = unheard,
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
        lease = self._deliveries.claim(now=self._clock.now(), queue=queue, limit=BATCH, owner=self._owner, lease=LEASE)
        if lease is None:
            return 0
        self._reached(Point.CLAIMED)
        try:
            self._conduct(lease)
        except LeaseLost:
            log.warning("lease_lost", batch=lease.id, deliveries=len(lease.delivery_ids))
        finally:
            self._deliveries.release(lease)
        return len(lease.delivery_ids)

    def _conduct(self, lease: Lease) -> None:
        now = self._clock.now()
        candidates = self._deliveries.load(lease, now=now)
        equipment = self._equipment()  # after the rows: a version newer than the workspace in use makes the newest be taken up
        settlements: list[Settlement] = []
        rendered: list[Rendered] = []
        kept_at = self._health.moment()
        for candidate in candidates:
            if self._health.moment() - kept_at >= RENEW_EVERY:
                self._deliveries.renew(lease, by=LEASE)
                kept_at = self._health.moment()
            try:
                self._prepare(lease, equipment, candidate, now, rendered, settlements)
            except LeaseLost:
                raise
            except Exception as error:  # noqa: BLE001  # one message with which we make a mistake stops no other
                settlements.append(_stumbled(candidate, error, now))
        if settlements:
            self._deliveries.settle(lease, settlements)
        self._reached(Point.RENDERED)
        for slice_ in self._slices(rendered, equipment.workspace, careful=lease.careful):
            if self._stopping:
                return
            self._hand_over(lease, slice_, equipment)

    def _decide(self, candidate: Candidate, workspace: Workspace, now: datetime) -> Decision:
        facts = replace(candidate.facts, providers=self._health.states())
        campaign = self._versions(candidate.intent.campaign, candidate.intent.version)
        return decide(candidate.intent, facts, now=now, settings=workspace.settings, campaign=campaign)

    def _prepare(
        self, lease: Lease, equipment: Equipment, candidate: Candidate, now: datetime,
        rendered: list[Rendered], settlements: list[Settlement],
    ) -> None:
        decision = self._decide(candidate, equipment.workspace, now)
        if isinstance(decision, Approved):
            self._render(lease, equipment, decision, now, rendered, settlements)
        else:
            settlements.append(settle_decision(decision, now=now))

    def _render(
        self, lease: Lease, equipment: Equipment, approved: Approved, now: datetime,
        rendered: list[Rendered], settlements: list[Settlement],
    ) -> None:
        if lease.careful:
            self._deliveries.take_in_hand(lease, approved.intent.id)
        lookup = self._deliveries.lookup(approved.contact.id, now=now)
        try:
            rendered.append(equipment.renderer.render(self._with_values(approved, equipment.workspace), now=now, lookup=lookup))
        except RenderError as error:
            log.warning("render_failed", delivery_id=approved.intent.id, campaign=approved.intent.campaign, message=approved.intent.message)
            settlements.append(settle_render_error(approved, error, now=now))

    def _with_values(self, approved: Approved, workspace: Workspace) -> Approved:
        """The approved with its trigger and values as their types, which the database holds as JSON."""
        intent = approved.intent
        campaign = self._versions(intent.campaign, intent.version)
        kinds = trigger_kinds(campaign.trigger, workspace.settings.events) if campaign is not None else None
        trigger = typed(intent.trigger, kinds) if kinds is not None else intent.trigger
        values = {name: unpack(raw) for name, raw in intent.values.items()}
        return replace(approved, intent=replace(intent, trigger=trigger, values=values))

    def _slices(self, rendered: Sequence[Rendered], workspace: Workspace, *, careful: bool) -> Iterator[Sequence[Rendered]]:
        for messages in in_turns(rendered):
            size = 1 if careful else self._health.slice_size(workspace.settings.channels[messages[0].approved.channel])
            yield from (messages[start : start + size] for start in range(0, len(messages), size))

    def _hand_over(self, lease: Lease, slice_: Sequence[Rendered], equipment: Equipment) -> None:
        self._deliveries.renew(lease, by=LEASE)
        channel = slice_[0].approved.channel
        self._pause(lease, self._health.pay(equipment.workspace.settings.channels[channel], len(slice_)))
        if self._stopping:
            return
        if lease.careful:
            self._deliveries.take_in_hand(lease, slice_[0].approved.intent.id)
        cleared = self._clear(lease, slice_, equipment.workspace)
        self._reached(Point.CLEARED)
        if cleared:
            self._loop.run(self._send(lease, cleared, equipment))

    def _pause(self, lease: Lease, seconds: float) -> None:
        """Wait for the provider's rate, and keep the lease meanwhile: by a slow one a slice may have to wait for minutes."""
        while seconds > 0 and not self._stopping:
            step = min(seconds, RENEW_EVERY)
            self._loop.run(asyncio.sleep(step))
            self._deliveries.renew(lease, by=LEASE)
            seconds -= step

    def _clear(self, lease: Lease, slice_: Sequence[Rendered], workspace: Workspace) -> Mapping[int, tuple[Cleared, str]]:
        """Ask everything again, in the transaction that commits `sending`; what to send by delivery, with its on_unknown."""
        now = self._clock.now()
        by_id = {message.approved.intent.id: message for message in slice_}
        with self._deliveries.clearing(lease, list(by_id), now=now) as clearing:
            going = Going()
            settlements: list[Settlement] = []
            for candidate in clearing.candidates():
                message = by_id[candidate.intent.id]
                if candidate.outranked:
                    settlements.append(settle_outranked(candidate.intent))
                    continue
                try:
                    decision = self._decide(going.known_to(candidate), workspace, now)
                    if not isinstance(decision, Approved):
                        settlements.append(settle_decision(decision, now=now))
                    elif is_same(decision, message.approved):
                        going.add(candidate, decision, self._cleared(message, workspace), now)
                    # else: what was rendered is not what may be sent now; the row goes back with the lease and is rendered again
                except Exception as error:  # noqa: BLE001  # as above
                    settlements.append(_stumbled(candidate, error, now))
            self._write(clearing, going, settlements, now)
        return going.cleared

    @staticmethod
    def _write(clearing: Clearing, going: Going, settlements: Sequence[Settlement], now: datetime) -> None:
        clearing.settle(settlements)
        clearing.hand_off([going.clearance(cleared) for cleared, _ in going.cleared.values()], now=now)

    def _cleared(self, message: Rendered, workspace: Workspace) -> Cleared:
        approved = message.approved
        purpose = workspace.settings.purposes[approved.intent.purpose]
        return Cleared(
            rendered=message, message_id=self._identity.message_id(approved.intent.id),
            idempotency_key=self._identity.idempotency_key(approved.intent.id),
            promotional=not purpose.is_transactional(approved.kind) and approved.intent.to is None,
        )

    async def _send(self, lease: Lease, cleared: Mapping[int, tuple[Cleared, str]], equipment: Equipment) -> None:
        """Hand the slice over at once; record the answers as they come, and keep the lease meanwhile."""
        pending = [asyncio.ensure_future(self._send_one(message, equipment.channels)) for message, _ in cleared.values()]
        kept_at = self._health.moment()
        while pending:
            done, _ = await asyncio.wait(pending, timeout=RECORD_EVERY)
            if done:
                outcomes = [task.result() for task in pending if task in done]
                await asyncio.to_thread(self._record, lease, outcomes, cleared, equipment)
            pending = [task for task in pending if task not in done]
            if pending and self._health.moment() - kept_at >= RENEW_EVERY:
                await asyncio.to_thread(self._deliveries.renew, lease, by=LEASE)
                kept_at = self._health.moment()

    async def _send_one(self, cleared: Cleared, channels: Mapping[str, Channel]) -> Outcome:
        name = cleared.rendered.approved.channel
        try:
            receipt = await channels[name].send(cleared)
        except (Rejected, Unavailable, Unconfirmed) as error:
            self._learn(name, error)
            return Outcome(cleared=cleared, error=error)
        except Exception as error:  # an adapter's own mistake: nobody can know what the provider has
            log.exception("adapter_broke_its_contract", delivery_id=cleared.intent.id, channel=name)
            return Outcome(cleared=cleared, error=Unconfirmed(type(error).__name__))
        self._reached(Point.ACCEPTED)
        self._health.succeeded(name)
        return Outcome(cleared=cleared, receipt=receipt)

    def _learn(self, channel: str, error: SendError) -> None:
        match error:
            case Unavailable(retry_after=float() | int() as seconds, whole_provider=True):
                self._health.wait(channel, seconds)
            case Unavailable(configuration=True):
                pass  # `_record` pauses the channel: the database is not for the loop on which others are being sent
            case Unavailable() | Unconfirmed() if not _is_about_one_recipient(error):
                self._health.failed(channel)
            case _:
                self._health.succeeded(channel)

    def _record(
        self, lease: Lease, outcomes: Sequence[Outcome], cleared: Mapping[int, tuple[Cleared, str]], equipment: Equipment
    ) -> None:
        self._reached(Point.RECORDING)
        now = self._clock.now()
        settlements = []
        for outcome in outcomes:
            intent, name = outcome.cleared.intent, outcome.cleared.rendered.approved.channel
            idempotent = equipment.channels[name].IDEMPOTENT
            provider = equipment.workspace.settings.channels[name].adapter
            settlements.append(
                settle_outcome(outcome, now=now, provider=provider, idempotent=idempotent, on_unknown=cleared[intent.id][1])
            )
        self._deliveries.settle(lease, settlements)
        self._reached(Point.RECORDED)
        for outcome in outcomes:
            if isinstance(outcome.error, Unavailable) and outcome.error.configuration:
                name = outcome.cleared.rendered.approved.channel
                self._deliveries.pause_channel(name, now=now, reason=outcome.error.detail)


def _stumbled(candidate: Candidate, error: Exception, now: datetime) -> Settlement:
    intent = candidate.intent
    log.error("delivery.stumbled", delivery_id=intent.id, campaign=intent.campaign, message=intent.message, error=type(error).__name__)
    return settle_mistake(intent, error, now=now)


def _is_about_one_recipient(error: SendError) -> bool:
    """A reply with a code (a greylisting's 450) shows that the provider is there: many of them must not open its breaker."""
    of_all = isinstance(error, Unavailable) and error.whole_provider
    return not of_all and error.code is not None and error.code.isdigit()
