"""`campaigns/<name>.yaml` -> Campaign, every name and every expression in it checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, assert_never

from engage.model.campaign import Campaign, Exit, ExitOnEvent, ExitWhen
from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind
from engage.model.errors import Problem, nearest
from engage.model.triggers import OF_DATE, OF_EVENT, OF_SCHEDULE, DateTrigger, EventTrigger, ScheduleTrigger, Trigger
from engage.rules.known import Known, condition_for_sql, expression, refuse_unknown
from engage.rules.messages import known_channels
from engage.rules.schema.campaign import CampaignFile, ExitEventSection, ExitWhenSection
from engage.rules.schema.fields import as_tuple
from engage.rules.schema.steps import SendSection
from engage.rules.schema.trigger import DateSection, EventSection, ScheduleSection, TriggerSection
from engage.rules.steps import StepsBuilder
from engage.rules.tree import Scalar
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
    fields = _trigger_fields(written.trigger, known, problems)
    builder = StepsBuilder(
        known=known, trigger=fields, purpose=str(written.purpose), channels=known_channels(known, written.channels or (), problems),
        expires=written.expires, quiet_hours=layer(written.quiet_hours), problems=problems,
    )
    steps = builder.build(written.steps if written.steps is not None else [_only_send(written)])
    _refuse_in_vain(written, builder, problems)
    _check_purpose(written, known, problems)
    on_unknown: Literal["resend", "hold"] | None = None
    if written.on_unknown is not None:
        on_unknown = "resend" if written.on_unknown == "resend" else "hold"
    return Campaign(
        name=name,
        version=version,
        title=str(written.title or name),
        purpose=str(written.purpose),
        trigger=_trigger(written.trigger, known, problems),
        steps=steps,
        status=written.status,
        priority=written.priority,
        valid_from=written.valid.first if written.valid else None,
        valid_until=written.valid.last if written.valid else None,
        audience=condition_for_sql(written.audience, known.names(trigger=fields), problems),
        exits=_exits(written, builder, problems),
        re_entry=written.re_entry,
        limits=as_tuple(written.limit),
        channels=builder.channels,
        on_unknown=on_unknown,
    )


def _only_send(written: CampaignFile) -> SendSection:
    """What `send:` at the top is short for, at the place of its name."""
    assert written.send is not None  # noqa: S101 - the model takes `send` or `steps`
    section = SendSection.model_construct(send=written.send)
    section._place = written.place_of("send")  # noqa: SLF001 - built here instead of being read
    return section


def _check_purpose(written: CampaignFile, known: Known, problems: list[Problem]) -> None:
    purpose = known.settings.purposes.get(written.purpose)
    if purpose is None:
        refuse_unknown("purpose", written.purpose, known.settings.purposes, problems, "is not declared under `purposes` in engage.yaml")
    elif written.quiet_hours is not None:
        layers = (known.settings.quiet_hours, purpose.quiet_hours, layer(written.quiet_hours))
        refuse_no_window(layers, written.place_of("quiet_hours"), problems)


def _refuse_in_vain(written: CampaignFile, builder: StepsBuilder, problems: list[Problem]) -> None:
    """A campaign that sends nothing, what stands at the top though every send has its own, and what staff do not have."""
    sends = builder.sends
    if not sends:
        problems.append(Problem(place=written.place_of("steps"), what="no step of this campaign sends anything"))
        return
    for key, own in (("channels", all(send.channels for send in sends)), ("expires", all(send.expires for send in sends))):
        if written.says(key) and own:
            problems.append(Problem(place=written.place_of(key), what=f"`{key}` has no effect: every send has its own"))
    staff = all(map(builder.is_for_staff, sends))
    problems.extend(
        Problem(place=written.place_of(key), what=f"`{key}` has no effect: every send goes to a fixed recipient")
        for key in ("quiet_hours", "limit") if staff and written.says(key)
    )


def _trigger_fields(section: TriggerSection, known: Known, problems: list[Problem]) -> Mapping[str, AttributeKind]:
    match section:
        case DateSection():
            return OF_DATE
        case EventSection():
            return {**known.fields_of(section.event, problems), **OF_EVENT}
        case ScheduleSection():
            return OF_SCHEDULE
        case _ as never:
            assert_never(never)


def _trigger(section: TriggerSection, known: Known, problems: list[Problem]) -> Trigger:
    match section:
        case DateSection():
            _check_date(section.date, known, problems)
            return DateTrigger(
                attribute=str(section.date), at=section.at, repeat=section.repeat, offset_days=section.offset, leap_day=section.leap_day,
                min_years=section.min_years, day_off=section.day_off,
            )
        case EventSection():
            names = known.names(trigger={}, event=known.settings.events.get(section.event, {}))
            return EventTrigger(
                event=str(section.event), where=expression(section.where, names, problems), key=expression(section.key, names, problems),
                again=section.again,
            )
        case ScheduleSection():
            return _schedule(section, known)
        case _ as never:
            assert_never(never)


def _schedule(section: ScheduleSection, known: Known) -> ScheduleTrigger:
    times = section.schedule if isinstance(section.schedule, list) else [section.schedule]
    moments = tuple(sorted({each for each in times if isinstance(each, datetime)}))
    cron = next((each for each in times if isinstance(each, str)), None)
    zone = str(section.zone or known.settings.timezone)
    return ScheduleTrigger(cron=cron, moments=moments, zone=None if zone == "contact" else zone, day_off=section.day_off, late=section.late)


def _check_date(attribute: Scalar, known: Known, problems: list[Problem]) -> None:
    kinds = {**BUILT_IN_ATTRIBUTES, **known.settings.attributes}
    dates = [name for name, kind in kinds.items() if kind is AttributeKind.DATE]
    kind = kinds.get(attribute)
    if kind is AttributeKind.DATE:
        return
    why = "is not declared" if kind is None else f"is of the type {kind}, not a date"
    problems.append(Problem(place=attribute.place, what=f"the attribute `{attribute}` {why}", suggestion=nearest(attribute, dates)))


def _exits(written: CampaignFile, builder: StepsBuilder, problems: list[Problem]) -> tuple[Exit, ...]:
    exits: list[Exit] = []
    for section in as_tuple(written.exit):
        match section:
            case ExitEventSection():
                fields = builder.known.fields_of(section.event, problems)
                exits.append(ExitOnEvent(event=str(section.event), where=expression(section.where, builder.names(event=fields), problems)))
            case ExitWhenSection():
                condition = expression(section.when, builder.names(), problems)
                exits.extend([ExitWhen(condition=condition)] if condition else [])
            case _:
                exits.append(ExitWhen(audience=True))
    if written.audience is None and any(isinstance(each, ExitWhen) and each.audience for each in exits):
        problems.append(Problem(place=written.place_of("exit"), what="`exit: audience` has no effect: the campaign has no `audience`"))
    return tuple(exits)
