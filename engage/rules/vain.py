"""What stands at the top of a campaign and would have no effect: a setting that does nothing misleads, and is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engage.model.errors import Problem
from engage.model.steps import Call, Consenting, Emit, Send, Set, Step, every_step
from engage.model.triggers import ScheduleTrigger, Trigger
from engage.rules.course import Course
from engage.rules.schema.campaign import CampaignFile
from engage.rules.sends import is_for_staff

OF_SENDS = ("channels", "expires", "quiet_hours", "limit", "on_unknown", "priority", "ramp", "duplicates")
"""What is about sends alone."""

NOT_FOR_STAFF = ("quiet_hours", "limit", "holdout", "duplicates")
"""What does not touch messages to fixed recipients."""


def refuse_in_vain(written: CampaignFile, trigger: Trigger, steps: Sequence[Step], course: Course) -> None:
    """Note each such key, and a campaign that does nothing at all."""
    if not any(isinstance(step, Send | Set | Consenting | Emit | Call) for step in every_step(steps)):
        course.problems.append(Problem(place=written.place_of("steps"), what="no step of this campaign does anything"))
        return
    course.problems.extend(
        Problem(place=written.place_of(key), what=f"`{key}` has no effect: {why}")
        for key, why in _vain(written, trigger, course) if written.says(key)
    )


def _vain(written: CampaignFile, trigger: Trigger, course: Course) -> Iterator[tuple[str, str]]:
    sends = course.sends
    if not sends:
        yield from ((key, "no step of this campaign sends anything") for key in OF_SENDS)
        return
    if all(send.channels for send in sends):
        yield "channels", "every send has its own"
    if all(send.expires for send in sends):
        yield "expires", "every send has its own"
    if all(is_for_staff(course, send) for send in sends):
        yield from ((key, "every send goes to a fixed recipient") for key in NOT_FOR_STAFF)
    elif not isinstance(trigger, ScheduleTrigger):
        yield "duplicates", "without a schedule each contact has its own copy, whoever shares its address"
