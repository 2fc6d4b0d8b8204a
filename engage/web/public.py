"""What is behind the links of a message: unsubscribe, preferences, answers, confirmations, clicks, view in browser. No key; the token
says which message.

Only POST changes anything, since mail scanners follow every link; a POST answers where it is, without a redirect (RFC 8058),
and may be repeated. Nothing here is indexed, cached or passed on as a referrer.
"""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from starlette.responses import Response as HttpResponse

from engage.feedback import Response
from engage.model.history import Kind
from engage.web import answering, confirming, following, preferring
from engage.web.pages import Pages, Reader
from engage.web.ports import Site
from engage.web.problems import problem
from engage.web.visits import HEADERS, Lost, Visit, Visits, answer

READING = {
    **HEADERS,
    # A message is somebody's template with somebody's data: it may show pictures, and nothing else.
    "Content-Security-Policy": "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'",
}
SOURCE = "link"


def install(app: FastAPI, site: Site, pages: Pages) -> None:
    """Add the routes `/u`, `/p`, `/a`, `/s`, `/v`, `/c` and `/o`, and what people are told whose link leads nowhere."""
    public, visits = APIRouter(default_response_class=HTMLResponse, include_in_schema=False), Visits(site)
    _add_unsubscribing(public, visits, pages)
    preferring.add(public, visits, pages)
    answering.add(public, visits, pages)
    confirming.add(public, visits, pages)
    following.add(public, site)

    @public.get("/v/{token}")
    def view(token: str) -> HTMLResponse:
        come = visits.of("v", token)
        return HTMLResponse(pages.message(come.letter, come.reader), headers=READING)

    async def lost(request: Request, error: Exception) -> HttpResponse:
        if "text/html" not in request.headers.get("accept", ""):
            return problem(404, str(getattr(error, "detail", "")))
        locale = pages.spoken(request.headers.get("accept-language", ""))
        return answer(pages.lost(Reader(locale=locale, company=site.workspace().settings.company)), status=404)

    for route in public.routes:
        if isinstance(route, APIRoute) and route.methods and "GET" in route.methods:
            route.methods.add("HEAD")  # link checkers ask for no more, and call a page broken that refuses it (RFC 9110, 9.1)
    app.include_router(public)
    app.add_exception_handler(Lost, lost)


def _add_unsubscribing(public: APIRouter, visits: Visits, pages: Pages) -> None:
    @public.get("/u/{token}")
    def ask(token: str) -> HTMLResponse:
        return _subscription(visits, pages, visits.of("u", token))

    @public.post("/u/{token}")
    def unsubscribe(token: str) -> HTMLResponse:
        come = visits.of("u", token)
        if not come.purpose.is_transactional(come.kind) and _is_subscribed(visits, come):
            now = visits.site.clock.now()
            told = Response(
                kind=Kind.UNSUBSCRIBED, at=now, delivery_id=come.letter.delivery_id, purpose=come.purpose.name, by=come.kind, source=SOURCE,
            )
            visits.site.feedback.take([told], now=now)
            visits.site.intake.told()
        return _subscription(visits, pages, come)


def _is_subscribed(visits: Visits, come: Visit) -> bool:
    """Whether they get it, or will once a break is over."""
    states = visits.states(come, [come.purpose], paused=False)
    return next(state.may_write for state in states if state.channel is come.kind)


def _subscription(visits: Visits, pages: Pages, come: Visit) -> HTMLResponse:
    """The page; of what asks no consent there is nothing to unsubscribe from, but all else to choose."""
    if come.purpose.is_transactional(come.kind):
        return preferring.page(visits, pages, come, changed=False)
    names = {"purpose": visits.title(come, come.purpose), "channel": come.kind.value}
    html = pages.subscription(
        come.reader, names, subscribed=_is_subscribed(visits, come), preferences=visits.path_to_preferences(come),
    )
    return answer(html)
