"""The web application, watched: each request counted, and a span, by its route; never by its path, which may hold a token or an id."""

from __future__ import annotations

from time import perf_counter
from typing import Any, final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workers.monitoring.metrics import OTHER, Metrics
from workers.monitoring.tracing import RequestSpan

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

        method = scope["method"] if scope["method"] in METHODS else OTHER
        with RequestSpan(method, scope["path"], _headers(scope)) as span:
            try:
                await self._app(scope, receive, noted)
            finally:
                route = route_of(scope)
                self._count(method, route, status, perf_counter() - began)
                span.answered(route=route, status=status)

    def _count(self, method: str, route: str, status: int, seconds: float) -> None:
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name.startswith(b"trace")}


def route_of(scope: Scope) -> str:
    """The route's pattern (`/u/{token}`); `other` where none matched."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", OTHER))
