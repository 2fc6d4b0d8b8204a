"""The links of a message in a real browser: unsubscribing, preferences, the message itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from engage.web.pages import Pages
from tests.browser.accessible import violations
from tests.browser.legible import faults
from tests.servers.chromium import Serve, Watched, watched
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


def test_one_chooses_anew_without_a_mouse(reader: Watched, serve: Serve) -> None:
    visitor = Visitor()
    page = reader.open(serve(visitor.client.app) + visitor.link("p"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("group", name="Birthday wishes").get_by_label("e-pošta")).to_be_focused()
    page.keyboard.press("Space")
    for _ in range(6):
        page.keyboard.press("Tab")
    expect(page.get_by_label("Kadar koli je kaj novega")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Vaša izbira je shranjena.")
    expect(page.get_by_role("group", name="Birthday wishes").get_by_label("e-pošta")).not_to_be_checked()
    expect(page.get_by_label("Največ enkrat na dan")).to_be_checked()
    assert visitor.lines() == [("care", "email", False)]


def test_a_break_is_taken_shown_and_ended(reader: Watched, serve: Serve) -> None:
    visitor = Visitor(locale="en")
    page = reader.open(serve(visitor.client.app) + visitor.link("p"))
    page.get_by_role("button", name="Pause for a month").click()
    expect(page.get_by_text("You are having a break until March 25, 2026")).to_be_visible()
    assert not visitor.state("care", "email")
    page.get_by_role("button", name="End the break").click()
    expect(page.get_by_role("button", name="Pause for a month")).to_be_visible()
    assert visitor.state("care", "email")


def test_one_unsubscribes_from_everything_by_way_of_one_message(reader: Watched, serve: Serve) -> None:
    visitor = Visitor(locale="en")
    page = reader.open(serve(visitor.client.app) + visitor.link("u"))
    page.get_by_role("link", name="All your preferences").click()
    page.get_by_role("button", name="Unsubscribe from everything").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert [page.get_by_role("checkbox").nth(number).is_checked() for number in range(6)] == [False] * 6


def test_an_answer_is_chosen_by_the_link_changed_by_keys_and_followed_by_words(reader: Watched, serve: Serve) -> None:
    visitor = Visitor(locale="en")
    page = reader.open(serve(visitor.client.app) + visitor.answer("a", e="csat.answered", d={"score": 5}))
    expect(page.get_by_label("5", exact=True)).to_be_checked()
    page.reload()
    assert visitor.intake.taken == {}
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Thank you for your answer.")
    page.get_by_label("Would you like to tell us more?").fill("<b>Slow</b>")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("passed on")
    assert [event.data for event in visitor.intake.taken.values()] == [{"score": 4}, {"comment": "<b>Slow</b>"}]


def test_a_subscription_is_confirmed_by_its_button(reader: Watched, serve: Serve) -> None:
    visitor = Visitor(locale="en")
    page = reader.open(serve(visitor.client.app) + visitor.answer("s", p="club"))
    page.reload()
    assert visitor.lines() == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You will receive")
    assert visitor.lines() == [("club", "email", True)]


def pages_of(visitor: Visitor) -> list[str]:
    """Every page of ours that somebody may come to; a message in the browser runs no scripts at all, axe's neither."""
    post = visitor.client.post
    csat, nps, club = (
        visitor.answer("a", e="csat.answered", d={"score": 4}), visitor.answer("a", e="nps.answered", d={}), visitor.answer("s", p="club")
    )
    post(visitor.link("p"), data={"action": "pause", "months": "3"})
    return [visitor.link("u"), visitor.link("p"), csat, nps, club, "/u/nothing", "/c/nothing"]


@pytest.mark.parametrize("locale", sorted(Pages().phrases))
def test_axe_finds_nothing_wrong_with_any_page_in_any_language(chromium: Browser, serve: Serve, locale: str) -> None:
    visitor = Visitor(locale=locale, html=None, text="Vse najboljše! " * 20, wording="I would like to read the news.")
    address = serve(visitor.client.app)
    with watched(chromium, width=320, color="dark" if locale in ("ar", "en", "uk") else "light") as someone:
        page = someone.context.new_page()
        page.set_extra_http_headers({"Accept-Language": locale})
        for path in pages_of(visitor):
            page.goto(address + path)
            assert page.evaluate("document.documentElement.lang") == locale
            assert violations(page) == [], path
            assert faults(page) == [], path
        for button in ("answer", "again"):
            page.goto(address + visitor.answer("a", e="csat.answered", d={"score": 4}))
            page.get_by_role("button").click()
            assert violations(page) == [], button
        someone.complaints.clear()  # the browser complains of the page that is not found, as it should


@pytest.mark.parametrize("name", [
    "<script>alert(1)</script>", "{{ 7 * 7 }}", "\u202eevil\u202c", "ن\u200f\u202b<img src=x onerror=alert(1)>", "%s{0}{purpose}",
])
def test_hostile_names_and_wordings_are_shown_and_do_nothing(reader: Watched, serve: Serve, name: str) -> None:
    visitor = Visitor(locale="ar", wording=name)
    settings = visitor.workspace.settings
    purposes = {key: replace(purpose, title=name) for key, purpose in settings.purposes.items()}
    visitor.workspace = replace(
        visitor.workspace, hash=name, settings=replace(settings, company=replace(settings.company, name=name), purposes=purposes)
    )
    address = serve(visitor.client.app)
    for path in (visitor.link("u"), visitor.link("p"), visitor.answer("s", p="club"), visitor.answer("a", e="csat.answered")):
        page = reader.open(address + path)
        assert page.locator("script, img").count() == 0
        assert "49" not in page.inner_text("body")
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "rtl"


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


def test_axe_finds_nothing_wrong_with_a_mail_in_the_browser(reader: Watched) -> None:
    visitor = Visitor(html=MAIL.format("<div role='article'>Ana</div>"), subject="Za <vas>")
    page = reader.context.new_page()
    page.set_content(visitor.client.get(visitor.link("v")).text)
    assert violations(page) == []
    assert page.title() == "Za <vas>"


def test_a_message_can_neither_run_scripts_nor_send_forms(reader: Watched, serve: Serve) -> None:
    visitor = Visitor(html=MAIL.format("<script>document.title = 'run'</script><form action='/'><button>Send</button></form>"))
    page = reader.open(serve(visitor.client.app) + visitor.link("v"))
    page.get_by_role("button", name="Send").click()
    assert page.title() != "run"
    assert "/v/" in page.url
    assert reader.complaints, "the browser should say that it blocked them"
    reader.complaints.clear()
