"""A test send to oneself: a message rendered for an approved intent that has no row -> what the provider says. No touch is written."""

from __future__ import annotations

from engage.delivery.ports import Channel
from engage.model.delivery import Cleared, Receipt, Rendered


async def hand_over_once(rendered: Rendered, channel: Channel, *, message_id: str, idempotency_key: str, promotional: bool) -> Receipt:
    """Hand the message to the channel, once. Raises Rejected, Unavailable or Unconfirmed."""
    cleared = Cleared(rendered=rendered, message_id=message_id, idempotency_key=idempotency_key, promotional=promotional)
    return await channel.send(cleared)
