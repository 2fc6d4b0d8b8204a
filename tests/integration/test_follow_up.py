"""The ticket follow-up, from the event to the reminder, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from engage.model.errors import Rejected, Unavailable, Unconfirmed
from engage.model.history import Kind
from engage.store.database import Database
from tests.engine import MONDAY, Works
from tests.small import FILES, small_workspace


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace())
    made.know("ana", phone="+38640123456")
    yield made
    made.close()


def test_a_day_after_the_closure_the_question_goes_out_and_after_three_silent_days_the_reminder(works: Works) -> None:
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(MONDAY + timedelta(days=6))
    sent = [(touch.at, touch.channel) for touch in works.touches(Kind.SENT)]
    assert sent == [(MONDAY + timedelta(days=1), "email"), (MONDAY + timedelta(days=4), "sms")]
    assert [touch.kind for touch in works.touches(Kind.FINISHED)] == [Kind.FINISHED]


def test_an_answer_spares_the_reminder(works: Works) -> None:
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(MONDAY + timedelta(days=2))
    works.happen("csat.answered", "ana", ticket_id="T-1", score=5)
    works.play(MONDAY + timedelta(days=6))
    assert [touch.channel for touch in works.touches(Kind.SENT)] == ["email"]


def test_the_same_event_posted_twenty_times_at_once_makes_one_run(works: Works) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: works.happen("ticket.closed", "ana", id="z-1", ticket_id="T-1"), range(20)))
    assert taken.count(True) == 1
    works.play(MONDAY + timedelta(days=2))
    assert len(works.touches(Kind.ENTERED)) == 1
    assert len(works.sent()) == 1


def test_a_reopened_ticket_stops_the_follow_up(works: Works) -> None:
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(MONDAY + timedelta(hours=20))
    works.happen("ticket.reopened", "ana", ticket_id="T-1")
    works.play(MONDAY + timedelta(days=6))
    assert works.sent() == []
    assert [touch.reason for touch in works.touches(Kind.EXITED)] == ["ticket.reopened"]


def test_another_tickets_reopening_does_not(works: Works) -> None:
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.happen("ticket.reopened", "ana", ticket_id="T-2")
    works.play(MONDAY + timedelta(days=2))
    assert len(works.sent()) == 1


def test_closed_reopened_and_closed_again_brings_one_follow_up_timed_from_the_last_closure(works: Works) -> None:
    works.happen("ticket.closed", "ana", id="1", ticket_id="T-1")
    works.play(MONDAY + timedelta(hours=2))
    works.happen("ticket.reopened", "ana", id="2", at=MONDAY + timedelta(hours=2), ticket_id="T-1")
    last = MONDAY + timedelta(hours=3)
    works.clock.move(last)
    works.happen("ticket.closed", "ana", id="3", ticket_id="T-1")
    works.play(MONDAY + timedelta(days=3))
    assert [touch.at for touch in works.touches(Kind.SENT)] == [last + timedelta(days=1)]


def test_a_reopening_that_is_posted_before_its_closure_still_ends_the_run(works: Works) -> None:
    works.happen("ticket.reopened", "ana", at=MONDAY, ticket_id="T-1")
    works.happen("ticket.closed", "ana", at=MONDAY - timedelta(hours=1), ticket_id="T-1")
    works.play(MONDAY + timedelta(days=3))
    assert works.sent() == []


def test_a_reopening_that_is_posted_after_the_second_closure_ends_only_the_first_one(works: Works) -> None:
    last = MONDAY + timedelta(hours=2)
    works.happen("ticket.closed", "ana", id="1", ticket_id="T-1")
    works.clock.move(last + timedelta(minutes=1))
    works.happen("ticket.closed", "ana", id="3", at=last, ticket_id="T-1")
    works.happen("ticket.closed", "ana", id="4", at=last, ticket_id="T-2")
    works.happen("ticket.reopened", "ana", id="2", at=MONDAY + timedelta(hours=1), ticket_id="T-1")
    works.play(MONDAY + timedelta(days=3))
    assert [touch.at for touch in works.touches(Kind.SENT)] == [last + timedelta(days=1)] * 2


def test_a_closure_that_is_posted_late_does_not_restart_what_a_later_one_began(database: Database) -> None:
    again = FILES["campaigns/follow_up.yaml"].replace("key: event.ticket_id}", "key: event.ticket_id, again: restart}")
    works = Works(database, small_workspace(**{"campaigns/follow_up.yaml": again}))
    works.know("ana")
    last = MONDAY + timedelta(hours=2)
    works.clock.move(last)
    works.happen("ticket.closed", "ana", id="2", at=last, ticket_id="T-1")
    works.happen("ticket.closed", "ana", id="1", at=MONDAY, ticket_id="T-1")
    works.play(MONDAY + timedelta(days=3))
    works.close()
    assert [touch.at for touch in works.touches(Kind.SENT)] == [last + timedelta(days=1)]


def test_an_answer_of_after_its_time_comes_too_late_after_an_outage_too(works: Works) -> None:
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(MONDAY + timedelta(days=2))
    late = MONDAY + timedelta(days=5)
    works.clock.move(late)
    works.happen("csat.answered", "ana", ticket_id="T-1", score=5)
    works.settle()
    assert works.touches(Kind.SENT, Kind.SUPPRESSED)[1].at == late  # the reminder that an answer in time would have spared them


def test_what_is_restarted_is_no_second_entry(database: Database) -> None:
    again = FILES["campaigns/follow_up.yaml"].replace("key: event.ticket_id}", "key: event.ticket_id, again: restart}\nre_entry: after 14d")
    works = Works(database, small_workspace(**{"campaigns/follow_up.yaml": again.replace("wait: 1d", "wait: 20d")}))
    works.know("ana")
    for days, ticket in ((0, "T-1"), (15, "T-2"), (16, "T-1")):
        works.play(MONDAY + timedelta(days=days))
        works.clock.move(MONDAY + timedelta(days=days))
        works.happen("ticket.closed", "ana", ticket_id=ticket)
    works.play(MONDAY + timedelta(days=39))
    works.close()
    hour = timedelta(hours=1)  # summer time has begun
    assert [touch.at for touch in works.touches(Kind.SENT)] == [MONDAY + timedelta(days=35) - hour, MONDAY + timedelta(days=36) - hour]


def test_an_event_about_somebody_not_yet_known_counts_once_they_appear(works: Works) -> None:
    works.happen("ticket.closed", "bor", ticket_id="T-9")
    works.settle()
    works.clock.move(MONDAY + timedelta(hours=3))
    works.know("bor")
    works.play(MONDAY + timedelta(days=2))
    assert works.sent() == ["bor@example.com"]
    assert [touch.at for touch in works.touches(Kind.SENT)] == [MONDAY + timedelta(days=1)]


def test_a_refused_address_is_suppressed_and_the_other_channel_gets_the_birthday(works: Works) -> None:
    works.channels["email"].fail(Rejected("no such user", code="550", address_is_bad=True))
    works.know("vid", birth_date=MONDAY.date() + timedelta(days=1), phone="+38640999888")
    works.play(MONDAY + timedelta(days=2))
    assert works.sent() == ["+38640999888"]
    assert [touch.kind for touch in works.touches(Kind.BOUNCED)] == [Kind.BOUNCED]


def test_a_provider_that_is_away_costs_nothing_but_time(works: Works) -> None:
    works.channels["email"].fail(Unavailable("busy", code="421"), times=1)
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(MONDAY + timedelta(days=1, hours=1))
    assert works.sent() == []
    assert [touch.reason for touch in works.touches(Kind.DEFERRED)] == ["unavailable"]
    assert works.operations.status(now=works.clock.now())["retrying"] == 1


def test_what_may_have_been_sent_is_unknown_and_never_sent_again_where_the_purpose_holds(works: Works) -> None:
    works.channels["email"].fail(Unconfirmed("silence after the dot"), yet_taken=True)
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(MONDAY + timedelta(days=2))
    assert works.sent() == ["ana@example.com"]
    assert [touch.kind for touch in works.touches(Kind.UNKNOWN)] == [Kind.UNKNOWN]


def test_a_template_that_cannot_be_rendered_fails_that_message_and_no_other(database: Database) -> None:
    text = "---\nsubject: Hi\n---\n{{ contact.first_name }} {{ message.unsubscribe_url }}\n"
    broken = small_workspace(**{"templates/csat/email.md": text})
    works = Works(database, broken)
    works.know("ana")
    works.know("bor", first_name="Bor")
    for label in ("ana", "bor"):
        works.happen("ticket.closed", label, ticket_id=label)
    works.play(MONDAY + timedelta(days=2))
    works.close()
    assert works.sent() == ["bor@example.com"]
    assert [touch.reason for touch in works.touches(Kind.FAILED)] == ["render"]


def test_a_refused_configuration_pauses_the_channel_and_what_it_held_goes_out_when_people_resume(works: Works) -> None:
    works.channels["email"].fail(Unavailable("invalid_auth", configuration=True), times=1)
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(MONDAY + timedelta(days=1, hours=1))
    assert works.sent() == []
    assert [pause["reason"] for pause in works.operations.pauses()] == ["invalid_auth"]
    works.operations.resume("channel", "email", now=works.clock.now())
    works.settle()
    assert works.sent() == ["ana@example.com"]
