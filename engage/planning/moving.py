"""2b Moving: a batch of due runs -> as far as they go, with all that they ask for written. In one open transaction.

A handful of statements for a batch, whatever its size, beside the questions of its expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import final

from engage.model.campaign import Campaign
from engage.model.contact import Contact
from engage.model.history import Kind
from engage.model.run import Run, RunState
from engage.model.steps import Consenting, Fallback, Send, Set, Sign, WaitFor, every_send, every_step
from engage.model.workspace import Workspace
from engage.planning.journeys import go_on
from engage.planning.migration import Passage
from engage.planning.ports import Transaction
from engage.planning.progress import Journey, Progress, Seen, touch_of
from engage.planning.requests import ArmResult
from engage.planning.run_ports import RunInHand
from engage.planning.sending import signs_of
from engage.planning.versions import Versions

SHORTEST_PUT_OFF, LONGEST_PUT_OFF = timedelta(hours=1), timedelta(days=1)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Traveller:
    """A run on its way: how far it came, as it could be written, and what it may ask."""

    progress: Progress
    journey: Journey


@final
class Moving:
    """Moves runs on; one that cannot be moved is put off, with a touch that says so, and stops no other."""

    def __init__(
        self, transaction: Transaction, *, workspace: Callable[[], Workspace], versions: Versions, now: datetime,
        seen: Seen = lambda campaign, path: None,
    ) -> None:
        self._tx = transaction
        self._workspace = workspace
        self._versions = versions
        self._now = now
        self._seen = seen
        self._passages: dict[tuple[str, str], Passage] = {}
        self._judged: dict[object, Sequence[ArmResult]] = {}

    def move(self, in_hand: Sequence[RunInHand]) -> int:
        """Move them as far as they go; how many, less those whose contact is to be written while another transaction holds it."""
        placed = [self._placed(held) for held in in_hand]
        done = [each for each in placed if isinstance(each, Progress)]
        under_way = self._that_may_write(self._told([each for each in placed if isinstance(each, _Traveller)]))
        while under_way:
            moved = [replace(each, progress=self._move_or_put_off(each)) for each in under_way]
            done += [each.progress for each in moved if not each.progress.writes_contact]
            under_way = self._written([each for each in moved if each.progress.writes_contact])
        self._write(done)
        return len(done)

    def _placed(self, held: RunInHand) -> _Traveller | Progress:
        """The run in the version by which it goes on; or as it ends, or is put off, here."""
        if held.contact is None or held.contact.erased:
            return _gone(held.run, self._now)
        try:
            return self._set_out(held.run, held.contact)
        except Exception as error:  # noqa: BLE001  # it stands in the history; an error of the database's own raises again at the next statement
            return _put_off(Progress(run=held.run), error, self._now)

    def _set_out(self, run: Run, contact: Contact) -> _Traveller:
        campaign = self._versions(run.campaign, run.version)
        workspace = self._workspace()  # after the version, as asking for one that is not known yet takes the newest workspace up
        if campaign is None:
            raise LookupError(f"version {run.version[:12]} of {run.campaign} cannot be read")  # now; it may be once that is mended
        newest = workspace.campaigns.get(run.campaign)
        if newest is not None and newest.takes_over and newest.version != run.version:
            run, campaign = self._passage(campaign, newest).migrated(run, now=self._now), newest
        journey = Journey.within(self._tx, workspace=workspace, campaign=campaign, contact=contact, now=self._now, seen=self._seen)
        return _Traveller(progress=Progress(run=run), journey=replace(journey, arm_results=partial(self._judge, campaign)))

    def _passage(self, old: Campaign, new: Campaign) -> Passage:
        """The way from one version to the newest, found once a batch."""
        known = self._passages.get((old.name, old.version))
        if known is None:
            known = self._passages[old.name, old.version] = Passage(old, new)
        return known

    def _judge(self, campaign: Campaign, arms: Sequence[Sequence[str]], sign: Sign) -> Sequence[ArmResult]:
        """How the arms of a split do, asked once a batch."""
        split = (campaign.name, campaign.version, tuple(map(tuple, arms)), sign)
        if split not in self._judged:
            self._judged[split] = self._tx.arm_results(campaign.name, campaign.version, arms, sign)
        return self._judged[split]

    def _told(self, travellers: Sequence[_Traveller]) -> list[_Traveller]:
        """What they may ask of their deliveries and events, read for all of them at once."""
        asking = [each.progress.run.id for each in travellers if _may_come_back_to_several(each)]
        parts = self._tx.parts(asking) if asking else {}
        awaited = {each.progress.run.id: awaited_events(each.journey.campaign) for each in travellers}
        since: dict[int, datetime] = {}
        for each in travellers:
            if awaited[each.progress.run.id]:
                contact_id, run = each.journey.contact.id, each.progress.run
                since[contact_id] = min(run.handed_off_at or run.since, since.get(contact_id, self._now))
        types = sorted({type_ for run_types in awaited.values() for type_ in run_types})
        events = self._tx.events_since(since, types=types) if since else {}
        return [
            replace(each, journey=each.journey.told(
                events=events.get(each.journey.contact.id, ()), parts=parts.get(each.progress.run.id, ()),
            ))
            for each in travellers
        ]

    def _that_may_write(self, travellers: Sequence[_Traveller]) -> list[_Traveller]:
        """Less those who may write their contact while another transaction holds it: they stay due, and are found again at once."""
        writing = sorted({each.journey.contact.id for each in travellers if _may_write_contact(each.journey.campaign)})
        held = self._tx.hold_contacts(writing) if writing else frozenset()
        lost = frozenset(writing) - held
        return [each for each in travellers if not (each.journey.contact.id in lost and _may_write_contact(each.journey.campaign))]

    def _move_or_put_off(self, traveller: _Traveller) -> Progress:
        try:
            return go_on(traveller.progress, traveller.journey)
        except Exception as error:  # noqa: BLE001  # as above
            return _put_off(traveller.progress, error, self._now)

    def _written(self, travellers: Sequence[_Traveller]) -> list[_Traveller]:
        """Write what they say of their contacts, and let them go on with the contacts as they are then."""
        if not travellers:
            return []
        changes = [(each.journey.contact.id, each.progress.changes) for each in travellers if each.progress.changes]
        contacts = self._tx.change_contacts(changes, now=self._now) if changes else {}
        self._tx.record_consents([line for each in travellers for line in each.progress.consents])
        return [
            _Traveller(
                progress=each.progress.written(),
                journey=replace(each.journey, contact=contacts.get(each.journey.contact.id, each.journey.contact)),
            )
            for each in travellers
        ]

    def _write(self, results: Sequence[Progress]) -> None:
        exited = [progress.run.id for progress in results if progress.run.state is RunState.EXITED]
        returned = frozenset(exited) - (self._tx.hand_offs_started(exited) if exited else frozenset())
        self._tx.save_runs([returned_run(each.run) if each.run.id in returned else each.run for each in results])
        self._tx.add_deliveries([delivery for progress in results for delivery in progress.deliveries])
        self._tx.add_touches([touch for progress in results for touch in progress.touches])
        self._tx.recall_deliveries(exited, now=self._now)
        if calls := [call for progress in results for call in progress.calls]:
            self._tx.add_calls(calls)
        if events := [event for progress in results for event in progress.events]:
            self._tx.add_pending_events(events)


def returned_run(run: Run) -> Run:
    """The run, its key and its re-entry given back."""
    return replace(run, state=RunState.RETURNED)


def _may_come_back_to_several(traveller: _Traveller) -> bool:
    sends = every_send(traveller.journey.campaign.steps)
    return traveller.progress.run.outcome is not None and any(send.by_all or send.fallback is not None for send in sends)


def awaited_events(campaign: Campaign) -> frozenset[str]:
    """The types of event that a run of the campaign may wait for."""
    awaited: set[str] = set()
    for step in every_step(campaign.steps):
        match step:
            case WaitFor():
                awaited.add(step.event)
            case Send(fallback=Fallback() as fallback):
                awaited |= set(signs_of(fallback))
    return frozenset(awaited)


def _may_write_contact(campaign: Campaign) -> bool:
    return any(isinstance(step, Set | Consenting) for step in every_step(campaign.steps))


def _put_off(progress: Progress, error: Exception, now: datetime) -> Progress:
    """For as long as it is under way, so that ever fewer touches say the same; a day at most, so that what was mended goes on."""
    run = progress.run
    until = now + min(max(now - run.entered_at, SHORTEST_PUT_OFF), LONGEST_PUT_OFF)
    told = replace(touch_of(run, Kind.DEFERRED, at=now, reason="error"), detail={"error": type(error).__name__, "until": until.isoformat()})
    return replace(progress, run=replace(run, due_at=until), touches=(*progress.touches, told), moving=False)


def _gone(run: Run, now: datetime) -> Progress:
    left = replace(run, state=RunState.EXITED, due_at=None, waiting_for=None)
    return Progress(run=left, touches=(touch_of(run, Kind.EXITED, at=now, reason="erased"),), moving=False)
