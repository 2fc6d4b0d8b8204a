"""A mail laid out once for many is the mail that is put together field by field; every kind is read back as it was meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from quopri import decodestring
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.channels.dkim import Signer
from engage.channels.mime import Letterhead, compose
from engage.channels.quoted import LINE, quoted_stretches
from engage.model.contact import ChannelKind
from engage.model.content import Attachment, EmailContent
from engage.model.delivery import Cleared
from engage.model.stretches import Stretches
from tests.builders import a_cleared, a_contact, an_approved, an_intent
from tests.property.test_plain_jinja import campaign_of, demo, versions

NOW = datetime(2026, 2, 28, 8, 0, 5, tzinfo=UTC)
LETTERHEAD = Letterhead(sender="Aurora <hello@aurora.example>")
SIGNED = replace(LETTERHEAD, signer=Signer(selector="s1", domain=None, key=Ed25519PrivateKey.generate()))
FILE = Attachment(name="a.txt", media_type="text/plain", content=b"x")
PIECES = st.one_of(
    st.sampled_from([
        "<p>", "</p>\n", '<a href="x">', " ", "\t", ".", "\n", "\n.", "=", "",
        "x" * 75, "y" * 76, "z" * 150, "u" * 151, "č" * 30, "<b>" * 40, "<i> ",
        "<u>\n\n",
    ]),
    st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=90),
)  # fmt: skip


def unquoted(body: bytes) -> str:
    return decodestring(body).decode().replace("\r\n", "\n")


@settings(max_examples=250)
@given(st.lists(PIECES, max_size=30))
def test_a_page_encoded_by_its_stretches_says_what_the_whole_says(stretches: Sequence[str]) -> None:
    text = "".join(stretches)
    for _ in range(2):  # what was kept of the first time says the same
        page = quoted_stretches(Stretches.joined(stretches))
        assert unquoted(page) == (text if text.endswith("\n") else text + "\n")
        lines = page.split(b"\r\n")
        assert max(map(len, lines)) <= LINE
        assert not any(line.endswith((b" ", b"\t")) for line in lines)
        assert b"\n" not in page.replace(b"\r\n", b"")


def _cleared(*, promotional: bool = True, address: str = "ana@example.com", **content: Any) -> Cleared:
    cleared = a_cleared(promotional=promotional)
    mail = replace(EmailContent(subject="Vse najboljše, Ana!", text="Pozdrav", html="<p>Pozdrav</p>"), **content)
    approved = replace(cleared.rendered.approved, address=address)
    return replace(cleared, rendered=replace(cleared.rendered, approved=approved, content=mail))


def _fields(mail: bytes) -> tuple[bytes, bytes]:
    """The fields before those of MIME, and these."""
    before, _, mime = mail.partition(b"\r\n\r\n")[0].partition(b"MIME-Version: 1.0\r\n")
    return before, mime


@pytest.mark.parametrize("promotional", [True, False])
@pytest.mark.parametrize(("address", "content"), [
    ("ana@example.com", {}), ("ana@example.com", {"html": None}), ("олена@приклад.укр", {}), ("ana@čebela.si", {"text": "שלום عليكم"}),
    ("ana@example.com", {"subject": "كل عام وأنت بخير " * 8, "html": '<html dir="rtl">مرحبا</html>'}),
    ("ana@example.com", {"subject": "plain words " * 12, "sender": "Čebela <c@b.si>", "reply_to": "x@y.zz"}),
])  # fmt: skip
def test_the_header_from_a_layout_is_the_header_put_together_field_by_field(
    address: str, content: dict[str, Any], promotional: bool
) -> None:
    laid_out = _fields(compose(_cleared(address=address, promotional=promotional, **content), LETTERHEAD, now=NOW).content)
    with_a_file = _cleared(address=address, promotional=promotional, attachments=(FILE,), **content)  # these are put together each time
    assert laid_out[0] == _fields(compose(with_a_file, LETTERHEAD, now=NOW).content)[0]
    plain = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
    both = b'Content-Type: multipart/alternative; boundary="=_engage_alternative"'
    assert laid_out[1] == (plain if "html" in content and content["html"] is None else both)


def test_two_mails_of_one_layout_differ_in_nothing_but_what_differs() -> None:
    letterhead = replace(LETTERHEAD)
    first, second = (compose(_cleared(subject=subject), letterhead, now=NOW).content for subject in ("One", "Two"))
    assert len(letterhead.layouts) == 1
    assert first.replace(b"Subject: One", b"Subject: Two") == second


@pytest.mark.parametrize("letterhead", [LETTERHEAD, SIGNED], ids=["plain", "signed"])
def test_every_mail_of_the_demo_is_read_back_as_it_was_rendered(letterhead: Letterhead) -> None:
    _, templates = demo()
    trigger = {"years": 3, "ticket_id": "T-1", "event_at": NOW, "channel": "email", "at": NOW}
    for message, name, locale in versions():
        if name != "email":
            continue
        campaign, purpose = campaign_of(message)
        contact = a_contact(locale=locale, first_name="Ana <&> Žiga", tags=("ski",), plan="plus", customer_since=NOW.date())
        intent = an_intent(message=message, campaign=campaign, purpose=purpose, trigger=trigger)
        rendered = templates.render(an_approved(intent=intent, contact=contact, kind=ChannelKind.EMAIL), now=NOW)
        content = rendered.content
        assert isinstance(content, EmailContent)
        assert isinstance(content.html, Stretches)
        read = message_from_bytes(compose(replace(a_cleared(), rendered=rendered), letterhead, now=NOW).content, policy=policy.SMTP)
        assert isinstance(read, EmailMessage)
        assert [defect for part in read.walk() for defect in part.defects] == []
        assert str(read["Subject"]) == content.subject
        assert _said(read, "plain") == content.text
        assert _said(read, "html") == content.html.rstrip("\n") + "\n" * (len(content.html) - len(content.html.rstrip("\n")) or 1)


def _said(read: EmailMessage, kind: str) -> str:
    part = read.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_attachments_go_with_a_page_of_stretches() -> None:
    html = Stretches.joined(("<p>", "Ana", "</p>"))
    mail = compose(_cleared(html=html, attachments=(FILE,)), LETTERHEAD, now=NOW)
    read = message_from_bytes(mail.content, policy=policy.SMTP)
    assert isinstance(read, EmailMessage)
    assert [part.get_content_type() for part in read.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/plain",
    ]  # fmt: skip
    assert _said(read, "html") == "<p>Ana</p>\n"


def test_what_is_done_to_a_page_leaves_no_stretches_of_another_text() -> None:
    page = Stretches.joined(("<p>", "Ana", "</p>"))
    assert not isinstance(page.replace("Ana", "Bo"), Stretches)
    assert not isinstance(page + "x", Stretches)
    content = replace(EmailContent(subject="s", text="t", html=page), html="<p>Bo</p>")
    assert b"<p>Bo</p>" in compose(_cleared(html=content.html), LETTERHEAD, now=NOW).content
