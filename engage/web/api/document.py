"""`/openapi.json`: the document that the routes make, and what only the workspace knows.

Anybody may read the form of the API. The names that a company uses (campaigns, purposes, attributes …) stand in it for those alone who
bring a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from engage.model.contact import PREFERRED
from engage.model.workspace import Workspace
from engage.templates.catalogue import read_catalogue
from engage.web.api.answers import PROBLEM, RATE_HEADERS
from engage.web.api.attributes import described
from engage.web.api.consents import ConsentIn
from engage.web.api.events import CLOUD, CLOUDS, MOST_EVENTS, CloudEventIn, EventIn
from engage.web.api.fields import JSON_SCHEMAS, SCHEMAS, resolved
from engage.web.gate import SCHEME
from engage.web.keys import bearer_of
from engage.web.ports import Site

INTRODUCTION = """\
Every request to `/v1` brings a key: `Authorization: Bearer KEY`. Keys are made by `engage key create`, and each has a role.

A 2xx means that what was sent is in the database. What is wrong is said in problem details (RFC 9457): 422 where a request has not the
form that is described here, 404 where something that it names is not there, 409 where it conflicts with what is.
"""


def add_document(app: FastAPI, site: Site) -> None:
    """The route of the document."""

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> JSONResponse:
        text = bearer_of(request)
        known = text is not None and await run_in_threadpool(site.keys.known, text) is not None
        return JSONResponse(document(app, site.workspace() if known else None), headers={"Vary": "Authorization"})


def document(app: FastAPI, workspace: Workspace | None) -> dict[str, Any]:
    """The document; with a workspace the names of its campaigns, purposes, channels, messages and attributes stand in it."""
    made = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=INTRODUCTION, routes=app.routes,
    )
    schemas = made["components"]["schemas"]
    schemas |= JSON_SCHEMAS | {"Problem": PROBLEM} | dict(_of_bodies())
    schemas |= dict(described(workspace.settings.attributes if workspace else {}))
    made["components"]["securitySchemes"] = {SCHEME: {"type": "http", "scheme": "bearer", "description": "A key of `engage key create`."}}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in made["paths"].items():
        for operation in operations.values():
            _finish(operation, path)
    if workspace is not None:
        _name(made, workspace)
    found: dict[str, Any] = resolved(made)
    return found


def _of_bodies() -> Iterator[tuple[str, Any]]:
    """Schemas of bodies that may be one thing or a list of them."""
    for model in (EventIn, CloudEventIn, ConsentIn):
        schema = TypeAdapter(model).json_schema(ref_template=SCHEMAS + "{model}")
        yield from schema.pop("$defs", {}).items()
        yield model.__name__, schema
    one = {"oneOf": [{"$ref": f"{SCHEMAS}EventIn"}, {"$ref": f"{SCHEMAS}CloudEventIn"}]}
    yield "EventsIn", _one_or_several(one["oneOf"], one)
    consent = {"$ref": f"{SCHEMAS}ConsentIn"}
    yield "ConsentsIn", _one_or_several([consent], consent)


def _one_or_several(ones: list[dict[str, str]], item: dict[str, Any]) -> dict[str, Any]:
    return {"oneOf": [*ones, {"type": "array", "items": item, "minItems": 1, "maxItems": MOST_EVENTS}]}


def _finish(operation: dict[str, Any], path: str) -> None:
    """What FastAPI has no words for: the other kinds of body, and the headers of answers."""
    operation.pop("x-media-types", None)
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
    if path == "/v1/events":
        content = operation["requestBody"]["content"]
        content[CLOUD] = {"schema": {"$ref": f"{SCHEMAS}CloudEventIn"}}
        content[CLOUDS] = {"schema": {"type": "array", "items": {"$ref": f"{SCHEMAS}CloudEventIn"}, "minItems": 1, "maxItems": MOST_EVENTS}}
    if "security" in operation:
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                response.setdefault("headers", {}).update(RATE_HEADERS)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A part of the address is left out; there is no null in it."""
    others = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(others) != 1:
        return schema
    return {**{key: value for key, value in schema.items() if key not in ("anyOf", "default")}, **others[0]}


def _name(made: dict[str, Any], workspace: Workspace) -> None:
    """Put the workspace's names where one of them is asked for; an empty list of names would describe nothing."""
    settings, schemas = workspace.settings, made["components"]["schemas"]
    messages = sorted(read_catalogue(workspace).messages)
    channels = [name for name, channel in settings.channels.items() if channel.to is None]
    for schema in ("ConsentIn", "PermissionIn", "MessageIn"):
        _choose(schemas[schema]["properties"]["purpose"], list(settings.purposes))
    _choose(schemas["MessageIn"]["properties"]["message"], messages)
    _choose(schemas["MessageIn"]["properties"]["channels"]["items"], [*channels, PREFERRED] if channels else [])
    for path, operations in made["paths"].items():
        if path.startswith("/v1/campaigns/{name}"):
            for operation in operations.values():
                _choose(operation["parameters"][0]["schema"], list(workspace.campaigns))


def _choose(schema: dict[str, Any], names: list[str]) -> None:
    if names:
        for keyword in ("minLength", "maxLength", "pattern"):
            schema.pop(keyword, None)
        schema["enum"] = names


