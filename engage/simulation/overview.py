"""What `engage status` says of each campaign: how it stands, in a few words, and at which steps its runs are. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import final
from zoneinfo import ZoneInfo

from engage.model.campaign import Campaign, Status
from engage.model.localtime import add
from engage.model.shares import percent
from engage.model.under_way import Standing
from engage.planning.positions import END, name_of, step_at
from engage.planning.versions import Versions


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known of a campaign beside its file. `since` is when its newest version was accepted first."""

    status: Status | None
    since: datetime | None
    ends_at: datetime | None
    awaits_approval: bool
    paused: bool
    reason: str | None = None


def state_of(situation: Situation, campaign: Campaign | None, *, now: datetime, zone: ZoneInfo) -> str:
    """In a few words, the strongest first: what keeps it from sending, else that it is live."""
    match situation:
        case Situation(status=None):
            return "not in the workspace"
        case Situation(status=Status.DRAFT):
            return "draft"
        case Situation(ends_at=datetime() as end) if end <= now:
            return "ended"
        case Situation(paused=True, reason=reason):
            return f"paused: {reason}" if reason else "paused"
        case Situation(status=Status.PAUSED):
            return "paused by its file"
        case Situation(awaits_approval=True):
            return "waits for approval"
    return _ramp(campaign, situation.since, now, zone) or "live"


def _ramp(campaign: Campaign | None, since: datetime | None, now: datetime, zone: ZoneInfo) -> str | None:
    if campaign is None or since is None:
        return None
    ends = since
    for number, stage in enumerate(campaign.ramp, start=1):
        ends = add(ends, stage.duration, zone)
        if now < ends:
            return f"live, ramp {number} of {len(campaign.ramp)}: {percent(stage.share)} until {ends:%Y-%m-%d %H:%M} UTC"
    return None


def by_step(standings: Iterable[Standing], newest: Mapping[str, str], versions: Versions) -> Mapping[str, Mapping[str, int]]:
    """Campaign -> step -> runs. Steps are called by id, else path; those of another version than the newest with its hash behind."""
    found: dict[str, Counter[str]] = {}
    for standing in standings:
        step = _called(versions(standing.campaign, standing.version), standing)
        older = "" if newest.get(standing.campaign) == standing.version else f" of version {standing.version[:8]}"
        found.setdefault(standing.campaign, Counter())[step + older] += standing.runs
    return found


def _called(campaign: Campaign | None, standing: Standing) -> str:
    if campaign is None:
        return f"{standing.position} (unreadable)"
    step = step_at(campaign.steps, standing.position)
    return END if step is None else name_of(step)
