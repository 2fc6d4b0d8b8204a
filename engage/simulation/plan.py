"""What a change would do before it is live: the plan that `engage plan` shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import final

from engage.model.campaign import Campaign, Status
from engage.model.triggers import EventTrigger, ManualTrigger
from engage.model.values import moment_text
from engage.simulation.comparing import CampaignChange, Changes, StepChange
from engage.simulation.courses import Course
from engage.simulation.tallying import Estimate, Row, Tally, side_by_side
from engage.simulation.wording import Difference

EVERY_KEY = ("campaign", "outcome", "why", "message", "channel", "locale", "day")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole of it. `before` and `after` are what both sides do in `[start, end)` over the same people."""

    against: str
    start: datetime
    end: datetime
    changes: Changes
    courses: tuple[Course, ...]
    before: Tally
    after: Tally
    notes: tuple[str, ...] = ()

    def rows(self, *keys: str) -> Iterator[Row]:
        """Both sides' counts, by these of the keys `campaign`, `outcome`, `why`, `message`, `channel`, `locale`, `day`."""
        return side_by_side(self.before, self.after, keys)


def notes_on(campaigns: Mapping[str, Campaign]) -> Iterator[str]:
    """What the counts cannot tell of these campaigns."""
    for name, campaign in sorted(campaigns.items()):
        if campaign.status is not Status.LIVE:
            yield f"{name} is {campaign.status}: nobody enters it" + (" until it is live" if campaign.status is Status.DRAFT else "")
        elif isinstance(campaign.trigger, EventTrigger | ManualTrigger):
            what = f"`{campaign.trigger.event}`" if isinstance(campaign.trigger, EventTrigger) else "`engage enroll`"
            yield f"{name} is entered by {what}: who will be, nobody knows; what goes is that of the runs under way"


def as_json(plan: Plan) -> Mapping[str, object]:
    """All of it as JSON values, by the names of docs/editing.md."""
    return {
        "against": plan.against, "from": moment_text(plan.start), "to": moment_text(plan.end),
        "people": plan.after.sample.people, "looked_at": plan.after.sample.looked_at, "exact": plan.after.sample.is_whole,
        "campaigns": [_campaign(each) for each in plan.changes.campaigns],
        "settings": [_difference(each) for each in plan.changes.settings],
        "files": [{"change": change.value, "file": file} for change, file in plan.changes.files],
        "warnings": list(plan.changes.warnings), "notes": list(plan.notes),
        "runs": [{**asdict(course), "fate": course.fate.value} for course in plan.courses],
        "forecast": [_row(row) for row in plan.rows(*EVERY_KEY)],
    }


def _campaign(change: CampaignChange) -> Mapping[str, object]:
    return {
        "campaign": change.name, "change": change.change.value, "renamed_from": change.former, "status": change.status,
        "on_edit": change.on_edit, "version_before": change.versions[0], "version_after": change.versions[1],
        "differences": [_difference(each) for each in change.differences], "steps": [_step(each) for each in change.steps],
    }


def _step(change: StepChange) -> Mapping[str, object]:
    return {
        "step": change.step, "kind": change.kind, "change": change.change.value, "was": change.former,
        "differences": [_difference(each) for each in change.differences],
    }


def _difference(each: Difference) -> Mapping[str, object]:
    return {"key": each.key, "before": each.before, "after": each.after}


def _row(row: Row) -> Mapping[str, object]:
    keys = {name: str(value) or None for name, value in row.keys.items()}
    return {**keys, "before": _numbers(row.before), "after": _numbers(row.after), "difference": row.difference}


def _numbers(estimate: Estimate) -> Mapping[str, int]:
    return {"count": estimate.count, "low": estimate.low, "high": estimate.high}
