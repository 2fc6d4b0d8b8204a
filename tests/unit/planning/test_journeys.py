"""A run goes from step to step until something must be waited for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from engage.model.campaign import ExitOnEvent, ExitWhen
from engage.model.contact import Event
from engage.model.history import Kind
from engage.model.run import RunState
from engage.model.steps import If, Wait, WaitFor
from engage.model.time import Duration
from engage.planning.journeys import exits_on
from engage.planning.positions import END, position_after, step_at
from tests.builders import HERE, NOON, a_run, a_send, a_ticket_campaign, an_event
from tests.walking import expression, go, journey


def test_a_send_asks_for_a_delivery_due_when_the_step_before_it_was_final() -> None:
    progress = go(a_ticket_campaign(a_send(expires=Duration(days=2))), now=NOON + timedelta(hours=3))
    (delivery,) = progress.deliveries
    assert (delivery.intended_at, delivery.due_at, delivery.expires_at) == (NOON, NOON, NOON + timedelta(days=2))
    assert progress.run.due_at is None
    assert progress.run.state is RunState.ACTIVE


def test_a_run_waits_for_its_delivery_and_finishes_with_its_outcome() -> None:
    campaign = a_ticket_campaign(a_send(as_="first"))
    sent = replace(go(campaign).run, outcome="sent", due_at=NOON)
    progress = go(campaign, sent)
    assert progress.run.state is RunState.FINISHED
    assert progress.run.variables == {"first": "sent"}
    assert [touch.kind for touch in progress.touches] == [Kind.FINISHED]


def test_a_wait_counts_from_the_end_of_the_step_before_and_the_next_send_falls_due_at_its_end() -> None:
    campaign = a_ticket_campaign(Wait(path="0", place=HERE, duration=Duration(days=1)), a_send("1"))
    waiting = go(campaign).run
    assert (waiting.position, waiting.due_at) == ("0", NOON + timedelta(days=1))
    late = NOON + timedelta(days=1, hours=5)
    (delivery,) = go(campaign, waiting, now=late).deliveries
    assert delivery.intended_at == NOON + timedelta(days=1)


def test_a_wait_that_a_new_version_shortened_ends_when_the_run_is_woken_and_one_made_longer_goes_on() -> None:
    long, short, longer = (
        a_ticket_campaign(Wait(path="0", place=HERE, duration=Duration(days=days)), a_send("1")) for days in (30, 3, 25)
    )
    woken, now = replace(go(long).run, due_at=NOON + timedelta(days=20)), NOON + timedelta(days=20, hours=1)
    (delivery,) = go(short, woken, now=now).deliveries
    assert delivery.intended_at == NOON + timedelta(days=20)
    assert go(longer, woken, now=now).run.due_at == NOON + timedelta(days=25)


def test_a_day_keeps_the_wall_clock_across_a_change_of_time_and_24_hours_do_not() -> None:
    before = datetime.fromisoformat("2026-03-28T12:00:00+00:00")
    start = a_run(campaign="follow_up", since=before, intended_at=before)
    day = a_ticket_campaign(Wait(path="0", place=HERE, duration=Duration(days=1)), a_send("1"))
    hours = a_ticket_campaign(Wait(path="0", place=HERE, duration=Duration(seconds=86400)), a_send("1"))
    assert go(day, start, now=before).run.due_at == before + timedelta(hours=23)
    assert go(hours, start, now=before).run.due_at == before + timedelta(hours=24)


def wait_for(path: str = "0", where: str = "event.ticket_id == trigger.ticket_id") -> WaitFor:
    return WaitFor(path=path, place=HERE, event="csat.answered", where=expression(where), duration=Duration(days=3), as_="answer")


ANSWER = Event(id="a1", type="csat.answered", at=NOON + timedelta(hours=1), data={"ticket_id": "T-1", "score": 5}, contact_id=1)


def test_an_answer_ends_the_wait_and_gets_its_name() -> None:
    campaign = a_ticket_campaign(wait_for())
    waiting = go(campaign).run
    assert (waiting.waiting_for, waiting.due_at) == ("csat.answered", NOON + timedelta(days=3))
    answered = go(campaign, waiting, now=ANSWER.at, events=[ANSWER]).run
    assert answered.variables["answer"] == {"ticket_id": "T-1", "score": 5}
    assert answered.since == ANSWER.at


def test_an_answer_about_another_ticket_does_not() -> None:
    campaign = a_ticket_campaign(wait_for())
    other = replace(ANSWER, data={"ticket_id": "T-2", "score": 1})
    assert go(campaign, go(campaign).run, now=other.at, events=[other]).run.state is RunState.ACTIVE


def test_an_answer_faster_than_the_record_of_the_hand_off_is_not_missed() -> None:
    campaign = a_ticket_campaign(a_send(), wait_for("1"))
    fast = replace(ANSWER, at=NOON + timedelta(seconds=1))
    recorded = NOON + timedelta(seconds=5)
    sent = replace(go(campaign).run, outcome="sent", handed_off_at=NOON, since=recorded, due_at=recorded)
    assert go(campaign, sent, now=recorded, events=[fast]).run.variables["answer"] is not None


def test_when_time_runs_out_the_answer_is_none() -> None:
    campaign = a_ticket_campaign(wait_for())
    late = NOON + timedelta(days=3)
    done = go(campaign, go(campaign).run, now=late).run
    assert done.variables["answer"] is None
    assert done.since == late


def test_an_answer_of_after_its_time_is_none_though_nobody_looked_in_between() -> None:
    campaign = a_ticket_campaign(wait_for())
    late, looked = replace(ANSWER, at=NOON + timedelta(days=3, hours=1)), NOON + timedelta(days=4)
    done = go(campaign, go(campaign).run, now=looked, events=[late]).run
    assert (done.variables["answer"], done.since) == (None, NOON + timedelta(days=3))


def test_the_event_that_entered_the_run_does_not_answer_its_wait() -> None:
    same = WaitFor(path="0", place=HERE, event="ticket.closed", duration=Duration(days=1))
    progress = go(a_ticket_campaign(same), events=[an_event()])
    assert progress.run.waiting_for == "ticket.closed"


def test_an_if_takes_its_branch_and_goes_on_behind_it() -> None:
    branch = If(path="1", place=HERE, condition=expression("answer is none"), then=(a_send("1.then.0"),), otherwise=(a_send("1.else.0"),))
    campaign = a_ticket_campaign(wait_for(), branch, a_send("2"))
    silent = replace(go(campaign).run, due_at=None)
    progress = go(campaign, silent, now=NOON + timedelta(days=4))
    assert [delivery.step for delivery in progress.deliveries] == ["1.then.0"]
    assert position_after(campaign.steps, "1.then.0") == "2"
    assert position_after(campaign.steps, "2") == END


def test_an_if_without_an_else_is_passed_over() -> None:
    branch = If(path="0", place=HERE, condition=expression("contact.status == 'churned'"), then=(a_send("0.then.0"),))
    progress = go(a_ticket_campaign(branch))
    assert progress.run.state is RunState.FINISHED
    assert progress.deliveries == ()


def test_a_step_whose_when_is_false_is_passed_over() -> None:
    campaign = a_ticket_campaign(a_send("0", when=expression("contact.country == 'UA'")), a_send("1", message="other"))
    assert [delivery.message for delivery in go(campaign).deliveries] == ["other"]


def test_an_exit_by_condition_is_asked_before_each_step() -> None:
    campaign = a_ticket_campaign(a_send(), exits=(ExitWhen(condition=expression("contact.status == 'active'")),))
    progress = go(campaign)
    assert progress.run.state is RunState.EXITED
    assert [(touch.kind, touch.reason, touch.step) for touch in progress.touches] == [(Kind.EXITED, "when", "0")]
    assert progress.deliveries == ()


def test_an_exit_by_audience_ends_the_run_once_the_contact_left_it() -> None:
    still = a_ticket_campaign(a_send(), audience=expression("contact.status == 'active'"), exits=(ExitWhen(audience=True),))
    gone = replace(still, audience=expression("contact.status == 'churned'"))
    assert go(still).run.state is RunState.ACTIVE
    assert go(gone).touches[0].reason == "audience"


def test_an_exit_event_is_one_about_the_same_thing() -> None:
    reopened = ExitOnEvent(event="ticket.reopened", where=expression("event.ticket_id == trigger.ticket_id"))
    campaign = a_ticket_campaign(a_send(), exits=(reopened,))
    run = a_run(campaign="follow_up", trigger={"ticket_id": "T-1"})
    same = an_event(id="e2", type="ticket.reopened")
    assert exits_on(same, run, journey(campaign))
    assert not exits_on(replace(same, data={"ticket_id": "T-9"}), run, journey(campaign))


def test_positions_name_steps_however_deep() -> None:
    inner = If(path="0.then.0", place=HERE, condition=expression("true"), then=(a_send("0.then.0.then.0"),))
    outer = If(path="0", place=HERE, condition=expression("true"), then=(inner,))
    steps = (outer, a_send("1"))
    assert step_at(steps, "0.then.0.then.0") == inner.then[0]
    assert position_after(steps, "0.then.0.then.0") == "1"
