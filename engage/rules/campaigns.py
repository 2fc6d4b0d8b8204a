"""`campaigns/<name>.yaml` -> Campaign, every name and every expression in it checked."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Literal

from engage.model.campaign import Campaign, Exit, ExitOnEvent, ExitOnGoal, ExitWhen, Goal, Stage
from engage.model.errors import Problem
from engage.model.steps import Step
from engage.model.triggers import trigger_kinds
from engage.rules.course import Course
from engage.rules.known import Known, condition_for_sql, expression, refuse_unknown
from engage.rules.routes import read_route
from engage.rules.schema.campaign import CampaignFile, Duplicates, ExitEventSection, ExitWhenSection, ExitWord, OnEdit
from engage.rules.schema.fields import as_tuple
from engage.rules.sends import only_send
from engage.rules.steps import read_steps
from engage.rules.triggers import read_trigger
from engage.rules.vain import refuse_in_vain
from engage.rules.validation import read_as
from engage.rules.windows import layer, refuse_no_window


def read_campaign(name: str, file: str, content: bytes, known: Known, problems: list[Problem]) -> Campaign | None:
    """The campaign, or None; what is wrong with it is added to `problems`."""
    found: list[Problem] = []
    written = read_as(CampaignFile, file, content, found)
    campaign = None if written is None else _campaign(name, hashlib.sha256(content).hexdigest(), written, known, found)
    problems.extend(found)
    return None if found else campaign


def _campaign(name: str, version: str, written: CampaignFile, known: Known, problems: list[Problem]) -> Campaign:
    trigger = read_trigger(written.trigger, known, problems)
    course = Course(
        known=known, trigger=trigger_kinds(trigger, known.settings.events), purpose=str(written.purpose),
        route=read_route(known, written.channels, problems), expires=written.expires, quiet_hours=layer(written.quiet_hours),
        problems=problems,
    )
    steps = _steps(written, course)
    refuse_in_vain(written, trigger, steps, course)
    _check_purpose(written, known, problems)
    _check_former_name(name, written, known, problems)
    on_unknown: Literal["resend", "hold"] | None = None
    if written.on_unknown is not None:
        on_unknown = "resend" if written.on_unknown == "resend" else "hold"
    return Campaign(
        name=name,
        version=version,
        title=str(written.title or name),
        purpose=str(written.purpose),
        trigger=trigger,
        steps=steps,
        status=written.status,
        priority=written.priority,
        valid_from=written.valid.first if written.valid else None,
        valid_until=written.valid.last if written.valid else None,
        audience=condition_for_sql(written.audience, known.names(trigger=course.trigger), problems),
        exits=_exits(written, course),
        re_entry=written.re_entry,
        limits=as_tuple(written.limit),
        channels=course.route.names,
        on_unknown=on_unknown,
        holdout=written.holdout or Fraction(0),
        goal=_goal(written, course),
        ramp=tuple(Stage(share=stage.share, duration=stage.duration) for stage in written.ramp or ()),
        copies=written.duplicates is Duplicates.SEND,
        migrates=written.on_edit is OnEdit.MIGRATE,
        renamed_from=None if written.renamed_from is None else str(written.renamed_from),
    )


def _steps(written: CampaignFile, course: Course) -> tuple[Step, ...]:
    if written.send is not None:
        return read_steps(course, [only_send(written.send, written.place_of("send"))])
    return read_steps(course, written.steps or ())


def _goal(written: CampaignFile, course: Course) -> Goal | None:
    """The goal; names given by `as` are not known there, as those held out have none."""
    if written.goal is None:
        return None
    fields = course.known.fields_of(written.goal.event, course.problems)
    names = course.known.names(trigger=course.trigger, event=fields)
    where = expression(written.goal.where, names, course.problems)
    return Goal(event=str(written.goal.event), where=where, within=written.goal.within)


def _check_former_name(name: str, written: CampaignFile, known: Known, problems: list[Problem]) -> None:
    former = written.renamed_from
    if former is not None and former == name:
        problems.append(Problem(place=former.place, what=f"`renamed_from: {former}` is the name that the campaign has"))
    elif former is not None and former in known.campaigns:
        problems.append(Problem(place=former.place, what=f"`renamed_from: {former}` is still a campaign of its own: its file is there"))


def _check_purpose(written: CampaignFile, known: Known, problems: list[Problem]) -> None:
    purpose = known.settings.purposes.get(written.purpose)
    if purpose is None:
        refuse_unknown("purpose", written.purpose, known.settings.purposes, problems, "is not declared under `purposes` in engage.yaml")
    elif written.quiet_hours is not None:
        layers = (known.settings.quiet_hours, purpose.quiet_hours, layer(written.quiet_hours))
        refuse_no_window(layers, written.place_of("quiet_hours"), problems)


def _exits(written: CampaignFile, course: Course) -> tuple[Exit, ...]:
    exits: list[Exit] = []
    for section in as_tuple(written.exit):
        match section:
            case ExitEventSection():
                fields = course.known.fields_of(section.event, course.problems)
                where = expression(section.where, course.names(event=fields), course.problems)
                exits.append(ExitOnEvent(event=str(section.event), where=where))
            case ExitWhenSection():
                condition = expression(section.when, course.names(), course.problems)
                exits.extend([ExitWhen(condition=condition)] if condition else [])
            case ExitWord.GOAL:
                exits.append(ExitOnGoal())
            case _:
                exits.append(ExitWhen(audience=True))
    _check_exits(written, exits, course.problems)
    return tuple(exits)


def _check_exits(written: CampaignFile, exits: list[Exit], problems: list[Problem]) -> None:
    place = written.place_of("exit")
    if written.audience is None and any(isinstance(each, ExitWhen) and each.audience for each in exits):
        problems.append(Problem(place=place, what="`exit: audience` has no effect: the campaign has no `audience`"))
    if written.goal is None and any(isinstance(each, ExitOnGoal) for each in exits):
        problems.append(Problem(place=place, what="`exit: goal` has no effect: the campaign has no `goal`"))
