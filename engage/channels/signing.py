"""Signatures by Standard Webhooks: a secret of engage.yaml -> what signs a request, and a request's headers."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

SHORTEST_KEY = 24
"""Bytes; the specification of Standard Webhooks."""


def signer(secret: str) -> Webhook:
    """What signs with a secret (`whsec_…` in base64). Raises ValueError for one that is no base64, or too short to be a secret."""
    written = secret.removeprefix("whsec_")
    try:
        key = b64decode(written + "=" * (-len(written) % 4), validate=True)  # the library would skip what is not base64
    except ValueError:
        key = b""
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"must be base64 of at least {SHORTEST_KEY} bytes, as in whsec_…")
    return Webhook(key)


def signed_headers(
    webhooks: Sequence[Webhook], *, key: str, body: str, now: datetime, media_type: str = "application/json"
) -> dict[str, str]:
    """The headers of a POSTed body, signed with each secret.

    `key` names the request, the same for each try; `now` is the machine clock's.
    """
    return {
        "Content-Type": media_type, "Idempotency-Key": key, "webhook-id": key, "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(webhook.sign(key, now, body) for webhook in webhooks),
    }
