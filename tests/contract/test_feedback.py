"""What comes back of messages, on both databases: each once, with all that follows of it, and as events that campaigns see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from engage.feedback import Feedback, Response, Taken
from engage.model.contact import ChannelKind
from engage.model.errors import Rejected
from engage.model.history import Kind
from engage.store.database import Database
from engage.store.expressions.lookups import SqlLookup
from engage.store.feedback.responses import SqlFeedback
from engage.store.planning.transactions import SqlPlanning
from tests.contract.store_benches import at_once
from tests.engine import Works
from tests.small import small_workspace

MINUTE = timedelta(minutes=1)
BOUNCES = """\
title: Bounces
purpose: service
status: live
trigger: {event: message.bounced, where: "event.message == 'csat'"}
send: csat_sms
channels: [sms]
"""
FILES = {"campaigns/bounces.yaml": BOUNCES, "templates/csat_sms/sms.txt": "How did we do?\n"}


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    """Ana was asked by mail how we did."""
    works = Works(database, small_workspace(None, **FILES))
    works.know("ana", phone="+38640123456")
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(works.clock.now() + timedelta(days=1, minutes=1))
    assert works.sent() == ["ana@example.com"]
    yield works
    works.close()


def feedback(works: Works) -> Feedback:
    return Feedback(SqlFeedback(works.database, workspace=lambda: works.workspace), workspace=lambda: works.workspace)


def take(works: Works, *kinds: Kind, **told: object) -> list[Taken]:
    """What came a minute ago, of the delivery."""
    now = works.clock.now()
    (sent,) = works.touches(Kind.SENT)
    named = told if {"message", "delivery_id"} & set(told) else {"delivery_id": sent.delivery_id, **told}
    responses = [Response(kind=kind, at=now, **named) for kind in kinds]  # type: ignore[arg-type]  # what is told is the response's
    return list(feedback(works).take(responses, now=now))


def test_each_is_written_once_however_often_and_in_whatever_order_it_is_told(works: Works) -> None:
    kinds = (Kind.CLICKED, Kind.OPENED, Kind.DELIVERED)
    assert take(works, *kinds, *kinds) == [Taken.NEW] * 3 + [Taken.KNOWN] * 3
    assert take(works, *reversed(kinds)) == [Taken.KNOWN] * 3
    assert [touch.kind for touch in works.touches(*kinds)] == list(kinds)


def test_told_by_many_at_once_it_is_written_once(works: Works) -> None:
    told = at_once(6, lambda _: take(works, Kind.DELIVERED))
    assert sorted(fate for fates in told for fate in fates) == [Taken.KNOWN] * 5 + [Taken.NEW]
    assert len(works.touches(Kind.DELIVERED)) == 1


def test_it_is_found_by_message_and_contact_too_and_nothing_by_names_that_nobody_has(works: Works) -> None:
    assert take(works, Kind.DELIVERED, message="csat", contact="ANA@example.com") == [Taken.NEW]
    assert take(works, Kind.OPENED, message="csat", contact="nobody") == [Taken.UNMATCHED]
    long_ago = Response(kind=Kind.OPENED, at=works.clock.now() - timedelta(days=300), message="csat", contact="ana")
    assert feedback(works).take([long_ago], now=works.clock.now()) == [Taken.UNMATCHED]
    assert take(works, Kind.OPENED, delivery_id=4711) == [Taken.UNMATCHED]


def test_a_hard_bounce_suppresses_the_address_and_enters_the_campaign_that_waits_for_it(works: Works) -> None:
    take(works, Kind.BOUNCED, reason="5.1.1")
    works.settle()
    assert [(line.channel, line.reason, line.contacts) for line in works.suppressions.suppressed()] == [
        (ChannelKind.EMAIL, "hard_bounce", ("ana",))
    ]
    assert [touch.campaign for touch in works.touches(Kind.ENTERED)] == ["follow_up", "bounces"]
    assert works.sent()[-1] == "+38640123456"


def test_a_complaint_suppresses_and_withdraws(works: Works) -> None:
    take(works, Kind.COMPLAINED)
    assert [line.reason for line in works.suppressions.suppressed()] == ["complaint"]
    ana = works.people.find("ana")
    assert ana is not None
    assert [(line.purpose, line.granted, line.source) for line in works.ledger.lines(ana.id)] == [("care", False, "complaint")]


def test_what_a_machine_did_starts_nothing(works: Works) -> None:
    assert take(works, Kind.OPENED, Kind.CLICKED, machine=True) == [Taken.NEW] * 2
    assert take(works, Kind.OPENED, machine=True) == [Taken.KNOWN]
    with SqlPlanning(works.database, workspace=lambda: works.workspace).transaction() as tx:
        assert tx.pending_events(limit=10) == []


@pytest.mark.parametrize("machine", [True, False])
def test_an_expression_counts_what_people_did_and_nothing_else(works: Works, machine: bool) -> None:
    take(works, Kind.OPENED, machine=machine)
    ana = works.people.find("ana")
    assert ana is not None
    lookup = SqlLookup(works.database.read, workspace=works.workspace, contact_id=ana.id, now=works.clock.now())
    assert lookup.touched(campaign=None, message="csat", kind="opened", within=None) is not machine


def test_a_response_that_cannot_be_written_leaves_nothing_of_the_others(works: Works) -> None:
    with pytest.raises(Exception, match=r"surrogates|UTF-8|serializable|Unicode"):
        take(works, Kind.DELIVERED, Kind.CLICKED, url="\ud800")
    assert works.touches(Kind.DELIVERED) == []


def test_an_address_that_is_refused_at_the_hand_off_raises_the_same_event(database: Database) -> None:
    works = Works(database, small_workspace(None, **FILES))
    works.know("ana", phone="+38640123456")
    works.channels["email"].fail(Rejected("no such mailbox", code="550", address_is_bad=True), times=1)
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(works.clock.now() + timedelta(days=1, minutes=1))
    assert [touch.campaign for touch in works.touches(Kind.ENTERED)] == ["follow_up", "bounces"]
    works.close()
