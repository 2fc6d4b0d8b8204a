"""How the routes of the API answer: what is wrong, by status; and the headers that say how much more may be asked."""

from __future__ import annotations

from typing import Any

from engage.web.problems import MEDIA_TYPE

PROBLEM: dict[str, Any] = {
    "title": "Problem", "description": "What was wrong (RFC 9457).", "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
        "errors": {"type": "array", "items": {
            "type": "object", "required": ["detail"],
            "properties": {
                "detail": {"type": "string"},
                "pointer": {"type": "string", "description": "Where in the body: a JSON pointer (RFC 6901)."},
                "parameter": {"type": "string", "description": "Which part of the address."},
            },
        }},
    },
}

SAID = {
    400: "The body is not JSON.",
    401: "The key is missing, wrong, expired or revoked.",
    403: "The key's role may not; the detail names those that may.",
    404: "Something that the request names is not there.",
    409: "It has the form that is described here, and conflicts with what is.",
    413: "The body has more than 1,000,000 bytes.",
    415: "The body is not of a kind that is taken here.",
    422: "It has not the form that is described here; `errors` has each place.",
    429: "The key is used more often than it may be.",
    503: "The database does not answer; ask again, with the same ids.",
}

RATE_HEADERS: dict[str, Any] = {
    "RateLimit-Policy": {"description": "How many requests the key is good for: q in w seconds.", "schema": {"type": "string"}},
    "RateLimit": {"description": "How many more may come: r within t seconds.", "schema": {"type": "string"}},
}
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}}
CHALLENGE = {"WWW-Authenticate": {"description": "How to bring a key.", "schema": {"type": "string"}}}
_HEADERS = {401: CHALLENGE, 429: {**RATE_HEADERS, **RETRY_AFTER}, 503: RETRY_AFTER}


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with, beside those that every route behind the gate may."""
    return {status: refusal(status) for status in sorted({*statuses, 401, 403, 422, 429, 503})}


def refusal(status: int) -> dict[str, Any]:
    """One problem, as the document describes it."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    headers = {"headers": _HEADERS[status]} if status in _HEADERS else {}
    return {"description": SAID[status], "content": content, **headers}
