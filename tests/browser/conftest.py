"""A browser for each module: while one runs, Playwright's loop is this thread's, and other tests want their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser
from starlette.types import ASGIApp

from tests.servers.chromium import Serve, Watched, browser, watched
from workers.processes import WebPart


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser itself."""
    yield from browser()


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Watched]:
    """Somebody at a desk."""
    with watched(chromium) as someone:
        yield someone


@pytest.fixture
def on_the_phone(chromium: Browser) -> Iterator[Watched]:
    """Somebody with a narrow screen, in the dark."""
    with watched(chromium, width=360, color="dark") as someone:
        yield someone


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an application; where it answers."""
    with ExitStack() as running:

        def start(app: ASGIApp) -> str:
            part = WebPart(app, host="127.0.0.1", port=0)
            part.start()
            running.callback(part.stop)
            return part.address

        yield start
