"""A test send: to the first of a channel's providers that is there."""

import asyncio

import pytest

from engage.delivery.trial import hand_over_once
from engage.model.delivery import Receipt
from engage.model.errors import Rejected, SendError, Unavailable, Unconfirmed
from tests.builders import a_rendered
from tests.fakes.channel import FakeChannel

AWAY = Unavailable("no connection", code="ConnectionRefusedError", whole_provider=True)


def handed_over(*ways: FakeChannel) -> Receipt:
    return asyncio.run(hand_over_once(a_rendered(), ways, message_id="<t@a.example>", idempotency_key="t", promotional=False))


def test_the_next_provider_takes_it_where_the_first_is_away() -> None:
    away, there, unasked = FakeChannel(), FakeChannel(), FakeChannel()
    away.fail(AWAY)
    assert handed_over(away, there, unasked).provider_id == "fake-1"
    assert [len(way.tried) for way in (away, there, unasked)] == [1, 1, 0]


@pytest.mark.parametrize("error", [Rejected("550 no such user"), Unconfirmed("no answer")])
def test_what_was_refused_or_may_have_gone_is_handed_to_no_other(error: SendError) -> None:
    first, second = FakeChannel(), FakeChannel()
    first.fail(error)
    with pytest.raises(type(error)):
        handed_over(first, second)
    assert second.tried == []


def test_what_nobody_takes_says_so() -> None:
    away = FakeChannel()
    away.fail(AWAY)
    with pytest.raises(Unavailable):
        handed_over(away, away)
