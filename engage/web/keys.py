"""Keys that programs send along: `Authorization: Bearer KEY`."""

from __future__ import annotations

import hmac

from fastapi import Request


def is_given(request: Request, key: str) -> bool:
    """Whether the request brings the key; compared in constant time."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), key.encode())
