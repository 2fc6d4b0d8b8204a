"""The port `engage.hooks.ports.Network`: one GET by https to public addresses, for what SNS signs with and its confirmations."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import final

import aiohttp
from aiohttp.abc import AbstractResolver

from engage.channels.http import timeouts
from engage.channels.public_address import PublicResolver
from engage.hooks.ports import Unreachable
from engage.model.web_addresses import is_ip, web_address
from workers.loop import LoopThread

LARGEST = 65_536
PATIENCE = 5.0  # seconds


def public_addresses() -> AbstractResolver:
    """Names are asked once, and lead to public addresses only."""
    return PublicResolver(loopback_allowed=False)


@final
class Fetcher:
    """Fetches, without redirects and without keeping a connection. `resolver` and `trusted` are tests': whom they ask is nearer."""

    def __init__(
        self, loop: Callable[[], LoopThread], *, resolver: Callable[[], AbstractResolver] = public_addresses,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._loop = loop
        self._resolver = resolver
        self._trusted = trusted

    def get(self, url: str) -> bytes:
        """What stands there, 64 KB at most. Raises Unreachable."""
        address = web_address(url)
        if address is None or address.scheme != "https" or is_ip(address.host):  # no resolver would see an address
            raise Unreachable("only https is fetched, and by a name")
        try:
            return self._loop().run(self._get(url))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unreachable(f"it could not be fetched: {type(error).__name__}") from error

    async def _get(self, url: str) -> bytes:
        connector = aiohttp.TCPConnector(resolver=self._resolver(), use_dns_cache=False, ssl=self._trusted or True)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeouts(PATIENCE), cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise Unreachable(f"it answers {response.status}")
            body = await response.content.read(LARGEST + 1)
            while len(body) <= LARGEST and (more := await response.content.read(LARGEST + 1)):
                body += more
            if len(body) > LARGEST:
                raise Unreachable("it is larger than a certificate")
            return body
