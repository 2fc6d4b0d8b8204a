"""The links of a message: only POST changes anything, repeating it changes nothing more, and nobody else learns of the visit."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from engage.store.tables import events
from tests.unit.web.site import Visitor

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


def test_a_get_of_the_unsubscribe_link_asks_and_changes_nothing(visitor: Visitor) -> None:
    page = visitor.client.get(visitor.link("u"))
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert visitor.lines() == []


def test_one_click_unsubscribes_from_this_purpose_and_channel_without_a_redirect(visitor: Visitor) -> None:
    answer = visitor.client.post(visitor.link("u"), data=ONE_CLICK)
    assert answer.status_code == 200
    assert visitor.lines() == [("care", "email", False)]
    assert visitor.touches() == ["sent", "consent_withdrawn", "unsubscribed"]


def test_the_button_of_the_page_does_the_same_as_one_click(visitor: Visitor) -> None:
    answer = visitor.client.post(visitor.link("u"))
    assert "ne boste več prejemali" in answer.text
    assert visitor.lines() == [("care", "email", False)]


def test_unsubscribing_twice_is_harmless(visitor: Visitor) -> None:
    for _ in range(3):
        assert visitor.client.post(visitor.link("u"), data=ONE_CLICK).status_code == 200
    assert visitor.lines() == [("care", "email", False)]
    assert visitor.touches().count("unsubscribed") == 1


def test_an_unsubscription_is_an_event_that_campaigns_see(visitor: Visitor) -> None:
    visitor.client.post(visitor.link("u"))
    with visitor.database.read() as connection:
        (event,) = connection.execute(sa.select(events)).mappings()
    assert (event["type"], event["contact_id"], event["pending"]) == ("message.unsubscribed", visitor.ana, True)
    assert event["data"]["message"] == "birthday"


def test_who_came_back_may_leave_again_by_the_same_link(visitor: Visitor) -> None:
    for granted in ("false", "true", "false", "false"):
        visitor.client.post(visitor.link("p"), data={"purpose": "care", "channel": "email", "granted": granted})
    assert [granted for *_, granted in visitor.lines()] == [False, True, False]


def test_a_withdrawal_by_link_counts_for_everyone_who_shares_the_address(visitor: Visitor) -> None:
    neighbour = visitor.neighbour()
    visitor.client.post(visitor.link("u"))
    assert visitor.lines(neighbour) == [("care", "email", False)]


def test_a_message_that_asks_no_consent_leads_to_the_preferences() -> None:
    visitor = Visitor(purpose="service")
    assert "Birthday wishes" in visitor.client.get(visitor.link("u")).text
    assert "Birthday wishes" in visitor.client.post(visitor.link("u"), data=ONE_CLICK).text
    assert visitor.lines() == []


def test_the_preferences_list_what_can_be_chosen_by_the_ways_that_reach_the_contact(visitor: Visitor) -> None:
    page = visitor.client.get(visitor.link("p")).text
    assert len(re.findall(r"<section>", page)) == 4
    assert "Service" not in page
    assert visitor.lines() == []


def test_a_choice_in_the_preferences_is_written_and_can_be_taken_back(visitor: Visitor) -> None:
    path = visitor.link("p")
    visitor.client.post(path, data={"purpose": "marketing", "channel": "sms", "granted": "false"})
    page = visitor.client.post(path, data={"purpose": "marketing", "channel": "sms", "granted": "true"})
    assert 'role="status"' in page.text
    assert visitor.lines() == [("marketing", "sms", False), ("marketing", "sms", True)]


def test_a_choice_about_another_channel_stays_the_contacts_own(visitor: Visitor) -> None:
    neighbour = visitor.neighbour()
    visitor.client.post(visitor.link("p"), data={"purpose": "care", "channel": "sms", "granted": "false"})
    assert visitor.lines(neighbour) == []


@pytest.mark.parametrize(("purpose", "channel"), [("service", "email"), ("nothing", "email"), ("care", "pigeon")])
def test_what_cannot_be_chosen_is_refused(visitor: Visitor, purpose: str, channel: str) -> None:
    answer = visitor.client.post(visitor.link("p"), data={"purpose": purpose, "channel": channel, "granted": "false"})
    assert answer.status_code == 422
    assert visitor.lines() == []


def test_the_message_can_be_read_in_the_browser_with_every_script_shut_out(visitor: Visitor) -> None:
    page = visitor.client.get(visitor.link("v"))
    assert page.text == "<p>Vse <b>najboljše</b>!</p>"
    assert page.headers["content-security-policy"].startswith("sandbox")


def test_a_message_of_text_alone_is_shown_escaped() -> None:
    visitor = Visitor(html=None, text="1 < 2")
    assert "<pre>1 &lt; 2</pre>" in visitor.client.get(visitor.link("v")).text


def test_a_message_whose_text_is_not_kept_any_more_says_so() -> None:
    visitor = Visitor(html=None, text=None)
    assert "ni več shranjeno" in visitor.client.get(visitor.link("v")).text


@pytest.mark.parametrize("kind", ["u", "p", "v"])
def test_a_link_of_another_kind_cut_short_or_about_somebody_else_is_not_found(visitor: Visitor, kind: str) -> None:
    other = {"u": "p", "p": "v", "v": "u"}[kind]
    swapped = f"/{kind}/{visitor.link(other).rpartition('/')[2]}"
    for path in (visitor.link(kind)[:-1], swapped, visitor.link(kind, contact=99), visitor.link(kind, delivery=99), f"/{kind}/x"):
        answer = visitor.client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["u", "p", "v"])
def test_a_page_is_not_indexed_kept_or_passed_on(visitor: Visitor, kind: str) -> None:
    headers = visitor.client.get(visitor.link(kind)).headers
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"].startswith("noindex")
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("locale", "language", "direction"),
    [
        ("sl", "sl", "ltr"), ("uk-UA", "uk", "ltr"), ("uz", "uz", "ltr"), ("uz-Cyrl", "en", "ltr"), ("ar-EG", "ar", "rtl"),
        ("ja", "en", "ltr"),
    ],
)
def test_a_page_speaks_the_language_of_the_message_where_it_can(locale: str, language: str, direction: str) -> None:
    visitor = Visitor(locale=locale)
    assert f'<html lang="{language}" dir="{direction}">' in visitor.client.get(visitor.link("u")).text


def test_what_people_wrote_is_escaped() -> None:
    visitor = Visitor(subject="<script>alert(1)</script>", html=None)
    assert "<script>" not in visitor.client.get(visitor.link("v")).text
