"""`/a/{token}`: an answer that stood behind a link of a message, one that scores (CSAT 1 to 5, NPS 0 to 10) or any other.

The page shows the answer of the link chosen; only its button counts. It becomes an event of the type that the link names, with what the
link carries, and what the run began with, where the event declares a field of that name. The first answer to a message counts. Where
engage.yaml declares `<survey>.commented` (`csat.commented`) there is room for words afterwards, which become that event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import HTMLResponse

from engage.model.contact import AttributeKind, Event
from engage.model.errors import InputError
from engage.planning.incoming import read_event
from engage.web.pages import Asked, Pages
from engage.web.visits import Said, Visit, Visits, answer, words

SCORE, COMMENT = "score", "comment"
SCALES = {"csat": tuple(range(1, 6)), "nps": tuple(range(11))}
"""By how the event's type begins."""

OPEN_FOR = timedelta(days=90)
"""After the message went; older ones are not asked about any more."""

LONGEST_COMMENT = 2_000


def add(public: APIRouter, visits: Visits, pages: Pages) -> None:
    """The routes."""
    @public.get("/a/{token}")
    def show(token: str) -> HTMLResponse:
        come, said = visits.saying("a", token)
        if _is_too_old(visits, come):
            return answer(pages.note(come.reader, "expired", preferences=visits.path_to_preferences(come)))
        return answer(pages.question(come.reader, _asked(visits, said)))

    @public.post("/a/{token}")
    def tell(
        token: str, score: Annotated[int | None, Form()] = None, comment: Annotated[str | None, Form()] = None,
    ) -> HTMLResponse:
        come, said = visits.saying("a", token)
        if _is_too_old(visits, come):
            return answer(pages.note(come.reader, "expired", preferences=visits.path_to_preferences(come)))
        if comment is not None:
            state = _comment(visits, come, said, comment)
        else:
            state = "answered" if _answer(visits, come, said, score) else "before"
        visits.site.intake.told()
        return answer(pages.question(come.reader, replace(_asked(visits, said), state=state)))


def _is_too_old(visits: Visits, come: Visit) -> bool:
    return visits.site.clock.now() - come.letter.at > OPEN_FOR


def _asked(visits: Visits, said: Said) -> Asked:
    """The question of the page."""
    type_, data = str(said["e"]), _data(said)
    survey, scale = _survey(type_), _scale(visits, type_)
    score = data.get(SCORE)
    return Asked(
        question=f"question_{survey}" if scale else "question_other", scale=scale, score=score if isinstance(score, int) else None,
        said=() if scale else tuple(str(value) for value in data.values()), longest=LONGEST_COMMENT,
        comments=_commented(type_) in visits.site.workspace().settings.events,
    )


def _data(said: Said) -> Mapping[str, object]:
    data = said.get("d")
    return data if isinstance(data, Mapping) else {}


def _survey(type_: str) -> str:
    return type_.partition(".")[0]


def _commented(type_: str) -> str:
    return f"{_survey(type_)}.commented"


def _scale(visits: Visits, type_: str) -> tuple[int, ...]:
    """The scores to choose from; none where the event is no survey's, or declares no number `score`."""
    declared = visits.site.workspace().settings.events.get(type_, {})
    return SCALES.get(_survey(type_), ()) if declared.get(SCORE) is AttributeKind.NUMBER else ()


def _answer(visits: Visits, come: Visit, said: Said, score: int | None) -> bool:
    """Take the answer; False where one to this message was taken before."""
    type_, data = str(said["e"]), _data(said)
    scale = _scale(visits, type_)
    if scale:
        chosen = data.get(SCORE) if score is None else score
        if chosen not in scale:
            raise HTTPException(422, f"a score is one of {scale[0]} to {scale[-1]}")
        data = {**data, SCORE: chosen}
    return _take(visits, come, type_, data, id_=f"answer:{come.letter.delivery_id}:{type_}")


def _comment(visits: Visits, come: Visit, said: Said, comment: str) -> str:
    """Take the words of somebody who answered; what became of it."""
    type_ = _commented(str(said["e"]))
    if type_ not in visits.site.workspace().settings.events:
        raise HTTPException(422, "nobody would read a comment here")
    text = words(comment, longest=LONGEST_COMMENT)
    if text:
        _take(visits, come, type_, {COMMENT: text}, id_=f"answer:{come.letter.delivery_id}:{type_}")
    return "commented" if text else "answered"


def _take(visits: Visits, come: Visit, type_: str, data: Mapping[str, object], *, id_: str) -> bool:
    """The event, with what the run began with where the event declares a field of that name. Raises HTTPException 422."""
    events, now = visits.site.workspace().settings.events, visits.site.clock.now()
    declared = events.get(type_, {})
    began = visits.site.letters.trigger(come.letter.run_id) if come.letter.run_id is not None else {}
    carried = {name: value for name, value in began.items() if name in declared and value is not None}
    try:
        incoming = read_event(id=id_, type=type_, at=now, data={**carried, **data}, contact_ref=None, now=now, declared=events)
    except InputError as error:  # the event is declared otherwise now than when the message went
        raise HTTPException(422, error.problems[0].what) from error
    event: Event = replace(incoming.event, contact_id=come.contact.id)
    return visits.site.intake.take(event)
