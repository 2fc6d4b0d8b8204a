"""The decision about the next message of one contact, with every check of every channel. Intent -> NextSend."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Protocol

from engage.model.campaign import Campaign
from engage.model.delivery import Approved, Decision, Deferred, Facts, Held, Intent, Refused
from engage.planning.requests import NewDelivery
from engage.policy import decide
from engage.simulation.checks import every_check
from engage.simulation.explanation import NextSend
from engage.simulation.visitor import Visitor


class Deciding(Protocol):
    """Where the decision's facts come from."""

    def facts(self, intent: Intent, *, now: datetime) -> Facts:
        """What the decision would be told about a delivery, be there a row of it or not."""
        ...


def as_intent(new: NewDelivery) -> Intent:
    """The delivery that a run would ask for, as the decision would find it."""
    return Intent(
        id=0, run_id=new.run_id, campaign=new.campaign, version=new.version, step=new.step, message=new.message, purpose=new.purpose,
        contact_id=new.contact_id, channels=new.channels, intended_at=new.intended_at, due_at=new.due_at, expires_at=new.expires_at,
        priority=new.priority, to=new.to, quiet_hours=new.quiet_hours, values=new.values, send_key=new.send_key or "",
    )


def decided(intent: Intent, visitor: Visitor, deciding: Deciding, *, campaign: Campaign | None, at: datetime) -> NextSend:
    """What would be decided about it at that moment; of what time alone lets go, also what would be decided then."""
    facts, settings = deciding.facts(intent, now=at), visitor.workspace.settings
    campaign = campaign or visitor.campaign
    decision = decide(intent, facts, now=at, settings=settings, campaign=campaign)
    asked = NextSend(
        step=intent.step, message=intent.message, due_at=intent.intended_at, asked_at=at, expires_at=intent.expires_at,
        outcome=_outcome(decision), answer=_sentence(decision, visitor), goes_at=_goes_at(decision, at),
        channel=None if isinstance(decision, Held) else decision.channel,
        checks=every_check(intent, facts, decision, now=at, settings=settings, campaign=campaign),
    )
    if not isinstance(decision, Held) or decision.until is None:
        return asked
    then = decided(intent, visitor, deciding, campaign=campaign, at=decision.until)
    return replace(asked, answer=f"{asked.answer}; then: {then.answer}", channel=then.channel, goes_at=then.goes_at)


def _outcome(decision: Decision) -> str:
    match decision:
        case Approved():
            return "send"
        case Deferred():
            return "defer"
        case Held():
            return "hold"
        case Refused():
            return decision.state.value


def _goes_at(decision: Decision, at: datetime) -> datetime | None:
    match decision:
        case Approved():
            return at
        case Deferred(until=until):
            return until
        case Held() | Refused():
            return None


def _sentence(decision: Decision, visitor: Visitor) -> str:
    """The decision's answer in a few words."""
    match decision:
        case Approved():
            return f"send by {decision.channel}"
        case Deferred():
            return f"put off until {visitor.told(decision.until)}: {decision.reason.replace('_', ' ')}"
        case Held():
            return f"held ({decision.reason}): {decision.trail[-1].why}"
        case Refused():
            why = next((check.why for check in decision.trail if not check.passed), "")
            return f"{decision.state} ({decision.reason.replace('_', ' ')}): {why}"
