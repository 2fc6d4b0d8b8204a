"""Why a contact would or would not get a campaign: the very trigger, audience, steps and decision that send, asked at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, final

from engage.model.campaign import Campaign
from engage.model.delivery import Intent
from engage.model.expression import Expression
from engage.model.run import Run, RunState
from engage.planning.positions import START
from engage.planning.progress import Journey
from engage.planning.requests import Part
from engage.planning.versions import begins
from engage.rules.expressions import Clause, clauses, holds
from engage.simulation.ahead import Foresight, foresee
from engage.simulation.entrances import entrance
from engage.simulation.explanation import Chance, Explanation, Finding, Journeying, NextSend
from engage.simulation.handing import Deciding, as_intent, decided
from engage.simulation.standing import RE_ENTRY, CampaignStates, journeying, shares_of, state_of
from engage.simulation.visitor import Entrance, Records, Visitor

NOTHING_ASKED = Foresight(steps=(), delivery=None, why="its message is being handed over, or it waits for an answer")


class Inquiry(Records, CampaignStates, Deciding, Protocol):
    """All that explaining reads."""

    def version(self, name: str, version: str) -> Campaign | None:
        """The campaign as a run entered with it; None where it cannot be read any more."""
        ...

    def waiting(self, run_id: int) -> Sequence[Intent]:
        """The run's deliveries that wait to be handed over, the oldest first."""
        ...

    def parts(self, run_id: int) -> Sequence[Part]:
        """The deliveries that the run has asked for, as they are now."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One visitor, and all that is read."""

    visitor: Visitor
    inquiry: Inquiry


def explain(case: Case) -> Explanation:
    """Ask everything that would be asked."""
    runs = case.inquiry.runs(case.visitor.campaign.name, case.visitor.contact.id)
    visitor = replace(case.visitor, runs=tuple(run for run in runs if run.entered_at <= case.visitor.at))
    case = replace(case, visitor=visitor)
    campaign, asked, door = visitor.campaign, visitor.scope(), entrance(visitor)
    found = clauses(campaign.audience, asked, _audiences(visitor)) if campaign.audience is not None else ()
    in_audience = campaign.audience is None or holds(campaign.audience, asked)
    state, shares = state_of(visitor, case.inquiry), shares_of(visitor, case.inquiry)
    active = next((run for run in visitor.runs if run.state is RunState.ACTIVE), None)
    foresight, sent = _next(case, active, door)
    refusals = () if active is not None else (*state, *shares, *_audience_finding(found, in_audience=in_audience))
    refusal = next((each for each in refusals if each.passed is False), None)
    chance = _chance(active, door, foresight, sent, refusal, not_before=_not_before(visitor, shares))
    return Explanation(
        campaign=campaign.name, title=campaign.title, contact=visitor.contact.label, at=visitor.at, zone=visitor.home,
        answer=_answer(visitor, active, sent, chance, refused=refusal is not None or door.shut), state=state, trigger=door.says,
        entering=door.findings, in_audience=in_audience, clauses=found, shares=shares, enters_at=door.at, ahead=foresight.steps,
        next_send=sent, chance=chance,
        runs=[_journeying(case, run) for run in visitor.runs],
    )


def _journeying(case: Case, run: Run) -> Journeying:
    return journeying(case.visitor, run, case.inquiry.version(run.campaign, run.version), case.inquiry.waiting(run.id))


def _audiences(visitor: Visitor) -> Mapping[str, Expression]:
    return {name: each.audience for name, each in visitor.workspace.segments.items() if each.audience is not None}


def _audience_finding(found: Sequence[Clause], *, in_audience: bool) -> Sequence[Finding]:
    if in_audience:
        return ()
    failing = next((clause.text for clause in found if not clause.holds), "")
    return (Finding(name="audience", passed=False, why=f"it is not in the audience: {failing} is false"),)


def _next(case: Case, active: Run | None, door: Entrance) -> tuple[Foresight, NextSend | None]:
    """What comes next: of the run under way, else of the one that would begin when its trigger fires, or if it did now."""
    visitor = case.visitor
    if active is None:
        begins = max(visitor.at, door.at or visitor.at)
        return _foreseen(case, _entering(visitor, door), replace(visitor, at=begins))
    waiting = case.inquiry.waiting(active.id)
    if waiting:
        campaign = case.inquiry.version(active.campaign, active.version)
        at = max(visitor.at, waiting[0].intended_at)
        return NOTHING_ASKED, decided(waiting[0], visitor, case.inquiry, campaign=campaign, at=at)
    if active.due_at is None:
        return NOTHING_ASKED, None
    return _foreseen(case, active, visitor)


def _entering(visitor: Visitor, door: Entrance) -> Run:
    """The run that would begin."""
    at = max(visitor.at, door.at or visitor.at)
    return Run(
        id=0, campaign=visitor.campaign.name, version=visitor.campaign.version, contact_id=visitor.contact.id, key=door.key,
        state=RunState.ACTIVE, entered_at=at, intended_at=at, position=START, since=at, due_at=at, trigger=door.trigger,
    )


def _foreseen(case: Case, run: Run, visitor: Visitor) -> tuple[Foresight, NextSend | None]:
    campaign = case.inquiry.version(run.campaign, run.version)
    if campaign is None:
        return Foresight(steps=(), delivery=None, why="the version that it entered with cannot be read any more"), None
    journey = Journey(
        workspace=visitor.workspace, campaign=campaign, contact=visitor.contact, now=visitor.at,
        lookup=visitor.records.lookup(visitor.contact.id, now=visitor.at), parts=tuple(case.inquiry.parts(run.id)),
        events_since=lambda types, since: visitor.records.events(visitor.contact.id, types, since=since, until=case.visitor.at),
    )
    foresight = foresee(run, journey)
    if foresight.delivery is None:
        return foresight, None
    intent = as_intent(foresight.delivery)
    return foresight, decided(intent, visitor, case.inquiry, campaign=campaign, at=max(visitor.at, intent.due_at))


def _chance(
    active: Run | None, door: Entrance, foresight: Foresight, sent: NextSend | None, refusal: Finding | None,
    not_before: str,
) -> Chance:
    if refusal is not None:
        return Chance(at=None, why=refusal.why)
    if active is None and door.shut:
        return Chance(at=None, why=door.why)
    if active is None and door.at is None:
        then = f"; but then: {sent.answer}" if sent is not None and sent.goes_at is None else ""
        return Chance(at=None, why=f"{door.why}{not_before}{then}")
    if sent is None:
        return Chance(at=None, why=foresight.why)
    return Chance(at=sent.goes_at, why=sent.answer)


def _not_before(visitor: Visitor, shares: Sequence[Finding]) -> str:
    again = next((each.at for each in shares if each.name == RE_ENTRY), None)
    opens = [moment for moment in (again, begins(visitor.campaign, visitor.workspace.settings.timezone)) if moment is not None]
    return f", not before {visitor.told(max(opens))}" if opens and max(opens) > visitor.at else ""


def _answer(visitor: Visitor, active: Run | None, sent: NextSend | None, chance: Chance, *, refused: bool) -> str:
    """All of it in a sentence."""
    if chance.at is not None and sent is not None:
        way = "It is on its way" if active is not None else "It would get it"
        by = f" by {sent.channel}" if sent.channel else ""
        return f"{way}: {sent.message}{by}, {visitor.told(chance.at)}."
    if active is not None:
        return f"It is on its way, but no further message can be foreseen: {chance.why}."
    if sent is not None and sent.goes_at is not None and not refused:
        return f"It would get it {chance.why}."
    return f"It would not get it now: {chance.why}."
