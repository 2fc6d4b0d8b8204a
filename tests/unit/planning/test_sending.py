"""A send by the first channel that can, by all of them, and by one after the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engage.model.contact import Event
from engage.model.delivery import DeliveryState
from engage.model.run import Run, RunState
from engage.model.steps import Fallback
from engage.model.time import Duration
from engage.model.triggers import ScheduleTrigger
from engage.planning.progress import Progress, waits_for
from tests.builders import NOON, a_campaign, a_contact, a_run, a_send, a_ticket_campaign
from tests.walking import a_part, expression, go

HOUR = timedelta(hours=1)
SENT, FAILED, SUPPRESSED = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SUPPRESSED


def test_a_send_by_all_channels_is_one_delivery_a_channel_and_one_occasion() -> None:
    deliveries = go(a_ticket_campaign(a_send(channels=("email", "sms"), by_all=True))).deliveries
    assert [(new.channels, new.part, new.occasion) for new in deliveries] == [(("email",), 0, "3:0"), (("sms",), 1, "3:0")]
    assert {new.intended_at for new in deliveries} == {NOON}


def test_the_contacts_own_choice_among_all_channels_is_not_served_twice() -> None:
    campaign = a_ticket_campaign(a_send(channels=("preferred", "email", "sms"), by_all=True))
    fond_of_texts = a_contact(preferred_channel="sms")
    assert [new.channels for new in go(campaign, contact=fond_of_texts).deliveries] == [("sms",), ("email",)]


def test_the_run_goes_on_when_the_last_of_all_is_final_with_the_most_telling_outcome() -> None:
    campaign = a_ticket_campaign(a_send(by_all=True, as_="first"))
    asked = go(campaign)
    email, text = asked.deliveries
    woken = replace(asked.run, outcome="suppressed", due_at=NOON)
    half = go(campaign, woken, parts=(a_part(email, SUPPRESSED), a_part(text, DeliveryState.SENDING)))
    assert (half.run.state, half.run.due_at, half.deliveries) == (RunState.ACTIVE, None, ())
    whole = go(campaign, replace(half.run, outcome="failed"), parts=(a_part(email, SENT), a_part(text, FAILED)))
    assert (whole.run.state, whole.run.variables) == (RunState.FINISHED, {"first": "sent"})


def falling_back(**changes: Any) -> Any:
    fallback = Fallback(after=Duration(seconds=7200), unless=changes.pop("unless", "delivered"))
    return a_ticket_campaign(a_send(channels=("email", "sms"), fallback=fallback, as_="first", **changes))


def handed_over(campaign: Any, *, now: Any = NOON + HOUR, events: tuple[Event, ...] = ()) -> tuple[Run, Progress]:
    """The first channel's delivery, handed over at noon and looked at later."""
    asked = go(campaign)
    run = replace(asked.run, outcome="sent", handed_off_at=NOON, due_at=NOON)
    parts = (a_part(asked.deliveries[0], SENT),)
    return run, go(campaign, run, now=now, events=events, parts=parts)


def test_a_fallback_begins_with_the_first_channel_alone() -> None:
    assert [(new.channels, new.occasion) for new in go(falling_back()).deliveries] == [(("email",), None)]


@pytest.mark.parametrize("outcome", ["suppressed", "failed"])
def test_the_next_channel_takes_over_at_once_where_the_first_cannot(outcome: str) -> None:
    campaign = falling_back(expires=Duration(days=2))
    asked = go(campaign)
    refused_at = NOON + HOUR
    run = replace(asked.run, outcome=outcome, since=refused_at, due_at=refused_at)
    progress = go(campaign, run, now=refused_at, parts=(a_part(asked.deliveries[0], DeliveryState(outcome)),))
    (second,) = progress.deliveries
    assert (second.channels, second.part, second.due_at) == (("sms",), 1, refused_at)
    assert second.expires_at == NOON + timedelta(days=2)
    assert (progress.run.outcome, progress.run.part, progress.run.due_at) == (None, 1, None)


def a_sign(type_: str, *, delivery: int = 70) -> Event:
    return Event(id=f"{type_}-{delivery}", type=type_, at=NOON + HOUR / 2, data={"delivery_id": delivery}, contact_id=1)


def test_a_message_that_was_handed_over_waits_for_its_sign() -> None:
    _, progress = handed_over(falling_back())
    assert (progress.run.due_at, progress.deliveries) == (NOON + 2 * HOUR, ())
    assert waits_for(progress.run, a_sign("message.delivered"))
    assert waits_for(progress.run, a_sign("message.clicked"))
    assert waits_for(progress.run, a_sign("message.bounced"))
    assert not waits_for(progress.run, a_sign("message.complained"))


@pytest.mark.parametrize(("unless", "sign"), [
    ("delivered", "message.delivered"), ("delivered", "message.clicked"), ("opened", "message.opened"), ("opened", "message.clicked"),
])
def test_the_sign_or_one_that_shows_as_much_ends_the_step(unless: str, sign: str) -> None:
    _, progress = handed_over(falling_back(unless=unless), events=(a_sign(sign),))
    assert (progress.run.state, progress.run.variables, progress.run.since) == (RunState.FINISHED, {"first": "sent"}, NOON + HOUR / 2)


@pytest.mark.parametrize("event", [a_sign("message.delivered", delivery=9), a_sign("message.opened")])
def test_neither_another_messages_sign_nor_a_weaker_one_does(event: Event) -> None:
    _, progress = handed_over(falling_back(unless="clicked"), events=(event,))
    assert progress.run.state is RunState.ACTIVE


def test_without_a_sign_in_time_the_next_channel_falls_due_then_and_is_the_last() -> None:
    campaign = falling_back()
    _, progress = handed_over(campaign, now=NOON + 3 * HOUR)
    (second,) = progress.deliveries
    assert (second.channels, second.intended_at) == (("sms",), NOON + 2 * HOUR)
    first = go(campaign).deliveries[0]
    done = go(campaign, replace(progress.run, outcome="failed"), parts=(a_part(first, SENT), a_part(second, FAILED)))
    assert (done.run.state, done.run.variables) == (RunState.FINISHED, {"first": "sent"})


def test_a_bounce_lets_the_next_channel_take_over_before_its_time() -> None:
    _, progress = handed_over(falling_back(), events=(a_sign("message.bounced"),))
    (second,) = progress.deliveries
    assert (second.channels, second.intended_at) == (("sms",), NOON + HOUR / 2)


@pytest.mark.parametrize("outcome", ["expired", "cancelled"])
def test_a_message_that_came_too_late_goes_by_no_other_channel(outcome: str) -> None:
    campaign = falling_back()
    asked = go(campaign)
    parts = (a_part(asked.deliveries[0], DeliveryState(outcome)),)
    progress = go(campaign, replace(asked.run, outcome=outcome), parts=parts)
    assert (progress.deliveries, progress.run.variables) == ((), {"first": outcome})


def test_one_copy_an_address_goes_out_of_a_schedule_unless_the_campaign_wants_copies() -> None:
    schedule = ScheduleTrigger(cron="0 10 * * mon")
    run = a_run(key="2026-03-02T10:00:00")
    (one,) = go(a_campaign(trigger=schedule), run).deliveries
    assert one.send_key == "birthday:2026-03-02T10:00:00:0"
    (each,) = go(a_campaign(trigger=schedule, copies=True), run).deliveries
    (wish,) = go(a_campaign(), run).deliveries
    assert (each.send_key, wish.send_key) == (None, None)




def test_a_recipient_that_comes_to_nothing_is_no_address_rather_than_the_contact() -> None:
    (delivery,) = go(a_ticket_campaign(a_send(to=expression("contact.plan"))), contact=a_contact(plan=None)).deliveries
    assert delivery.to == ""
