"""Links and the picture of mails whose opens and clicks are recorded: what is wrapped, what never is, and where it leads."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from engage.model.contact import ChannelKind
from engage.model.errors import RenderError
from engage.model.tokens import verify, verify_with
from engage.model.tracking import LONGEST_TARGET, Allowed, Tracking, TrackingRules
from engage.templates import Templates
from tests.builders import NOON, a_contact, some_settings
from tests.messages import FOOTER, a_text, a_written_workspace, rendered

BASE = "https://engage.example.com"
TRACKED = re.compile(re.escape(BASE) + r"/c/([\w-]+)")


def a_mail(body: str, *, front: str = "track: true", form: str = "html", rules: TrackingRules | None = None, **changes: Any) -> Any:
    """The content of a mail with that body."""
    settings = replace(some_settings(), tracking=rules or TrackingRules())
    file = f"---\nsubject: Hello\n{front}\n---\n{body}"
    return rendered({f"templates/birthday/email.{form}": file}, settings=settings, **changes).content


def target(link: str) -> str:
    """Where a link of ours leads."""
    found = TRACKED.fullmatch(unescape(link))
    assert found is not None, link
    return verify_with(b"secret", "c", found[1], longest=LONGEST_TARGET)[1]


def hrefs(html: str) -> list[str]:
    return re.findall(r'href="([^"]*)"', html)


def a_page(*links: str) -> str:
    return f"<html><body>{''.join(f'<a href={link!r}>go</a>' for link in links)}</body></html>".replace("'", '"')


def test_a_links_address_is_signed_and_leads_to_the_very_target() -> None:
    content = a_mail(a_page("https://shop.example/a?b=1&amp;c=2#d"))
    (link,) = hrefs(content.html)
    assert target(link) == "https://shop.example/a?b=1&c=2#d"
    assert "ana" not in link


def test_what_a_template_works_out_is_tracked_as_what_stands_in_it() -> None:
    content = a_mail(a_page("https://shop.example/{{ contact.first_name }}?x={{ 1 + 1 }}", "{% if true %}https://a.example/{% endif %}"))
    assert [target(link) for link in hrefs(content.html)] == ["https://shop.example/Ana?x=2", "https://a.example/"]


def test_a_loop_gives_each_of_its_links_its_own_target() -> None:
    body = "<html><body>{% for n in [1, 2] %}<a href='https://shop.example/{{ n }}'>x</a>{% endfor %}</body></html>"
    assert [target(link) for link in hrefs(a_mail(body).html)] == ["https://shop.example/1", "https://shop.example/2"]


def test_buttons_of_mjml_and_links_of_markdown_are_tracked() -> None:
    column = '<mj-column><mj-button href="https://shop.example/">Go</mj-button></mj-column>'
    button = f"<mjml><mj-body><mj-section>{column}</mj-section></mj-body></mjml>"
    assert [target(link) for link in hrefs(a_mail(button, form="mjml").html)] == ["https://shop.example/"]
    markdown = a_mail("[Go](https://shop.example/)", form="md")
    assert target(hrefs(markdown.html)[0]) == "https://shop.example/"
    assert [target(found[0]) for found in TRACKED.finditer(markdown.text)] == ["https://shop.example/"]


@pytest.mark.parametrize("own", ["unsubscribe_url", "preferences_url", "view_in_browser_url"])
def test_engages_own_pages_are_never_wrapped(own: str) -> None:
    links = f'<a href="{{{{ message.{own} }}}}">x</a><a href="{{{{ link }}}}">x</a>'
    written = a_mail(f"<html><body>{{% set link = message.{own} %}}{links}</body></html>")
    assert [link for link in hrefs(written.html) if "/c/" in link] == []


HOSTILE = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.example", "\\\\evil.example", "/\\evil.example",
    "https:evil.example", "https:/evil.example", "https:///evil.example", "https:\\\\evil.example",
    "https://good.example\\@evil.example", "https://a@evil.example/", "https://good.example:80@evil.example",
    "https://a:b@evil.example", "https://%65vil.example", "https://evil.example\t/x", "https://evil.example/\r\nSet-Cookie: a=b",
    "https://evil.example/\x00", " https://evil.example", "java\tscript:alert(1)", "ftp://evil.example", "https://evil。example/",
    "https://еvil.example/", "https://evil.example/\u202e", "https://evil.example /", "vbscript:x", "https://", "https://.evil",
    "mailto:ana@example.com", "tel:+38640123456", "#top", "/relative", "", "https://[::1", "https://evil.example:999999/",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_nothing_else_than_a_plain_web_address_gets_into_a_link_of_ours(url: str) -> None:
    content = a_mail(a_page("{{ there }}", "https://good.example/{{ 1 }}"), values={"there": url})
    assert "/c/" not in content.html.split("go</a>")[0]


@pytest.mark.parametrize("tail", ["{{ contact.email }}", "{{ contact.email | urlencode }}", "{{ contact.phone }}"])
def test_no_address_of_a_person_gets_into_a_link_of_ours(tail: str) -> None:
    content = a_mail(a_page(f"https://shop.example/?who={tail}"), contact=a_contact(email="ana@example.com", phone="+38640123456"))
    assert "/c/" not in content.html


def test_a_longer_address_than_a_link_carries_stands_as_it_is() -> None:
    long = "https://shop.example/?q=" + "x" * LONGEST_TARGET
    assert hrefs(a_mail(a_page(long)).html) == [long]


def test_the_text_part_is_tracked_too_without_the_full_stop_behind_an_address() -> None:
    content = a_mail("See https://shop.example/a. Or (https://shop.example/b)!", form="txt", front="track: {clicks: true}")
    assert [target(found[0]) for found in TRACKED.finditer(content.text)] == ["https://shop.example/a", "https://shop.example/b"]
    assert TRACKED.sub("LINK", content.text) == "See LINK. Or (LINK)!\n"


def test_the_picture_stands_at_the_end_of_the_page_and_only_where_opens_are_asked_for() -> None:
    content = a_mail(a_page("https://shop.example/"), front="track: {opens: true}")
    found = re.search(r'<img src="https://engage.example.com/o/([\w-]+)\.gif"[^>]*></body>', content.html)
    assert found is not None
    assert verify(b"secret", "o", found[1]).delivery_id > 0
    assert hrefs(content.html) == ["https://shop.example/"]
    assert "/o/" not in a_mail(a_page("https://shop.example/"), front="track: {clicks: true}").html


@pytest.mark.parametrize("front", ["track: false", "track: {opens: false, clicks: false}", "track: off"])
def test_a_template_says_no_where_the_workspace_says_yes(front: str) -> None:
    rules = TrackingRules(default=Tracking(opens=True, clicks=True))
    plain = a_mail(a_page("https://shop.example/?a=1&amp;b=2"), front="reply_to: a@b.example")
    assert a_mail(a_page("https://shop.example/?a=1&amp;b=2"), front=front, rules=rules).html == plain.html
    assert "/c/" in a_mail(a_page("https://shop.example/"), front="reply_to: a@b.example", rules=rules).html


@pytest.mark.parametrize(
    ("attributes", "by_country", "tracked"),
    [
        ({}, {}, True),
        ({"tracking": False}, {}, False),
        ({"country": "DE"}, {"DE": Allowed.OFF}, False),
        ({"country": "DE", "tracking": True}, {"DE": Allowed.OFF}, False),
        ({"country": "DE"}, {"DE": Allowed.ASK}, False),
        ({"country": "DE", "tracking": True}, {"DE": Allowed.ASK}, True),
        ({"country": "SI"}, {"DE": Allowed.OFF}, True),
        ({"country": None}, {"DE": Allowed.ASK}, False),
    ],
)
def test_whoever_does_not_want_it_gets_the_very_mail_that_nobody_tracks(
    attributes: dict[str, Any], by_country: dict[str, Allowed], tracked: bool
) -> None:
    body, contact = a_page("https://shop.example/?a=1&amp;b={{ contact.first_name }}"), a_contact(**attributes)
    plain = a_mail(body, front="track: false", contact=contact)
    told = a_mail(body, rules=TrackingRules(by_country=by_country), contact=contact)
    assert (told == plain) is not tracked
    assert ("/c/" in told.html and "/o/" in told.html) is tracked


def test_staff_are_not_tracked() -> None:
    assert "/c/" not in a_mail(a_page("https://shop.example/"), to="team@aurora.example").html


def test_utm_is_added_to_what_has_none_of_its_own_before_the_fragment() -> None:
    front = "track: {clicks: true}\nutm: {source: mail, medium: email, campaign: '{campaign}', content: 'a {message}'}"
    content = a_mail(a_page("https://shop.example/?utm_source=mine#top", "https://b.example"), front=front)
    assert [target(link) for link in hrefs(content.html)] == [
        "https://shop.example/?utm_source=mine&utm_medium=email&utm_campaign=birthday&utm_content=a+birthday#top",
        "https://b.example?utm_source=mail&utm_medium=email&utm_campaign=birthday&utm_content=a+birthday",
    ]


def test_utm_needs_no_tracking_and_a_template_may_take_it_back() -> None:
    rules = TrackingRules(default=Tracking(utm=(("source", "engage"),)))
    assert hrefs(a_mail(a_page("https://b.example/"), front="track: false", rules=rules).html) == ["https://b.example/?utm_source=engage"]
    assert hrefs(a_mail(a_page("https://b.example/"), front="utm: false", rules=rules).html) == ["https://b.example/"]


def test_sms_is_tracked_only_where_its_own_file_asks_for_it() -> None:
    settings = replace(some_settings(), tracking=TrackingRules(default=Tracking(opens=True, clicks=True, utm=(("source", "engage"),))))
    assert a_text("Go: https://b.example/", settings=settings) == "Go: https://b.example/"
    told = a_text("---\ntrack: {clicks: true}\n---\nGo: https://b.example/", settings=settings)
    assert target(told.removeprefix("Go: ")) == "https://b.example/"
    with pytest.raises(RenderError, match="opens has no effect here"):
        a_text("---\ntrack: {opens: true}\n---\nx")


def test_a_preview_has_no_link_that_would_count() -> None:
    page = f"<html><body><a href='https://b.example/'>x</a>{FOOTER}</body></html>"
    files = {"templates/birthday/email.html": f"---\nsubject: x\ntrack: true\n---\n{page}"}
    templates = Templates(a_written_workspace(files), secret=b"secret")
    draft = templates.render_for(
        "birthday", channel_kind=ChannelKind.EMAIL, channel_name="email", contact=a_contact(), trigger={"years": 3}, values={}, now=NOON,
        purpose="care", links=templates.links(0, 1, "care"),
    )
    assert "/c/" not in str(draft.content)
    assert "/o/" not in str(draft.content)


def test_no_template_may_name_what_tracks_its_links() -> None:
    with pytest.raises(RenderError, match="tracked_link is not for templates"):
        a_mail("<html><body>{{ 'https://b.example/' | tracked_link }}</body></html>")
