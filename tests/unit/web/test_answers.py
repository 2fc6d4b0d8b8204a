"""Links that answer: a survey's score, a confirmation. Looking counts for nothing, the button once, an old link not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engage.web.answering import OPEN_FOR
from engage.web.confirming import GOOD_FOR
from tests.builders import NOON
from tests.unit.web.site import Visitor

CSAT = {"e": "csat.answered", "d": {"score": 5}}
AFTER = timedelta(seconds=1)


@pytest.fixture
def visitor() -> Visitor:
    return Visitor(locale="en", trigger={"ticket_id": "T1", "channel": "email", "event_id": "e1"})


def test_looking_shows_the_answer_chosen_and_counts_for_nothing(visitor: Visitor) -> None:
    page = visitor.client.get(visitor.answer("a", **CSAT))
    assert page.status_code == 200
    assert page.text.count('type="radio"') == 5
    assert 'name="score" value="5" required checked' in page.text
    assert visitor.intake.taken == {}


def test_the_button_makes_an_event_with_what_the_run_began_with(visitor: Visitor) -> None:
    page = visitor.client.post(visitor.answer("a", **CSAT), data={"score": "4"})
    assert "Thank you for your answer." in page.text
    (event,) = visitor.intake.taken.values()
    assert (event.type, event.contact_id, event.at) == ("csat.answered", visitor.ana, NOON)
    assert event.data == {"ticket_id": "T1", "score": 4}
    assert visitor.intake.nudged


def test_the_first_answer_to_a_message_counts_whichever_link_comes_next(visitor: Visitor) -> None:
    visitor.client.post(visitor.answer("a", **CSAT), data={"score": "5"})
    again = visitor.client.post(visitor.answer("a", e="csat.answered", d={"score": 1}), data={"score": "1"})
    assert "Your first answer counts." in again.text
    assert [event.data["score"] for event in visitor.intake.taken.values()] == [5]


def test_words_may_follow_and_become_an_event_of_their_own(visitor: Visitor) -> None:
    page = visitor.client.post(visitor.answer("a", **CSAT), data={"score": "2"}).text
    assert "<textarea" in page
    told = visitor.client.post(visitor.answer("a", **CSAT), data={"comment": " Too \u202elate\x07,\r\nsorry "}).text
    assert "passed on" in told
    assert [event.data for event in visitor.intake.taken.values() if event.type == "csat.commented"] == [
        {"ticket_id": "T1", "comment": "Too late,\nsorry"},
    ]
    visitor.client.post(visitor.answer("a", **CSAT), data={"comment": " \x00 "})
    assert len(visitor.intake.taken) == 2


def test_a_comment_that_nobody_asked_for_is_refused(visitor: Visitor) -> None:
    link = visitor.answer("a", e="nps.answered", d={"score": 9})
    assert "<textarea" not in visitor.client.post(link, data={"score": "9"}).text
    assert visitor.client.post(link, data={"comment": "Hello"}).status_code == 422


@pytest.mark.parametrize(("event", "score", "status"), [
    ("csat.answered", "0", 422), ("csat.answered", "6", 422), ("csat.answered", "x", 422), ("nps.answered", "0", 200),
    ("nps.answered", "10", 200), ("nps.answered", "11", 422), ("nps.answered", "-1", 422),
])
def test_a_score_is_one_of_its_scale(visitor: Visitor, event: str, score: str, status: int) -> None:
    assert visitor.client.post(visitor.answer("a", e=event, d={}), data={"score": score}).status_code == status
    assert len(visitor.intake.taken) == (status == 200)


def test_nps_goes_from_nought_to_ten(visitor: Visitor) -> None:
    page = visitor.client.get(visitor.answer("a", e="nps.answered", d={"score": 0})).text
    assert page.count('type="radio"') == 11
    assert 'value="0" required checked' in page


def test_any_other_answer_is_shown_in_words_and_sent_by_its_button(visitor: Visitor) -> None:
    link = visitor.answer("a", e="visit.planned", d={"day": "<b>Monday</b>"})
    page = visitor.client.get(link).text
    assert "&lt;b&gt;Monday&lt;/b&gt;" in page
    visitor.client.post(link)
    assert [event.data for event in visitor.intake.taken.values()] == [{"day": "<b>Monday</b>"}]


def test_a_survey_that_is_over_takes_no_answer(visitor: Visitor) -> None:
    visitor.clock.moment = NOON + OPEN_FOR + AFTER
    for answer in (visitor.client.get(visitor.answer("a", **CSAT)), visitor.client.post(visitor.answer("a", **CSAT), data={"score": "5"})):
        assert "too old" in answer.text
    assert visitor.intake.taken == {}


@pytest.mark.parametrize("kind", ["a", "s"])
def test_a_link_that_was_cut_short_or_changed_is_not_found(visitor: Visitor, kind: str) -> None:
    whole = visitor.answer(kind, **CSAT, p="club")
    other = visitor.answer("s" if kind == "a" else "a", **CSAT, p="club").replace("/s/", "/a/").replace("/a/", f"/{kind}/")
    changed = whole[:20] + whole[20].swapcase() + "_" + whole[22:]
    for path in (whole[:-1], changed, whole + "AAAA", f"/{kind}/x", other, f"/{kind}/{'A' * 5000}"):
        for answer in (visitor.client.get(path), visitor.client.post(path)):
            assert answer.status_code == 404, path
    assert visitor.intake.taken == {}


def test_people_whose_link_leads_nowhere_are_told_so_in_their_browsers_language(visitor: Visitor) -> None:
    browser = {"accept": "text/html,*/*", "accept-language": "nl-BE,sl;q=0.8,en;q=0.5"}
    answer = visitor.client.get("/a/x", headers=browser)
    assert (answer.status_code, "Ta povezava ne deluje" in answer.text) == (404, True)
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_confirmation_grants_by_its_button_with_the_words_above_it(visitor: Visitor) -> None:
    link = visitor.answer("s", p="club")
    page = visitor.client.get(link).text
    assert "The club" in page
    assert visitor.lines() == []
    assert "You will receive" in visitor.client.post(link).text
    (line,) = visitor.ledger.lines(visitor.ana)
    assert (line.purpose, line.channel, line.granted, line.source) == ("club", "email", True, "double opt-in")
    assert "message 1 (birthday, by email)" in (line.proof or "")
    (wording,) = visitor.ledger.wordings([line.wording or ""]).values()
    assert (wording.locale, "The club" in wording.text) == ("en", True)
    (event,) = visitor.intake.taken.values()
    assert (event.type, event.data) == ("consent.confirmed", {"purpose": "club", "channel": "email"})


def test_a_confirmation_grants_once_and_undoes_no_withdrawal_that_came_after(visitor: Visitor) -> None:
    link = visitor.answer("s", p="club")
    for _ in range(3):
        visitor.client.post(link)
    assert visitor.lines() == [("club", "email", True)]
    visitor.clock.moment = NOON + AFTER
    visitor.client.post(visitor.link("p"), data={"action": "none"})
    assert "used before" in visitor.client.get(link).text
    visitor.client.post(link)
    assert not visitor.state("club", "email")


def test_a_confirmation_that_comes_too_late_grants_nothing(visitor: Visitor) -> None:
    visitor.clock.moment = NOON + GOOD_FOR + AFTER
    assert "too old" in visitor.client.post(visitor.answer("s", p="club")).text
    assert visitor.lines() == []


@pytest.mark.parametrize("purpose", ["service", "gone"])
def test_what_needs_no_consent_or_is_gone_is_not_confirmed(visitor: Visitor, purpose: str) -> None:
    assert visitor.client.post(visitor.answer("s", p=purpose)).status_code == 404
    assert visitor.lines() == []
