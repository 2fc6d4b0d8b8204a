"""A test send to oneself: a message rendered for an approved intent that has no row -> what the provider says. No touch is written."""

from __future__ import annotations

from collections.abc import Sequence

from engage.delivery.ports import Channel
from engage.model.delivery import Cleared, Receipt, Rendered
from engage.model.errors import Unavailable


async def hand_over_once(
    rendered: Rendered, ways: Sequence[Channel], *, message_id: str, idempotency_key: str, promotional: bool,
) -> Receipt:
    """Hand the message, once, to the first of the channel's providers that is there. Raises Rejected, Unavailable or Unconfirmed."""
    cleared = Cleared(rendered=rendered, message_id=message_id, idempotency_key=idempotency_key, promotional=promotional)
    *before, last = ways
    for way in before:
        try:
            return await way.send(cleared)
        except Unavailable:  # it has not taken it
            continue
    return await last.send(cleared)
