"""What a webhook is told: touches with their contacts -> the bodies of POSTs, each under a name that stays the same for every try."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from engage.history.timeline import Line, as_json
from engage.model.outlets import Format, Outlet
from engage.model.values import moment_text


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A touch to be told, with what is told along of its contact (JSON values)."""

    line: Line
    contact: Mapping[str, object] = field(default_factory=dict, repr=False)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One POST: its `webhook-id`, and the last touch that it tells of."""

    key: str
    body: str = field(repr=False)
    last: int


def payloads(outlet: Outlet, told: Sequence[Told]) -> Iterator[Payload]:
    """One after the other, in the order of the touches, in the form that the webhook wants."""
    for start in range(0, len(told), outlet.batch or 1):
        part = told[start:start + (outlet.batch or 1)]
        yield Payload(key=_key(outlet, part), body=_body(outlet, part), last=part[-1].line.id)


def key_of(line: Line) -> str:
    """The name of a touch to the outside: its id, and its moment, as a database that was brought back may use ids again."""
    return f"touch_{line.id}_{int(line.touch.at.timestamp() * 1_000_000)}"


def _key(outlet: Outlet, part: Sequence[Told]) -> str:
    """Of a batch: it is another one if another touch is in it, which may be so when it is tried again."""
    first = key_of(part[0].line)
    return first if outlet.batch is None else f"{first}-{part[-1].line.id}"


def _body(outlet: Outlet, part: Sequence[Told]) -> str:
    if outlet.format is Format.STANDARD:
        return json.dumps(_standard(part[0]))
    events = [_cloud_event(outlet, each) for each in part]
    return json.dumps(events[0] if outlet.batch is None else events)


def _standard(told: Told) -> Mapping[str, object]:
    """As Standard Webhooks recommends it."""
    return {"type": _type(told), "timestamp": moment_text(told.line.touch.at), "data": _data(told)}


def _cloud_event(outlet: Outlet, told: Told) -> Mapping[str, object]:
    """CloudEvents 1.0, the JSON format. `source` and `id` together name the touch."""
    touch = told.line.touch
    about = {} if touch.contact_id is None else {"subject": str(touch.contact_id)}
    return {
        "specversion": "1.0", "id": key_of(told.line), "source": outlet.source, "type": _type(told), **about,
        "time": moment_text(touch.at), "datacontenttype": "application/json", "data": _data(told),
    }


def _type(told: Told) -> str:
    return f"touch.{told.line.touch.kind.value}"


def _data(told: Told) -> Mapping[str, object]:
    """Nothing private is in it but what was asked for."""
    touch = told.line.touch
    data = as_json(told.line)
    data.pop("private", None)
    data.pop("contact", None)
    if touch.contact_id is not None:
        data["contact"] = {"id": touch.contact_id, **told.contact}
    return data
