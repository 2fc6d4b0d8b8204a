"""The step `send` as written -> Send, every name in it checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from engage.model.contact import AttributeKind
from engage.model.errors import Place, Problem
from engage.model.steps import Binding, Send
from engage.model.time import Duration
from engage.rules.course import RESERVED, Common, Course, written_map
from engage.rules.known import binding, refuse_unknown
from engage.rules.messages import check_message
from engage.rules.routes import Route, read_route
from engage.rules.schema.sending import SendSection
from engage.rules.tree import Scalar
from engage.rules.windows import layer, refuse_no_window

DEFAULT_EXPIRY = Duration(days=7)


def read_send(course: Course, section: SendSection, common: Common) -> Send:
    """The step."""
    course.sends.append(section)
    route = _route(course, section)
    step = Send(
        **common,
        message=str(section.send),
        channels=route.names,
        by_all=route.by_all,
        fallback=route.fallback,
        purpose=_purpose(course, section),
        expires=section.expires or course.expires or DEFAULT_EXPIRY,
        quiet_hours=(course.quiet_hours, layer(section.quiet_hours)),
        to=None if section.to is None else binding(section.to, course.names(), course.problems),
        with_=_values(course, section),
        as_=course.name(section.as_, AttributeKind.TEXT),
    )
    _check_quiet_hours(course, section, step, route)
    _check_fallback(course, section, step)
    check_message(course.known, section.send, step, {} if section.channels is None else route.places, course.problems)
    return step


def only_send(message: Scalar, place: Place) -> SendSection:
    """What `send:` in place of steps is short for, at its place."""
    section = SendSection.model_construct(send=message)
    section._place = place  # noqa: SLF001 - built here instead of being read
    return section


def is_for_staff(course: Course, section: SendSection) -> bool:
    """Whether a send goes to a fixed recipient, whichever of its channels it takes."""
    route = course.route if section.channels is None else read_route(course.known, section.channels, [])
    return section.to is not None or route.for_staff(course.known)


def _route(course: Course, section: SendSection) -> Route:
    if section.channels is not None:
        return read_route(course.known, section.channels, course.problems)
    if not course.route.names:
        course.refuse(section.send, "this send has no `channels`, and neither has the campaign")
    elif section.to is not None and (course.route.by_all or course.route.fallback):
        course.refuse(section.to, "`to` is one address, and the campaign's `channels` is a map: say the `channels` of this send as a list")
    return course.route


def _check_quiet_hours(course: Course, section: SendSection, step: Send, route: Route) -> None:
    if section.quiet_hours is None:
        return
    place = section.place_of("quiet_hours")
    if route.for_staff(course.known):
        what = "`quiet_hours` has no effect: these channels go to fixed recipients, who have none"
        course.problems.append(Problem(place=place, what=what))
        return
    purpose = course.known.settings.purposes.get(step.purpose)
    layers = (course.known.settings.quiet_hours, purpose.quiet_hours if purpose else None, *step.quiet_hours)
    refuse_no_window(layers, place, course.problems)


def _check_fallback(course: Course, section: SendSection, step: Send) -> None:
    """What the first channel is given time for must come before the message expires, for the next channel to have any."""
    if step.fallback is None:
        return
    expires = step.expires if isinstance(step.expires, Duration) else Duration(days=1)
    if _at_least(step.fallback.after) >= _at_most(expires):
        what = f"the next channel would never be tried: the message expires ({step.expires}) before `fallback_after` is over"
        course.refuse(section.send, what)


def _at_least(span: Duration) -> timedelta:
    """The shortest that it comes to: February, and a day on which the clocks go forward."""
    return timedelta(days=28 * span.months, hours=23 * span.days, seconds=span.seconds)


def _at_most(span: Duration) -> timedelta:
    return timedelta(days=31 * span.months, hours=25 * span.days, seconds=span.seconds)


def _purpose(course: Course, section: SendSection) -> str:
    if section.purpose is None:
        return course.purpose
    purposes = course.known.settings.purposes
    if section.purpose not in purposes:
        refuse_unknown("purpose", section.purpose, purposes, course.problems)
    return str(section.purpose)


def _values(course: Course, section: SendSection) -> Mapping[str, Binding]:
    values = written_map(section.with_)
    for key in values:
        if key in RESERVED or key in course.variables or not key.isidentifier() or key.startswith("_"):
            course.refuse(key, f"`{key}` cannot name a value for the template: the name is taken, or is none")
    return {str(key): course.bind(value) for key, value in values.items()}
