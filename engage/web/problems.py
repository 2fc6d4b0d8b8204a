"""Answers that say what was wrong: exceptions -> problem details (RFC 9457). Never a stack trace.

422 says that a request has not the form that /openapi.json describes. 404 that something it names is not there, 409 that it has that
form and conflicts with what is: with what engage.yaml declares, with what became of a message, with a number that nobody can have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, final

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engage.model.errors import InputError, NotThereError
from engage.model.places import places_of
from engage.web.bodies import escaped

LARGEST_BODY = 1_000_000
"""Bytes of a request's body."""

MEDIA_TYPE = "application/problem+json"
ErrorRows = Sequence[Mapping[str, object]]

log = structlog.get_logger(__name__)


@final
class Problem(Exception):
    """An answer that says what was wrong. Each of `errors` says what, and where: a `pointer` into the body, or a `parameter`."""

    def __init__(
        self, status: int, detail: str, *, errors: ErrorRows | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    def with_headers(self, headers: Mapping[str, str]) -> Problem:
        """The same, with these headers beside its own."""
        return Problem(self.status, self.detail, errors=self.errors, headers={**headers, **self.headers})

    def response(self) -> JSONResponse:
        """As it goes out."""
        return problem(self.status, self.detail, errors=self.errors, headers=self.headers)


def problem(
    status: int, detail: str, *, errors: ErrorRows | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """One problem: `type` about:blank, so that `title` is the status's own (RFC 9457, section 4.2.1)."""
    body: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if errors:
        body["errors"] = [dict(each) for each in errors]
    return JSONResponse(body, status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def install(app: FastAPI, *, away: Iterable[type[Exception]] = ()) -> None:
    """Turn everything that a request may raise into a problem; `away` are the errors that say that the database does not answer."""
    for each in away:
        app.add_exception_handler(each, _away)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(InputError, _input)
    app.add_exception_handler(NotThereError, _not_there)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(StarletteHTTPException, _http)
    app.add_exception_handler(Exception, _bug)
    app.add_middleware(SmallBodies)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101  # tells the type checker what it was registered for
    return error.response()


async def _input(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, InputError)  # noqa: S101  # tells the type checker what it was registered for
    return problem(409, error.problems[0].what, errors=[{"detail": each.what} for each in error.problems])


async def _not_there(request: Request, error: Exception) -> JSONResponse:
    return problem(503, str(error), headers={"Retry-After": "5"})


async def _away(request: Request, error: Exception) -> JSONResponse:
    log.warning("web.database_away", path=request.scope["route"].path if "route" in request.scope else None, error=type(error).__name__)
    return problem(503, "the database does not answer; post it again, with the same ids", headers={"Retry-After": "5"})


async def _validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # tells the type checker what it was registered for
    return problem(422, "the request does not have the form that /openapi.json describes", errors=rows_of(error.errors()))


def rows_of(errors: Iterable[Any], *, under: str = "") -> ErrorRows:
    """What pydantic found, each with its place; the names of alternatives are no part of it."""
    return [
        {"detail": each["msg"], "parameter": str(each["loc"][1])}
        if each["loc"] and each["loc"][0] in ("path", "query", "header") and len(each["loc"]) > 1
        else {"detail": each["msg"], "pointer": under + "".join(f"/{escaped(part)}" for part in _path(each["loc"]))}
        for each in errors
    ]


ALTERNATIVES = frozenset({"body", "one:", "several:", "event:", "cloud:"})


def _path(loc: Sequence[object]) -> list[object]:
    return [part for part in loc if part not in ALTERNATIVES]


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101  # tells the type checker what it was registered for
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request)) or headers.get("Allow", "")
    return problem(error.status_code, str(error.detail), headers=headers)


def _methods(request: Request) -> list[str]:
    """All that may be asked of the path: each of its routes knows but its own."""
    there = (route for route in _routes(request.app.router.routes) if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in there for method in getattr(route, "methods", None) or ()})


def _routes(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        included = getattr(route, "original_router", None)
        yield from [route] if included is None else _routes(included.routes)


async def _bug(request: Request, error: Exception) -> JSONResponse:
    path = request.scope["route"].path if "route" in request.scope else None
    log.error("web.failed", path=path, error=type(error).__name__, at=places_of(error))
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
