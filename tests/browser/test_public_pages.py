"""The links of a message in a real browser: unsubscribing, preferences, the message itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.legible import faults
from tests.servers.chromium import Serve, Watched
from tests.unit.web.site import Visitor

MAIL = "<html lang='sl'><body><h1>Vse najboljše!</h1>{}</body></html>"


def test_looking_at_the_unsubscribe_page_changes_nothing_and_its_button_does(reader: Watched, serve: Serve) -> None:
    visitor = Visitor()
    page = reader.open(serve(visitor.client.app) + visitor.link("u"))
    expect(page.get_by_role("heading", name="Odjava")).to_be_visible()
    page.reload()
    assert visitor.lines() == []
    page.get_by_role("button", name="Odjavi me").click()
    expect(page.get_by_role("status")).to_contain_text("ne boste več prejemali")
    assert visitor.lines() == [("care", "email", False)]
    assert page.get_by_role("button").count() == 0


def test_one_unsubscribes_without_a_mouse_and_sees_where_one_is(reader: Watched, serve: Serve) -> None:
    visitor = Visitor()
    page = reader.open(serve(visitor.client.app) + visitor.link("u"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("button")).to_be_focused()
    assert page.get_by_role("button").evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    assert visitor.lines() == [("care", "email", False)]


def test_one_stops_a_kind_of_message_and_takes_it_back_without_a_mouse(reader: Watched, serve: Serve) -> None:
    visitor = Visitor()
    page = reader.open(serve(visitor.client.app) + visitor.link("p"))
    choice = page.locator("section").first
    for left_with in ("Tega ne prejemate.", "To prejemate."):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(choice).to_contain_text(left_with)
    expect(page.get_by_role("status")).to_have_text("Vaša izbira je shranjena.")
    assert [granted for _, _, granted in visitor.lines()] == [False, True]


def test_each_choice_says_what_it_is_about(reader: Watched, serve: Serve) -> None:
    visitor = Visitor(locale="en")
    page = reader.open(serve(visitor.client.app) + visitor.link("p"))
    first = page.locator("section").first
    expect(first).to_contain_text("Birthday wishes")
    expect(first.get_by_role("button", name="Stop")).to_have_accessible_description("Birthday wishes, email You receive this.")
    first.get_by_role("button").click()
    expect(page.locator("section").first).to_contain_text("You do not receive this.")


@pytest.mark.parametrize("kind", ["u", "p", "v"])
@pytest.mark.parametrize("locale", ["sl", "ar", "uk"])
def test_a_page_is_legible_on_a_phone_in_the_dark(on_the_phone: Watched, serve: Serve, kind: str, locale: str) -> None:
    visitor = Visitor(locale=locale, html=None, text="Vse najboljše! " * 20)
    page = on_the_phone.open(serve(visitor.client.app) + visitor.link(kind))
    assert faults(page) == []
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).direction") == ("rtl" if locale == "ar" else "ltr")


def test_a_page_is_legible_by_daylight(reader: Watched, serve: Serve) -> None:
    visitor = Visitor()
    address = serve(visitor.client.app)
    assert [faults(reader.open(address + visitor.link(kind))) for kind in "up"] == [[], []]


def test_the_message_is_shown_as_it_was_sent(reader: Watched, serve: Serve) -> None:
    visitor = Visitor(html=MAIL.format("<p style='color: rgb(1, 2, 3)'>Ana</p>"))
    page = reader.open(serve(visitor.client.app) + visitor.link("v"))
    expect(page.get_by_role("heading", name="Vse najboljše!")).to_be_visible()
    expect(page.get_by_text("Ana")).to_have_css("color", "rgb(1, 2, 3)")


def test_a_message_can_neither_run_scripts_nor_send_forms(reader: Watched, serve: Serve) -> None:
    visitor = Visitor(html=MAIL.format("<script>document.title = 'run'</script><form action='/'><button>Send</button></form>"))
    page = reader.open(serve(visitor.client.app) + visitor.link("v"))
    page.get_by_role("button", name="Send").click()
    assert page.title() != "run"
    assert "/v/" in page.url
    assert reader.complaints, "the browser should say that it blocked them"
    reader.complaints.clear()
