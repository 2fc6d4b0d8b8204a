"""Each step of a campaign does what it says, in the engine that sends; all of them together do on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from engage.delivery.calling import Answered, CallOutcome, GaveUp
from engage.history.timeline import Filter
from engage.model.errors import Rejected
from engage.model.history import Kind
from engage.store.database import Database
from engage.store.delivery.calls import SqlCalls
from tests.engine import MONDAY, Works
from tests.small import SETTINGS, small_workspace

HOUR = timedelta(hours=1)
EVENTS = "events:\n  order.placed: {total: number}\n  ticket.escalated: {ticket_id: text}\n  visit.due: {}\n"

Making = Callable[..., Works]


ENDPOINTS = 'endpoints:\n  gifts: {url: "https://gifts.example.com/v1", secret: hush}\n'


def begun(database: Database, steps: str, *, settings: str = SETTINGS, top: str = "", **others: str) -> Works:
    """The engine with a campaign of these steps, that a closed ticket enters, and others beside it; Ana is known."""
    campaign = f"title: T\npurpose: care\nstatus: live\ntrigger: {{event: ticket.closed, key: event.ticket_id}}\n{top}steps:\n{steps}"
    files = {"engage.yaml": settings.replace("events:\n", EVENTS), "campaigns/follow_up.yaml": campaign, **others}
    made = Works(database, small_workspace(**files))
    made.know("ana", phone="+38640123456")
    return made


@pytest.fixture
def works(sqlite_url: str) -> Iterator[Making]:
    """Begins such an engine on SQLite."""
    database, made = Database.open(sqlite_url), list[Works]()

    def make(steps: str, **changes: str) -> Works:
        made.append(begun(database, steps, **changes))
        return made[-1]

    yield make
    for each in made:
        each.close()
    database.close()


def sent(works: Works) -> list[tuple[str | None, str | None, timedelta]]:
    """Message, channel and how long after the start, of all that went out."""
    return [(touch.message, touch.channel, touch.at - MONDAY) for touch in works.touches(Kind.SENT)]


def close_ticket(works: Works, *, until: timedelta = HOUR) -> None:
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(MONDAY + until)


def test_what_set_writes_the_steps_behind_it_see_and_a_date_campaign_enters_by_it(works: Making) -> None:
    made = works("""\
  - set: {plan: gold, birth_date: "1990-02-23", timezone: Europe/Kyiv}
  - if: contact.plan == 'gold' and in_segment('gold')
    then: [{send: csat, channels: [email]}]
""", **{"segments/gold.yaml": "audience: contact.plan == 'gold'\n"})
    made.settle()
    made.clock.move(MONDAY + HOUR)
    close_ticket(made, until=2 * HOUR)
    assert sent(made) == [("csat", "email", HOUR), ("birthday", "email", HOUR)]
    contact = made.people.find("ana")
    assert contact is not None
    assert (contact.zones.key, contact.text("plan")) == ("Europe/Kyiv", "gold")


def test_a_consent_withdrawn_by_a_step_holds_for_the_next_send(works: Making) -> None:
    made = works("  - consent: {withdraw: care, channel: email}\n  - {send: csat, channels: [email, sms]}\n")
    close_ticket(made)
    assert sent(made) == [("csat", "sms", timedelta())]
    (line,) = made.ledger.lines(1)
    assert (line.granted, line.source) == (False, "campaign:follow_up")


def test_an_emitted_event_enters_another_campaign_and_may_be_waited_for(works: Making) -> None:
    other = (
        "title: O\npurpose: care\nstatus: live\ntrigger: {event: ticket.escalated}\nsteps:\n"
        "  - {send: birthday, channels: [sms], when: \"trigger.ticket_id == 'T-1'\"}\n"
    )
    made = works("  - emit: {event: ticket.escalated, data: {ticket_id: '{{ trigger.ticket_id }}'}}\n", **{"campaigns/other.yaml": other})
    close_ticket(made)
    assert sent(made) == [("birthday", "sms", timedelta())]
    assert [touch.detail["event"] for touch in made.touches(Kind.EVENT)] == ["ticket.closed", "ticket.escalated"]


def test_stop_ends_the_run(works: Making) -> None:
    made = works("  - {stop: true, when: \"contact.country == 'SI'\"}\n  - {send: csat, channels: [email]}\n")
    close_ticket(made)
    assert (sent(made), [touch.reason for touch in made.touches(Kind.FINISHED)]) == ([], ["stop"])


def test_a_send_by_all_channels_is_one_touch_of_a_limit_and_the_run_goes_on_when_both_are_final(works: Making) -> None:
    made = works("""\
  - {send: csat, channels: {all: [email, sms]}, as: asked}
  - {send: birthday, channels: [email], when: asked == 'sent'}
""", top="limit: 2 per day\n")
    made.channels["email"].fail(Rejected("no such mailbox"))
    close_ticket(made)
    assert [(message, channel) for message, channel, _ in sent(made)] == [("csat", "sms")]
    assert [touch.message for touch in made.touches(Kind.FAILED, Kind.SUPPRESSED)] == ["csat", "birthday"]


def test_two_channels_at_once_leave_room_for_a_second_touch_in_a_limit_of_two(works: Making) -> None:
    made = works("  - {send: csat, channels: {all: [email, sms]}}\n  - {send: birthday, channels: [email]}\n", top="limit: 2 per day\n")
    close_ticket(made)
    assert [(message, channel) for message, channel, _ in sent(made)] == [("csat", "email"), ("csat", "sms"), ("birthday", "email")]


FALLBACK = """\
  - {send: csat, channels: {first: [email, sms], fallback_after: 2h, unless: delivered}}
  - {send: birthday, channels: [sms]}
"""


def test_without_a_sign_the_next_channel_takes_over(works: Making) -> None:
    made = works(FALLBACK)
    close_ticket(made, until=5 * HOUR)
    assert sent(made) == [("csat", "email", timedelta()), ("csat", "sms", 2 * HOUR), ("birthday", "sms", 2 * HOUR)]


def test_the_sign_ends_the_step(works: Making) -> None:
    made = works(FALLBACK)
    close_ticket(made, until=HOUR)
    made.clock.move(MONDAY + HOUR)
    made.respond(Kind.OPENED, "csat", "ana")
    made.settle()
    assert sent(made) == [("csat", "email", timedelta()), ("birthday", "sms", HOUR)]


def paused_at_the_second(works: Works) -> None:
    """The mail went out, no sign of it came in two hours, and the text that is to go in its stead waits, as texts are paused."""
    works.operations.pause("channel", "sms", now=MONDAY)
    close_ticket(works, until=3 * HOUR)
    works.clock.move(MONDAY + 3 * HOUR)


def test_a_sign_that_comes_late_takes_back_what_still_waits_by_the_next_channel(database: Database) -> None:
    made = begun(database, FALLBACK.replace("channels: [sms]", "channels: [email]"))
    paused_at_the_second(made)
    made.respond(Kind.OPENED, "csat", "ana")
    made.settle()
    assert sent(made) == [("csat", "email", timedelta()), ("birthday", "email", 3 * HOUR)]
    (taken_back,) = made.touches(Kind.CANCELLED)
    assert (taken_back.message, taken_back.reason, taken_back.at) == ("csat", "message.opened", MONDAY + 3 * HOUR)
    made.close()


def test_a_bounce_that_comes_late_takes_nothing_back(works: Making) -> None:
    made = works(FALLBACK)
    paused_at_the_second(made)
    made.respond(Kind.BOUNCED, "csat", "ana")
    made.settle()
    assert made.touches(Kind.CANCELLED) == []


def test_a_provider_that_refuses_the_first_address_brings_the_next_channel_at_once(works: Making) -> None:
    made = works(FALLBACK)
    made.channels["email"].fail(Rejected("no such mailbox"))
    close_ticket(made)
    assert sent(made) == [("csat", "sms", timedelta()), ("birthday", "sms", timedelta())]


def test_a_wait_for_takes_what_came_back_of_a_message(works: Making) -> None:
    made = works("""\
  - {send: csat, channels: [email]}
  - {wait_for: {event: message.clicked, for: 1d}, as: click}
  - {send: birthday, channels: [sms], when: click is none}
""")
    close_ticket(made)
    made.clock.move(MONDAY + HOUR)
    made.respond(Kind.CLICKED, "csat", "ana", url="https://a.example/")
    made.play(MONDAY + timedelta(days=2))
    assert [message for message, _, _ in sent(made)] == ["csat"]


SPLIT = """\
  - split:
      - {weight: 30, steps: [{send: csat, channels: [email]}]}
      - {weight: 30, steps: [{send: birthday, channels: [email]}]}
      - {winner: clicked, after: 4h}
"""


def test_a_split_is_sticky_and_its_winner_the_arm_that_did_best(works: Making) -> None:
    made = works(SPLIT)
    people = [f"p{number}" for number in range(24)]
    made.know(*people)
    for who in people:
        made.happen("ticket.closed", who, ticket_id=who)
    made.settle()
    by_share = sent(made)
    assert {message for message, _, _ in by_share} == {"csat", "birthday"}
    assert len(by_share) < len(people)
    liked = next(line.label for line in made.history.timeline(Filter(kinds=frozenset({Kind.SENT}))) if line.touch.message == "birthday")
    made.clock.move(MONDAY + HOUR)
    made.respond(Kind.CLICKED, "birthday", str(liked), url="https://a.example/")
    made.play(MONDAY + 5 * HOUR)
    assert {message for message, _, after in sent(made) if after == 4 * HOUR} == {"birthday"}
    assert len(sent(made)) == len(people)


GOAL = "goal: {event: order.placed, within: 7d, where: event.total > 10}\n"


def test_a_goal_is_reached_once_and_ends_the_run_where_it_should(works: Making) -> None:
    made = works("  - wait: 1d\n  - {send: csat, channels: [email]}\n", top=f"{GOAL}exit: goal\n")
    close_ticket(made)
    made.clock.move(MONDAY + HOUR)
    for number, total in enumerate((5, 20, 30)):
        made.happen("order.placed", "ana", id=f"o{number}", total=total)
    made.play(MONDAY + timedelta(days=3))
    assert [touch.detail["event_id"] for touch in made.touches(Kind.CONVERTED)] == ["o1"]
    assert [touch.reason for touch in made.touches(Kind.EXITED)] == ["goal"]
    assert sent(made) == []


def test_a_finished_run_converts_within_its_span_and_not_after_it_nor_before_its_entry(works: Making) -> None:
    made = works("  - {send: csat, channels: [email]}\n", top=GOAL)
    close_ticket(made)
    made.happen("order.placed", "ana", id="before", at=MONDAY - HOUR, total=20)
    made.clock.move(MONDAY + timedelta(days=8))
    made.happen("order.placed", "ana", id="late", total=20)
    assert made.touches(Kind.CONVERTED) == []
    made.happen("order.placed", "ana", id="in time", at=MONDAY + timedelta(days=6), total=20)
    assert [touch.detail["event_id"] for touch in made.touches(Kind.CONVERTED)] == ["in time"]


def test_an_order_that_was_posted_before_the_entry_it_came_after_counts_for_the_control_group_too(works: Making) -> None:
    made = works("  - {send: csat, channels: [email]}\n", top=f"{GOAL}holdout: 50%\n")
    people = [f"p{number}" for number in range(8)]
    made.know(*people)
    for who in people:
        made.happen("order.placed", who, id=who, at=MONDAY - HOUR, total=20)
        made.happen("ticket.closed", who, at=MONDAY - 2 * HOUR, ticket_id=who)
    assert made.touches(Kind.HELD_OUT)
    assert made.touches(Kind.ENTERED)
    assert sorted(str(touch.detail["event_id"]) for touch in made.touches(Kind.CONVERTED)) == people


def test_the_control_group_converts_like_those_who_were_written_to(works: Making) -> None:
    made = works("  - {send: csat, channels: [email]}\n", top=f"{GOAL}holdout: 50%\n")
    people = [f"p{number}" for number in range(12)]
    made.know(*people)
    for who in people:
        made.happen("ticket.closed", who, ticket_id=who)
    made.settle()
    made.clock.move(MONDAY + HOUR)
    for who in people:
        made.happen("order.placed", who, total=20)
        made.happen("order.placed", who, id=f"again {who}", total=20)
    held_out = {touch.run_id for touch in made.touches(Kind.HELD_OUT)}
    written_to = {touch.run_id for touch in made.touches(Kind.SENT)}
    assert held_out
    assert written_to
    assert sorted(touch.run_id or 0 for touch in made.touches(Kind.CONVERTED)) == sorted(run or 0 for run in held_out | written_to)


@pytest.mark.parametrize(("outcome", "message"), [(Answered(answer={"code": "X-1"}), "csat"), (GaveUp(code="410"), "birthday")])
def test_a_call_is_waited_for_and_its_answer_named(works: Making, outcome: CallOutcome, message: str) -> None:
    made = works("""\
  - {call: gifts, data: {ticket: "{{ trigger.ticket_id }}"}, as: gift}
  - if: gift.code == 'X-1'
    then: [{send: csat, channels: [email]}]
    else: [{send: birthday, channels: [email]}]
""", settings=SETTINGS + ENDPOINTS)
    close_ticket(made)
    outbox = SqlCalls(made.database)
    (call,) = outbox.claim(limit=10, lease=HOUR)
    assert (call.endpoint, call.data, sent(made)) == ("gifts", {"ticket": "T-1"}, [])
    outbox.settle(call, outcome, now=made.clock.now())
    made.settle()
    assert [each for each, _, _ in sent(made)] == [message]


ALL = """\
  - set: {plan: gold}
  - consent: {withdraw: marketing}
  - split:
      - {weight: 50, steps: [{send: csat, channels: {all: [email, sms]}}]}
      - {weight: 50, steps: [{send: birthday, channels: {all: [email, sms]}}]}
  - emit: {event: ticket.escalated, data: {ticket_id: "{{ trigger.ticket_id }}"}}
  - call: gifts
    as: gift
  - {send: csat, channels: {first: [sms, email], fallback_after: 1h, unless: delivered}, when: gift.code == 'X-1'}
  - wait: 30m
  - wait_for: {event: order.placed, for: 1h}
    as: order
  - if: order is none and contact.plan == 'gold'
    then: [{stop: true}]
  - send: birthday
"""


def test_a_campaign_of_every_step_goes_from_its_first_to_its_last(database: Database) -> None:
    made = begun(database, ALL, settings=SETTINGS + ENDPOINTS, top="channels: [sms]\ngoal: {event: ticket.escalated, within: 1d}\n")
    close_ticket(made)
    outbox = SqlCalls(made.database)
    (call,) = outbox.claim(limit=10, lease=HOUR)
    outbox.settle(call, Answered(answer={"code": "X-1"}), now=made.clock.now())
    made.play(MONDAY + timedelta(days=1))
    made.close()
    assert [(channel, after) for _, channel, after in sent(made)] == [
        ("email", timedelta()), ("sms", timedelta()), ("sms", timedelta()), ("email", HOUR),
    ]
    told = [touch.kind for touch in made.touches() if touch.kind not in (Kind.SENT, Kind.EVENT)]
    assert sorted(told) == [Kind.CONSENT_WITHDRAWN, Kind.CONVERTED, Kind.ENTERED, Kind.FINISHED]
    (finished,) = made.touches(Kind.FINISHED)
    assert (finished.reason, finished.step, finished.at) == ("stop", "8.then.0", MONDAY + 2.5 * HOUR)
