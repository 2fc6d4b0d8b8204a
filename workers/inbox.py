"""The demo's inbox: every message that the catchers took, to be read as its recipient would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from workers.catchers import Caught

PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True,
)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-src 'self'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
}


def create_inbox(caught: Callable[[], Sequence[Caught]]) -> FastAPI:
    """A small site: a list of all messages, and a page for each."""
    app = FastAPI(title="Engage demo inbox", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/", response_class=HTMLResponse)
    def index() -> HTMLResponse:
        return _page("inbox.html", messages=list(enumerate(caught())))

    @app.get("/m/{number}", response_class=HTMLResponse)
    def message(number: int) -> HTMLResponse:
        messages = caught()
        if not 0 <= number < len(messages):
            raise HTTPException(status_code=404, detail="no such message")
        return _page("message.html", number=number, last=len(messages) - 1, message=messages[number])

    return app


def _page(name: str, **values: object) -> HTMLResponse:
    return HTMLResponse(PAGES.get_template(name).render(**values), headers=HEADERS)
