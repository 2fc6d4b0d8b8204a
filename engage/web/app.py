"""The web application: API, public pages, health. Made of a Site, so that tests make it of other parts."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from fastapi.telemetry import TelemetryConfig

from engage import __version__
from engage.web import api, hooks, problems, public
from engage.web.api.document import add_document
from engage.web.keys import is_given
from engage.web.pages import Pages
from engage.web.ports import Site

__all__ = ["create_app"]

NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""Its own spans would tell the path, which holds the tokens of public links, and its logs the text of exceptions."""


def create_app(site: Site) -> FastAPI:
    """The application. Endpoints are plain functions, run in threads: what they call waits for a database."""
    app = FastAPI(
        title="Engage", version=__version__, summary="Events in, messages out.", docs_url=None, redoc_url=None, openapi_url=None,
        telemetry=NO_TELEMETRY, redirect_slashes=False,
    )
    problems.install(app, away=site.away)
    app.include_router(api.router(site))
    app.include_router(hooks.router(site))
    public.install(app, site, Pages())
    _add_health(app, site)
    add_document(app, site)
    return app


def _add_health(app: FastAPI, site: Site) -> None:
    @app.get("/healthz", tags=["health"], summary="Is the process alive?")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", tags=["health"], summary="Can it serve?", responses={503: {"description": "It cannot, and says why."}})
    def readyz() -> Any:
        found = list(site.problems())
        return JSONResponse({"status": "not ready", "problems": found}, status_code=503) if found else {"status": "ready"}

    @app.get("/metrics", include_in_schema=False)
    def metrics(request: Request) -> Response:
        if site.metrics is None:
            raise HTTPException(404)
        if site.metrics_key is not None and not is_given(request, site.metrics_key):
            raise HTTPException(401, "the metrics ask for a key: Authorization: Bearer KEY", headers={"WWW-Authenticate": "Bearer"})
        text, content_type = site.metrics(request.headers.get("accept", ""))
        return Response(text, headers={"Content-Type": content_type})
