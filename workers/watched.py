"""The web application, watched: each request counted by its route, never by its path, which may hold a token or an id."""

from __future__ import annotations

from time import perf_counter
from typing import Any, final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workers.metrics import OTHER, Metrics

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@final
class WatchedApp:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._count(scope, status, perf_counter() - began)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], route_of(scope)
        self._metrics.requests.labels(method if method in METHODS else OTHER, route, str(status)).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)


def route_of(scope: Scope) -> str:
    """The route's pattern (`/u/{token}`); `other` where none matched."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", OTHER))
