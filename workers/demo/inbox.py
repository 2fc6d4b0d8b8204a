"""The demo's inbox: every message that the catchers took, to be read as its recipient would. No script, no other file, no other host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, final
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from workers.demo.catchers import Caught
from workers.demo.crm import Heard
from workers.demo.slack_look import blocks, mrkdwn, plain

PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters |= {"blocks": blocks, "mrkdwn": mrkdwn, "plain": plain}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which messages the reader wants to see: by one channel, to recipients that contain some letters; empty for all."""

    channel: str = ""
    to: str = ""

    def of(self, messages: Sequence[Caught]) -> Iterator[tuple[int, Caught]]:
        """Those messages, each with its number among all."""
        wanted = self.to.strip().casefold()
        for number, message in enumerate(messages):
            if self.channel in ("", message.channel) and wanted in message.recipient.casefold():
                yield number, message

    @property
    def query(self) -> str:
        """As it stands in an address; empty where everything is chosen."""
        given = {name: value for name, value in (("channel", self.channel), ("to", self.to)) if value}
        return f"?{urlencode(given)}" if given else ""


def create_inbox(caught: Callable[[], Sequence[Caught]], heard: Callable[[], Sequence[Heard]] = tuple) -> FastAPI:
    """A small site: a list of all messages, and a page for each. Both take `channel` and `to`, which choose among them.

    Beside them stands what the CRM heard.
    """
    app = FastAPI(title="Engage demo inbox", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/", response_class=HTMLResponse)
    def index(choice: Annotated[Choice, Depends()]) -> HTMLResponse:
        messages = caught()
        return _page(
            "inbox.html", messages=list(choice.of(messages)), total=len(messages), choice=choice,
            channels=Counter(message.channel for message in messages),
            recipients=sorted({message.recipient for message in messages}), heard=len(heard()),
        )

    @app.get("/crm", response_class=HTMLResponse)
    def crm() -> HTMLResponse:
        return _page("crm.html", heard=heard())

    @app.get("/m/{number}", response_class=HTMLResponse)
    def message(number: int, choice: Annotated[Choice, Depends()]) -> HTMLResponse:
        messages = caught()
        if not 0 <= number < len(messages):
            raise HTTPException(status_code=404, detail="no such message")
        chosen = [each for each, _ in choice.of(messages)]
        return _page(
            "message.html", message=messages[number], choice=choice, alike=Choice(to=messages[number].recipient),
            newer=min((each for each in chosen if each > number), default=None),
            older=max((each for each in chosen if each < number), default=None),
        )

    return app


def _page(name: str, **values: object) -> HTMLResponse:
    return HTMLResponse(PAGES.get_template(name).render(**values), headers=HEADERS)
