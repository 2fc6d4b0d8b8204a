"""What is taken out of mails: never more than one response, and never an error, whatever they hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.delivery.identity import SignedIdentity
from engage.feedback.mails import Mails
from engage.feedback.responses import Response, Taken
from engage.model.history import Kind
from tests.builders import NOON
from tests.unit.feedback.samples import COMPLAINT_CASES, NO_BOUNCES, PROSE_CASES, STATUS_CASES, letter

IDENTITY = SignedIdentity(secret=b"s", domain="a.example")
KEY = IDENTITY.names(7)[1]
SAMPLES = [raw for _, raw in (*STATUS_CASES, *PROSE_CASES, *COMPLAINT_CASES)] + list(NO_BOUNCES.values())


class Told:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.responses: list[Response] = []

    def take(self, responses: Sequence[Response], *, now: datetime) -> Sequence[Taken]:
        self.responses += responses
        return [Taken.NEW] * len(responses)


def take(raw: bytes, *recipients: str) -> list[Response]:
    told = Told()
    mails = Mails(told, delivery_of=IDENTITY.delivery_of, secret=b"s", unsubscribe_at=lambda: {"bye+{id}@a.example"})  # type: ignore[arg-type]  # it is asked to take only
    mails.take(raw, recipients=recipients, now=NOON)
    return told.responses


def ours(raw: bytes) -> bytes:
    return raw.replace(b"d7.0123456789abcdef0123", KEY.encode())


@pytest.mark.parametrize("date", ["Mon, 2 Mar 2099 09:00:00 +0000", "Mon, 99 Xxx 0000", "", "1 Jan 0001 00:00:00 +2359", "31 Dec 9999 23:59:59 -2359"])
def test_a_date_that_cannot_be_is_now(date: str) -> None:
    raw = ours(letter("Thanks!", sender="Ana <ana@reader.example>", subject="Re: x")).replace(b"Mon, 2 Mar 2026 09:01:00 +0000", date.encode())
    (response,) = take(raw)
    assert (response.kind, response.delivery_id, response.at <= NOON) == (Kind.REPLIED, 7, True)


@pytest.mark.parametrize("address", [
    f"bounces+{KEY}@a.example", f"BOUNCES+{KEY.upper()}@A.EXAMPLE", f"<bounces-{KEY}@a.example>", f"{KEY}@a.example", f"SRS0=x=y=b.example=bounces+{KEY}@c.example",
    f"prvs=123=bounces+{KEY}@a.example", f"b{KEY}@a.example", f"{KEY}0@a.example",
])  # fmt: skip
def test_the_name_is_found_in_whatever_servers_make_of_the_address(address: str) -> None:
    (response,) = take(STATUS_CASES[0][1], address)
    assert (response.kind, response.delivery_id, response.reason) == (Kind.BOUNCED, 7, "5.1.1")


@pytest.mark.parametrize("address", [
    f"bounces+{KEY[:-1]}@a.example", f"bounces+d8.{KEY[3:]}@a.example", "bounces+d7@a.example", "bounces+d7.@a.example",
    f"bounces+d{'9' * 30}.{KEY[3:]}@a.example", f"bounces+d\u0667.{KEY[3:]}@a.example",
])  # fmt: skip
def test_no_other_name_is_ours(address: str) -> None:
    assert take(STATUS_CASES[0][1], address) == []


@settings(max_examples=80)
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 60), st.binary(max_size=30)), max_size=8))
def test_nothing_breaks_it(raw: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    mail = bytearray(ours(raw))
    for at, length, put in changes:
        mail[at : at + length] = put
    assert len(take(bytes(mail), "x", "", "@", f"bye+{KEY}@a.example")) <= 1


@given(st.binary(max_size=500), st.text(max_size=50))
def test_no_bytes_and_no_recipient_break_it(raw: bytes, recipient: str) -> None:
    take(raw, recipient)
