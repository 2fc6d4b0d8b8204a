"""What the adapters that speak HTTP share: honest errors by phase, time limits, and what a Retry-After says."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from engage.channels.adapter import unheard
from engage.model.errors import Unavailable, Unconfirmed

LONGEST_WAIT = 3_600.0
"""Seconds. Who asks for more may mean a quota of the day, or have made a mistake: one question an hour tells."""

_NOT_CONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
_CERTIFICATE = (aiohttp.ClientConnectorCertificateError, aiohttp.ServerFingerprintMismatch)


def timeouts(seconds: float) -> aiohttp.ClientTimeout:
    """So long for a connection and for each piece of the answer; twice as long for it all, against answers that trickle."""
    return aiohttp.ClientTimeout(total=2 * seconds, connect=seconds, sock_connect=seconds, sock_read=seconds)


def retry_after(header: str | None, *, now: datetime) -> float | None:
    """A Retry-After in seconds from now, written as seconds or as a date (RFC 9110, 10.2.3 and 5.6.7); None where it is neither.

    An hour at most, whatever it says.
    """
    if header is None:
        return None
    try:
        wait = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except (ValueError, OverflowError):  # the latter of a year that no calendar has
            return None
        wait = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return min(max(wait, 0.0), LONGEST_WAIT) if math.isfinite(wait) else None


def broken(error: aiohttp.ClientError | TimeoutError | OSError) -> Unavailable | Unconfirmed:
    """What a request without an answer means: nothing was sent before there was a connection; after that nobody can know."""
    kind = type(error).__name__
    if isinstance(error, _CERTIFICATE):
        return Unavailable("the provider's certificate is not trusted", code=kind, configuration=True)
    if isinstance(error, _NOT_CONNECTED):
        return Unavailable("no connection to the provider", code=kind, whole_provider=True)
    return Unconfirmed("the provider took the request and gave no answer", code=kind)


def telling(handed_over: Callable[[], None]) -> list[aiohttp.TraceConfig]:
    """Traces of a session that call it once a request's body is written, before any of the answer can be read."""
    if handed_over is unheard:
        return []

    async def tell(*_: object) -> None:
        asyncio.get_running_loop().call_soon(handed_over)  # the library tells just before it writes, without a pause in between

    trace = aiohttp.TraceConfig()
    trace.on_request_chunk_sent.append(tell)
    return [trace]
