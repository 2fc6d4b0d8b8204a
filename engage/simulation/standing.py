"""How a contact stands with a campaign: whether it is open, what keeps somebody out who is meant, where each run is. -> Findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from engage.model.campaign import Campaign, Status
from engage.model.delivery import CampaignState, Intent
from engage.model.localtime import add_everywhere, known, local_date, zone
from engage.model.run import Run, RunState
from engage.model.shares import HOLDOUT, is_in, percent
from engage.policy.ramp import opens_at
from engage.simulation.ahead import where
from engage.simulation.explanation import Finding, Journeying
from engage.simulation.step_words import step_in_words
from engage.simulation.visitor import Visitor, kept_out, validity

RE_ENTRY = "re_entry"


class CampaignStates(Protocol):
    """What people did to the campaign."""

    def campaign_state(self, campaign: str, version: str, *, now: datetime) -> CampaignState:
        """Paused, approved, ended; since when the version is there."""
        ...


def state_of(visitor: Visitor, states: CampaignStates) -> tuple[Finding, ...]:
    """Whether the campaign may be entered at all."""
    campaign = visitor.campaign
    held = states.campaign_state(campaign.name, campaign.version, now=visitor.at)
    found = [Finding(name="status", passed=campaign.status is Status.LIVE, why=f"the campaign is {campaign.status}")]
    if campaign.valid_from is not None or campaign.valid_until is not None:
        found.append(validity(visitor, local_date(visitor.at, zone(visitor.workspace.settings.timezone))))
    if held.paused and campaign.status is not Status.PAUSED:
        found.append(Finding(name="paused", passed=False, why="somebody paused it, or everything"))
    if not held.approved:
        found.append(Finding(name="approval", passed=False, why=f"it reaches more than the guards allow: engage approve {campaign.name}"))
    return tuple(found)


def shares_of(visitor: Visitor, states: CampaignStates) -> tuple[Finding, ...]:
    """Re-entry, holdout and ramp: what may keep out somebody who is meant."""
    campaign, found = visitor.campaign, list[Finding]()
    if not campaign.re_entry.allowed or campaign.re_entry.after is not None:
        found.append(_re_entry(visitor))
    if campaign.holdout:
        out = is_in(visitor.contact.id, campaign.holdout, campaign.salt, HOLDOUT)
        stands = "it is in the control group, which gets nothing" if out else "it is not in the control group"
        found.append(Finding(name=HOLDOUT, passed=not out, why=f"{percent(campaign.holdout)}: {stands}"))
    since = states.campaign_state(campaign.name, campaign.version, now=visitor.at).since
    if campaign.ramp and since is not None:
        opens = opens_at(campaign, visitor.contact.id, since=since, zone=zone(visitor.workspace.settings.timezone))
        reached = True if opens <= visitor.at else None
        found.append(Finding(name="ramp", passed=reached, at=opens, why=f"the ramp reaches it {visitor.told(opens)}"))
    return tuple(found)


def _re_entry(visitor: Visitor) -> Finding:
    """Of a trigger of time only what never lets anybody in again is a no: for a later moment it is asked there."""
    after = visitor.campaign.re_entry.after
    rule = f"after {after}" if after else "never"
    last = kept_out(visitor, visitor.at)
    if last is None:
        return Finding(name=RE_ENTRY, passed=True, why=f"{rule}; nothing is in its way")
    why = f"{rule}; it entered last {visitor.told(last.intended_at)}"
    if after is None:
        return Finding(name=RE_ENTRY, passed=False, why=why)
    again = add_everywhere(last.intended_at, after, known(visitor.contact.zones, visitor.workspace.settings.timezone))
    return Finding(name=RE_ENTRY, why=f"{why}, and may again {visitor.told(again)}", at=again)


def journeying(visitor: Visitor, run: Run, campaign: Campaign | None, waiting: Sequence[Intent]) -> Journeying:
    """Where a run is."""
    step = where(run, campaign.steps) if campaign is not None else None
    return Journeying(
        key=run.key, state=run.state.value, entered_at=run.entered_at, intended_at=run.intended_at, step=run.position,
        waits=_waits(visitor, run, step_in_words(step) if step is not None else "", waiting), until=run.due_at, trigger=run.trigger,
        variables=run.variables,
    )


def _waits(visitor: Visitor, run: Run, doing: str, waiting: Sequence[Intent]) -> str:
    if run.state is not RunState.ACTIVE:
        return ""
    if waiting:
        return f"{doing}: to be handed over {visitor.told(waiting[0].due_at)}"
    if run.due_at is None:
        return f"{doing}: under way"
    return f"{doing}: until {visitor.told(run.due_at)}" if run.due_at > visitor.at else f"{doing}: goes on now"
