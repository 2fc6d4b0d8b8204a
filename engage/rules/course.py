"""What is known while one campaign's steps are read, in the order of the file: names given by `as`, ids, what stands at the top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from engage.model.contact import AttributeKind
from engage.model.errors import Place, Problem
from engage.model.expression import Expression
from engage.model.quiet_hours import QuietHoursLayer
from engage.model.steps import Binding, Expiry
from engage.model.triggers import Kinds
from engage.rules.expressions import Names, Shape
from engage.rules.known import Known, binding, expression
from engage.rules.routes import Route
from engage.rules.schema.sending import SendSection, StepSection
from engage.rules.tree import Map, Scalar, Tree
from engage.rules.values import value_of

RESERVED = frozenset({
    "contact", "trigger", "event", "now", "today", "data", "message", "locale", "company", "channel", "t", "plural",
    "in_segment", "has_consent", "touched", "events", "days_since", "days_until",
    "true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else",
})
"""Names that expressions and templates have already."""


class Common(TypedDict):
    """What every step has."""

    path: str
    place: Place
    id: str | None
    when: Expression | None


@dataclass(slots=True, kw_only=True)
class Course:
    """Grows while the steps are read: a name given by `as` is known from the next step on. `trigger` None: any field may be asked of it."""

    known: Known
    trigger: Kinds | None
    purpose: str
    route: Route
    expires: Expiry | None
    quiet_hours: QuietHoursLayer
    problems: list[Problem]
    sends: list[SendSection] = field(default_factory=list)
    variables: dict[str, Shape] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)

    def names(self, event: Kinds | None = None) -> Names:
        """What may be named by now."""
        return self.known.names(trigger=self.trigger, event=event, variables=dict(self.variables))

    def common(self, section: StepSection, path: str) -> Common:
        """What every step has; its id is taken by it."""
        self._take_id(section.id)
        when = expression(section.when, self.names(), self.problems)
        return Common(path=path, place=section.place, id=None if section.id is None else str(section.id), when=when)

    def name(self, name: Scalar | None, shape: Shape) -> str | None:
        """Make the name known to what comes after."""
        if name is None:
            return None
        if name in RESERVED:
            self.refuse(name, f"`{name}` is a name that expressions have already")
        elif name in self.variables:
            self.refuse(name, f"`as: {name}` is given twice in this campaign")
        self.variables[str(name)] = shape
        return str(name)

    def bind(self, written: Tree) -> Binding:
        """What is handed over: text is text, and `{{ … }}` is an expression that keeps its type."""
        match written:
            case Map():
                return {str(key): self.bind(value) for key, value in written.items()}
            case list():
                return tuple(self.bind(value) for value in written)
            case Scalar() if written.is_blank:
                self.refuse(written, "nothing is written here; write '' for an empty text")
                return ""
            case Scalar():
                return binding(written, self.names(), self.problems)
            case _:
                raise TypeError(f"no part of a document: {type(written)}")

    def bind_as(self, written: Tree, kind: AttributeKind, called: str) -> Binding:
        """A value of that kind: a constant is read as one, and an expression must come to one."""
        if not _computes(written) and not (isinstance(written, Scalar) and written.is_blank):
            return value_of(written, kind, self.problems)
        bound = self.bind(written)
        found = bound.root.kind if isinstance(bound, Expression) else AttributeKind.LIST if isinstance(bound, tuple) else kind
        if found not in (None, kind):
            self.refuse(written, f"{called} is of the type {kind}; this is a {found}")
        return bound

    def refuse(self, at: Tree, what: str, suggestion: str | None = None) -> None:
        """Note a problem there."""
        self.problems.append(Problem(place=at.place, what=what, suggestion=suggestion))

    def _take_id(self, id_: Scalar | None) -> None:
        if id_ is not None and id_ in self._ids:
            self.refuse(id_, f"`id: {id_}` is given twice in this campaign")
        if id_ is not None and id_.isdigit():
            self.refuse(id_, f"`id: {id_}` is a number, by which steps without an id are known: give it a word")
        self._ids.add(str(id_ or ""))


def _computes(written: Tree) -> bool:
    """Whether any part of it is an expression."""
    match written:
        case Map():
            return any(_computes(value) for value in written.values())
        case list():
            return any(_computes(value) for value in written)
        case _:
            return any(opening in written for opening in ("{{", "{%", "{#"))


def written_map(written: object) -> Mapping[Scalar, Tree]:
    """A map's values by their keys as written, with their places; none where nothing is written."""
    return {key: written[key] for key in written.written()} if isinstance(written, Map) else {}
