"""A real browser for tests, and a watch on what it does: no request leaves the loopback, nothing is complained of in its console."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route
from starlette.types import ASGIApp

from tools.chromium import WANTED, chromium, program

Serve = Callable[[ASGIApp], str]
"""Serves an application and says where."""

WITHIN = 15_000
"""Milliseconds for whatever a test waits for in a page."""


def browser() -> Iterator[Browser]:
    """Start one, and end it when the generator is closed. Skips where Chromium is not installed; fails there under ENGAGE_CI."""
    if program() is None:
        if os.environ.get("ENGAGE_CI"):
            pytest.fail(f"{WANTED}, and ENGAGE_CI asks for every test")
        pytest.skip(WANTED)
    with chromium() as started:
        yield started


@dataclass
class Watched:
    """A browser as one reader has it. `strays` are requests that would have left this machine, `complaints` what the console said."""

    context: BrowserContext
    strays: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, address: str) -> Page:
        """A page of its own, loaded."""
        page = self.context.new_page()
        page.goto(address)
        return page

    def watch(self) -> None:
        """Note what happens in every page from now on."""
        self.context.set_default_timeout(WITHIN)
        self.context.route("**/*", self._let_pass)
        self.context.on("console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text))
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _let_pass(self, route: Route) -> None:
        host = urlsplit(route.request.url).hostname
        if host in (None, "127.0.0.1"):  # None: data: and about:
            route.continue_()
        else:
            self.strays.append(route.request.url)
            route.abort()


@contextmanager
def watched(browser: Browser, *, width: int = 1000, color: Literal["light", "dark"] = "light") -> Iterator[Watched]:
    """A reader with a screen of this width. Ends with the proof that nothing strayed and nothing was complained of."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=color)
    reader = Watched(context)
    reader.watch()
    try:
        yield reader
    finally:
        context.close()
    assert reader.strays == []
    assert reader.complaints == []
