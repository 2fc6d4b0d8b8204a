"""What signed webhooks share: a JSON POST by one kept session, to public addresses only, without redirects; errors as elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import final

import aiohttp

from engage.channels.adapter import unheard
from engage.channels.clock import Now
from engage.channels.http import broken, telling, timeouts
from engage.channels.public_address import ForbiddenAddress, PublicResolver, may_connect
from engage.channels.signing import signed_headers, signer
from engage.model.errors import Unavailable
from engage.model.web_addresses import is_ip


@final
class Webhook:
    """One URL and its keys; nothing is connected before it is asked. `patience` as `timeouts` has it, in seconds."""

    def __init__(
        self, url: str, *secrets: str, loopback_allowed: bool, patience: float, now: Now, media_type: str = "application/json"
    ) -> None:
        """Raises ValueError for a secret that is none."""
        self._url = url
        self._signers = [signer(secret) for secret in secrets]
        self._media_type = media_type
        self._loopback_allowed = loopback_allowed
        self._timeouts = timeouts(patience)
        self._now = now
        self.handed_over: Callable[[], None] = unheard
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def post(self, body: str, *, key: str) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a signed POST, to be read in the block. Raises Unavailable or Unconfirmed; ValueError for what cannot be posted."""
        headers = signed_headers(self._signers, key=key, body=body, now=self._now(), media_type=self._media_type)
        with _honest():
            async with self._client().post(self._url, data=body.encode(), headers=headers, allow_redirects=False) as response:
                yield response

    async def probe(self) -> int:
        """Resolve and connect, with TLS, and ask which methods it takes (OPTIONS): its status. Raises Unavailable or Unconfirmed."""
        with _honest():
            async with self._client().options(self._url, allow_redirects=False) as response:
                return response.status

    async def close(self) -> None:
        """Close the session and its connections. Safe to repeat."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:  # made here, as it wants a running loop
            resolver = PublicResolver(loopback_allowed=self._loopback_allowed)
            connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False)
            traces = telling(self.handed_over)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=self._timeouts, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=traces,
            )
        return self._session


def leads_inside(host: str, *, loopback_allowed: bool) -> bool:
    """Whether a URL names an address that is not public. A name is asked only when it is resolved."""
    return is_ip(host) and not may_connect(host, loopback_allowed=loopback_allowed)


@contextmanager
def _honest() -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        if isinstance(error.__cause__, ForbiddenAddress):
            raise Unavailable(str(error.__cause__), code="forbidden_address", configuration=True) from error
        raise broken(error) from error
