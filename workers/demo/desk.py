"""The demo company's support desk: an event about a ticket -> the post that a trigger of Zendesk's makes, signed as Zendesk signs."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime

from engage.model.contact import Event
from engage.model.values import moment_text


def post_of_desk(event: Event, *, secret: str, now: datetime) -> tuple[bytes, Mapping[str, str]]:
    """Body and headers. The time that is signed is the machine's `now`; when it happened stands in the body, by the business clock."""
    tags = event.data.get("tags")
    body = json.dumps({
        "type": event.type, "ticket_id": event.data.get("ticket_id"), "channel": event.data.get("channel"),
        "tags": " ".join(tags) if isinstance(tags, tuple) else "", "updated_at": moment_text(event.at),
        "requester_external_id": event.contact_ref,
    }).encode()
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    signature = b64encode(hmac.digest(secret.encode(), stamp.encode() + body, "sha256")).decode()
    return body, {"X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": stamp}
