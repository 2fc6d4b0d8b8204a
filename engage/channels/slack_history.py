"""A message looked for in a Slack conversation, by the metadata that it was posted with (https://docs.slack.dev/messaging/message-metadata)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from engage.model.delivery import Receipt
from engage.model.errors import Unavailable, Unconfirmed
from engage.model.missing import Missing

EVENT_TYPE = "engage_delivery"

BEFORE, AFTER = timedelta(minutes=10), timedelta(minutes=30)
"""Around the beginning of the hand-off: its clock and Slack's may differ, and a busy provider may have taken its time."""

PAGE, PAGES = 200, 10
"""Messages at once, and how many times: a conversation with more within that time is too busy to be looked through."""


class Call(Protocol):
    """One method of the API. Raises Rejected, Unavailable or Unconfirmed."""

    async def __call__(self, method: str, *, arguments: Mapping[str, object], reads: bool) -> Mapping[str, object]: ...


async def look_through(call: Call, conversation: str, missing: Missing) -> Receipt | None:
    """The message's receipt, None where it is not among those posted around that time. Raises Unavailable where that cannot be told."""
    asked: dict[str, object] = {
        "channel": conversation, "oldest": f"{(missing.around - BEFORE).timestamp():.6f}", "limit": PAGE,
        "latest": f"{(missing.around + AFTER).timestamp():.6f}", "inclusive": "true", "include_all_metadata": "true",
    }
    hidden = False
    for _ in range(PAGES):
        page = await call("conversations.history", arguments=asked, reads=True)
        posted = _messages(page)
        if found := next((one for one in posted if _key(one) == missing.idempotency_key), None):
            return Receipt(provider_id=str(found.get("ts")))
        hidden = hidden or any("bot_id" in one and "metadata" not in one for one in posted)
        cursor = _cursor(page)
        if not cursor:
            break
        asked["cursor"] = cursor
    else:
        raise Unavailable("too much was posted there around that time", code="too_busy", configuration=True)
    if hidden:  # ours all carry metadata: of a bot's message that shows none nobody can tell whose it is
        raise Unavailable("messages of bots show no metadata (the scope metadata.message:read)", code="no_metadata", configuration=True)
    return None


def _messages(page: Mapping[str, object]) -> Sequence[Mapping[str, Any]]:
    messages = page.get("messages")
    if not isinstance(messages, list):
        raise Unconfirmed("Slack's answer makes no sense", code="malformed")
    return [one for one in messages if isinstance(one, dict)]


def _key(message: Mapping[str, Any]) -> object:
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE:
        return None
    payload = metadata.get("event_payload")
    return payload.get("key") if isinstance(payload, dict) else None


def _cursor(page: Mapping[str, object]) -> object:
    more = page.get("response_metadata")
    return more.get("next_cursor") if isinstance(more, dict) else None
