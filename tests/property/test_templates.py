"""Whatever a contact is called: nothing of it becomes markup, a header, JSON's syntax or a mention; and every form is CLDR's."""

import json
from html.parser import HTMLParser

import pytest
from babel.core import Locale
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.model.contact import ChannelKind
from engage.model.content import ChatContent, EmailContent
from engage.model.errors import RenderError
from engage.templates import Templates
from engage.templates.headers import header
from engage.templates.sms import sms_content
from tests.builders import NOON, a_contact, an_approved, an_intent
from tests.messages import a_written_workspace

NAUGHTY = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'; DROP TABLE contacts; --", "{{ 7 * 7 }}", "{% for x in y %}", "{#",
    "xq0jqx", "xq1j1qx",
    "<!--xq0jqx-->", "&amp;", "<!channel>", "<@U123>", "\u202ertl\u202c", "Ω≈ç√∫", "ÅÍÎÏ˝ÓÔ", "👩‍👩‍👧‍👦",
    "שלום", "مرحبا", "ด้้้้้", "\ue000x\ue001", "null", "None",
    "undefined", "0", "-1", "1e1000", "\\", "\\u0000", "%s", "%d",
    "{0}", "{n}", "Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤", "＜b＞",
    "=?utf-8?q?=3Cb=3E?= x", "https://evil.example", "[a](b)", "*bold*", "`code`", "]]>", "-->",
]  # fmt: skip
BODY = "<html><body><p title='{{ contact.first_name }}'>Hi {{ contact.first_name }}" + "{% for tag in contact.tags %}"
BODY += "<b>{{ tag }}</b>{% endfor %}</p></body></html>"
FILES = {
    "templates/birthday/email.html": f"---\nsubject: Hello\npreheader: 'For {{{{ contact.first_name }}}}'\n---\n{BODY}",
    "templates/birthday/email.sl.md": "---\nsubject: Hello\n---\n# Hi {{ contact.first_name }}\n\n- {{ contact.first_name }} *x*",
    "templates/birthday/email.lv.mjml": "---\nsubject: Hello\n---\n"
    "<mjml><mj-body><mj-section><mj-column><mj-text>{{ contact.first_name }}</mj-text></mj-column></mj-section></mj-body></mjml>",
    "templates/birthday/chat.md": "*Hi* {{ contact.first_name }}",
    "templates/birthday/chat.sl.json.j2": '[{"type": "section", "text": {"type": "mrkdwn", "text": "{{ contact.first_name }}"}}]',
}
TEMPLATES = Templates(a_written_workspace(FILES), secret=b"secret")
NAMES = st.one_of(st.sampled_from(NAUGHTY), st.text(min_size=1, max_size=40), st.text(alphabet="<>&\"'{}%#xqj01\\\n!@", min_size=1))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shape: list[tuple[str, tuple[str, ...]]] = []
        self.comments = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, tuple(name for name, _ in attrs)))

    def handle_comment(self, data: str) -> None:
        self.comments += 1


def page(name: str, locale: str) -> str:
    contact = a_contact(first_name=name, locale=locale, tags=(name,))
    content = TEMPLATES.render(an_approved(contact=contact, intent=an_intent()), now=NOON).content
    assert isinstance(content, EmailContent)
    assert content.html is not None
    return content.html


def shape(html: str) -> tuple[list[tuple[str, tuple[str, ...]]], int]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.shape, reader.comments


@pytest.mark.parametrize("locale", ["en", "sl", "lv"])
@settings(max_examples=120)
@given(name=NAMES)
def test_no_value_becomes_markup_of_a_page(name: str, locale: str) -> None:
    assert shape(page(name, locale)) == shape(page("Ana", locale))


@settings(max_examples=150)
@given(name=NAMES)
def test_no_value_becomes_a_mention_or_a_link_in_chat(name: str) -> None:
    for locale in ("en", "sl"):
        approved = an_approved(contact=a_contact(first_name=name, locale=locale), kind=ChannelKind.CHAT, channel="chat")
        try:
            content = TEMPLATES.render(approved, now=NOON).content
        except RenderError as error:
            assert "empty" in str(error)  # noqa: PT017  # a name of nothing but spaces is still no markup
            continue
        assert isinstance(content, ChatContent)
        assert "<" not in content.text
        assert "<" not in json.dumps(content.blocks)


@settings(max_examples=300)
@given(value=st.one_of(NAMES, st.text()))
def test_what_passes_as_a_header_is_one_line(value: str) -> None:
    try:
        passed = header("subject", value)
    except RenderError:
        return
    assert len(passed.splitlines()) <= 1
    assert "\x00" not in passed


@settings(max_examples=300)
@given(text=st.text(max_size=700))
def test_a_text_never_takes_fewer_segments_than_its_units_need(text: str) -> None:
    content = sms_content(text)
    units = (
        len(content.text.encode("utf-16-be")) // 2
        if content.encoding == "ucs-2"
        else sum(2 if letter in "\f^{}\\[~]|€" else 1 for letter in content.text)
    )
    single, joined = (70, 67) if content.encoding == "ucs-2" else (160, 153)
    assert content.segments == 1 if units <= single else content.segments >= -(-units // joined)


@pytest.mark.parametrize("tag", ["sl", "uk", "lv", "ar", "uz", "fil", "en", "fr", "pl", "ja"])
@settings(max_examples=60)
@given(number=st.integers(min_value=0, max_value=10**7))
def test_every_number_takes_the_form_of_cldr(tag: str, number: int) -> None:
    form = Locale.parse(tag).plural_form(number)
    forms = ", ".join(f"{name}='{name}'" for name in ("zero", "one", "two", "few", "many", "other"))
    templates = PLURALS.setdefault(
        tag, Templates(a_written_workspace({f"templates/birthday/sms.{tag}.txt": f"{{{{ plural(trigger.years, {forms}) }}}}"}), secret=b"s")
    )
    approved = an_approved(contact=a_contact(locale=tag), intent=an_intent(trigger={"years": number}), kind=ChannelKind.SMS, channel="sms")
    assert templates.render(approved, now=NOON).content.text == form


PLURALS: dict[str, Templates] = {}
