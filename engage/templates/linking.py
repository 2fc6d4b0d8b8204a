"""Links of a message that say something: an answer (`message.answer_url`), a confirmation (`message.confirm_url`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal

from engage.model.addresses import kind_of_reference
from engage.model.contact import AttributeKind
from engage.model.errors import nearest
from engage.model.tokens import LONGEST_SAID
from engage.model.workspace import Settings
from engage.templates.faults import Unprintable
from engage.templates.functions import Function
from engage.templates.scope import Reader

Sign = Callable[[str, str], str]
"""The link of a kind (`a`, `s`) that carries a text, of the message that is being rendered."""

ANSWER, CONFIRM = "a", "s"
LONGEST_ANSWER = 200

Value = str | bool | int | float


def answering(sign: Sign, settings: Settings) -> Function:
    """`answer_url('csat.answered', score=5)`: where the reader says just that, once a button is pressed there."""

    def answer_url(context: Reader, event: object = None, **values: object) -> str:
        type_ = str(event)
        declared = settings.events.get(type_)
        if declared is None or type_.startswith("message."):
            close = nearest(type_, settings.events)
            raise Unprintable(f"no event {type_!r} is declared in engage.yaml" + (f"; did you mean {close}?" if close else ""))
        said = {name: _value(name, value, type_, declared) for name, value in values.items()}
        return _signed(sign, ANSWER, {"e": type_, **({"d": said} if said else {})})

    return Function(answer_url)


def confirming(sign: Sign, settings: Settings) -> Function:
    """`confirm_url('marketing')`: where the reader grants the purpose, by the kind of channel that the message comes by."""

    def confirm_url(context: Reader, purpose: object = None) -> str:
        name = str(purpose)
        asked = settings.purposes.get(name)
        if asked is None:
            close = nearest(name, settings.purposes)
            raise Unprintable(f"there is no purpose {name!r}" + (f"; did you mean {close}?" if close else ""))
        if asked.asks_nothing:
            raise Unprintable(f"nobody need confirm {name}: it asks no consent")
        return _signed(sign, CONFIRM, {"p": name})

    return Function(confirm_url)


def _signed(sign: Sign, kind: str, said: Mapping[str, object]) -> str:
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > LONGEST_SAID:
        raise Unprintable("a link carries an answer, not a letter: hand over fewer or shorter values")
    return sign(kind, text)


def _value(name: str, value: object, event: str, declared: Mapping[str, AttributeKind]) -> Value:
    """The value as the link carries it. Raises Unprintable: an address in a link would be read by everybody whom it passes."""
    if name not in declared:
        close = nearest(name, declared)
        raise Unprintable(f"{event} has no field {name!r}" + (f"; did you mean {close}?" if close else ""))
    match declared[name], value:
        case AttributeKind.BOOLEAN, bool():
            return value
        case AttributeKind.NUMBER, bool():
            pass
        case AttributeKind.NUMBER, int() | float():
            return value
        case AttributeKind.NUMBER, Decimal():
            return float(value)
        case AttributeKind.TEXT, str() if len(value) <= LONGEST_ANSWER and kind_of_reference(value) is None:
            return str(value)
        case AttributeKind.TEXT, str():
            raise Unprintable(f"{name} of an answer is no address, and no longer than {LONGEST_ANSWER} characters")
    raise Unprintable(f"{name} of {event} is declared as {declared[name]}: a link carries a text, a number or a truth of that kind")
