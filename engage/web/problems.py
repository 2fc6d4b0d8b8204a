"""Answers that say what was wrong: exceptions -> problem details (RFC 9457). Never a stack trace, never what was sent."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engage.model.errors import InputError, NotThereError

LARGEST_BODY = 1_000_000
"""Bytes of a request's body."""

log = structlog.get_logger(__name__)


def problem(
    status: int, detail: str, *, errors: list[dict[str, object]] | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """One problem: `type` about:blank, so that `title` is the status's own (RFC 9457, section 4.2.1)."""
    body: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if errors:
        body["errors"] = errors
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")


def install(app: FastAPI, *, away: Iterable[type[Exception]] = ()) -> None:
    """Turn everything that a request may raise into a problem; `away` are the errors that say that the database does not answer."""
    for each in away:
        app.add_exception_handler(each, _away)
    app.add_exception_handler(InputError, _input)
    app.add_exception_handler(NotThereError, _not_there)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(StarletteHTTPException, _http)
    app.add_exception_handler(Exception, _bug)
    app.add_middleware(SmallBodies)


async def _input(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, InputError)  # noqa: S101  # tells the type checker what it was registered for
    return problem(422, error.problems[0].what, errors=[{"detail": each.what} for each in error.problems])


async def _not_there(request: Request, error: Exception) -> JSONResponse:
    return problem(503, str(error), headers={"Retry-After": "5"})


async def _away(request: Request, error: Exception) -> JSONResponse:
    log.warning("web.database_away", path=request.scope["route"].path if "route" in request.scope else None, error=type(error).__name__)
    return problem(503, "the database does not answer; post it again, with the same ids", headers={"Retry-After": "5"})


async def _validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # tells the type checker what it was registered for
    if request.url.path.startswith("/v1/") and "json" not in request.headers.get("content-type", ""):
        return problem(415, "the body is JSON, and says so: Content-Type: application/json")
    errors: list[dict[str, object]] = [
        {"detail": each["msg"], "pointer": "/" + "/".join(str(part) for part in each["loc"][1:])} for each in error.errors()
    ]
    return problem(422, "the request does not have the form that /openapi.json describes", errors=errors)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101  # tells the type checker what it was registered for
    return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))


async def _bug(request: Request, error: Exception) -> JSONResponse:
    log.error("web.failed", path=request.scope["route"].path if "route" in request.scope else None, error=type(error).__name__)
    return problem(500, "this is our mistake; it has been logged")


class SmallBodies:
    """Refuses a body of more than a megabyte, whether it says its length or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > LARGEST_BODY:
            await problem(413, f"a body has at most {LARGEST_BODY:,} bytes")(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                raise HTTPException(413, f"a body has at most {LARGEST_BODY:,} bytes")
            return message

        await self._app(scope, counted, send)
