"""A generic hook's own mapping: JSON + expressions of engage.yaml -> what it says. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from engage.hooks.found import CONTACT_UPDATED, NOTHING, Found, Person, Reply, Report, Told
from engage.hooks.mail import marks
from engage.hooks.request import HookRequest, malformed
from engage.hooks.values import moment, text
from engage.model.contact import IDENTITIES, ChannelKind, Value
from engage.model.errors import InputError
from engage.model.expression import Expression
from engage.model.history import Kind
from engage.model.hooks import Hook, Mapped
from engage.model.responses import OWN_EVENTS, RESPONSES
from engage.model.values import plain, unpack
from engage.rules.expressions import Scope, evaluate, holds

MOST = 1_000
"""Events of one request."""

COMES_BACK = {kind.value for kind in RESPONSES}


def read(hook: Hook, request: HookRequest, now: datetime) -> Found:
    """Of the hook's events each that holds, for each item where it has several.

    One that lacks its contact is refused, and keeps none of the others.
    """
    headers = {name.replace("-", "_"): value for name, value in request.headers.items()}
    given: dict[str, object] = {"body": unpack(request.json()), "headers": headers}
    found = NOTHING
    for mapped in hook.events:
        for values in _each(mapped, given, now):
            scope = _scope(values, now)
            if mapped.where is None or holds(mapped.where, scope):
                found += _event_or_refusal(mapped, scope)
    count = sum(map(len, (found.told, found.people, found.reports, found.replies)))
    if count > MOST:
        raise malformed(f"the body holds more than {MOST} events")
    return found if count or found.refused else Found(ignored=("nothing that an entry of `events` is about",))


def _each(mapped: Mapped, given: Mapping[str, object], now: datetime) -> Iterator[Mapping[str, object]]:
    if mapped.each is None:
        yield given
        return
    items = _value(mapped.each, _scope(given, now))
    for item in (items if isinstance(items, tuple) else ())[:MOST + 1]:
        yield {**given, "item": item}


def _event_or_refusal(mapped: Mapped, scope: Scope) -> Found:
    try:
        return _event(mapped, scope)
    except InputError as error:
        return Found(refused=tuple(problem.what for problem in error.problems))


def _event(mapped: Mapped, scope: Scope) -> Found:
    type_ = text(plain(_value(mapped.type, scope))) if isinstance(mapped.type, Expression) else mapped.type
    if type_ is None:
        return Found(ignored=("an event without a type",))
    contact, id_ = _text(mapped.contact, scope), _text(mapped.id, scope)
    at = moment(plain(_value(mapped.at, scope))) if mapped.at is not None else None
    if mapped.contact is not None and contact is None:
        raise malformed(f"`{mapped.contact.source}` says nothing: whom is {type_} about?")
    fields = {name: plain(_value(each, scope)) for name, each in mapped.fields.items()}
    if type_.startswith(OWN_EVENTS):
        return _came_back(type_.removeprefix(OWN_EVENTS), contact, id_, at, fields)
    if type_ == CONTACT_UPDATED:
        attributes = {name: plain(_value(each, scope)) for name, each in mapped.attributes.items()}
        subject = next((found for name in IDENTITIES if (found := text(attributes.get(name))) is not None), None)
        if subject is None:
            raise malformed("nothing tells whom contact.updated is about: external_id, email and phone are all empty")
        return Found(people=(Person(subject=subject, attributes=attributes, id=id_, at=at),))
    return Found(told=(Told(type=type_, contact=contact, id=id_, at=at, data=fields),))


def _came_back(what: str, address: str | None, id_: str | None, at: datetime | None, fields: Mapping[str, object]) -> Found:
    """What became of a message, or what somebody wrote back."""
    told = {name: text(value) for name, value in fields.items()}
    if what == Kind.REPLIED.value:
        if address is None or told.get("text") is None or id_ is None:
            raise malformed("an answer has a `contact` who wrote it, a `text` and an `id`")
        kind = ChannelKind.CHAT if told.get("kind") == ChannelKind.CHAT.value else ChannelKind.SMS
        return Found(replies=(Reply(kind=kind, sender=address, text=told["text"] or "", id=id_, at=at),))
    if what not in COMES_BACK:
        return Found(ignored=(f"{OWN_EVENTS}{what}",))
    return Found(reports=(Report(
        kind=Kind(what), at=at, marks=marks(told.get("delivery")), address=address, provider_id=told.get("provider_id"),
        reason=(told.get("reason") or "soft") if what == Kind.BOUNCED.value else None, url=told.get("url"),
    ),))


def _scope(values: Mapping[str, object], now: datetime) -> Scope:
    return Scope(contact=None, now=now, today=now.date(), values=values)


def _text(expression: Expression | None, scope: Scope) -> str | None:
    return None if expression is None else text(plain(_value(expression, scope)))


def _value(expression: Expression, scope: Scope) -> Value:
    return evaluate(expression, scope)
