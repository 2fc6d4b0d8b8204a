"""Campaign tests are read strictly: a test that names what is not there would pass for the wrong reason."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engage.model.contact import ChannelKind, Money
from engage.model.history import Kind
from engage.model.time import Duration
from engage.rules.answers import GivenAnswer
from engage.rules.campaign_tests import CampaignTest, load_tests
from engage.rules.settings import load_settings
from tests.workspaces import CAMPAIGN, files_of, problems_of, with_files

WHOLE = """
campaign: c
contacts:
  - {external_id: ana, email: ana@example.com, locale: sl, birth_date: 1992-02-29, visits: 7, tags: [vip, old],
     created_at: 2025-01-01T00:00Z}
  - {external_id: bo, phone: +38640123456}
clock: {from: 2026-02-27T00:00Z, to: 2026-03-02T00:00+01:00}
events:
  - {at: 2026-02-28T09:00Z, type: order.placed, contact: ana, data: {order_id: 00123, total: 12.30 EUR}, id: o1}
  - {at: 2026-02-27T09:00Z, type: ticket.closed, data: {tags: [a]}}
consents:
  - {at: 2026-01-01T00:00Z, contact: bo, purpose: care, channel: sms, granted: yes}
answers:
  - {message: birthday, contact: ana, channel: email, kind: clicked, after: 5m, url: https://aurora.example}
  - {message: birthday, kind: delivered}
expect:
  - {contact: ana, at: 2026-02-28T08:00Z, kind: sent, campaign: c, step: "0", message: birthday, channel: email, provider: smtp,
     reason: none, locale: sl, subject: "Vse najboljše, Ana!"}
expect_nothing_else_sent: true
"""


def test_of(text: str) -> CampaignTest:
    files = with_files(files_of(c=CAMPAIGN), tests__t=text)
    [test] = load_tests(files, load_settings(files, {}))
    return test


test_of.__test__ = False  # type: ignore[attr-defined]  # a builder, whatever its name


def told(text: str) -> list[str]:
    return problems_of(with_files(files_of(c=CAMPAIGN), tests__t=text))


def test_every_key_of_a_test_comes_out() -> None:
    test = test_of(WHOLE)

    assert (test.name, test.campaign, test.expect_nothing_else_sent) == ("t", "c", True)
    assert (test.clock_from, test.clock_to) == (datetime(2026, 2, 27, tzinfo=UTC), datetime(2026, 3, 1, 23, tzinfo=UTC))
    ana, bo = test.contacts
    assert ana.attributes == {
        "external_id": "ana", "email": "ana@example.com", "locale": "sl", "birth_date": date(1992, 2, 29), "visits": 7,
        "tags": ("vip", "old"), "created_at": datetime(2025, 1, 1, tzinfo=UTC),
    }
    assert bo.attributes["phone"] == "+38640123456"
    clicked, delivered = test.answers
    assert clicked == GivenAnswer(
        place=clicked.place, message="birthday", contact="ana", channel="email", kind=Kind.CLICKED, after=Duration(seconds=300),
        url="https://aurora.example",
    )
    assert delivered == GivenAnswer(
        place=delivered.place, message="birthday", contact=None, channel=None, kind=Kind.DELIVERED, after=Duration(),
    )
    assert str(bo.place) == "tests/t.yaml:5:5"


def test_events_come_in_the_order_of_their_moments_typed_as_declared() -> None:
    first, second = test_of(WHOLE).events

    assert (first.id, first.type, first.contact_ref, first.data) == ("t-2", "ticket.closed", None, {"tags": ("a",)})
    assert (second.id, second.contact_ref) == ("o1", "ana")
    assert second.data == {"order_id": "00123", "total": Money(amount=Decimal("12.30"), currency="EUR")}


def test_consents_come_out() -> None:
    [consent] = test_of(WHOLE).consents

    assert (consent.contact, consent.purpose, consent.channel, consent.granted) == ("bo", "care", ChannelKind.SMS, True)
    assert consent.at == datetime(2026, 1, 1, tzinfo=UTC)


def test_an_expectation_asks_what_it_says_and_no_more() -> None:
    [expectation] = test_of(WHOLE).expect

    assert dict(expectation.asked()) == {
        "contact": "ana", "at": datetime(2026, 2, 28, 8, tzinfo=UTC), "kind": Kind.SENT, "campaign": "c", "step": "0",
        "message": "birthday", "channel": "email", "provider": "smtp", "reason": "none", "locale": "sl", "subject": "Vse najboljše, Ana!",
    }


HEAD = "contacts: [{external_id: ana}]\nclock: {from: 2026-01-01T00:00Z, to: 2026-01-02T00:00Z}\n"

BROKEN = {
    "campaign: d": "3:11: the campaign `d` does not exist",
    "answers: [{kind: bounced}]": "3:11: an answer needs one of message, call",
    "answers: [{message: birthday, kind: eaten}]": "3:37: `eaten` is not one of delivered, bounced",
    "answers: [{message: birthdy, kind: bounced}]": "3:21: the message `birthdy` does not exist; did you mean birthday?",
    "answers: [{message: birthday, kind: opened, url: x}]": "3:45: `url` has an effect with `kind: clicked` only",
    "answers: [{message: birthday, contact: bea, kind: opened}]": "3:40: the contact `bea` is none of this test's contacts",
    "answers: [{call: gift, data: {}}]": "3:18: the endpoint `gift` does not exist; did you mean gifts?",
    "events: [{at: 2026-01-01T00:00Z, type: ticket.close}]": "3:40: the event `ticket.close` does not exist; did you mean ticket.closed?",
    "events: [{at: 2026-01-01T00:00Z, type: ticket.closed, contact: anna}]":
        "3:64: the contact `anna` is none of this test's contacts; did you mean ana?",
    "events: [{at: 2026-01-01T00:00Z, type: ticket.closed, data: {ticket: x}}]":
        "3:62: the event `ticket.closed` has no field `ticket`; did you mean ticket_id?",
    "events: [{at: 2026-01-01T00:00Z, type: csat.answered, data: {score: high}}]": "3:69: `high` is not a number",
    "events: [{at: 2026-01-03T00:00Z, type: ticket.closed}]": "3:11: the clock ends before this event (event 1) happens",
    "events: [{at: 2026-01-01T00:00, type: ticket.closed}]":
        "3:15: `2026-01-01T00:00` is not a moment; write it like 2026-02-27T00:00Z or 2026-02-27T09:00+02:00",
    "consents: [{at: 2026-01-01T00:00Z, contact: ana, purpose: cares, granted: true}]":
        "3:59: the purpose `cares` does not exist; did you mean care?",
    "expect: [{at: 2026-01-02T00:00Z}]": "3:11: this is outside the test's clock: it can never match",
    "expect: [{kind: send}]": "3:17: `send` is not one of entered",
    "expect: [{message: brithday}]": "3:20: the message `brithday` does not exist; did you mean birthday?",
    "expect: [{channel: mail}]": "3:20: the channel `mail` does not exist; did you mean email?",
    "expect: [{}]": "3:10: an empty map matches everything",
}


@pytest.mark.parametrize("line", BROKEN)
def test_a_wrong_test_is_told_at_its_place(line: str) -> None:
    [problem] = told(HEAD + line + "\n")

    assert problem.startswith(f"tests/t.yaml:{BROKEN[line]}")


def test_a_clock_runs_forward() -> None:
    assert told(HEAD.replace("to: 2026-01-02", "to: 2026-01-01")) == ["tests/t.yaml:2:34: the clock ends before it begins"]


def test_a_contact_needs_a_name_and_declared_attributes() -> None:
    assert told(HEAD.replace("{external_id: ana}", "{first_name: Ana}, {email: a@b.c, plann: x}, ana")) == [
        "tests/t.yaml:1:12: a contact has at least one of external_id, email, phone",
        "tests/t.yaml:1:46: the attribute `plann` is not declared; did you mean plan?",
        "tests/t.yaml:1:57: a contact is a map of its attributes",
    ]


def test_what_comes_back_of_a_message_is_scripted_as_an_answer_and_not_told_as_an_event() -> None:
    text = WHOLE.replace("type: ticket.closed, data: {tags: [a]}", "type: message.clicked, contact: ana")

    assert problems_of(with_files(files_of(c=CAMPAIGN), tests__t=text)) == [
        "tests/t.yaml:9:35: `message.clicked` comes back of a message: script it under `answers`"
    ]
