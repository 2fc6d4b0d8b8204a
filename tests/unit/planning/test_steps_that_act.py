"""What the steps set, consent, emit, call and stop ask for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from engage.model.campaign import Campaign, Status
from engage.model.contact import ChannelKind, Consent, Event, Money
from engage.model.history import Kind
from engage.model.run import RunState
from engage.model.steps import Call, Consenting, Emit, If, Set, Stop
from engage.planning.acting import LONGEST_CHAIN, GoingInCircles
from engage.planning.journeys import go_on
from tests.builders import HERE, NOON, a_contact, a_run, a_send, a_ticket_campaign, a_workspace
from tests.walking import expression, go, journey


def a_set(**values: Any) -> Campaign:
    return a_ticket_campaign(Set(path="0", place=HERE, values=values), a_send("1"))


def test_set_writes_values_as_an_import_would_read_them_and_stops_until_they_are_written() -> None:
    progress = go(a_set(phone="050 123 4567", birth_date="1992-02-29", country="ua", plan=expression("trigger.ticket_id")))
    assert progress.changes == {"country": "UA", "birth_date": date(1992, 2, 29), "phone": "+380501234567", "plan": "T-1"}
    assert (progress.moving, progress.run.position, progress.deliveries) == (False, "1", ())
    assert [new.step for new in go_on(progress.written(), journey(a_set())).deliveries] == ["1"]


def test_set_clears_an_attribute_by_none() -> None:
    assert go(a_set(plan=expression("none"))).changes == {"plan": None}


def test_a_value_that_does_not_fit_stays_as_it_was_and_leaves_a_touch_without_the_value() -> None:
    progress = go(a_set(phone="call me", city="Celje"))
    assert progress.changes == {"city": "Celje"}
    (told,) = progress.touches
    assert (told.kind, told.reason, told.step, told.detail) == (Kind.FAILED, "set", "0", {"attribute": "phone"})
    assert "call me" in str(told.private["error"])


def test_a_set_of_which_nothing_fits_stops_nothing() -> None:
    progress = go(a_set(phone="call me"))
    assert (progress.changes, [new.step for new in progress.deliveries]) == ({}, ["1"])


def test_a_campaign_changes_no_external_id_and_takes_nobody_away_all_that_tells_them_apart() -> None:
    assert go(a_set(external_id="eva")).touches[0].detail == {"attribute": "external_id"}
    nameless = a_contact(external_id=None, phone=None)
    assert go(a_set(email=expression("none")), contact=nameless).touches[0].detail == {"attribute": "email"}
    assert go(a_set(email=expression("none"))).changes == {"email": None}


def test_a_line_of_the_ledger_names_the_campaign_as_its_source() -> None:
    withdrawing = Consenting(path="0", place=HERE, purpose="care", granted=False)
    progress = go(a_ticket_campaign(withdrawing))
    assert progress.consents == (
        Consent(contact_id=1, purpose="care", channel=None, granted=False, at=NOON, source="campaign:follow_up"),
    )
    assert progress.writes_contact
    assert not progress.moving


def test_the_touch_of_a_consent_names_the_run_and_its_step() -> None:
    granting = Consenting(path="0", place=HERE, id="ask", purpose="care", channel=ChannelKind.SMS, granted=True)
    (touch,) = go(a_ticket_campaign(granting)).touches
    assert (touch.kind, touch.campaign, touch.run_id, touch.step) == (Kind.CONSENT_GRANTED, "follow_up", 3, "ask")
    assert (touch.purpose, touch.channel, touch.detail) == ("care", "sms", {"source": "campaign:follow_up"})


def test_an_emitted_event_has_its_declared_fields_and_an_id_that_no_repetition_changes() -> None:
    data = {"ticket_id": expression("trigger.ticket_id"), "score": "many"}
    campaign = a_ticket_campaign(Emit(path="0", place=HERE, id="told", event="csat.answered", data=data))
    (event,) = go(campaign, now=NOON + timedelta(hours=2)).events
    assert (event.type, event.contact_id, event.at) == ("csat.answered", 1, NOON + timedelta(hours=2))
    assert event.data == {"ticket_id": "T-1", "score": None}
    assert event.id == f"run:3:told:{NOON.isoformat()}~0"


def raised(trigger: dict[str, object], *, now: datetime = NOON) -> Event:
    """What a campaign raises that its own event enters."""
    campaign = a_ticket_campaign(Emit(path="0", place=HERE, event="ticket.closed"))
    return go(campaign, a_run(campaign="follow_up", trigger=trigger), now=now).events[0]


def test_events_that_enter_one_another_without_a_wait_stop_after_a_while() -> None:
    trigger: dict[str, object] = {}
    for _ in range(LONGEST_CHAIN + 1):
        event = raised(trigger)
        trigger = {"event_id": event.id, "event_at": event.at.isoformat()}
    with pytest.raises(GoingInCircles):
        raised(trigger)
    assert raised(trigger, now=NOON + timedelta(hours=1)).id.endswith("~0")


def calling() -> Campaign:
    data = {"day": date(2026, 2, 25), "price": Money(amount=3, currency="EUR"), "about": {"tickets": (expression("trigger.ticket_id"),)}}
    step = Call(path="0", place=HERE, endpoint="gifts", data=data, as_="answer")  # type: ignore[arg-type]  # dates come of expressions
    return a_ticket_campaign(step, If(path="1", place=HERE, condition=expression("answer is none"), then=(a_send("1.then.0"),)))


def test_a_call_is_made_with_plain_json_and_the_run_waits_for_its_answer() -> None:
    progress = go(calling())
    (call,) = progress.calls
    assert (call.run_id, call.step, call.endpoint, call.contact_id, call.created_at) == (3, "0", "gifts", 1, NOON)
    assert call.data == {"day": "2026-02-25", "price": {"amount": "3", "currency": "EUR"}, "about": {"tickets": ["T-1"]}}
    assert (progress.run.due_at, progress.run.state) == (None, RunState.ACTIVE)


def test_an_answer_gets_its_name_and_a_call_that_failed_for_good_leaves_none() -> None:
    waiting = go(calling()).run
    answered = go(calling(), replace(waiting, outcome="answered", variables={"call:0": {"code": "X-1"}}))
    assert answered.run.variables == {"answer": {"code": "X-1"}}
    assert (answered.calls, answered.run.state) == ((), RunState.FINISHED)
    failed = go(calling(), replace(waiting, outcome="failed"))
    assert failed.run.variables == {"answer": None}
    assert [new.step for new in failed.deliveries] == ["1.then.0"]


@pytest.mark.parametrize("answer", [{"$number": "many"}, {"$at": "0001-01-01T00:00:00+05:00"}, {"$date": 7}, {"$money": []}])
def test_an_answer_that_looks_like_our_own_json_and_is_none_stops_nothing(answer: dict[str, object]) -> None:
    waiting = go(calling()).run
    progress = go(calling(), replace(waiting, outcome="answered", variables={"call:0": answer}))
    assert [new.step for new in progress.deliveries] == ["1.then.0"]


@pytest.mark.parametrize("newest", [
    None, a_set(plan="pro"), replace(a_set(plan="pro"), status=Status.DRAFT), replace(a_set(plan="pro"), valid_until=NOON.date()),
    replace(a_set(plan="pro"), valid_until=NOON.date() - timedelta(days=1)),
])
def test_a_campaign_that_has_ended_writes_nothing_more(newest: Campaign | None) -> None:
    goes_on = newest is not None and newest.status is Status.LIVE and newest.valid_until in (None, NOON.date())
    progress = go(a_set(plan="pro"), workspace=a_workspace(*([newest] if newest else [])))
    assert bool(progress.changes) is goes_on
    assert [touch.reason for touch in progress.touches] == ([] if goes_on else ["ended"])


def test_stop_ends_the_run_there() -> None:
    branch = If(path="0", place=HERE, condition=expression("true"), then=(Stop(path="0.then.0", place=HERE),))
    progress = go(a_ticket_campaign(branch, a_send("1")), a_run(campaign="follow_up"))
    assert (progress.run.state, progress.run.position) == (RunState.FINISHED, "end")
    assert [(touch.kind, touch.reason, touch.step) for touch in progress.touches] == [(Kind.FINISHED, "stop", "0.then.0")]
