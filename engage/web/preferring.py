"""`/p/{token}`: what people want of us, by which ways, how often; a break; nothing any more.

A form says what it showed and what was chosen, and only what differs is written: one that lay open for a week undoes nothing that was
said meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import HTMLResponse

from engage.contacts.consent import ConsentState
from engage.feedback import Response
from engage.model.campaign import FREQUENCIES
from engage.model.consent import Wording
from engage.model.contact import ChannelKind, Consent, Contact, Ground
from engage.model.history import Kind
from engage.model.localtime import add as later
from engage.model.localtime import zone, zones_of
from engage.model.time import Duration
from engage.model.tracking import WISH
from engage.model.workspace import Purpose
from engage.web.pages import Choices, Pages
from engage.web.pages.questions import Choice, Topic
from engage.web.visits import Visit, Visits, answer

SOURCE = "preferences"
BREAKS = (1, 3)
"""Months of a break."""

ON = "on"
TEMPLATES = "templates/"

ANY = "any"
"""As often as there is something."""

NOTHING: Sequence[str] = ()


class Action(StrEnum):
    """What the buttons of the page do."""

    SAVE = "save"
    PAUSE = "pause"
    RESUME = "resume"
    NONE = "none"


def add(public: APIRouter, visits: Visits, pages: Pages) -> None:
    """The routes."""
    @public.get("/p/{token}")
    def preferences(token: str) -> HTMLResponse:
        return page(visits, pages, visits.of("p", token), changed=False)

    @public.post("/p/{token}")
    def prefer(
        token: str, action: Annotated[Action, Form()], choice: Annotated[Sequence[str], Form()] = NOTHING,
        shown: Annotated[Sequence[str], Form()] = NOTHING, open: Annotated[Sequence[str], Form()] = NOTHING,
        frequency: Annotated[str | None, Form()] = None, frequency_shown: Annotated[str | None, Form()] = None,
        months: Annotated[int | None, Form()] = None,
        tracking: Annotated[str | None, Form()] = None, tracking_shown: Annotated[str | None, Form()] = None,
    ) -> HTMLResponse:
        come = visits.of("p", token)
        if frequency is not None and frequency not in (ANY, *FREQUENCIES):
            raise HTTPException(422, "there is no such frequency")
        match action:
            case Action.SAVE:
                _save(visits, pages, come, wanted=set(choice) & set(open), unwanted=set(shown) - set(choice))
                _save_frequency(visits, come, frequency, shown=frequency_shown)
                if tracking_shown is not None and (tracking == ON) is not (tracking_shown == ON):
                    visits.site.people.change(come.contact.id, {WISH: tracking == ON}, now=visits.site.clock.now())
            case Action.PAUSE:
                _pause(visits, come, months)
            case Action.RESUME:
                _resume(visits, pages, come)
            case Action.NONE:
                _withdraw(visits, come, [(state.purpose, state.channel) for state in _states(visits, come) if state.may_write])
        visits.site.intake.told()
        return page(visits, pages, come, changed=True)


def page(visits: Visits, pages: Pages, come: Visit, *, changed: bool) -> HTMLResponse:
    """The page as things stand now."""
    contact = visits.site.letters.reader(come.contact.id) or come.contact
    wish = contact.text("frequency") or ANY
    choices = Choices(
        topics=tuple(_topics(visits, come)), frequencies=(ANY, *FREQUENCIES), frequency=wish if wish in FREQUENCIES else ANY,
        paused_until=_paused_until(visits, come), breaks=BREAKS,
        tracking=visits.site.workspace().settings.tracking.may(contact) if _is_tracking(visits, contact) else None,
    )
    return answer(pages.preferences(come.reader, choices, changed=changed))


def _is_tracking(visits: Visits, contact: Contact) -> bool:
    """Whether any message may record opens or clicks, by engage.yaml or by its own front matter; or the contact said something of it."""
    workspace = visits.site.workspace()
    default = workspace.settings.tracking.default
    if default.opens or default.clicks or WISH in contact.attributes:
        return True
    return any(name.startswith(TEMPLATES) and b"\ntrack:" in text for name, text in workspace.files.items())


def _topics(visits: Visits, come: Visit) -> Iterator[Topic]:
    ways = _ways(visits, come)
    found: dict[str, list[Choice]] = {}
    for state in _states(visits, come):
        if state.channel in ways:
            way = Choice(value=f"{state.purpose}.{state.channel}", channel=state.channel, chosen=state.may_write)
            found.setdefault(state.purpose, []).append(way)
    for name, choices in found.items():
        purpose = visits.site.workspace().settings.purposes[name]
        wording = visits.texts().wording(purpose, come.reader.locale)
        yield Topic(title=visits.title(come, purpose), wording=wording and wording.text, ways=tuple(choices))


def _ways(visits: Visits, come: Visit) -> set[ChannelKind]:
    """The kinds of channel by which the contact can be reached, as far as anybody uses them."""
    used = {channel.kind for channel in visits.site.workspace().settings.channels.values() if channel.to is None}
    return {kind for kind in used if come.contact.address(kind)}


def _states(visits: Visits, come: Visit, *, paused: bool = False) -> Sequence[ConsentState]:
    """Where they stand with all that can be chosen, by every kind of channel; breaks set aside unless `paused`."""
    purposes = visits.site.workspace().settings.purposes
    found = visits.states(come, list(purposes.values()), paused=paused)
    return [state for state in found if not purposes[state.purpose].is_transactional(state.channel)]


def _paused_until(visits: Visits, come: Visit) -> datetime | None:
    """When the last of the contact's breaks ends, as its own days go."""
    ends = [state.paused_until for state in _states(visits, come, paused=True) if state.paused_until is not None]
    return max(ends).astimezone(_zone(visits, come)) if ends else None


def _zone(visits: Visits, come: Visit) -> ZoneInfo:
    names = come.contact.zones.names
    return zones_of(come.contact.zones)[0] if names else zone(visits.site.workspace().settings.timezone)


def _save(visits: Visits, pages: Pages, come: Visit, *, wanted: set[str], unwanted: set[str]) -> None:
    chosen, left = [_chosen(visits, value) for value in sorted(wanted)], [_chosen(visits, value) for value in sorted(unwanted)]
    may = {(state.purpose, state.channel): state.may_write for state in _states(visits, come)}
    _grant(visits, pages, come, [pair for pair in chosen if not may[pair]])
    _withdraw(visits, come, [pair for pair in left if may[pair]])


def _save_frequency(visits: Visits, come: Visit, frequency: str | None, *, shown: str | None) -> None:
    """What was chosen, where that is not what the form `shown` had chosen already."""
    if frequency is not None and frequency != shown and frequency != (come.contact.text("frequency") or ANY):
        wish = None if frequency == ANY else frequency
        visits.site.people.change(come.contact.id, {"frequency": wish}, now=visits.site.clock.now())


def _chosen(visits: Visits, value: str) -> tuple[str, ChannelKind]:
    """The purpose and kind of channel of a box. Raises HTTPException 422 where nobody was asked about that."""
    name, _, channel = value.rpartition(".")
    purpose = visits.site.workspace().settings.purposes.get(name)
    kind = next((kind for kind in ChannelKind if kind.value == channel), None)
    if purpose is None or kind is None or purpose.is_transactional(kind):
        raise HTTPException(422, "there is nothing to choose about that")
    return name, kind


def _grant(visits: Visits, pages: Pages, come: Visit, pairs: Sequence[tuple[str, ChannelKind]]) -> None:
    purposes, now = visits.site.workspace().settings.purposes, visits.site.clock.now()
    read = {name: _read(visits, pages, come, purposes[name]) for name, _ in pairs}
    lines = [
        Consent(
            contact_id=come.contact.id, purpose=name, channel=kind, granted=True, at=now, source=SOURCE, ground=Ground.CONSENT,
            wording=read[name].hash, locale=read[name].locale, proof=f"the preferences by the link of message {come.letter.delivery_id}",
        )
        for name, kind in pairs
    ]
    if lines:
        visits.site.ledger.record(lines, wordings=list(read.values()))


def _read(visits: Visits, pages: Pages, come: Visit, purpose: Purpose) -> Wording:
    """What stood beside the box: the purpose's wording, else its title."""
    wording = visits.texts().wording(purpose, come.reader.locale)
    title = visits.title(come, purpose)
    return wording or Wording(purpose=purpose.name, locale=pages.language(come.reader.locale), text=title)


def _withdraw(visits: Visits, come: Visit, pairs: Sequence[tuple[str, ChannelKind]]) -> None:
    now = visits.site.clock.now()
    told = [
        Response(kind=Kind.UNSUBSCRIBED, at=now, delivery_id=come.letter.delivery_id, purpose=name, by=kind, source=SOURCE)
        for name, kind in pairs
    ]
    if told:
        visits.site.feedback.take(told, now=now)


def _pause(visits: Visits, come: Visit, months: int | None) -> None:
    """A withdrawal that ends by itself, of all that they get; by the address that the message came to, for all who share it."""
    if months not in BREAKS:
        raise HTTPException(422, "a break has one or three months")
    now = visits.site.clock.now()
    ends = later(now, Duration(months=months), _zone(visits, come))
    lines = [
        Consent(
            contact_id=come.contact.id, purpose=state.purpose, channel=state.channel, granted=False, at=now, source=SOURCE,
            expires_at=ends, address_key=come.letter.address_key if state.channel is come.kind else None,
        )
        for state in _states(visits, come, paused=True) if state.may_write
    ]
    if lines:
        visits.site.ledger.record(lines)


def _resume(visits: Visits, pages: Pages, come: Visit) -> None:
    """Grants what is paused, and nothing that was withdrawn before."""
    would: Mapping[tuple[str, ChannelKind], bool] = {
        (state.purpose, state.channel): state.may_write for state in _states(visits, come)
    }
    paused = [(state.purpose, state.channel) for state in _states(visits, come, paused=True) if state.paused_until is not None]
    _grant(visits, pages, come, [pair for pair in paused if would[pair]])
