"""Keys that programs send along: `Authorization: Bearer KEY`."""

from __future__ import annotations

import hmac

from fastapi import Request

LONGEST_KEY = 1_000


def bearer_of(request: Request) -> str | None:
    """The key that the request brings; None where it brings none, or something that can be none."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    key = given.strip()
    return key if scheme.lower() == "bearer" and 0 < len(key) <= LONGEST_KEY and key.isascii() else None


def is_given(request: Request, key: str) -> bool:
    """Whether the request brings that key; compared in constant time."""
    given = bearer_of(request)
    return given is not None and hmac.compare_digest(given.encode(), key.encode())
