"""What the ledger's lines come to, and which it takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engage.contacts.consent import new_line, states
from engage.contacts.ports import Permission
from engage.model.contact import ChannelKind, Consent
from engage.model.workspace import Basis
from tests.builders import NOON, a_purpose

EMAIL, SMS, CHAT = ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.CHAT
EARLIER = NOON - timedelta(days=10)


def line(*, granted: bool = True, channel: ChannelKind | None = None, at: datetime = EARLIER, purpose: str = "care") -> Consent:
    return Consent(contact_id=1, purpose=purpose, channel=channel, granted=granted, at=at, source="web form")


def told(*, granted: bool = True, channel: ChannelKind | None = None, at: datetime | None = None) -> Permission:
    return Permission(purpose="care", channel=channel, granted=granted, at=at, source="web form")


@pytest.mark.parametrize(("basis", "lines", "may"), [
    (Basis.OPT_IN, [], False), (Basis.OPT_IN, [line()], True), (Basis.OPT_IN, [line(granted=False)], False),
    (Basis.OPT_OUT, [], True), (Basis.OPT_OUT, [line(granted=False)], False), (Basis.NONE, [line(granted=False)], True),
])
def test_the_purposes_basis_says_what_silence_means(basis: Basis, lines: list[Consent], may: bool) -> None:
    purpose = a_purpose(consent=dict.fromkeys(ChannelKind, basis))
    found = states(lines, [purpose], contact_id=1, now=NOON)
    assert [state.channel for state in found] == [EMAIL, SMS, CHAT]
    assert {state.may_write for state in found} == {may}


def test_a_line_that_is_there_to_the_letter_is_not_repeated() -> None:
    dated = told(at=EARLIER)
    assert new_line(dated, [], contact_id=1, now=NOON) == line()
    assert new_line(dated, [line()], contact_id=1, now=NOON) is None
    assert new_line(replace(dated, source="fair"), [line()], contact_id=1, now=NOON) is not None


def test_an_undated_grant_never_undoes_a_withdrawal() -> None:
    assert new_line(told(), [line(granted=False)], contact_id=1, now=NOON) is None
    assert new_line(told(channel=EMAIL), [line(granted=False)], contact_id=1, now=NOON) is None
    assert new_line(told(), [line(granted=False, channel=SMS)], contact_id=1, now=NOON) is None


def test_an_undated_word_is_taken_as_of_now_where_it_says_something_new() -> None:
    assert new_line(told(), [], contact_id=1, now=NOON) == line(at=NOON)
    assert new_line(told(granted=False), [line()], contact_id=1, now=NOON) == line(granted=False, at=NOON)
    assert new_line(told(granted=False), [line(granted=False)], contact_id=1, now=NOON) is None


def test_a_dated_grant_after_the_withdrawal_counts() -> None:
    later = told(at=datetime(2026, 2, 24, tzinfo=UTC))
    assert new_line(later, [line(granted=False)], contact_id=1, now=NOON) is not None


def test_an_undated_grant_prolongs_no_consent_that_has_expired() -> None:
    expired = replace(line(), expires_at=NOON - timedelta(days=1))
    assert new_line(told(), [expired], contact_id=1, now=NOON) is None


def test_an_undated_withdrawal_counts_during_a_break_too() -> None:
    paused = replace(line(granted=False), expires_at=NOON + timedelta(days=1))
    assert new_line(told(granted=False), [paused], contact_id=1, now=NOON) == line(granted=False, at=NOON)
    (state, *_) = states([paused], [a_purpose()], contact_id=1, now=NOON)
    assert (state.may_write, state.paused_until) == (False, NOON + timedelta(days=1))
