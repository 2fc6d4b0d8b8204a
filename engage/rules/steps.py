"""The steps of a campaign file -> steps of the model, each with its path, every name in it checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from engage.model.contact import AttributeKind
from engage.model.errors import Problem
from engage.model.expression import Expression
from engage.model.steps import Arm, If, Split, Step, Stop, Wait, WaitFor, WaitUntilMoment, WaitUntilTime, Winner, every_send
from engage.model.time import Duration
from engage.rules.actions import read_action
from engage.rules.course import Common, Course
from engage.rules.known import expression
from engage.rules.routes import silence
from engage.rules.schema.sending import SendSection
from engage.rules.schema.steps import AnyStepSection, ArmSection, IfSection, SplitSection, WinnerSection
from engage.rules.schema.waiting import UntilMomentSection, UntilTimeSection, WaitForSection, WaitSection
from engage.rules.sends import only_send, read_send


def read_steps(course: Course, sections: Sequence[AnyStepSection], prefix: str = "") -> tuple[Step, ...]:
    """The steps; what cannot be built is left out, its reason being among the problems."""
    steps: list[Step] = []
    for number, section in enumerate(sections):
        if steps and ends(steps[-1]):
            course.problems.append(Problem(place=section.place, what="this step would never be reached: the run ends before it"))
        step = _step(course, section, course.common(section, f"{prefix}{number}"))
        steps.extend([] if step is None else [step])
    return tuple(steps)


def ends(step: Step) -> bool:
    """Whether no run goes on after the step."""
    match step:
        case Stop(when=None):
            return True
        case If(when=None):
            return _end(step.then) and _end(step.otherwise)
        case Split(when=None):
            return all(_end(arm.steps) for arm in step.arms)
        case _:
            return False


def _end(steps: Sequence[Step]) -> bool:
    return bool(steps) and ends(steps[-1])


def _step(course: Course, section: AnyStepSection, common: Common) -> Step | None:
    match section:
        case SendSection():
            return read_send(course, section, common)
        case WaitSection():
            return _wait(course, section, common)
        case WaitForSection():
            return _wait_for(course, section, common)
        case IfSection():
            return _if(course, section, common)
        case SplitSection():
            return _split(course, section, common)
        case _:
            return read_action(course, section, common)


def _wait(course: Course, section: WaitSection, common: Common) -> Step | None:
    match section.wait:
        case Duration() as duration:
            return Wait(**common, duration=duration)
        case UntilTimeSection() as until:
            days = frozenset(until.days) if isinstance(until.days, list) else until.days
            return WaitUntilTime(**common, at=until.until, days=days, day_off=until.day_off)
        case UntilMomentSection() as until:
            moment = _moment(course, until)
            return moment and WaitUntilMoment(**common, until=moment, offset=until.offset, at=until.at)
        case _ as never:
            assert_never(never)


def _moment(course: Course, section: UntilMomentSection) -> Expression | None:
    parsed = expression(section.until, course.names(), course.problems)
    if parsed is not None and parsed.root.kind not in (None, AttributeKind.DATE, AttributeKind.DATETIME):
        course.refuse(section.until, f"`until` needs a time of day, a date or a date-time; this is a {parsed.root.kind}")
        return None
    return parsed


def _wait_for(course: Course, section: WaitForSection, common: Common) -> WaitFor:
    awaited = section.wait_for
    fields = course.known.fields_of(awaited.event, course.problems)
    return WaitFor(
        **common,
        event=str(awaited.event),
        where=expression(awaited.where, course.names(event=fields), course.problems),
        duration=awaited.duration,
        as_=course.name(section.as_, fields),
    )


def _if(course: Course, section: IfSection, common: Common) -> If | None:
    condition = expression(section.if_, course.names(), course.problems)
    then = read_steps(course, section.then, f"{common['path']}.then.")
    otherwise = read_steps(course, section.otherwise, f"{common['path']}.else.")
    return condition and If(**common, condition=condition, then=then, otherwise=otherwise)


def _split(course: Course, section: SplitSection, common: Common) -> Split:
    written = [arm for arm in section.split if isinstance(arm, ArmSection)]
    arms = tuple(_arm(course, arm, f"{common['path']}.arm{number}.") for number, arm in enumerate(written))
    last = section.split[-1]
    if not isinstance(last, WinnerSection):
        return Split(**common, arms=arms)
    winner = Winner(sign=last.winner, after=last.after, weight=100 - sum(arm.weight for arm in arms))
    for arm, section_of in zip(arms, written, strict=True):
        _refuse_no_contest(course, arm, winner, section_of)
    return Split(**common, arms=arms, winner=winner)


def _arm(course: Course, section: ArmSection, prefix: str) -> Arm:
    sections = section.steps or ()
    if section.send is not None:
        sections = [only_send(section.send, section.place_of("send"))]
    return Arm(weight=section.weight, steps=read_steps(course, sections, prefix))


def _refuse_no_contest(course: Course, arm: Arm, winner: Winner, section: ArmSection) -> None:
    """An arm that can never give the sign can never win."""
    sends = list(every_send(arm.steps))
    channels = [course.known.settings.channels.get(name) for send in sends for name in send.channels if send.to is None]
    if not any(channel is None or silence(channel, winner.sign) is None for channel in channels):
        what = f"this arm can never win: nothing that it sends is ever seen to be {winner.sign}"
        course.problems.append(Problem(place=section.place, what=what))
