"""What comes in from outside is told from what Engage itself knows to have come back."""

from __future__ import annotations

from typing import Any

import pytest

from engage.model.errors import InputError
from engage.model.responses import MESSAGE_EVENTS
from engage.planning.incoming import read_event
from tests.builders import NOON


@pytest.mark.parametrize("type_", [*MESSAGE_EVENTS, "message.read"])
def test_nobody_outside_can_say_that_a_message_was_opened(type_: str) -> None:
    with pytest.raises(InputError, match=f"event 1: `{type_}` is of Engage's own"):
        read_event(id="1", type=type_, at=NOON, data={}, contact_ref="ana", now=NOON, declared=MESSAGE_EVENTS)


def nested(times: int) -> object:
    value: object = "x"
    for _ in range(times):
        value = [value]
    return value


@pytest.mark.parametrize(("told", "what"), [
    ({"id": "a\nb"}, "an event's id holds no control characters: 'a\\\\nb'"), ({"type": "\x1b[2J"}, "an event's type"),
    ({"contact_ref": "ana\0"}, "an event's contact"), ({"data": {"n": 10**400}}, "event 1: 'n' holds a number that does not fit 64 bits"),
    ({"data": {"n": [1, {"m": -(10**19)}]}}, "event 1: 'n' holds a number that does not fit 64 bits"),
    ({"data": {"n": nested(5_000)}}, "event 1: 'n' is nested more than 64 times"),
    ({"data": {"ticket_id": "\ud800"}}, "event 1: 'ticket_id' holds NUL or half"),
    ({"data": {"x\0": 1}}, r"event 1: 'x\\x00' holds"), ({"data": {"tags": ["ok", "\0"]}}, "event 1: 'tags' holds"),
])
def test_what_no_database_could_keep_is_refused_with_its_field(told: dict[str, Any], what: str) -> None:
    given: dict[str, Any] = {"id": "1", "type": "ticket.closed", "data": {}, "contact_ref": "ana", **told}
    with pytest.raises(InputError, match=what):
        read_event(**given, at=NOON, now=NOON, declared={})
