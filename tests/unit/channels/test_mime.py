"""What a mail carries, read back by the standard library's parser."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, message_from_string, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest

from engage.channels.mime import Letterhead, Mail, compose
from engage.model.content import Attachment, EmailContent, SmsContent
from engage.model.delivery import Cleared, Links
from engage.model.errors import Rejected
from tests.builders import a_cleared, a_purpose, an_intent

NOW = datetime(2026, 2, 28, 8, 0, 5, tzinfo=UTC)
LETTERHEAD = Letterhead(sender="Aurora <hello@aurora.example>", purposes={"care": a_purpose(title="Birthday wishes and thank-yous")})


def _cleared(*, address: str = "ana@example.com", links: Links | None = None, promotional: bool = True, **content: Any) -> Cleared:
    cleared = a_cleared(promotional=promotional)
    mail = replace(EmailContent(subject="Vse najboljše, Ana!", text="Pozdrav", html="<p>Pozdrav</p>"), **content)
    approved = replace(cleared.rendered.approved, address=address)
    return replace(cleared, rendered=replace(cleared.rendered, approved=approved, content=mail, links=links or cleared.rendered.links))


def _mail(cleared: Cleared, letterhead: Letterhead = LETTERHEAD) -> Mail:
    return compose(cleared, letterhead, now=NOW)


def _read(mail: Mail) -> EmailMessage:
    message = message_from_bytes(mail.content, policy=policy.SMTPUTF8)
    assert not [defect for part in message.walk() for defect in part.defects]
    return message


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_mail_carries_each_header_once() -> None:
    message = _read(_mail(_cleared()))
    assert sorted(message.keys()) == sorted({
        "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "Auto-Submitted", "MIME-Version", "Content-Type",
        "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID",
    })
    assert message["From"] == "Aurora <hello@aurora.example>"
    assert message["To"] == "ana@example.com"
    assert message["Subject"] == "Vse najboljše, Ana!"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == "<d7.abc@aurora.example>"
    assert message["Auto-Submitted"] == "auto-generated"


def test_html_and_text_are_alternatives_and_the_richer_comes_last() -> None:
    message = _read(_mail(_cleared(text="Živjo\n\nAna", html="<p>Živjo</p>")))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert _body(message, "plain") == "Živjo\n\nAna\n"
    assert _body(message, "html") == "<p>Živjo</p>\n"
    assert {part["Content-Transfer-Encoding"] for part in message.iter_parts()} == {"quoted-printable"}


def test_a_mail_of_text_alone_is_a_single_part() -> None:
    message = _read(_mail(_cleared(html=None, text="Živjo")))
    assert message.get_content_type() == "text/plain"
    assert message.get_content().strip() == "Živjo"


def test_attachments_keep_their_bytes_and_names() -> None:
    files = (
        Attachment(name="račun št. 7.pdf", media_type="application/pdf", content=bytes(range(256)) * 20),
        Attachment(name="invite.ics", media_type="text/calendar; method=REQUEST", content=b"BEGIN:VCALENDAR\r\n"),
    )
    message = _read(_mail(_cleared(attachments=files)))
    assert message.get_content_type() == "multipart/mixed"
    attached = list(message.iter_attachments())
    assert [part.get_filename() for part in attached] == ["račun št. 7.pdf", "invite.ics"]
    assert attached[0].get_content() == files[0].content
    assert attached[1].get_content_type() == "text/calendar"
    assert _body(message, "plain") == "Pozdrav\n"


@pytest.mark.parametrize("text", [
    ".", "..", ".\n.\n", "\n.\n", "From me", "a\rb", "a\r\n", "trailing space \n", "tab\t\n", "x" * 2000, "č" * 500, "=20",
    "--=_engage_alternative--", "\0\x07", "", "line\n" * 400, "  indented\n",
])
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    mail = _mail(_cleared(text=text, html=None))
    lines = mail.content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", mail.content)
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert _body(_read(mail), "plain") == (expected if expected.endswith("\n") else expected + "\n")


def test_body_lines_are_no_longer_than_quoted_printable_allows() -> None:
    content = _mail(_cleared(text="Dolga vrstica s šumniki čšž " * 60, html="<p>" + "я" * 3000 + "</p>")).content
    assert max(map(len, content.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("subject", [
    "", "Hello", "Čestitke", "З днем народження, Олено! " * 6, "كل عام وأنت بخير", "🎂" * 60, "plain ascii words " * 12 + "end",
    "two  spaces " * 10 + ".", "x" * 300, "=?utf-8?q?literally=20this?=", "a =? b ?= c", " leading", "50 % & <tag> \"quoted\"",
])
def test_any_subject_reads_as_it_was_written(subject: str) -> None:
    mail = _mail(_cleared(subject=subject))
    assert _read(mail)["Subject"].strip() == subject.strip()
    assert max(map(len, mail.content.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 160


@pytest.mark.parametrize(("sender", "name", "address"), [
    ("hello@aurora.example", "", "hello@aurora.example"),
    ("Aurora <hello@aurora.example>", "Aurora", "hello@aurora.example"),
    ("Žan Ž., Aurora d.o.o. <zan@aurora.example>", "Žan Ž., Aurora d.o.o.", "zan@aurora.example"),
    ("Doe, Jane <jane@aurora.example>", "Doe, Jane", "jane@aurora.example"),
    ('"Jane \\"JD\\" Doe" <jane@aurora.example>', 'Jane "JD" Doe', "jane@aurora.example"),
    ("hello@evil.example <hello@aurora.example>", "hello@evil.example", "hello@aurora.example"),
])
def test_display_names_are_quoted_or_encoded_as_they_need(sender: str, name: str, address: str) -> None:
    (mailbox,) = _read(_mail(_cleared(sender=sender)))["From"].addresses
    assert (mailbox.display_name, mailbox.addr_spec) == (name, address)


def test_a_long_display_name_beyond_ascii_is_folded() -> None:
    name = ("Аврора " * 20).strip()
    mail = _mail(_cleared(sender=f"{name} <hello@aurora.example>"))
    raw = message_from_bytes(mail.content)["From"]  # the structured parser adds a space between encoded words
    assert str(make_header(decode_header(raw))) == f"{name} <hello@aurora.example>"


def test_the_sender_is_the_templates_then_the_purposes_then_the_channels() -> None:
    brand = replace(LETTERHEAD, purposes={"care": a_purpose(sender="Second brand <hi@second.example>")})
    assert _read(_mail(_cleared(), LETTERHEAD))["From"].addresses[0].addr_spec == "hello@aurora.example"
    assert _read(_mail(_cleared(), brand))["From"].addresses[0].addr_spec == "hi@second.example"
    assert _read(_mail(_cleared(sender="me@third.example"), brand))["From"].addresses[0].addr_spec == "me@third.example"


def test_answers_go_to_the_templates_address_then_the_channels_then_the_sender() -> None:
    desk = replace(LETTERHEAD, reply_to="Desk <desk@aurora.example>")
    assert _read(_mail(_cleared()))["Reply-To"] == "Aurora <hello@aurora.example>"
    assert _read(_mail(_cleared(), desk))["Reply-To"] == "Desk <desk@aurora.example>"
    assert _read(_mail(_cleared(reply_to="ivo@aurora.example"), desk))["Reply-To"] == "ivo@aurora.example"


def test_answers_may_go_to_an_address_of_the_deliverys_own() -> None:
    desk = replace(LETTERHEAD, reply_to="Žan's very long and beautiful desk <reply+{id}@aurora.example>")
    assert _read(_mail(_cleared(), desk))["Reply-To"].addresses[0].addr_spec == "reply+d7.abc@aurora.example"
    assert _read(_mail(_cleared(reply_to="ivo+{id}@aurora.example"), desk))["Reply-To"] == "ivo+d7.abc@aurora.example"


def test_bounces_go_to_the_sender_or_to_an_address_of_the_deliverys_own() -> None:
    assert _mail(_cleared()).sender == "hello@aurora.example"
    assert _mail(_cleared(), replace(LETTERHEAD, return_path="bounces+{id}@b.aurora.example")).sender == "bounces+d7.abc@b.aurora.example"


def test_promotional_mail_can_be_unsubscribed_from_in_one_click_and_by_mail() -> None:
    links = Links(unsubscribe="https://engage.example.com/u/tok_en-1", preferences="https://e.example/p", view="https://e.example/v")
    message = _read(_mail(_cleared(links=links)))
    assert message["List-Unsubscribe"] == (
        "<https://engage.example.com/u/tok_en-1>, <mailto:hello@aurora.example?subject=unsubscribe%20tok_en-1>"
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "Birthday wishes and thank-yous <care.aurora.example>"
    assert message["Feedback-ID"] == "birthday:birthday:care:aurora.example"
    assert "ana" not in str(message["List-Unsubscribe"])


def test_one_click_is_offered_by_https_only() -> None:
    links = Links(unsubscribe="http://127.0.0.1:8000/u/t", preferences="", view="")
    message = _read(_mail(_cleared(links=links)))
    assert message["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/u/t>")
    assert message["List-Unsubscribe-Post"] is None


def test_the_address_to_unsubscribe_by_mail_may_be_the_deliverys_own() -> None:
    letterhead = replace(LETTERHEAD, unsubscribe_mailto="unsubscribe+{id}@aurora.example")
    assert "<mailto:unsubscribe+d7.abc@aurora.example?" in _read(_mail(_cleared(), letterhead))["List-Unsubscribe"]


def test_transactional_mail_carries_nothing_of_a_list() -> None:
    message = _read(_mail(_cleared(promotional=False)))
    assert [name for name in message if name.startswith("List-") or name == "Feedback-ID"] == []


def test_a_domain_beyond_ascii_travels_as_idna_and_needs_no_smtputf8() -> None:
    mail = _mail(_cleared(address="ana@čebela.si"))
    assert (mail.recipient, mail.utf8) == ("ana@xn--ebela-gya.si", False)
    assert mail.content.isascii()


def test_a_local_part_beyond_ascii_needs_smtputf8() -> None:
    mail = _mail(_cleared(address="олена@приклад.укр"))
    assert (mail.recipient, mail.utf8) == ("олена@приклад.укр", True)
    assert message_from_string(mail.content.decode())["To"] == "олена@приклад.укр"


@pytest.mark.parametrize("address", [
    "", "ana", "ana@", "@example.com", "a b@example.com", "a@example.com, b@example.com", "a@example.com b@example.com", "a@localhost",
    "<a@example.com>", "Ana <a@example.com>", "a@example..com", ".a@example.com", "a@-example.com", "a@example.com\n",
    "x" * 65 + "@example.com", "a@[127.0.0.1]", "a@127.0.0.1",
])
def test_what_is_not_exactly_one_address_is_never_an_envelope(address: str) -> None:
    with pytest.raises(Rejected) as caught:
        _mail(_cleared(address=address))
    assert not caught.value.address_is_bad
    assert address not in str(caught.value) or not address


@pytest.mark.parametrize("attachment", [
    Attachment(name="a\r\nBcc: x@y.z", media_type="text/plain", content=b""),
    Attachment(name="a.txt", media_type="text/plain\r\nBcc: x@y.z", content=b""),
    Attachment(name="a.txt", media_type="message/rfc822", content=b""),
    Attachment(name="a.txt", media_type="multipart/mixed", content=b""),
])
def test_an_attachment_cannot_bring_headers_along(attachment: Attachment) -> None:
    with pytest.raises(Rejected):
        _mail(_cleared(attachments=(attachment,)))


@pytest.mark.parametrize("url", ["https://e.example/u/1>\r\nBcc: x", "https://e.example/u/ 1", "https://e.example/<u>", "", "https://e.example/ü"])
def test_an_unsubscribe_link_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Rejected):
        _mail(_cleared(links=Links(unsubscribe=url, preferences="", view="")))


def test_a_letterhead_without_any_sender_is_refused() -> None:
    with pytest.raises(Rejected, match="no sender"):
        _mail(_cleared(), Letterhead(sender=None))


def test_what_is_not_unicode_is_refused() -> None:
    with pytest.raises(Rejected, match="Unicode"):
        _mail(_cleared(text="\ud800"))


def test_what_is_no_mail_is_refused() -> None:
    cleared = a_cleared()
    sms = SmsContent(text="x", encoding="gsm-7", segments=1)
    with pytest.raises(Rejected):
        _mail(replace(cleared, rendered=replace(cleared.rendered, content=sms)))


def test_campaigns_with_names_beyond_ascii_do_not_break_the_feedback_id() -> None:
    cleared = _cleared()
    intent = an_intent(campaign="rojstni dan: č", message="a/b")
    approved = replace(cleared.rendered.approved, intent=intent)
    message = _read(_mail(replace(cleared, rendered=replace(cleared.rendered, approved=approved))))
    assert message["Feedback-ID"] == "rojstni_20dan_3A_20_C4_8D:a_2Fb:care:aurora.example"
