"""What comes in from outside is told from what Engage itself knows to have come back."""

from __future__ import annotations

import pytest

from engage.model.errors import InputError
from engage.model.responses import MESSAGE_EVENTS
from engage.planning.incoming import read_event
from tests.builders import NOON


@pytest.mark.parametrize("type_", [*MESSAGE_EVENTS, "message.read"])
def test_nobody_outside_can_say_that_a_message_was_opened(type_: str) -> None:
    with pytest.raises(InputError, match=f"event 1: `{type_}` is of Engage's own"):
        read_event(id="1", type=type_, at=NOON, data={}, contact_ref="ana", now=NOON, declared=MESSAGE_EVENTS)
