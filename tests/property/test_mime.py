"""Whatever people write, a mail has the headers that were meant and says what was written."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from engage.channels.mime import Letterhead, compose
from engage.channels.words import refuse_controls
from engage.model.content import EmailContent
from engage.model.errors import Rejected
from tests.builders import a_cleared

NOW = datetime(2026, 2, 28, 8, 0, 5, tzinfo=UTC)
LETTERHEAD = Letterhead(sender="Aurora <hello@aurora.example>")
MEANT = {
    "from", "to", "subject", "date", "message-id", "reply-to", "auto-submitted", "mime-version", "content-type",
    "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id",
}
ANYTHING = st.text(st.characters(codec="utf-8"), max_size=200)
PIECES = [
    "\r", "\n", "\r\n", "\0", "\x85", "\u2028", " ", "\t", "Bcc: x@example.net", "=?utf-8?q?", "=0A", "?=", "=?utf-8?b?Cg==?=",
    "a", "č", ":", "<", ">",
]
NASTY = st.one_of(ANYTHING, st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


def _composed(content: EmailContent) -> EmailMessage:
    cleared = a_cleared()
    mail = compose(replace(cleared, rendered=replace(cleared.rendered, content=content)), LETTERHEAD, now=NOW)
    return message_from_bytes(mail.content, policy=policy.SMTPUTF8)


@given(text=ANYTHING, html=st.none() | ANYTHING)
def test_bodies_survive(text: str, html: str | None) -> None:
    message = _composed(EmailContent(subject="s", text=text, html=html))
    for kind, written in (("plain", text), ("html", html)):
        if written is None:
            continue
        part = message.get_body((kind,))
        assert part is not None
        lines = written.replace("\r\n", "\n").replace("\r", "\n")
        assert part.get_payload(decode=True).decode().replace("\r\n", "\n") == (lines if lines.endswith("\n") else lines + "\n")


@given(subject=NASTY, sender=NASTY.map(lambda name: f"{name} <hello@aurora.example>"))
def test_no_header_appears_that_was_not_meant(subject: str, sender: str) -> None:
    with suppress(Rejected):
        message = _composed(EmailContent(subject=subject, text="t", sender=sender))
        names = [name.lower() for name in message]
        assert len(names) == len(set(names))
        assert set(names) <= MEANT
        assert [address.addr_spec for address in message["From"].addresses] == ["hello@aurora.example"]
        assert [address.addr_spec for address in message["To"].addresses] == ["ana@example.com"]


@given(subject=NASTY)
def test_a_subject_is_refused_exactly_where_it_holds_a_control_character(subject: str) -> None:
    try:
        refuse_controls(subject)
    except ValueError:
        clean = False
    else:
        clean = True
    try:
        read = str(_composed(EmailContent(subject=subject, text="t"))["Subject"])
    except Rejected:
        assert not clean
    else:
        assert clean
        assert read.split() == subject.split()
