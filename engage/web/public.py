"""The pages behind the links of a message: unsubscribe, preferences, view in browser. No key; the token says which message.

Only POST changes anything, since mail scanners follow every link; a POST answers where it is, without a redirect (RFC 8058),
and may be repeated. Nothing here is indexed, cached or passed on as a referrer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, final

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import HTMLResponse

from engage.contacts.consent import ConsentState, states
from engage.feedback import Response
from engage.model.contact import ChannelKind, Consent, Contact
from engage.model.history import Kind
from engage.model.letter import Letter
from engage.model.tokens import BadToken, TokenPayload, verify
from engage.model.workspace import Company, Purpose
from engage.web.pages import Pages
from engage.web.ports import Site

HEADERS = {
    "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}
READING = {
    **HEADERS,
    # A message is somebody's template with somebody's data: it may show pictures, and nothing else.
    "Content-Security-Policy": "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'",
}
SOURCE = "link"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who comes by which link: the letter that it stood in, and what is known of its reader."""

    letter: Letter
    contact: Contact
    purpose: Purpose
    kind: ChannelKind

    @property
    def locale(self) -> str | None:
        """The language of the message, else of its reader."""
        return self.letter.locale or self.contact.text("locale")


def router(site: Site, pages: Pages) -> APIRouter:
    """The routes `/u`, `/p` and `/v`."""
    public = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
    _add_unsubscribing(public, site, pages)
    _add_preferences(public, site, pages)

    @public.get("/v/{token}")
    def view(token: str) -> HTMLResponse:
        come = _visit(site, "v", token)
        return HTMLResponse(pages.message(come.letter, company=_company(site, come)), headers=READING)

    return public


def _add_unsubscribing(public: APIRouter, site: Site, pages: Pages) -> None:
    @public.get("/u/{token}")
    def ask(token: str) -> HTMLResponse:
        return _answer(_subscription_page(site, pages, _visit(site, "u", token)))

    @public.post("/u/{token}")
    def unsubscribe(token: str) -> HTMLResponse:
        come = _visit(site, "u", token)
        if not come.purpose.is_transactional(come.kind):
            _set(site, come, come.purpose, come.kind, granted=False)
        return _answer(_subscription_page(site, pages, come))


def _add_preferences(public: APIRouter, site: Site, pages: Pages) -> None:
    @public.get("/p/{token}")
    def preferences(token: str) -> HTMLResponse:
        return _answer(_preferences_page(site, pages, _visit(site, "p", token), changed=False))

    @public.post("/p/{token}")
    def prefer(
        token: str, purpose: Annotated[str, Form()], channel: Annotated[ChannelKind, Form()], granted: Annotated[bool, Form()]
    ) -> HTMLResponse:
        come = _visit(site, "p", token)
        chosen = site.workspace().settings.purposes.get(purpose)
        if chosen is None or chosen.is_transactional(channel):
            raise HTTPException(422, "there is nothing to choose about that")
        _set(site, come, chosen, channel, granted=granted)
        return _answer(_preferences_page(site, pages, come, changed=True))


def _answer(html: str) -> HTMLResponse:
    return HTMLResponse(html, headers=HEADERS)


def _visit(site: Site, kind: str, token: str) -> Visit:
    """Raises HTTPException 404 for whatever is not a link of ours to something that still stands."""
    try:
        payload = verify(site.secret, kind, token)
    except BadToken as error:
        raise HTTPException(404, "this link is not one of ours, or was cut short") from error
    letter, contact = _letter(site, payload), site.letters.reader(payload.contact_id)
    settings = site.workspace().settings
    if letter is None or contact is None or contact.erased:
        raise HTTPException(404, "what this link was about is gone")
    purpose, channel = settings.purposes.get(letter.purpose), settings.channels.get(letter.channel)
    if purpose is None or channel is None:
        raise HTTPException(404, "what this link was about is gone")
    return Visit(letter=letter, contact=contact, purpose=purpose, kind=channel.kind)


def _letter(site: Site, payload: TokenPayload) -> Letter | None:
    letter = site.letters.letter(payload.delivery_id)
    return letter if letter is not None and letter.contact_id == payload.contact_id else None


def _state(site: Site, come: Visit, purpose: Purpose, kind: ChannelKind) -> ConsentState:
    who = come.contact.id
    found = states(site.ledger.lines(who), [purpose], contact_id=who, now=site.clock.now())
    return next(state for state in found if state.channel is kind)


def _set(site: Site, come: Visit, purpose: Purpose, kind: ChannelKind, *, granted: bool) -> None:
    """Write the line and the touch, where it says anything new: a link clicked twice changes nothing the second time."""
    if _state(site, come, purpose, kind).may_write is granted:
        return
    now = site.clock.now()
    if granted:
        site.ledger.record([Consent(contact_id=come.contact.id, purpose=purpose.name, channel=kind, granted=True, at=now, source=SOURCE)])
    else:
        told = Response(
            kind=Kind.UNSUBSCRIBED, at=now, delivery_id=come.letter.delivery_id, purpose=purpose.name, by=kind, source=SOURCE,
        )
        site.feedback.take([told], now=now)
    site.intake.told()


def _company(site: Site, come: Visit) -> Company:
    return come.purpose.company or site.workspace().settings.company


def _subscription_page(site: Site, pages: Pages, come: Visit) -> str:
    if come.purpose.is_transactional(come.kind):
        return _preferences_page(site, pages, come, changed=False)
    subscribed = _state(site, come, come.purpose, come.kind).may_write
    return pages.subscription(
        locale=come.locale, company=_company(site, come), purpose=come.purpose.title, kind=come.kind, subscribed=subscribed
    )


def _preferences_page(site: Site, pages: Pages, come: Visit, *, changed: bool) -> str:
    settings = site.workspace().settings
    reachable = {kind for kind in ChannelKind if come.contact.address(kind)}
    who = come.contact.id
    known = states(site.ledger.lines(who), settings.purposes.values(), contact_id=who, now=site.clock.now())
    choices = [
        (settings.purposes[state.purpose], state)
        for state in known
        if state.channel in reachable and not settings.purposes[state.purpose].is_transactional(state.channel)
    ]
    return pages.preferences(locale=come.locale, company=_company(site, come), choices=choices, changed=changed)
