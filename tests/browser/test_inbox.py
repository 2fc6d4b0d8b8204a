"""The demo's inbox in a real browser: each kind of message as its recipient reads it, and finding one."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.legible import faults
from tests.builders import NOON, a_contact
from tests.messages import an_email
from tests.servers.chromium import Serve, Watched
from workers.demo.catchers import Caught
from workers.demo.crm import Heard
from workers.demo.inbox import create_inbox

MJML = "<mjml><mj-body><mj-section><mj-column><mj-text font-family='Roboto'>{}</mj-text></mj-column></mj-section></mj-body></mjml>"
BLOCKS = [
    {"type": "header", "text": {"type": "plain_text", "text": "How did we do?"}},
    {"type": "section", "text": {"type": "mrkdwn", "text": "Your request *T-1* was closed."},
     "accessory": {"type": "button", "text": {"type": "plain_text", "text": "Look"}, "url": "https://aurora.example/t/1"}},
    {"type": "divider"},
    {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Closed*\nMonday"}, {"type": "plain_text", "text": "*as it is*"}]},
    {"type": "actions", "elements": [{"type": "button", "style": "primary", "text": {"type": "plain_text", "text": "Good"}}]},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "<https://aurora.example/p|Preferences>"}]},
    {"type": "rich_text", "elements": []},
]


def a_mail(
    subject: str = "Vse najboljše, Ana!", *, html: str | None = None, locale: str = "sl", recipient: str = "ana@example.com"
) -> Caught:
    made = an_email(MJML.format(subject), form="mjml", locale=locale, contact=a_contact(locale=locale))
    return Caught(
        at=NOON, channel="email", sender="Aurora <hello@aurora.example>", recipient=recipient, subject=subject, html=html or made.html,
        text=made.text, raw="From: …",
    )


def an_sms(text: str = "Happy birthday!\nAurora") -> Caught:
    return Caught(
        at=NOON + timedelta(hours=1), channel="sms", sender="Aurora", recipient="+38640123456", subject=None, html=None, text=text, raw="{}"
    )


def a_chat(text: str = ":warning: *An unhappy customer*", blocks: list[dict[str, object]] | None = None) -> Caught:
    raw = json.dumps({"channel": "#support", "text": text, **({"blocks": blocks} if blocks else {})})
    return Caught(
        at=NOON + timedelta(hours=2), channel="chat", sender="Engage", recipient="#support", subject=None, html=None, text=text, raw=raw
    )


def listed(page: Page) -> list[str]:
    """The messages of the list, as their links read."""
    return page.locator("ol a").all_inner_texts()


def test_the_list_shows_every_message_the_newest_first(reader: Watched, serve: Serve) -> None:
    page = reader.open(serve(create_inbox(lambda: [a_mail(), an_sms(), a_chat()])))
    assert listed(page) == ["⚠ An unhappy customer", "Happy birthday! Aurora", "Vse najboljše, Ana!"]
    expect(page.get_by_role("status")).to_contain_text("3 of 3 messages")


def test_a_long_arabic_text_begins_in_the_list_where_it_begins(reader: Watched, serve: Serve) -> None:
    page = reader.open(serve(create_inbox(lambda: [an_sms("عمر، كيف كانت مساعدتنا في الطلب؟ " * 5)])))
    link = page.locator("ol a")
    expect(link).to_have_css("direction", "rtl")
    assert link.evaluate("each => each.scrollWidth > each.clientWidth")
    assert link.evaluate("each => each.scrollLeft") == 0


def test_a_list_without_a_message_says_so(reader: Watched, serve: Serve) -> None:
    page = reader.open(serve(create_inbox(list)))
    expect(page.get_by_role("status")).to_contain_text("0 of 0 messages")
    assert faults(page) == []


def test_what_the_crm_heard_stands_beside_the_list(reader: Watched, serve: Serve) -> None:
    data: dict[str, object] = {"id": 7, "kind": "sent", "message": "<csat>", "contact": {"external_id": "ana"}}
    heard = Heard(id="touch_7", type="touch.sent", at="2026-02-28T08:00:00Z", contact="ana", data=data)
    page = reader.open(serve(create_inbox(lambda: [a_mail()], lambda: [heard])))
    page.get_by_role("link", name="What the CRM heard (1)").click()
    expect(page.get_by_role("row")).to_contain_text(["Type", 'ana{"message": "<csat>"}'])
    assert faults(page) == []


def test_one_finds_a_message_by_channel_and_recipient_without_a_mouse(reader: Watched, serve: Serve) -> None:
    messages = [a_mail(), a_mail("Another", recipient="bor@example.com"), an_sms()]
    page = reader.open(serve(create_inbox(lambda: messages)))
    page.keyboard.press("Tab")
    page.keyboard.type("email")
    page.keyboard.press("Tab")
    page.keyboard.type("BOR@")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("1 of 3 messages")
    assert listed(page) == ["Another"]
    expect(page.get_by_label("Channel")).to_have_value("email")
    expect(page.get_by_label("Recipient")).to_have_value("BOR@")
    page.get_by_role("link", name="Another").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Another")).to_be_visible()
    page.get_by_role("link", name="These messages").click()
    assert listed(page) == ["Another"]


def test_one_goes_from_message_to_message_among_those_one_chose(reader: Watched, serve: Serve) -> None:
    messages = [a_mail("First"), an_sms(), a_mail("Second")]
    page = reader.open(serve(create_inbox(lambda: messages)) + "/m/2?channel=email")
    expect(page.get_by_role("link", name="Newer")).to_have_count(0)
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("heading", name="First")).to_be_visible()
    page.get_by_role("link", name="all to this recipient").click()
    assert listed(page) == ["Second", "First"]


def test_a_mail_is_shown_in_its_frame(reader: Watched, serve: Serve) -> None:
    page = reader.open(serve(create_inbox(lambda: [a_mail()])) + "/m/0")
    mail = page.frame_locator("iframe")
    expect(mail.get_by_text("Vse najboljše, Ana!")).to_be_visible()
    expect(mail.locator("html")).to_have_attribute("lang", "sl")
    page.get_by_text("Text part").click()
    expect(page.locator("details pre").first).to_contain_text("Vse najboljše, Ana!")


def test_an_arabic_mail_runs_from_right_to_left(reader: Watched, serve: Serve) -> None:
    page = reader.open(serve(create_inbox(lambda: [a_mail("عيد ميلاد سعيد!", locale="ar")])) + "/m/0")
    words = page.frame_locator("iframe").get_by_text("عيد ميلاد سعيد!")
    expect(words).to_have_css("direction", "rtl")
    expect(words).to_have_css("text-align", "right")
    expect(page.locator("h1 bdi")).to_have_css("direction", "rtl")


def test_a_mail_runs_no_script_and_fetches_nothing(reader: Watched, serve: Serve) -> None:
    html = "<p>Hi</p><script>parent.document.title = 'run'</script><img src='https://tracker.example/x.gif'>"
    page = reader.open(serve(create_inbox(lambda: [a_mail(html=html)])) + "/m/0")
    expect(page.frame_locator("iframe").get_by_text("Hi")).to_be_visible()
    assert page.title() != "run"
    assert len(reader.complaints) == 2, "the browser should say that it blocked both"
    reader.complaints.clear()


def test_a_link_in_a_mail_opens_a_page_of_its_own_whose_buttons_work(reader: Watched, serve: Serve) -> None:
    elsewhere = serve(create_inbox(list))
    mail = a_mail(html=f"<html><body><a href='{elsewhere}'>Unsubscribe</a></body></html>")
    page = reader.open(serve(create_inbox(lambda: [mail])) + "/m/0")
    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Unsubscribe").click()
    opened.value.get_by_label("Recipient").fill("ana")
    opened.value.get_by_role("button", name="Show").click()
    expect(opened.value.get_by_label("Recipient")).to_have_value("ana")
    assert opened.value.url.startswith(f"{elsewhere}/?")


@pytest.mark.parametrize(("text", "direction"), [("Happy birthday!\nAurora", "ltr"), ("عمر، كيف كانت مساعدتنا؟", "rtl")])
def test_an_sms_is_a_bubble_in_its_own_direction(reader: Watched, serve: Serve, text: str, direction: str) -> None:
    page = reader.open(serve(create_inbox(lambda: [an_sms(text)])) + "/m/0")
    bubble = page.locator(".bubble")
    assert bubble.inner_text() == text
    expect(bubble).to_have_css("direction", direction)


def test_a_chat_message_is_shown_as_slack_shows_it(reader: Watched, serve: Serve) -> None:
    page = reader.open(serve(create_inbox(lambda: [a_chat(blocks=BLOCKS)])) + "/m/0")
    message = page.get_by_role("article")
    expect(message.get_by_role("heading", name="How did we do?")).to_be_visible()
    expect(message.locator("strong", has_text="T-1")).to_be_visible()
    expect(message.get_by_role("link", name="Look")).to_have_attribute("href", "https://aurora.example/t/1")
    expect(message.get_by_role("separator")).to_be_visible()
    expect(message.get_by_text("*as it is*")).to_be_visible()
    expect(message.locator(".button.primary")).to_have_text("Good")
    expect(message.get_by_role("link", name="Preferences")).to_be_visible()
    expect(message.get_by_text("[rich_text]")).to_be_visible()


def test_what_somebody_wrote_stays_text(reader: Watched, serve: Serve) -> None:
    evil = "<script>document.title = 'run'</script><b>bold</b>"
    messages = [a_mail(evil), an_sms(evil), a_chat(evil.replace("<", "&lt;").replace(">", "&gt;"))]
    address = serve(create_inbox(lambda: messages))
    assert listed(reader.open(address)) == [evil] * 3
    for number in range(1, 3):
        page = reader.open(f"{address}/m/{number}")
        expect(page.get_by_role("main")).to_contain_text(evil)
        assert page.title() != "run"


@pytest.mark.parametrize("path", ["/", "/m/0", "/m/1", "/m/2"])
def test_every_page_is_legible_on_a_phone_in_the_dark_and_at_a_desk(
    reader: Watched, on_the_phone: Watched, serve: Serve, path: str
) -> None:
    long = f"{'very.' * 12}long.name@example.com"
    messages = [a_mail("Vse najboljše! " * 9, recipient=long), an_sms("Happy birthday! " * 20), a_chat(blocks=BLOCKS)]
    address = serve(create_inbox(lambda: messages)) + path
    assert [faults(each.open(address)) for each in (reader, on_the_phone)] == [[], []]


def test_a_message_that_is_not_there_is_not_found(reader: Watched, serve: Serve) -> None:
    page = reader.open(serve(create_inbox(list)))
    assert page.request.get(f"{page.url}m/0").status == 404
