"""The port `engage.hooks.ports.Network`: one GET by https to public addresses, for what SNS signs with and its confirmations.

And one POST of a form, for the tokens of mailboxes, to where secrets may go: by https to public addresses, or to this machine itself.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import final

import aiohttp
from aiohttp.abc import AbstractResolver

from engage.channels.http import timeouts
from engage.channels.public_address import ForbiddenAddress, PublicResolver
from engage.hooks.ports import Unreachable
from engage.model.web_addresses import is_ip, may_be_asked, web_address
from workers.loop import LoopThread

LARGEST = 65_536
PATIENCE = 5.0  # seconds


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What a POST was answered."""

    status: int
    body: bytes = field(repr=False)


def public_addresses() -> AbstractResolver:
    """Names are asked once, and lead to public addresses only."""
    return PublicResolver(loopback_allowed=False)


@final
class Fetcher:
    """Fetches, without redirects and without keeping a connection. `resolver` and `trusted` are tests': whom they ask is nearer."""

    def __init__(
        self, loop: Callable[[], LoopThread], *, resolver: Callable[[], AbstractResolver] = public_addresses,
        trusted: ssl.SSLContext | None = None, patience: float = PATIENCE,
    ) -> None:
        self._loop = loop
        self._resolver = resolver
        self._trusted = trusted
        self._timeouts = timeouts(patience)

    def get(self, url: str) -> bytes:
        """What stands there, 64 KB at most. Raises Unreachable."""
        address = web_address(url)
        if address is None or address.scheme != "https" or is_ip(address.host):  # no resolver would see an address
            raise Unreachable("only https is fetched, and by a name")
        try:
            return self._loop().run(self._get(url))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unreachable(f"it could not be fetched: {type(error).__name__}") from error

    def post(self, url: str, form: Mapping[str, str]) -> Posted:
        """The answer, of whatever status, 64 KB at most. Raises Unreachable, which says nothing of the form."""
        address = web_address(url)
        if address is None or not may_be_asked(url):
            raise Unreachable("only https is posted to, and by a name")
        try:
            return self._loop().run(self._post(url, form, here=address.on_this_machine))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Unreachable(f"{address.host} {_why(error)}") from error

    async def _get(self, url: str) -> bytes:
        async with self._session(self._resolver()) as session, session.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise Unreachable(f"it answers {response.status}")
            return await _read(response)

    async def _post(self, url: str, form: Mapping[str, str], *, here: bool) -> Posted:
        resolver = PublicResolver(loopback_allowed=True) if here else self._resolver()
        accepted = {"Accept": "application/json"}
        async with self._session(resolver) as session, session.post(url, data=form, headers=accepted, allow_redirects=False) as response:
            return Posted(status=response.status, body=await _read(response))

    def _session(self, resolver: AbstractResolver) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, ssl=self._trusted or True)
        return aiohttp.ClientSession(connector=connector, timeout=self._timeouts, cookie_jar=aiohttp.DummyCookieJar())


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = await response.content.read(LARGEST + 1)
    while len(body) <= LARGEST and (more := await response.content.read(LARGEST + 1)):
        body += more
    if len(body) > LARGEST:
        raise Unreachable("it answers with more than 64 KB")
    return body


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "does not answer in time"
    if isinstance(error.__cause__, ForbiddenAddress):
        return "leads to an address that is not public"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "has a certificate that is not trusted"
    return f"cannot be reached: {type(error).__name__}"
