"""What mails that come back say: bounces of many servers, hard and soft, complaints; and what is none of these."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.feedback.bounces import severity
from engage.feedback.findings import What
from engage.feedback.returns import read
from tests.unit.feedback.samples import (
    ANA,
    COMPLAINT_CASES,
    NO_BOUNCES,
    PROSE_CASES,
    STATUS_CASES,
    WORDED_CASES,
    Case,
    mail,
    recipient,
    report,
)

CASES = [*STATUS_CASES, *PROSE_CASES, *WORDED_CASES, *COMPLAINT_CASES]


@pytest.mark.parametrize(("case", "raw"), CASES, ids=[case[0] for case, _ in CASES])
def test_a_mail_that_came_back_is_understood(case: Case, raw: bytes) -> None:
    _, what, address, bad = case
    (finding,) = read(raw).findings
    judged = severity(finding.code) if finding.what is What.BOUNCED else None
    assert (finding.what, finding.address, judged) == (what, address, bad), finding.code


@pytest.mark.parametrize("name", NO_BOUNCES)
def test_what_is_no_bounce_is_not_taken_for_one(name: str) -> None:
    harmless = {What.AUTOMATIC, What.PASSED_ON}
    assert {finding.what for finding in read(NO_BOUNCES[name]).findings} <= harmless


def test_what_a_server_says_in_words_that_nobody_knows_is_no_persons_answer() -> None:
    assert [finding.what for finding in read(mail("Zxqv wfty bnmk.\n", subject="Qwrty")).findings] == [What.AUTOMATIC]


@pytest.mark.parametrize("ends", [b"\r\n", b"\r"])
def test_the_ends_of_lines_do_not_matter(ends: bytes) -> None:
    for case, raw in CASES:
        (finding,) = read(raw.replace(b"\n", ends)).findings
        assert (finding.what, finding.address) == case[1:3], case[0]


def test_each_recipient_of_a_report_is_one_finding() -> None:
    raw = report("Some of these failed.", recipient("5.1.1"), recipient("2.1.5", action="delivered", address="bo@x.example"), recipient("4.2.2", action="delayed", address="cy@x.example"))
    assert [(each.what, each.address) for each in read(raw).findings] == [(What.BOUNCED, ANA), (What.DELIVERED, "bo@x.example"), (What.DELAYED, "cy@x.example")]


def test_addresses_beyond_ascii_are_read_from_their_reports() -> None:
    block = "Original-Recipient: utf-8; \\x{437}\\x{43E}\\x{44F}@reader.example\nAction: failed\nStatus: 5.1.1"
    (finding,) = read(report("Failed.", block, status="message/global-delivery-status", returned="message/global")).findings
    assert finding.address == "зоя@reader.example"


def test_the_mail_that_is_returned_is_found() -> None:
    assert "<d7.0123456789abcdef0123@engage.example>" in read(STATUS_CASES[0][1]).mail.returned


@given(st.binary(max_size=2_000))
def test_no_bytes_break_it(raw: bytes) -> None:
    read(raw)


@settings(max_examples=60)
@given(st.data())
def test_no_broken_bounce_breaks_it(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([raw for _, raw in CASES])))
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    read(bytes(raw))


def _nested(depth: int) -> bytes:
    opened = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (level, level) for level in range(depth))
    return b"From: MAILER-DAEMON@x.example\nSubject: Undeliverable\n" + opened + b"Content-Type: text/plain\n\nYour message could not be delivered.\n"


BOMBS = {
    "deep": _nested(5_000), "wide": mail("--B\n\nx\n" * 50_000, subject="Undeliverable", kind='multipart/mixed; boundary="B"'), "long line": mail("a" * 3_000_000, subject="Undeliverable"),
    "at signs": mail("@" * 100_000 + "a@b." * 100_000, subject="Undeliverable"), "angles": mail("<" * 200_000, subject="Undeliverable", kind="text/html"), "tags": mail("<style>" * 30_000, subject="Undeliverable", kind="text/html"),
    "words": mail("could not be delivered to " * 8_000, subject="Re: Undeliverable", sender="a@b.example"), "dashes": mail(("-" * 70 + "\n") * 4_000, subject="Undeliverable"),
    "header": b"Subject: " + b"=?utf-8?q?a?= " * 20_000 + b"\n\nx", "many headers": b"X: y\n" * 60_000 + b"\n\nx", "blocks": report("x", *["Action: failed\nStatus: 5.1.1\n"] * 2_000),
    "unknown charset": mail("x", subject="=?no-such-charset?b?////?= =?utf-8?q?=ff?=", kind="text/plain; charset=no-such"), "utf-7": mail("+ADw-", subject="x", kind="text/plain; charset=utf-7"),
    "no base64": mail("%%%%", subject="x", more="Content-Transfer-Encoding: base64\n"), "idna": mail("xn--" * 9_000, subject="x", kind="text/plain; charset=idna"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_no_harm(name: str) -> None:
    assert len(read(BOMBS[name]).findings) <= 50
