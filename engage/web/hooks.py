"""`POST /hooks/{name}`: what other systems post, as raw bytes, goes to `engage.hooks`; refusals are problem details."""

from __future__ import annotations

import math
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from engage.hooks import HookRequest
from engage.hooks.ports import TooMany, Unreachable
from engage.hooks.proof import NotProven
from engage.hooks.taking import Outcome
from engage.model.errors import InputError
from engage.web.ports import Site
from engage.web.problems import MEDIA_TYPE, problem

UNKNOWN = "no hook of that name is set up under `hooks` in engage.yaml"
UNPROVEN = "the request does not prove that it is from its source: see docs/hooks.md for how it does"
AGAIN = {"Retry-After": "30"}

def _problem(description: str, **headers: str) -> dict[str, Any]:
    """One refusal, as the document describes it."""
    told = {name.replace("_", "-"): {"description": said, "schema": {"type": "string"}} for name, said in headers.items()}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": description, "content": content, **({"headers": told} if told else {})}


WAIT = "Seconds to wait."
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Taken in, or known already. Some sources get the answer that they want instead of JSON."},
    401: _problem("It does not prove that it is from its source.", WWW_Authenticate="How some sources may bring their secret."),
    404: _problem("There is no such hook."),
    413: _problem("A body has at most 1,000,000 bytes."),
    422: _problem("It is from its source, and none of it can be used."),
    429: _problem("The source posts more than its `rate`; nothing was taken, post it again.", Retry_After=WAIT),
    503: _problem("Not now; post it again.", Retry_After=WAIT),
}
BODY: dict[str, Any] = {"requestBody": {
    "description": "What the source posts",
    "content": {"application/json": {}, "application/x-www-form-urlencoded": {}, "text/xml": {}},
}}


async def _raw(request: Request) -> bytes:
    return await request.body()


def router(site: Site) -> APIRouter:
    """The route of all hooks."""
    hooks = APIRouter(tags=["hooks"])

    @hooks.post("/hooks/{name}", summary="Tell what happened elsewhere", responses=RESPONSES, openapi_extra=BODY)
    def post(name: str, request: Request, body: Annotated[bytes, Depends(_raw)]) -> Response:
        """Take in what a system posts that is set up under `hooks` in engage.yaml. Safe to repeat."""
        hook = site.hooks.find(name)
        if hook is None:
            raise HTTPException(404, UNKNOWN)
        try:
            outcome = site.hooks.take(hook, _request(site, request, body))
        except InputError as error:  # its sender is told of a form, as no other part of Engage stands against it
            return problem(422, error.problems[0].what, errors=[{"detail": each.what} for each in error.problems])
        except NotProven as error:
            raise HTTPException(401, UNPROVEN, headers={"WWW-Authenticate": 'Basic realm="hooks"'}) from error
        except TooMany as error:
            what = f"this hook takes {hook.rate:g} requests a second (its `rate` in engage.yaml); post it again"
            raise HTTPException(429, what, headers={"Retry-After": str(math.ceil(error.wait))}) from error
        except Unreachable as error:
            raise HTTPException(503, "what had to be asked of the source does not answer; post it again", headers=AGAIN) from error
        return _answer(outcome)

    return hooks


def _request(site: Site, request: Request, body: bytes) -> HookRequest:
    """As the source addressed it: a proxy before us may have changed host and scheme, so that these are our own."""
    query = request.scope.get("query_string", b"").decode("latin-1")
    url = f"{site.workspace().settings.public_url}{request.url.path}{f'?{query}' if query else ''}"
    return HookRequest(url=url, method=request.method, headers={key.lower(): value for key, value in request.headers.items()}, body=body)


def _answer(outcome: Outcome) -> Response:
    if outcome.answer.body is not None:
        return Response(outcome.answer.body, media_type=outcome.answer.media_type)
    reply = {} if outcome.reply is None else {"reply": outcome.reply}
    return JSONResponse({
        "status": "repeated" if outcome.repeated else "accepted", "events": outcome.events, "touches": outcome.touches,
        "replies": outcome.replies, "ignored": list(outcome.ignored), "refused": list(outcome.refused),
        **reply,
    })
