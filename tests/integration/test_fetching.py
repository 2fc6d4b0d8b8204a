"""What hooks may fetch: by https from public addresses, trusted, without redirects, and not much of it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from engage.hooks.ports import Unreachable
from tests.servers.loop import ServerThread
from workers.fetching import LARGEST, Fetcher
from workers.loop import LoopThread

HOST = "sns.eu-west-1.amazonaws.com"


class Nearby(AbstractResolver):
    """Every name is this machine."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is kept."""


class Sns(ServerThread):
    """A server with a certificate for SNS's name, by an authority of the test's."""

    def __init__(self, authority: trustme.CA) -> None:
        super().__init__()
        self.port = 0
        self._authority = authority

    async def _start(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(HOST).configure_cert(context)
        application = web.Application()
        application.router.add_get("/page", _page)
        application.router.add_get("/away", _away)
        application.router.add_get("/large", _large)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        await self._runner.cleanup()


async def _page(request: web.Request) -> web.Response:
    return web.Response(text="a certificate")


async def _away(request: web.Request) -> web.Response:
    raise web.HTTPFound("http://169.254.169.254/")


async def _large(request: web.Request) -> web.Response:
    return web.Response(body=b"x" * (LARGEST + 1))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def sns(authority: trustme.CA) -> Iterator[Sns]:
    with Sns(authority) as server:
        yield server


@pytest.fixture
def fetcher(authority: trustme.CA, loop: LoopThread) -> Fetcher:
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    return Fetcher(lambda: loop, resolver=Nearby, trusted=trusted)


def test_what_stands_at_a_trusted_address_is_fetched(fetcher: Fetcher, sns: Sns) -> None:
    assert fetcher.get(f"https://{HOST}:{sns.port}/page") == b"a certificate"


@pytest.mark.parametrize("path", ["/away", "/large", "/nothing"])
def test_redirects_are_not_followed_and_nothing_large_is_read(path: str, fetcher: Fetcher, sns: Sns) -> None:
    with pytest.raises(Unreachable):
        fetcher.get(f"https://{HOST}:{sns.port}{path}")


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(loop: LoopThread, sns: Sns) -> None:
    with pytest.raises(Unreachable):
        Fetcher(lambda: loop, resolver=Nearby).get(f"https://{HOST}:{sns.port}/page")


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "https://127.0.0.1/", "https://localhost/", "https://169.254.169.254/", "https://[::1]/"])
def test_addresses_that_are_not_public_are_never_asked(url: str, loop: LoopThread) -> None:
    with pytest.raises(Unreachable, match=r"by a name|ClientConnector"):
        Fetcher(lambda: loop).get(url)
