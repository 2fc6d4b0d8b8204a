"""Who comes by which link of a message: a token -> the letter that it stood in, its reader, and why we wrote. And how pages are sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from fastapi import HTTPException
from fastapi.responses import HTMLResponse

from engage.contacts.consent import ConsentState, states
from engage.model.consent import lasting
from engage.model.contact import ChannelKind, Consent, Contact
from engage.model.letter import Letter
from engage.model.tokens import BadToken, TokenPayload, sign, verify, verify_with
from engage.model.workspace import Company, Purpose
from engage.templates.purposes import PurposeTexts
from engage.web.pages import Reader
from engage.web.ports import Site

HEADERS = {
    "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}
NOT_OURS, GONE = "this link is not one of ours, or was cut short", "what this link was about is gone"

Said = Mapping[str, object]
"""What a link carries beside its ids."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Lost(HTTPException):
    """A link that leads nowhere; people are told so by a page."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who comes by which link: the letter that it stood in, and what is known of its reader."""

    letter: Letter
    contact: Contact
    purpose: Purpose
    kind: ChannelKind
    company: Company

    @property
    def reader(self) -> Reader:
        """For whom the page is: in the language of the message, else of its reader."""
        return Reader(locale=self.letter.locale or self.contact.text("locale"), company=self.company)


@final
class Visits:
    """Looks up who comes. Safe to use from many threads."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._texts: tuple[str, PurposeTexts] | None = None

    def of(self, kind: str, token: str) -> Visit:
        """Raises Lost for whatever is not a link of ours to something that still stands.

        What went to staff decides nothing for the contact that it was about.
        """
        try:
            come = self._visit(verify(self.site.secret, kind, token))
        except BadToken as error:
            raise Lost(404, NOT_OURS) from error
        if come.letter.fixed and kind != "v":
            raise Lost(404, GONE)
        return come

    def saying(self, kind: str, token: str) -> tuple[Visit, Said]:
        """The same of a link that carries something."""
        try:
            payload, text = verify_with(self.site.secret, kind, token)
        except BadToken as error:
            raise Lost(404, NOT_OURS) from error
        come = self._visit(payload)
        if come.letter.fixed:
            raise Lost(404, GONE)
        return come, json.loads(text)

    def texts(self) -> PurposeTexts:
        """What the purposes are called, and what people agree to."""
        workspace = self.site.workspace()
        known = self._texts
        if known is None or known[0] != workspace.hash:
            known = self._texts = (workspace.hash, PurposeTexts(workspace))
        return known[1]

    def title(self, come: Visit, purpose: Purpose) -> str:
        """What the reader calls the purpose."""
        return self.texts().title(purpose, come.reader.locale)

    def path_to_preferences(self, come: Visit) -> str:
        """Where everything can be chosen."""
        payload = TokenPayload(delivery_id=come.letter.delivery_id, contact_id=come.contact.id)
        return f"../p/{sign(self.site.secret, 'p', payload)}"

    def lines(self, come: Visit) -> Sequence[Consent]:
        """The lines of the ledger that count for the contact."""
        return self.site.ledger.lines(come.contact.id)

    def states(self, come: Visit, purposes: Sequence[Purpose], *, paused: bool) -> Sequence[ConsentState]:
        """Where the contact stands with these purposes; with or without the pauses that it asked for."""
        known = self.lines(come)
        lines = known if paused else lasting(known)
        return states(lines, purposes, contact_id=come.contact.id, now=self.site.clock.now())

    def _visit(self, payload: TokenPayload) -> Visit:
        site, settings = self.site, self.site.workspace().settings
        letter, contact = site.letters.letter(payload.delivery_id), site.letters.reader(payload.contact_id)
        if letter is not None and contact is not None and contact.erased and letter.contact_id != contact.id:
            contact = site.letters.reader(letter.contact_id)  # merged since: what it had is the other's
        if letter is None or contact is None or letter.contact_id != contact.id or contact.erased:
            raise Lost(404, GONE)
        purpose, channel = settings.purposes.get(letter.purpose), settings.channels.get(letter.channel)
        if purpose is None or channel is None:
            raise Lost(404, GONE)
        return Visit(
            letter=letter, contact=contact, purpose=purpose, kind=channel.kind, company=purpose.company or settings.company,
        )


def answer(html: str, *, status: int = 200) -> HTMLResponse:
    """A page of ours."""
    return HTMLResponse(html, headers=HEADERS, status_code=status)


def words(text: str, *, longest: int) -> str:
    """What people wrote into a field, without control characters and marks that turn the direction of what follows."""
    return _CONTROL.sub("", text.replace("\r\n", "\n")).strip()[:longest]
