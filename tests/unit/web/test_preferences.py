"""The page of preferences: what is chosen there and nothing else is written; breaks end by themselves."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from engage.contacts.consent import states
from engage.model.tracking import Tracking, TrackingRules
from tests.builders import NOON
from tests.unit.web.site import Visitor

MONTH = timedelta(days=32)


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


def save(visitor: Visitor, *choices: str, shown: tuple[str, ...] = (), open: tuple[str, ...] = (), **more: object) -> str:
    form = {"action": "save", "choice": list(choices), "shown": list(shown), "open": list(open), **more}
    answer = visitor.client.post(visitor.link("p"), data=form)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_page_lists_what_can_be_chosen_by_the_ways_that_reach_the_contact(visitor: Visitor) -> None:
    page = visitor.client.get(visitor.link("p")).text
    assert re.findall(r'type="checkbox" name="choice" value="([^"]+)"( checked)?', page) == [
        ("care.email", " checked"), ("care.sms", " checked"), ("marketing.email", " checked"), ("marketing.sms", " checked"),
        ("club.email", ""), ("club.sms", ""),
    ]
    assert "Service" not in page
    assert visitor.lines() == []


def test_what_is_unticked_is_withdrawn_and_what_is_ticked_granted_with_what_was_read() -> None:
    visitor = Visitor(wording="I want news.")
    page = save(visitor, "club.email", "care.email", shown=("care.email", "care.sms"), open=("club.email", "club.sms"))
    assert 'role="status"' in page
    assert sorted(visitor.lines()) == [("care", "sms", False), ("club", "email", True)]
    save(visitor, shown=("marketing.email",))
    save(visitor, "marketing.email", open=("marketing.email",))
    granted = visitor.ledger.lines(visitor.ana)[-1]
    assert (granted.source, granted.ground, granted.locale) == ("preferences", "consent", "en")
    assert [text.text for text in visitor.ledger.wordings([granted.wording or ""]).values()] == ["I want news."]


def test_a_form_that_lay_open_undoes_nothing_that_was_said_meanwhile(visitor: Visitor) -> None:
    visitor.client.post(visitor.link("u"))
    save(visitor, "care.email", "care.sms", shown=("care.email", "care.sms"))
    assert not visitor.state("care", "email")
    assert visitor.lines() == [("care", "email", False)]


def test_saving_twice_changes_nothing_the_second_time(visitor: Visitor) -> None:
    for _ in range(3):
        save(visitor, "club.email", shown=("care.email",), open=("club.email",), frequency="weekly")
    assert sorted(visitor.lines()) == [("care", "email", False), ("club", "email", True)]


def test_a_choice_about_another_channel_stays_the_contacts_own(visitor: Visitor) -> None:
    neighbour = visitor.neighbour()
    save(visitor, shown=("care.sms",))
    assert visitor.lines(neighbour) == []


@pytest.mark.parametrize("form", [
    {"action": "save", "choice": "service.email", "open": "service.email"}, {"action": "save", "choice": "x.email", "open": "x.email"},
    {"action": "save", "shown": "care.pigeon"}, {"action": "save", "frequency": "hourly"}, {"action": "pause", "months": "7"},
    {"action": "burn"}, {},
])
def test_what_cannot_be_chosen_is_refused(visitor: Visitor, form: dict[str, str]) -> None:
    assert visitor.client.post(visitor.link("p"), data=form).status_code == 422
    assert visitor.lines() == []


def test_how_often_becomes_the_contacts_own_limit_and_can_be_lifted(visitor: Visitor) -> None:
    for chosen, kept in (("monthly", "monthly"), ("any", None)):
        page = save(visitor, frequency=chosen)
        assert f'value="{chosen}" checked' in page
        known = visitor.people.find("ana")
        assert known is not None
        assert known.text("frequency") == kept


def test_a_form_that_lay_open_leaves_how_often_as_it_was_chosen_meanwhile(visitor: Visitor) -> None:
    assert 'name="frequency_shown" value="any"' in visitor.client.get(visitor.link("p")).text
    save(visitor, frequency_shown="any", frequency="weekly")
    assert 'value="weekly" checked' in save(visitor, frequency_shown="any", frequency="any")
    assert 'value="any" checked' in save(visitor, frequency_shown="weekly", frequency="any")


def test_whether_opens_and_clicks_are_recorded_is_the_contacts_own_word(visitor: Visitor) -> None:
    assert "tracking" not in visitor.client.get(visitor.link("p")).text
    rules = TrackingRules(default=Tracking(clicks=True))
    visitor.workspace = replace(visitor.workspace, settings=replace(visitor.workspace.settings, tracking=rules))
    assert 'name="tracking" value="on" checked' in visitor.client.get(visitor.link("p")).text
    save(visitor, tracking_shown="on", tracking="on")
    assert _word(visitor) is None
    assert 'name="tracking" value="on">' in save(visitor, tracking_shown="on")
    assert _word(visitor) is False
    save(visitor, tracking_shown="off", tracking="on")
    assert _word(visitor) is True


def _word(visitor: Visitor) -> object:
    known = visitor.people.find("ana")
    assert known is not None
    return known.attributes.get("tracking")


def test_a_break_stops_what_they_get_and_ends_by_itself(visitor: Visitor) -> None:
    save(visitor, shown=("care.sms",))
    page = visitor.client.post(visitor.link("p"), data={"action": "pause", "months": "1"}).text
    assert "25. marec 2026" in page
    assert [visitor.state("care", "email"), visitor.state("marketing", "sms"), visitor.state("club", "email")] == [False, False, False]
    visitor.clock.moment = NOON + MONTH
    assert [visitor.state("care", "email"), visitor.state("marketing", "sms"), visitor.state("club", "email")] == [True, True, False]
    assert not visitor.state("care", "sms")


def test_a_break_can_be_ended_and_gives_back_only_what_it_took(visitor: Visitor) -> None:
    visitor.client.post(visitor.link("u"))
    visitor.client.post(visitor.link("p"), data={"action": "pause", "months": "3"})
    page = visitor.client.post(visitor.link("p"), data={"action": "resume"}).text
    assert "Končaj premor" not in page
    assert [visitor.state("care", "email"), visitor.state("care", "sms"), visitor.state("club", "email")] == [False, True, False]


def test_who_unsubscribes_during_a_break_stays_unsubscribed_after_it(visitor: Visitor) -> None:
    visitor.client.post(visitor.link("u"))
    save(visitor, "care.email", open=("care.email",))
    visitor.client.post(visitor.link("p"), data={"action": "pause", "months": "1"})
    assert "ne boste več prejemali" in visitor.client.post(visitor.link("u")).text
    visitor.clock.moment = NOON + MONTH
    assert not visitor.state("care", "email")


def test_a_break_by_the_address_of_the_message_counts_for_everyone_who_shares_it(visitor: Visitor) -> None:
    neighbour = visitor.neighbour()
    visitor.client.post(visitor.link("p"), data={"action": "pause", "months": "1"})
    found = states(visitor.ledger.lines(neighbour), list(visitor.workspace.settings.purposes.values()), contact_id=neighbour, now=NOON)
    assert {state.purpose for state in found if state.paused_until is not None and state.channel == "email"} == {"care", "marketing"}


def test_nothing_any_more_withdraws_all_by_every_way_and_once(visitor: Visitor) -> None:
    for _ in range(2):
        page = visitor.client.post(visitor.link("p"), data={"action": "none"}).text
    assert " checked>" not in page.split('name="frequency"')[0]
    assert len(visitor.lines()) == 6, "two purposes that are on, by three kinds of channel"
    assert not any(granted for *_, granted in visitor.lines())
