"""The steps `set`, `consent`, `emit`, `call` and `stop` as written -> steps of the model, every name in them checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind
from engage.model.errors import Problem, nearest
from engage.model.responses import OWN_EVENTS
from engage.model.steps import Binding, Call, Consenting, Emit, Set, Step, Stop
from engage.rules import scalars
from engage.rules.course import Common, Course, written_map
from engage.rules.known import refuse_unknown
from engage.rules.schema.acting import ActingSection, CallSection, ConsentStepSection, EmitSection, GrantSection, SetSection, StopSection
from engage.rules.tree import Scalar

NEVER_SET = frozenset({"external_id", "created_at"})
"""Who a contact is, and since when we know it, is no campaign's to say."""

_FORMS: Mapping[str, Callable[[str], str]] = {"locale": scalars.locale, "timezone": scalars.zone, "country": scalars.country}
"""Built-in attributes that are more than any text."""


def read_action(course: Course, section: ActingSection, common: Common) -> Step:
    """The step."""
    match section:
        case SetSection():
            return _set(course, section, common)
        case ConsentStepSection():
            return _consent(course, section, common)
        case EmitSection():
            return _emit(course, section, common)
        case CallSection():
            return _call(course, section, common)
        case StopSection():
            return Stop(**common)
        case _ as never:
            assert_never(never)


def _set(course: Course, section: SetSection, common: Common) -> Set:
    kinds = {**BUILT_IN_ATTRIBUTES, **course.known.settings.attributes}
    values: dict[str, Binding] = {}
    for name, written in written_map(section.set_).items():
        kind = kinds.get(name)
        if name in NEVER_SET:
            course.refuse(name, f"`{name}` cannot be set: it says who the contact is, or since when it is known")
        elif kind is None:
            refuse_unknown("attribute", name, {each: None for each in kinds if each not in NEVER_SET}, course.problems, "is not declared")
        else:
            values[str(name)] = course.bind_as(written, kind, f"the attribute `{name}`")
            _check_form(course, name, written, values[str(name)])
    return Set(**common, values=values)


def _check_form(course: Course, name: Scalar, written: object, value: Binding) -> None:
    form = _FORMS.get(name)
    if form is None or not isinstance(value, str) or not isinstance(written, Scalar):
        return
    try:
        form(value)
    except ValueError as error:
        course.refuse(written, f"`{written.written}` {error}", getattr(error, "suggestion", None))


def _consent(course: Course, section: ConsentStepSection, common: Common) -> Consenting:
    change = section.consent
    purpose = course.known.settings.purposes.get(change.purpose)
    if purpose is None:
        refuse_unknown("purpose", change.purpose, course.known.settings.purposes, course.problems, "is not declared in engage.yaml")
    elif purpose.asks_nothing if change.channel is None else purpose.is_transactional(change.channel):
        course.refuse(change.purpose, f"this has no effect: the purpose `{change.purpose}` asks for no consent")
    return Consenting(**common, purpose=str(change.purpose), channel=change.channel, granted=isinstance(change, GrantSection))


def _emit(course: Course, section: EmitSection, common: Common) -> Emit:
    raised = section.emit
    fields = course.known.fields_of(raised.event, course.problems)
    if raised.event.startswith(OWN_EVENTS):
        course.refuse(raised.event, f"`{raised.event}` is of Engage's own: it comes back of a message and cannot be raised")
        fields = {}
    return Emit(**common, event=str(raised.event), data=_fields(course, str(raised.event), raised.data, fields))


def _fields(course: Course, event: str, written: object, kinds: Mapping[str, AttributeKind]) -> Mapping[str, Binding]:
    data: dict[str, Binding] = {}
    for name, value in written_map(written).items():
        if name in kinds:
            data[str(name)] = course.bind_as(value, kinds[name], f"the field `{name}`")
        elif kinds:
            what = f"the event `{event}` has no field `{name}`"
            course.problems.append(Problem(place=name.place, what=what, suggestion=nearest(name, kinds)))
    return data


def _call(course: Course, section: CallSection, common: Common) -> Call:
    """The step; what it answers is known only when it comes."""
    endpoints = course.known.settings.endpoints
    if section.call not in endpoints:
        refuse_unknown("endpoint", section.call, endpoints, course.problems, "is not declared under `endpoints` in engage.yaml")
    data = {str(name): course.bind(value) for name, value in written_map(section.data).items()}
    return Call(**common, endpoint=str(section.call), data=data, as_=course.name(section.as_, None))
