"""`/s/{token}`: the second half of a double opt-in. The link of a message that somebody asked for, and a button that grants.

The grant is by the kind of channel that the message came by, as whoever presses the button has read what came there; never by another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from engage.model.consent import Wording
from engage.model.contact import Consent, Ground
from engage.model.workspace import Purpose
from engage.planning.incoming import read_event
from engage.web.pages import Pages
from engage.web.visits import GONE, Lost, Said, Visit, Visits, answer

SOURCE = "double opt-in"
CONFIRMED = "consent.confirmed"
"""The event of a confirmation, where engage.yaml declares it."""

GOOD_FOR = timedelta(days=7)
"""After the message went."""


def add(public: APIRouter, visits: Visits, pages: Pages) -> None:
    """The routes."""
    @public.get("/s/{token}")
    def show(token: str) -> HTMLResponse:
        come, purpose = _asked(visits, *visits.saying("s", token))
        return _page(visits, pages, come, purpose)

    @public.post("/s/{token}")
    def confirm(token: str) -> HTMLResponse:
        come, purpose = _asked(visits, *visits.saying("s", token))
        if not _given(visits, come, purpose) and not _is_too_old(visits, come):
            _grant(visits, pages, come, purpose, now=visits.site.clock.now())
            visits.site.intake.told()
        return _page(visits, pages, come, purpose)


def _asked(visits: Visits, come: Visit, said: Said) -> tuple[Visit, Purpose]:
    """What is to be confirmed. Raises Lost where it asks for nothing any more."""
    purpose = visits.site.workspace().settings.purposes.get(str(said["p"]))
    if purpose is None or purpose.is_transactional(come.kind):
        raise Lost(404, GONE)
    company = purpose.company or visits.site.workspace().settings.company
    return replace(come, company=company), purpose


def _page(visits: Visits, pages: Pages, come: Visit, purpose: Purpose) -> HTMLResponse:
    given = _given(visits, come, purpose)
    allowed = next(state.may_write for state in visits.states(come, [purpose], paused=False) if state.channel is come.kind)
    if given and not allowed:
        return answer(pages.note(come.reader, "used", preferences=visits.path_to_preferences(come)))
    if not given and _is_too_old(visits, come):
        return answer(pages.note(come.reader, "expired", preferences=visits.path_to_preferences(come)))
    names = {"purpose": visits.title(come, purpose), "channel": come.kind.value}
    return answer(pages.confirmation(come.reader, names, wording=_read(visits, pages, come, purpose).text, done=bool(given)))


def _is_too_old(visits: Visits, come: Visit) -> bool:
    return visits.site.clock.now() - come.letter.at > GOOD_FOR


def _given(visits: Visits, come: Visit, purpose: Purpose) -> Sequence[Consent]:
    """What this very link granted before: it grants once, so that it undoes no withdrawal that came after."""
    proof = _proof(come)
    return [line for line in visits.lines(come) if line.purpose == purpose.name and line.granted and line.proof == proof]


def _proof(come: Visit) -> str:
    return f"the button behind the link of message {come.letter.delivery_id} ({come.letter.message}, by {come.letter.channel})"


def _read(visits: Visits, pages: Pages, come: Visit, purpose: Purpose) -> Wording:
    """The words above the button, which are kept: the purpose's wording, else the question."""
    wording = visits.texts().wording(purpose, come.reader.locale)
    names = {"purpose": visits.title(come, purpose), "channel": come.kind.value}
    question = pages.says(come.reader, "confirm_question", names)
    return wording or Wording(purpose=purpose.name, locale=pages.language(come.reader.locale), text=question)


def _grant(visits: Visits, pages: Pages, come: Visit, purpose: Purpose, *, now: datetime) -> None:
    read = _read(visits, pages, come, purpose)
    line = Consent(
        contact_id=come.contact.id, purpose=purpose.name, channel=come.kind, granted=True, at=now, source=SOURCE, proof=_proof(come),
        ground=Ground.CONSENT, wording=read.hash, locale=read.locale,
    )
    visits.site.ledger.record([line], wordings=[read])
    events = visits.site.workspace().settings.events
    if CONFIRMED in events:
        said = {"purpose": purpose.name, "channel": come.kind.value}
        data = {name: value for name, value in said.items() if name in events[CONFIRMED]}
        id_ = f"confirmed:{come.letter.delivery_id}:{purpose.name}"
        event = read_event(id=id_, type=CONFIRMED, at=now, data=data, contact_ref=None, now=now, declared=events).event
        visits.site.intake.take(replace(event, contact_id=come.contact.id))
