"""Made-up readers and values, with which `check` renders every message: whole ones, and ones of whom something is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import final

from jinja2 import Environment, TemplateSyntaxError, nodes

from engage.model.contact import AttributeKind, Contact, Money, Value
from engage.model.expression import Expression
from engage.model.time import Zones, ZoneSource
from engage.model.triggers import Kinds
from engage.model.values import to_json
from engage.templates.guessing import guessed, suited
from engage.templates.uses import Use

MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NUMBERS = (3, 1, 2, 0, 5, 11, 100)
"""Between them they take every plural form of every language that CLDR knows for whole numbers up to a hundred."""

_OF_KIND: Mapping[AttributeKind, Value] = {
    AttributeKind.TEXT: "sample",
    AttributeKind.NUMBER: NUMBERS[0],
    AttributeKind.BOOLEAN: True,
    AttributeKind.DATE: date(1990, 2, 28),
    AttributeKind.DATETIME: MOMENT,
    AttributeKind.LIST: ("one", "two"),
    AttributeKind.MONEY: Money(amount=Decimal("12.30"), currency="EUR"),
}
_BY_NAME: Mapping[str, str] = {
    "first_name": "Ana", "last_name": "Novak", "email": "ana@example.com", "phone": "+38640123456", "chat_id": "U012345", "locale": "en",
    "timezone": "Europe/Ljubljana", "country": "SI", "city": "Ljubljana",
    "status": "active", "preferred_channel": "email", "frequency": "weekly",
}  # fmt: skip
_GUESSES: tuple[object, ...] = (NUMBERS[0], "2026-03-02", "sample", {"amount": "12.30", "currency": "EUR"}, ("one", "two"), True)
"""What a value of unknown kind may be, beside what suits its use: the first with which the template can be rendered is taken."""

_PARSER = Environment(autoescape=True)  # only ever parses expressions; nothing is rendered with it


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One made-up reader with what the campaign hands over. `missing` names the attribute that was left out."""

    contact: Contact
    trigger: Mapping[str, object]
    values: Mapping[str, object]
    in_segments: bool = True
    missing: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Everywhere:
    """A Lookup that says the same of every segment."""

    member: bool

    def in_segment(self, name: str) -> bool:
        """The answer."""
        return self.member


def whole_samples(use: Use, contact_kinds: Kinds, trees: Sequence[nodes.Template]) -> Iterator[Sample]:
    """Readers who have everything, one for each guess at what the values of unknown kind are; records as `trees` read them."""
    trigger = guessed(trees, "trigger") if use.trigger is None else _of(use.trigger)
    answers = {name: guessed(trees, name) for name in use.answers}
    contact, names = _contact(use, contact_kinds), list(use.values)
    for guesses in ({name: suited(trees, name) for name in names}, *(dict.fromkeys(names, guess) for guess in _GUESSES)):
        yield Sample(contact=contact, trigger=trigger, values={**answers, **_values(use, contact_kinds, guesses)})


def varied(sample: Sample, use: Use, contact_kinds: Kinds, *, read: frozenset[str], asks_segments: bool) -> Iterator[Sample]:
    """The same reader with other numbers, other countries and texts that the audience allows, without each optional attribute."""
    numbers = [name for name, kind in contact_kinds.items() if kind is AttributeKind.NUMBER and name in read]
    for number in NUMBERS[1:]:
        trigger = {name: number if type(value) is int else value for name, value in sample.trigger.items()}
        values = {name: number if type(value) is int else value for name, value in sample.values.items()}
        yield _changed(sample, dict.fromkeys(numbers, number), trigger=trigger, values=values)
    for name, allowed in use.only.items():
        if name in read:
            for text in allowed[1:]:
                yield _changed(sample, {name: text})
    if asks_segments:
        yield Sample(contact=sample.contact, trigger=sample.trigger, values=sample.values, in_segments=False)
    optional = sorted(read - use.present)
    for name in optional:
        yield _changed(sample, {name: None}, missing=name)


def _changed(sample: Sample, attributes: Mapping[str, Value], *, missing: str | None = None, **others: Mapping[str, object]) -> Sample:
    changed = {name: value for name, value in {**sample.contact.attributes, **attributes}.items() if value is not None}
    contact = Contact(id=sample.contact.id, attributes=changed, zones=sample.contact.zones)
    return Sample(
        contact=contact, trigger=others.get("trigger", sample.trigger), values=others.get("values", sample.values), missing=missing
    )  # fmt: skip


def _contact(use: Use, kinds: Kinds) -> Contact:
    attributes: dict[str, Value] = {name: _BY_NAME.get(name, _OF_KIND[kind]) for name, kind in kinds.items()}
    attributes.update({name: allowed[0] for name, allowed in use.only.items() if kinds.get(name) is AttributeKind.TEXT})
    zones = Zones(key="Europe/Ljubljana", names=("Europe/Ljubljana",), source=ZoneSource.CONTACT)
    return Contact(id=1, attributes=attributes, zones=zones)


def _of(kinds: Kinds) -> Mapping[str, object]:
    return {name: to_json(_BY_NAME.get(name, _OF_KIND[kind])) for name, kind in kinds.items()}


def _values(use: Use, contact_kinds: Kinds, guesses: Mapping[str, object]) -> Mapping[str, object]:
    handed: dict[str, object] = {name: _of(kinds) for name, kinds in use.events.items()}
    handed.update(dict.fromkeys(use.outcomes, "sent"))
    kinds = {**use.events, "contact": contact_kinds, "trigger": use.trigger or {}}
    handed.update({name: _bound(binding, kinds, guesses[name]) for name, binding in use.values.items()})
    return handed


def _bound(binding: object, kinds: Mapping[str, Kinds], guess: object) -> object:
    match binding:
        case Expression():
            kind = _kind_of(binding.source, kinds)
            return to_json(_OF_KIND[kind]) if kind is not None else guess
        case Mapping():
            return {name: _bound(item, kinds, guess) for name, item in binding.items()}
        case tuple():
            return [_bound(item, kinds, guess) for item in binding]
        case _:
            return to_json(binding)  # type: ignore[arg-type]  # a Binding that is none of the above is a Value


def _kind_of(source: str, kinds: Mapping[str, Kinds]) -> AttributeKind | None:
    """The kind of `root.field`, where the expression is no more than that."""
    try:
        output = _PARSER.parse("{{ " + source + " }}").find(nodes.Output)
    except TemplateSyntaxError:
        return None
    match output.nodes[0] if output is not None else None:
        case nodes.Getattr(node=nodes.Name(name=root), attr=name):
            return kinds.get(root, {}).get(name)
        case _:
            return None
