"""`/c/{token}` leads on to where a link of a message goes, `/o/{token}.gif` is the picture that tells that a mail was opened.

Neither asks the database anything: what the token carries is signed, and what is seen is written a moment later. So a link leads on
while the database is away, and for a contact who is erased, of whom nothing is written. Where it leads is looked at again: only a
web address is, whatever was signed. Who asks not to be tracked (Global Privacy Control, Do Not Track) is not.
"""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response as HttpResponse

from engage.feedback.lookout import Sight
from engage.feedback.machines import asks_not_to_be_tracked, machine, visitor_of
from engage.model.history import Kind
from engage.model.tokens import BadToken, TokenPayload, verify, verify_with
from engage.model.tracking import CLICK, LONGEST_TARGET, OPEN, is_target
from engage.web.ports import Site
from engage.web.visits import HEADERS, NOT_OURS, Lost

PICTURE = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
"""One transparent pixel."""

ENDING = ".gif"
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def add(public: APIRouter, site: Site) -> None:
    """The routes."""
    @public.get("/c/{token:path}")
    async def follow(request: Request, token: str) -> HttpResponse:
        try:
            payload, target = verify_with(site.secret, CLICK, token, longest=LONGEST_TARGET)
        except (BadToken, UnicodeDecodeError) as error:
            raise Lost(404, NOT_OURS) from error
        if not is_target(target):
            raise Lost(404, NOT_OURS)
        _see(site, request, Kind.CLICKED, payload, target)
        return HttpResponse(status_code=302, headers={**HEADERS, "Location": location(target)})

    @public.get("/o/{name:path}")
    async def picture(request: Request, name: str) -> HttpResponse:
        try:
            payload = verify(site.secret, OPEN, name.removesuffix(ENDING))
        except BadToken as error:
            raise Lost(404, NOT_OURS) from error
        _see(site, request, Kind.OPENED, payload)
        return HttpResponse(PICTURE, media_type="image/gif", headers={**HEADERS, "Cross-Origin-Resource-Policy": "cross-origin"})


def location(url: str) -> str:
    """The address as a header carries it: what is not ASCII by percent signs (RFC 3986, 2.5), all else as it stands."""
    return quote(url, safe=_PRINTABLE)


def _see(site: Site, request: Request, kind: Kind, payload: TokenPayload, url: str | None = None) -> None:
    """Leave a note of it. A preview's link, of delivery 0, says nothing about anybody."""
    if payload.delivery_id == 0 or asks_not_to_be_tracked(request.headers):
        return
    peer = visitor_of(request.client.host if request.client is not None else None, request.headers.get("x-forwarded-for"))
    told = machine(request.method, request.headers, peer)
    site.lookout.see(Sight(kind=kind, at=site.clock.now(), delivery_id=payload.delivery_id, url=url, machine=told))
