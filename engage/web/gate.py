"""What stands before every route of the API, in this order: the key, its role, its rate, the kind of body, the body as JSON.

A route says which Task it is; that decides who may. Who has no key learns nothing else of what is wrong with a request.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, cast

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from engage.model.access import ALLOWED, Key, Task
from engage.web.bodies import BadBody, has_odd_text, read_json
from engage.web.cloud import is_binary, structured
from engage.web.keys import bearer_of
from engage.web.ports import Site
from engage.web.problems import Problem

SCHEME = "key"
"""What the document calls the way to bring a key."""

TASK = "x-task"
"""Under which a route says what it is; in the document too, beside the roles that may."""

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def for_task(task: Task, *, media_types: tuple[str, ...] = ("application/json",)) -> dict[str, Any]:
    """What a route adds to its place in the document: what it is, and who may. In OpenAPI 3.1 the roles stand where scopes do."""
    return {TASK: task.value, "x-media-types": list(media_types), "security": [{SCHEME: [role.value for role in ALLOWED[task]]}]}


def key_of(request: Request) -> Key:
    """The key that the gate let in."""
    return cast(Key, request.state.key)


def gate(site: Site) -> type[APIRoute]:
    """The class of routes that stand behind the gate."""

    class Guarded(APIRoute):
        """A route that is reached with a key alone."""

        def get_route_handler(self) -> Handler:
            """The handler of the route, behind the gate."""
            handler, extra = super().get_route_handler(), self.openapi_extra or {}
            task = Task(extra[TASK])
            takes_body = self.body_field is not None

            async def guarded(request: Request) -> Response:
                key, headers = await run_in_threadpool(_let_in, site, request, task)
                request.state.key = key
                try:
                    _refuse_odd_query(request)
                    asked = await _read(request, extra["x-media-types"]) if takes_body else request
                    response = await handler(asked)
                except Problem as problem:
                    raise problem.with_headers(headers) from problem
                response.headers.update(headers)
                return response

            return guarded

    return Guarded


class ReadRequest(Request):
    """A request whose body was read and understood already."""

    understood: Any = None

    async def json(self) -> Any:
        """The body."""
        return self.understood


def _let_in(site: Site, request: Request, task: Task) -> tuple[Key, Mapping[str, str]]:
    """The key, and the headers that tell its program how much more it may ask. Raises Problem 401, 403, 429."""
    text = bearer_of(request)
    key = site.keys.known(text) if text is not None else None
    if key is None:
        what = "the key is missing, wrong, expired or revoked: send Authorization: Bearer KEY, with a key made by `engage key create`"
        raise Problem(401, what, headers={"WWW-Authenticate": 'Bearer realm="engage"'})
    if not key.may(task):
        roles = " or ".join(ALLOWED[task])
        raise Problem(403, f"this needs a key with the role {roles}; the one called {key.name!r} has the role {key.role}")
    left, wait = site.rates.take(key)
    headers = rate_headers(key, left, wait)
    if wait > 0:
        what = f"the key called {key.name!r} is good for {key.rate:g} requests a second"
        raise Problem(429, what, headers={**headers, "Retry-After": str(math.ceil(wait))})
    return key, headers


def rate_headers(key: Key, left: int, wait: float) -> dict[str, str]:
    """The policy and what is left of it (draft-ietf-httpapi-ratelimit-headers)."""
    quota, window = (math.floor(key.rate), 1) if key.rate >= 1 else (1, math.ceil(1 / key.rate))
    return {"RateLimit-Policy": f'"key";q={quota};w={window}', "RateLimit": f'"key";r={max(0, left)};t={max(1, math.ceil(wait))}'}


async def _read(request: Request, media_types: list[str]) -> Request:
    """The same request, its body understood. Raises Problem 400, 415, 422."""
    body = await request.body()
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in media_types and (given or body):
        raise Problem(415, f"the body is of the kind {given or '(none is told)'}; send {' or '.join(media_types)}", headers={
            "Accept-Post" if request.method == "POST" else "Accept": ", ".join(media_types),
        })
    read = ReadRequest(request.scope, request.receive)
    read._body = body  # noqa: SLF001  # where Starlette itself keeps a body that was read
    if body:
        try:
            read.understood = read_json(body)
        except BadBody as bad:
            raise Problem(bad.status, bad.what, errors=[{"detail": bad.what, "pointer": bad.pointer}] if bad.pointer else None) from bad
    if takes_cloud_events(media_types) and is_binary(request.headers):
        read.understood = structured(request.headers, read.understood)
    return read


def takes_cloud_events(media_types: list[str]) -> bool:
    """Whether the route is one for events."""
    return "application/cloudevents+json" in media_types


def _refuse_odd_query(request: Request) -> None:
    """Text of the address in which NUL stands: no database could look for it."""
    if has_odd_text("".join(f"{name}{value}" for name, value in request.query_params.multi_items())):
        raise Problem(422, "the address holds NUL, or half of a surrogate pair")
    for value in request.path_params.values():
        if has_odd_text(str(value)):
            raise Problem(422, "the address holds NUL, or half of a surrogate pair")
