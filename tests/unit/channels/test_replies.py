"""Providers' words and waits, in ours."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engage.channels.http import retry_after
from engage.channels.slack_errors import refusal as slack_refusal
from engage.channels.smtp_replies import Phase, Reply, refusal
from engage.channels.wording import LONGEST, without_addresses
from engage.model.errors import Rejected, SendError, Unavailable

NOW = datetime(2026, 2, 28, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(("header", "seconds"), [
    ("7", 7.0), ("0", 0.0), ("-5", 0.0), ("1.5", 1.5), ("Sat, 28 Feb 2026 08:01:00 GMT", 60.0), ("Sat, 28 Feb 2026 07:00:00 GMT", 0.0),
    ("Saturday, 28-Feb-26 08:01:00 GMT", 60.0), ("Sat Feb 28 08:01:00 2026", 60.0), ("Sat, 28 Feb 2026 08:01:00 -0000", 60.0),
    ("3600", 3_600.0), ("86400", 3_600.0),
    ("99999999", 3_600.0), ("Sun, 01 Mar 2026 08:00:00 GMT", 3_600.0), ("Fri, 31 Dec 9999 23:59:59 GMT", 3_600.0),
    ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", None),
    ("soon", None), ("", None), ("nan", None), ("inf", None), (None, None), ("Sat, 99 Feb 2026 08:01:00 GMT", None),
])
def test_a_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=NOW) == seconds


@pytest.mark.parametrize(("text", "clean"), [
    ("<ana@example.com>: unknown", "<address>: unknown"),
    ("user ANA@example.com unknown", "user <address> unknown"),
    ("no such user žan.ž@primer.si here", "no such user <address> here"),
    ("number 38640123456 is odd", "number <address> is odd"),
    ("two\r\nlines\0", "two lines"),
    (b"accept\xe9e".decode("utf-8", "surrogateescape"), "accept e"),
    ("queued as 4F3A2B", "queued as 4F3A2B"),
])
def test_a_providers_sentence_loses_its_addresses(text: str, clean: str) -> None:
    assert without_addresses(text, "ana@example.com", "+38640123456") == clean


def test_a_providers_sentence_has_an_end() -> None:
    assert len(without_addresses("x" * 5000)) == LONGEST


@pytest.mark.parametrize("code", [400, 421, 432, 450, 451, 452, 455, 499, 500, 501, 503, 521, 530, 535, 550, 551, 552, 553, 554, 571, 599])
@pytest.mark.parametrize("phase", [Phase.CONNECT, Phase.LOGIN, Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.FINAL])
def test_a_temporary_reply_never_rejects_and_only_a_permanent_one_does(phase: Phase, code: int) -> None:
    error = refusal(Reply(code=code, text="whatever"), phase)
    assert isinstance(error, Rejected | Unavailable)
    if code < 500 or phase in (Phase.CONNECT, Phase.LOGIN):
        assert isinstance(error, Unavailable)


@pytest.mark.parametrize(("text", "enhanced"), [
    ("5.1.1 unknown", "5.1.1"), ("4.2.0", "4.2.0"), ("unknown 5.1.1", None), ("", None), ("5.1.1x", None), ("3.1.1 x", None),
])
def test_the_enhanced_code_stands_at_the_start(text: str, enhanced: str | None) -> None:
    assert Reply(code=550, text=text).enhanced == enhanced


@pytest.mark.parametrize("word", ["channel_not_found", "not_in_channel", "is_archived", "restricted_action"])
def test_a_fixed_recipient_that_slack_does_not_know_is_peoples_to_mend(word: str) -> None:
    def error(*, fixed: bool) -> SendError:
        return slack_refusal(word, 200, wait=None, fixed_recipient=fixed, address="#support")

    held = error(fixed=True)
    assert isinstance(held, Unavailable)
    assert held.configuration
    assert isinstance(error(fixed=False), Rejected)
