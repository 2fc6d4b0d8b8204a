"""What a campaign's tests must go through: every step, every way on from it, every exit."""

from __future__ import annotations

from engage.simulation.coverage import Walked, coverage, points_of
from tests.small import SETTINGS, small_workspace

EVERYTHING = """\
purpose: care
status: draft
trigger: {event: ticket.closed}
exit: [{event: ticket.reopened}, audience, goal]
audience: contact.status == 'active'
goal: {event: csat.answered, within: 30d}
channels: [email]
steps:
  - wait: 2h
  - wait: {until: 09:00}
  - wait_for: {event: csat.answered, for: 3d}
    as: answer
  - if: answer is none
    then:
      - {send: csat, id: again, when: "contact.locale == 'sl'"}
  - split:
      - {weight: 50, steps: [{send: csat}, {set: {plan: pro}}]}
      - {weight: 30, steps: [{send: csat}, {emit: {event: ticket.closed}}]}
      - {winner: clicked, after: 4h}
  - consent: {withdraw: care}
  - call: gifts
  - stop: true
"""


def points() -> list[tuple[str, str]]:
    settings = SETTINGS + "endpoints:\n  gifts: {url: https://gifts.example.com, secret: whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQh}\n"
    workspace = small_workspace(**{"engage.yaml": settings, "campaigns/all.yaml": EVERYTHING})
    return [(point.told, point.what) for point in points_of(workspace.campaigns["all"])]


def test_every_step_and_every_way_on_from_it_is_a_point() -> None:
    assert points() == [
        ("0", "step 0: wait 2h"),
        ("1", "step 1: wait until 09:00"),
        ("2", "step 2: wait for csat.answered (3d at most)"),
        ("2.answered", "step 2: wait for csat.answered (3d at most), answered"),
        ("2.timed_out", "step 2: wait for csat.answered (3d at most), time ran out"),
        ("3", "step 3: if answer is none"),
        ("3.then", "step 3: if answer is none, then"),
        ("3.else", "step 3: if answer is none, else"),
        ("3.then.0", "step again: send csat"),
        ("3.then.0.skipped", "step again: send csat, passed over (not when contact.locale == 'sl')"),
        ("4", "step 4: split"),
        ("4.arm0", "step 4: split, arm 1"),
        ("4.arm1", "step 4: split, arm 2"),
        ("4.winner", "step 4: split, the winner's arm"),
        ("4.arm0.0", "step 4.arm0.0: send csat"),
        ("4.arm0.1", "step 4.arm0.1: set plan"),
        ("4.arm1.0", "step 4.arm1.0: send csat"),
        ("4.arm1.1", "step 4.arm1.1: emit ticket.closed"),
        ("5", "step 5: withdraw consent for care"),
        ("6", "step 6: call gifts"),
        ("7", "step 7: stop"),
        ("exit.ticket.reopened", "exit: ticket.reopened"),
        ("exit.audience", "exit: audience"),
        ("exit.goal", "exit: goal"),
    ]


def test_a_hundred_percent_is_all_of_it_and_a_campaign_that_nobody_entered_is_not_tested() -> None:
    campaigns = small_workspace().campaigns
    nearly = Walked(paths=frozenset({("follow_up", "0"), ("follow_up", "1")}), entered=frozenset({"follow_up"}))
    by_name = {each.campaign: each for each in coverage(campaigns, nearly | Walked(paths=frozenset({("birthday", "0")})))}
    assert (by_name["birthday"].percent, by_name["birthday"].tested) == (100, False)
    assert by_name["follow_up"].percent < 100
    assert by_name["follow_up"].tested
    assert [each.campaign for each in by_name.values()] == ["birthday", "follow_up", "newsletter"]
