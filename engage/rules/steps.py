"""The steps of a campaign file -> steps of the model, each with its path, every name in it checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from engage.model.contact import AttributeKind
from engage.model.errors import Problem
from engage.model.expression import Expression
from engage.model.quiet_hours import QuietHoursLayer
from engage.model.steps import Binding, Expiry, If, Send, Step, Wait, WaitFor, WaitUntilMoment, WaitUntilTime
from engage.model.time import Duration
from engage.rules.expressions import Names, Shape
from engage.rules.known import Known, binding, expression, refuse_unknown
from engage.rules.messages import check_message, known_channels
from engage.rules.schema.steps import (
    AnyStepSection,
    IfSection,
    SendSection,
    UntilMomentSection,
    UntilTimeSection,
    WaitForSection,
    WaitSection,
)
from engage.rules.tree import Map, Scalar
from engage.rules.windows import layer, refuse_no_window

DEFAULT_EXPIRY = Duration(days=7)

RESERVED = frozenset({
    "contact", "trigger", "event", "now", "today", "data", "message", "locale", "company", "channel", "t", "plural",
    "in_segment", "has_consent", "touched", "events", "days_since", "days_until",
    "true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else",
})
"""Names that expressions and templates have already."""


@dataclass(slots=True, kw_only=True)
class StepsBuilder:
    """Builds one campaign's steps in the order of the file: a name given by `as` is known from the next step on."""

    known: Known
    trigger: Mapping[str, AttributeKind]
    purpose: str
    channels: tuple[str, ...]
    expires: Expiry | None
    quiet_hours: QuietHoursLayer
    problems: list[Problem]
    variables: dict[str, Shape] = field(default_factory=dict)
    sends: list[SendSection] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)

    def names(self, event: Mapping[str, AttributeKind] | None = None) -> Names:
        """What may be named by now."""
        return self.known.names(trigger=self.trigger, event=event, variables=dict(self.variables))

    def build(self, sections: Sequence[AnyStepSection], prefix: str = "") -> tuple[Step, ...]:
        """The steps; what cannot be built is left out, its reason being among the problems."""
        built = [self._step(section, f"{prefix}{number}") for number, section in enumerate(sections)]
        return tuple(step for step in built if step is not None)

    def _step(self, section: AnyStepSection, path: str) -> Step | None:
        self._take_id(section.id)
        when = expression(section.when, self.names(), self.problems)
        match section:
            case SendSection():
                return self._send(section, path, when)
            case WaitSection():
                return self._wait(section, path, when)
            case WaitForSection():
                return self._wait_for(section, path, when)
            case IfSection():
                return self._if(section, path, when)
            case _ as never:
                assert_never(never)

    def _send(self, section: SendSection, path: str, when: Expression | None) -> Send:
        self.sends.append(section)
        names = self.names()
        step = Send(
            path=path, place=section.place, id=_text(section.id), when=when,
            message=str(section.send),
            channels=self._channels(section),
            purpose=self._purpose(section),
            expires=section.expires or self.expires or DEFAULT_EXPIRY,
            quiet_hours=(self.quiet_hours, layer(section.quiet_hours)),
            to=None if section.to is None else binding(section.to, names, self.problems),
            with_=self._values(section.with_, names),
            as_=self._name(section.as_, AttributeKind.TEXT),
        )
        if section.quiet_hours is not None and self._only_staff(step.channels):
            what = "`quiet_hours` has no effect: these channels go to fixed recipients, who have none"
            self.problems.append(Problem(place=section.place_of("quiet_hours"), what=what))
        elif section.quiet_hours is not None:
            purpose = self.known.settings.purposes.get(step.purpose)
            layers = (self.known.settings.quiet_hours, purpose.quiet_hours if purpose else None, *step.quiet_hours)
            refuse_no_window(layers, section.place_of("quiet_hours"), self.problems)
        check_message(self.known, section.send, section.channels, step, self.problems)
        return step

    def is_for_staff(self, section: SendSection) -> bool:
        """Whether a send goes to a fixed recipient, whichever of its channels it takes."""
        names = section.channels if section.channels is not None else self.channels
        return section.to is not None or self._only_staff(tuple(map(str, names)))

    def _only_staff(self, names: tuple[str, ...]) -> bool:
        channels = [self.known.settings.channels.get(name) for name in names]
        return bool(channels) and all(channel is not None and channel.to is not None for channel in channels)

    def _channels(self, section: SendSection) -> tuple[str, ...]:
        if section.channels is not None:
            return known_channels(self.known, section.channels, self.problems)
        if not self.channels:
            self._refuse(section.send, "this send has no `channels`, and neither has the campaign")
        return self.channels

    def _purpose(self, section: SendSection) -> str:
        if section.purpose is None:
            return self.purpose
        if section.purpose not in self.known.settings.purposes:
            refuse_unknown("purpose", section.purpose, self.known.settings.purposes, self.problems)
        return str(section.purpose)

    def _values(self, written: object, names: Names) -> Mapping[str, Binding]:
        if not isinstance(written, Map):
            return {}
        for key in written.written():
            if key in RESERVED or key in self.variables or not key.isidentifier() or key.startswith("_"):
                self._refuse(key, f"`{key}` cannot name a value for the template: the name is taken, or is none")
        return {str(key): self._binding(value, names) for key, value in written.items()}

    def _binding(self, written: object, names: Names) -> Binding:
        match written:
            case Map():
                return {str(key): self._binding(value, names) for key, value in written.items()}
            case list():
                return tuple(self._binding(value, names) for value in written)
            case Scalar() if written.is_blank:
                self._refuse(written, "nothing is written here; write '' for an empty text")
                return ""
            case Scalar():
                return binding(written, names, self.problems)
            case _:
                raise TypeError(f"no part of a document: {type(written)}")

    def _wait(self, section: WaitSection, path: str, when: Expression | None) -> Step | None:
        match section.wait:
            case Duration() as duration:
                return Wait(path=path, place=section.place, id=_text(section.id), when=when, duration=duration)
            case UntilTimeSection() as until:
                days = frozenset(until.days) if isinstance(until.days, list) else until.days
                return WaitUntilTime(
                    path=path, place=section.place, id=_text(section.id), when=when, at=until.until, days=days, day_off=until.day_off,
                )
            case UntilMomentSection() as until:
                moment = self._moment(until)
                return moment and WaitUntilMoment(
                    path=path, place=section.place, id=_text(section.id), when=when, until=moment, offset=until.offset, at=until.at,
                )
            case _ as never:
                assert_never(never)

    def _moment(self, section: UntilMomentSection) -> Expression | None:
        parsed = expression(section.until, self.names(), self.problems)
        if parsed is not None and parsed.root.kind not in (None, AttributeKind.DATE, AttributeKind.DATETIME):
            self._refuse(section.until, f"`until` needs a time of day, a date or a date-time; this is a {parsed.root.kind}")
            return None
        return parsed

    def _wait_for(self, section: WaitForSection, path: str, when: Expression | None) -> WaitFor:
        awaited = section.wait_for
        fields = self.known.fields_of(awaited.event, self.problems)
        return WaitFor(
            path=path, place=section.place, id=_text(section.id), when=when,
            event=str(awaited.event),
            where=expression(awaited.where, self.names(event=fields), self.problems),
            duration=awaited.duration,
            as_=self._name(section.as_, fields),
        )

    def _if(self, section: IfSection, path: str, when: Expression | None) -> If | None:
        condition = expression(section.if_, self.names(), self.problems)
        then = self.build(section.then, f"{path}.then.")
        otherwise = self.build(section.otherwise, f"{path}.else.")
        return condition and If(
            path=path, place=section.place, id=_text(section.id), when=when, condition=condition, then=then, otherwise=otherwise,
        )

    def _name(self, name: Scalar | None, shape: Shape) -> str | None:
        """Make the name known to what comes after."""
        if name is None:
            return None
        if name in RESERVED:
            self._refuse(name, f"`{name}` is a name that expressions have already")
        elif name in self.variables:
            self._refuse(name, f"`as: {name}` is given twice in this campaign")
        self.variables[str(name)] = shape
        return str(name)

    def _take_id(self, id_: Scalar | None) -> None:
        if id_ is not None and id_ in self._ids:
            self._refuse(id_, f"`id: {id_}` is given twice in this campaign")
        if id_ is not None and id_.isdigit():
            self._refuse(id_, f"`id: {id_}` is a number, by which steps without an id are known: give it a word")
        self._ids.add(str(id_ or ""))

    def _refuse(self, at: Scalar, what: str) -> None:
        self.problems.append(Problem(place=at.place, what=what))


def _text(scalar: Scalar | None) -> str | None:
    return None if scalar is None else str(scalar)
