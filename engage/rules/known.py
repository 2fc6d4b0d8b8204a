"""What a campaign may name: all that the workspace's other files declare, gathered before the first expression is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind
from engage.model.errors import InputError, Place, Problem, nearest
from engage.model.expression import Expression
from engage.model.workspace import Files, Settings
from engage.rules.expressions import Names, Shape, parse, parse_binding, sql_refusals
from engage.rules.tree import QUOTE, Scalar

TEMPLATES = "templates/"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The declarations. `messages` has for each message the channels, or kinds of channel, that it has a template for."""

    settings: Settings
    segments: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()
    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    messages: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def names(
        self, *, trigger: Mapping[str, AttributeKind] | None, event: Mapping[str, AttributeKind] | None = None,
        variables: Mapping[str, Shape] | None = None,
    ) -> Names:
        """What an expression may name where these stand; of a trigger that is None, any field."""
        return Names(
            attributes={**BUILT_IN_ATTRIBUTES, **self.settings.attributes},
            trigger=trigger,
            event=event,
            variables=variables or {},
            data=self.columns,
            purposes=frozenset(self.settings.purposes),
            segments=self.segments,
            campaigns=self.campaigns,
            messages=frozenset(self.messages),
            events=self.settings.events,
        )

    def fields_of(self, event: Scalar, problems: list[Problem]) -> Mapping[str, AttributeKind]:
        """The fields of that type of event, a declared one or one of Engage's own."""
        if event not in self.settings.events:
            refuse_unknown("event", event, self.settings.events, problems, "is not declared under `events` in engage.yaml")
        return self.settings.events.get(event, {})


def templates_of(files: Files) -> Mapping[str, frozenset[str]]:
    """Each message with what its template files are named after: `birthday/email.sl.mjml` is for `email`."""
    found: dict[str, set[str]] = {}
    for path in files:
        folder, _, name = path.removeprefix(TEMPLATES).rpartition("/")
        if path.startswith(TEMPLATES) and folder and "/" not in folder and not folder.startswith("_"):
            found.setdefault(folder, set()).add(name.split(".", 1)[0])
    return {message: frozenset(stems) for message, stems in found.items()}


def refuse_unknown(called: str, name: Scalar, known: Mapping[str, object], problems: list[Problem], why: str = "does not exist") -> None:
    """Say that nothing has that name, and which was probably meant."""
    problems.append(Problem(place=name.place, what=f"the {called} `{name.written}` {why}", suggestion=nearest(name, known)))


def expression(source: Scalar | None, names: Names, problems: list[Problem]) -> Expression | None:
    """The expression, or None where nothing is written or it is wrong."""
    if source is None:
        return None
    if source.strip().startswith("{{"):
        problems.append(Problem(place=source.place, what="this field is an expression already: write it without `{{ }}`"))
        return None
    try:
        parsed = parse(source.strip(), place=_start(source), names=names)
        return replace(parsed, doubts=tuple(_explained(parsed.doubts, source)))
    except InputError as error:
        problems.extend(_explained(error.problems, source))
        return None


def condition_for_sql(source: Scalar | None, names: Names, problems: list[Problem]) -> Expression | None:
    """An expression that becomes one SQL condition: what cannot be compiled is refused with its reason."""
    parsed = expression(source, names, problems)
    if parsed is not None and source is not None:
        problems.extend(_explained(sql_refusals(parsed), source))
    return parsed


def binding(text: Scalar, names: Names, problems: list[Problem]) -> Expression | str:
    """A text of `with` or `to`: `{{ … }}` is an expression, all else text."""
    start = _start(text)
    before = len(text) - len(text.lstrip())
    try:
        parsed = parse_binding(str(text), place=replace(start, column=start.column - before), names=names)
        return parsed if isinstance(parsed, str) else replace(parsed, doubts=tuple(_explained(parsed.doubts, text)))
    except InputError as error:
        problems.extend(_explained(error.problems, text))
        return str(text)


def _start(source: Scalar) -> Place:
    """The place of the first character that is no space."""
    return source.place_at(len(source) - len(source.lstrip()))


def _explained(found: Sequence[Problem], source: Scalar) -> list[Problem]:
    """The problems, each at its own line of the source; where a `#` ended the scalar, that is told first, as the likelier reason."""
    start, before = _start(source), len(source) - len(source.lstrip())
    moved = [replace(each, place=source.place_at(each.place.column - start.column + before)) for each in found]
    if not source.cut or not found:
        return moved
    what = f"YAML takes the ` #` for a comment and the expression ends before it: {QUOTE}"
    return [Problem(place=source.place, what=what), *moved]
