"""Every source proves itself: a right signature is taken, a wrong, an old and a replayed one are not, and nobody is told why."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from tests.builders import NOON
from tests.unit.hooks.desk import (
    OLD_SECRET,
    Desk,
    Post,
    basic,
    bearer,
    hubspot,
    in_url,
    mailgun,
    payload,
    sendgrid,
    slack,
    sns,
    standard,
    twilio,
    zendesk,
)

Sender = Callable[..., Post]

SENDERS: Mapping[str, tuple[Sender, str]] = {
    "zendesk": (zendesk, "zendesk_solved.json"), "freshdesk": (partial(basic, "freshdesk"), "freshdesk.json"),
    "hubspot": (hubspot, "hubspot.json"), "salesforce": (partial(in_url, "salesforce"), "salesforce_case.xml"),
    "twilio": (twilio, "twilio_status.txt"), "slack": (slack, "slack_message.json"),
    "standard-webhooks": (standard, "standard.json"), "ses": (sns, "ses_bounce.json"), "sendgrid": (sendgrid, "sendgrid.json"),
    "mailgun": (mailgun, "mailgun_failed.json"), "postmark": (partial(basic, "postmark"), "postmark_bounce.json"),
    "brevo": (partial(bearer, "brevo"), "brevo_spam.json"),
}
TIMED = ("zendesk", "hubspot", "slack", "standard-webhooks", "ses", "sendgrid", "mailgun")
TWO_SECRETS = ("zendesk", "freshdesk", "hubspot", "salesforce", "twilio", "slack", "mailgun", "postmark", "brevo")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def prepared(desk: Desk, source: str, **changes: object) -> Post:
    send, name = SENDERS[source]
    return send(payload(name, desk.mark), **changes)


@pytest.mark.parametrize("source", SENDERS)
def test_what_a_source_sent_itself_is_taken(source: str, desk: Desk) -> None:
    answer = desk.post(prepared(desk, source))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("source", SENDERS)
def test_what_is_signed_by_another_secret_is_refused_without_a_reason(source: str, desk: Desk) -> None:
    answer = desk.post(prepared(desk, source, secret="another-secret-than-ours"))
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "the request does not prove that it is from its source: see docs/hooks.md for how it does"
    assert desk.intake.taken == {}
    assert desk.came_back() == []


@pytest.mark.parametrize("source", SENDERS)
def test_what_is_not_signed_at_all_is_refused(source: str, desk: Desk) -> None:
    post = prepared(desk, source)
    bare = Post(f"/hooks/{source}", post.body, {})
    if source in ("ses", "mailgun"):  # theirs stands in the body
        bare = Post(bare.path, json.dumps({**json.loads(post.body), "Signature": "", "signature": {}}).encode(), {})
    assert desk.post(bare).status_code == 401
    assert desk.intake.taken == {}


@pytest.mark.parametrize("source", set(SENDERS) - {"freshdesk", "salesforce", "postmark", "brevo", "mailgun"})
def test_a_body_that_was_changed_on_its_way_is_refused(source: str, desk: Desk) -> None:
    post = prepared(desk, source)
    changed = post.body.replace(b"example.com", b"evil.example") if b"example.com" in post.body else post.body.replace(b"S", b"T", 1)
    changed = post.body.replace(b"Thank", b"Spank") if source == "slack" else changed
    changed = post.body.replace(b"ana", b"bob") if source == "standard-webhooks" else changed
    assert changed != post.body
    assert desk.post(replace(post, body=changed)).status_code == 401


@pytest.mark.parametrize("source", TIMED)
@pytest.mark.parametrize("off", [timedelta(seconds=-301), timedelta(seconds=301)])
def test_a_signed_time_may_be_five_minutes_off_and_no_more(source: str, off: timedelta, desk: Desk) -> None:
    assert desk.post(prepared(desk, source, at=NOON + off)).status_code == 401
    near = off - timedelta(seconds=5 if off > timedelta() else -5)
    assert desk.post(prepared(desk, source, at=NOON + near)).status_code == 200


@pytest.mark.parametrize("source", TWO_SECRETS)
def test_the_secret_before_counts_while_it_is_named(source: str, desk: Desk) -> None:
    assert desk.post(prepared(desk, source, secret=OLD_SECRET)).status_code == 200


@pytest.mark.parametrize("source", SENDERS)
def test_the_same_request_again_is_answered_and_does_nothing(source: str, desk: Desk) -> None:
    post = prepared(desk, source)
    first = desk.post(post)
    taken, came_back, history = dict(desk.intake.taken), desk.came_back(), desk.touches()
    desk.machine.moment += timedelta(seconds=200)
    again = desk.post(post)
    assert again.status_code == first.status_code == 200
    assert (desk.intake.taken, desk.came_back(), desk.touches()) == (taken, came_back, history)
    if "events" in first.text:
        assert again.json()["status"] == "repeated"
    else:
        assert again.text == first.text  # the source's own answer, as Salesforce's acknowledgement


def test_a_request_is_forgotten_after_a_day(desk: Desk) -> None:
    post = prepared(desk, "twilio")
    desk.post(post)
    desk.machine.moment += timedelta(hours=25)
    assert desk.post(prepared(desk, "postmark")).status_code == 200
    with desk.database.read() as connection:
        assert connection.exec_driver_sql("SELECT hook FROM hook_requests").scalars().all() == ["postmark"]


def test_a_hook_that_is_not_set_up_is_not_there(desk: Desk) -> None:
    assert desk.client.post("/hooks/jira", content=b"{}").status_code == 404


def test_a_body_of_more_than_a_megabyte_is_refused(desk: Desk) -> None:
    assert desk.post(replace(prepared(desk, "freshdesk"), body=b" " * 1_000_001)).status_code == 413


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[", b"[" * 100_000, b'"text"', b"\xff\xfe", b'{"a":' * 200 + b"1" + b"}" * 200])
@pytest.mark.parametrize(
    "send", [zendesk, slack, sendgrid, partial(basic, "freshdesk"), partial(in_url, "salesforce"), partial(bearer, "brevo")],
)
def test_what_is_proven_and_makes_no_sense_is_a_problem_and_no_failure(body: bytes, send: Sender, desk: Desk) -> None:
    answer = desk.post(send(body))
    assert answer.status_code in (200, 401, 422), answer.text
    assert desk.intake.taken == {}


def test_a_signature_of_unusual_bytes_is_a_wrong_one(desk: Desk) -> None:
    post = prepared(desk, "zendesk")
    odd = {key: value.encode() for key, value in post.headers.items()} | {"X-Zendesk-Webhook-Signature": b"\xff\xfe"}
    assert desk.client.post(post.path, content=post.body, headers=odd).status_code == 401
