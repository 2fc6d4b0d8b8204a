"""An endpoint of engage.yaml, which the step `call` asks, or a webhook, which is told: a signed JSON POST (Standard Webhooks).

It is no channel: nothing goes to a person. But it speaks to the network as the adapters do, by the same rules: public addresses
only (this machine itself where the URL names it), no redirect, honest errors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeVar, final
from urllib.parse import urlsplit

import aiohttp

from engage.channels.clock import Now, machine_now
from engage.channels.http import retry_after
from engage.channels.webhook import Webhook, leads_inside
from engage.model.errors import InputError, Place, Problem, Rejected, SendError, Unavailable
from engage.model.outlets import Outlet
from engage.model.workspace import Endpoint, Settings

Declared = TypeVar("Declared")

LATER = frozenset({408, 425, 429})
"""Answers of the 4xx that say: ask again."""

LONGEST_ANSWER = 65_536
"""Bytes."""

PATIENCE = 15.0
"""Seconds for a connection, and for each piece of the answer; twice as long for it all."""


@final
class HttpEndpoint:
    """One endpoint; nothing is connected before it is asked. Raises InputError for a secret that is none, or an address of the inside."""

    def __init__(
        self, endpoint: Endpoint, *, now: Now = machine_now, patience: float = PATIENCE, media_type: str = "application/json"
    ) -> None:
        host = urlsplit(endpoint.url).hostname or ""
        try:
            secrets = [endpoint.secret or "", *([endpoint.old_secret] if endpoint.old_secret else [])]
            self._webhook = Webhook(
                endpoint.url, *secrets, loopback_allowed=host == "localhost", patience=patience, now=now, media_type=media_type,
            )
        except ValueError as error:
            raise _refused(endpoint, f"its secret {error}") from error
        if leads_inside(host, loopback_allowed=True):
            raise _refused(endpoint, "its url leads to an address that is not public")
        self._now = now

    async def ask(self, data: Mapping[str, object], *, key: str) -> object:
        """Its JSON answer. Raises Rejected, Unavailable or Unconfirmed."""
        body = json.dumps(data)  # in ASCII: half a character is no reason to fail
        async with self._webhook.post(body, key=key) as response:
            if not 200 <= response.status < 300:
                raise self._refusal(response)
            return _json(await _read(response))

    async def tell(self, body: str, *, key: str) -> None:
        """Post what happened; whatever it answers with a 2xx, it was taken. Raises Rejected, Unavailable or Unconfirmed."""
        async with self._webhook.post(body, key=key) as response:
            if not 200 <= response.status < 300:
                raise self._refusal(response)

    async def check(self) -> tuple[str, ...]:
        """Resolve and connect, with TLS, and ask which methods it takes (OPTIONS). What is wrong, a sentence each."""
        try:
            await self._webhook.probe()
        except SendError as error:
            return (error.detail,)
        return ()

    async def close(self) -> None:
        """Close its connections. Safe to repeat."""
        await self._webhook.close()

    def _refusal(self, response: aiohttp.ClientResponse) -> SendError:
        detail, code = f"the endpoint answers {response.status}", str(response.status)
        if response.status >= 500 or response.status in LATER:
            return Unavailable(detail, code=code, retry_after=retry_after(response.headers.get("Retry-After"), now=self._now()))
        return Rejected(detail, code=code)


def load_endpoints(settings: Settings) -> Mapping[str, HttpEndpoint]:
    """All endpoints of the settings by their names. Raises InputError with all that is wrong."""
    return _load(settings.endpoints, HttpEndpoint)


def load_outlets(settings: Settings) -> Mapping[str, HttpEndpoint]:
    """All webhooks of the settings likewise."""
    return _load(settings.webhooks, outlet_endpoint)


def outlet_endpoint(outlet: Outlet, *, now: Now = machine_now) -> HttpEndpoint:
    """Where a webhook is told. Raises InputError as an endpoint does."""
    there = Endpoint(name=outlet.name, url=outlet.url, secret=outlet.secret, old_secret=outlet.old_secret, place=outlet.place)
    return HttpEndpoint(there, now=now, media_type=outlet.media_type)


def _load(declared: Mapping[str, Declared], make: Callable[[Declared], HttpEndpoint]) -> Mapping[str, HttpEndpoint]:
    endpoints: dict[str, HttpEndpoint] = {}
    problems: list[Problem] = []
    for name, endpoint in declared.items():
        try:
            endpoints[name] = make(endpoint)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return endpoints


def _refused(endpoint: Endpoint, what: str) -> InputError:
    return InputError([Problem(place=endpoint.place or Place(file="engage.yaml"), what=f"the endpoint {endpoint.name}: {what}")])


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The answer's body. Raises Rejected for one that is too long: it was taken, and would be as long again."""
    read = bytearray()
    async for part in response.content.iter_chunked(8192):
        read += part
        if len(read) > LONGEST_ANSWER:
            raise Rejected("the endpoint's answer is too long", code="too_long")
    return bytes(read)


def _json(body: bytes) -> object:
    """What the body says; empty, it says {}. Raises Rejected for what is no JSON, or cannot be kept: NaN, half a character, NUL."""
    if not body.strip():
        return {}
    try:
        answer = json.loads(body)
        written = json.dumps(answer, ensure_ascii=False, allow_nan=False)
        written.encode()
    except (ValueError, RecursionError) as error:
        raise Rejected("the endpoint's answer is no JSON", code="malformed") from error
    if "\\u0000" in written:
        raise Rejected("the endpoint's answer holds a NUL, which cannot be kept", code="malformed")
    return answer
