"""Campaign tests on the engine that sends: scripted answers steer runs, and what was not gone through is told."""

from __future__ import annotations

from engage.contacts.ports import Person
from engage.model.history import Kind
from engage.rules.campaign_tests import load_tests
from engage.simulation.coverage import Coverage, coverage
from engage.simulation.rehearsing import Rehearsal, Verdict, judge
from tests.small import SETTINGS, small_workspace
from workers.simulations import rehearse

SETTINGS_WITH_GIFTS = SETTINGS + "endpoints:\n  gifts: {url: https://gifts.example.com, secret: whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQh}\n"

CAMPAIGN = """\
title: A gift
purpose: care
status: draft
trigger: {event: ticket.closed}
exit: {event: message.unsubscribed}
channels: [email]
steps:
  - {send: csat, id: asked}
  - wait_for: {event: message.clicked, where: "event.message == 'csat'", for: 2d}
    as: click
  - if: click is none
    then:
      - stop: true
  - call: gifts
    data: {whom: "{{ contact.external_id }}"}
    as: gift
  - send: gift
    when: gift is not none
    with: {code: "{{ gift.code }}"}
"""

HEAD = """\
campaign: gift
contacts:
  - {external_id: ana, email: ana@example.com, timezone: Europe/Ljubljana, country: SI}
  - {external_id: bo, email: bo@example.com, timezone: Europe/Ljubljana, country: SI}
clock: {from: 2026-03-02T00:00Z, to: 2026-03-06T00:00Z}
events:
  - {at: 2026-03-02T10:00Z, type: ticket.closed, contact: ana, data: {ticket_id: T-1}}
  - {at: 2026-03-02T10:00Z, type: ticket.closed, contact: bo, data: {ticket_id: T-2}}
"""


def rehearsed(text: str) -> tuple[Verdict, Rehearsal, Coverage]:
    workspace = small_workspace(**{
        "engage.yaml": SETTINGS_WITH_GIFTS, "campaigns/gift.yaml": CAMPAIGN, "tests/t.yaml": HEAD + text,
        "templates/gift/email.md": "---\nsubject: Your code {{ code }}\n---\n{{ code }} {{ message.unsubscribe_url }}\n",
    })
    [test] = load_tests(workspace.files, workspace.settings)
    rehearsal = rehearse(workspace, test, [Person(attributes=each.attributes) for each in test.contacts])
    [covered] = [each for each in coverage(workspace.campaigns, rehearsal.walked) if each.campaign == "gift"]
    return judge(test, rehearsal), rehearsal, covered


ANSWERED = """\
answers:
  - {message: csat, contact: ana, kind: delivered}
  - {message: csat, contact: ana, kind: clicked, after: 3h, url: https://aurora.example/yes}
  - {call: gifts, contact: ana, after: 10m, data: {code: G-7}}
expect:
  - {contact: ana, at: 2026-03-02T10:00Z, kind: sent, message: csat, step: asked}
  - {contact: ana, at: 2026-03-02T10:00Z, kind: delivered}
  - {contact: ana, at: 2026-03-02T13:00Z, kind: clicked, message: csat}
  - {contact: ana, at: 2026-03-02T13:10Z, kind: sent, message: gift, subject: Your code G-7}
  - {contact: bo, at: 2026-03-02T10:00Z, kind: sent, message: csat}
expect_nothing_else_sent: true
"""


def test_answers_come_so_long_after_what_they_are_about_and_steer_the_run() -> None:
    verdict, _, covered = rehearsed(ANSWERED)
    assert verdict.complaints == ()
    assert [point.told for point in covered.missed] == ["4.skipped", "exit.message.unsubscribed"]
    assert (covered.figures(steps=True), covered.figures(steps=False)) == ((6, 6), (4, 6))
    assert covered.percent == 83


def test_a_call_that_nobody_answers_fails_for_good_at_once() -> None:
    verdict, rehearsal, covered = rehearsed("answers: [{message: csat, kind: clicked}]\nexpect: [{contact: bo, kind: finished}]\n")
    assert verdict.complaints == ()
    failed = [line.touch for line in rehearsal.lines if line.touch.kind is Kind.FAILED]
    assert [(touch.reason, touch.detail["code"]) for touch in failed] == [("call", "no_answer_scripted")] * 2
    assert "4" in {point.told for point in covered.missed}


def test_an_unsubscription_withdraws_and_its_event_ends_the_run() -> None:
    _, rehearsal, covered = rehearsed("answers: [{message: csat, contact: ana, kind: unsubscribed, after: 1h}]\nexpect: [{contact: ana}]\n")
    of_ana = [(line.touch.kind, line.touch.reason) for line in rehearsal.lines if line.label == "ana"]
    assert (Kind.EXITED, "message.unsubscribed") in of_ana
    assert Kind.CONSENT_WITHDRAWN in {kind for kind, _ in of_ana}
    assert "exit.message.unsubscribed" not in {point.told for point in covered.missed}


def test_an_answer_to_what_was_never_sent_is_complained_of_as_it_proves_nothing() -> None:
    verdict, *_ = rehearsed(
        "answers:\n  - {message: gift, contact: bo, kind: opened}\n  - {call: gifts, data: 1}\nexpect: [{contact: bo, kind: sent}]\n"
    )
    assert verdict.complaints == (
        "tests/t.yaml:10:5: this answer never came: gift was not sent to bo",
        "tests/t.yaml:11:5: this answer never came: gifts was not called",
    )


def test_a_missing_touch_is_shown_beside_the_nearest_one_and_with_the_check_that_stood_in_its_way() -> None:
    verdict, *_ = rehearsed(
        "consents: [{at: 2026-01-01T00:00Z, contact: ana, purpose: care, granted: false}]\n"
        "expect: [{contact: ana, kind: sent, message: csat}]\n"
    )
    [complaint] = verdict.complaints
    lines = complaint.splitlines()
    assert lines[:5] == [
        "tests/t.yaml:10:10: no such touch: {contact: ana, kind: sent, message: csat}",
        "  the nearest one that happened differs in:",
        "    - kind: sent",
        "    + kind: suppressed",
        "  what happened to ana:",
    ]
    assert "    2026-03-02T10:00:00Z  suppressed: no_consent  gift csat by email" in lines
    assert any(line.startswith("      ✗ 4 consent [email]:") for line in lines)
    assert any(line.startswith("      ✓ 3 ") for line in lines)


def test_whom_no_trigger_let_in_nothing_happened_to() -> None:
    verdict, *_ = rehearsed("expect: [{contact: ana, campaign: gift, message: gift}, {contact: bo, campaign: birthday}]\n")
    assert "  nothing at all happened to bo in birthday: no trigger of a campaign that ran let it in" in verdict.complaints[1]
