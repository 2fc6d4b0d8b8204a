"""The links of a message: only POST changes anything, repeating it changes nothing more, and nobody else learns of the visit."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engage.store.people.merging import SqlMerging
from engage.store.schema.tables import events
from tests.builders import NOON
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


@pytest.mark.parametrize("kind", ["u", "p", "v"])
def test_a_link_checker_that_asks_for_the_head_alone_finds_the_page_and_changes_nothing(visitor: Visitor, kind: str) -> None:
    head = visitor.client.head(visitor.link(kind))
    assert (head.status_code, head.text) == (200, "")
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


def test_a_withdrawal_by_link_counts_for_everyone_who_shares_the_address(visitor: Visitor) -> None:
    neighbour = visitor.neighbour()
    visitor.client.post(visitor.link("u"))
    assert visitor.lines(neighbour) == [("care", "email", False)]


def test_a_message_that_asks_no_consent_leads_to_the_preferences() -> None:
    visitor = Visitor(purpose="service")
    assert "Birthday wishes" in visitor.client.get(visitor.link("u")).text
    assert "Birthday wishes" in visitor.client.post(visitor.link("u"), data=ONE_CLICK).text
    assert visitor.lines() == []


def test_the_message_can_be_read_in_the_browser_with_every_script_shut_out(visitor: Visitor) -> None:
    page = visitor.client.get(visitor.link("v"))
    assert "<p>Vse <b>najboljše</b>!</p>" in page.text
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


def test_a_link_of_a_contact_that_was_merged_is_the_others(visitor: Visitor) -> None:
    other = visitor.neighbour()
    merging = SqlMerging(visitor.database, workspace=lambda: visitor.workspace)
    merging.merge(other, visitor.ana, now=NOON, by="tester")
    assert "ne boste več prejemali" in visitor.client.post(visitor.link("u")).text
    assert ("care", "email", False) in visitor.lines(other)
    assert visitor.client.get(visitor.link("p", contact=99)).status_code == 404
