"""A split sends each contact its way, always the same; the winner's arm goes as the best did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from engage.model.campaign import Campaign
from engage.model.run import RunState
from engage.model.steps import Arm, Split, Winner
from engage.model.time import Duration
from engage.planning.positions import position_after
from engage.planning.requests import ArmResult
from engage.planning.splits import best
from tests.builders import HERE, NOON, a_contact, a_run, a_send, a_ticket_campaign
from tests.walking import go


def a_split(*weights: int, winner: int = 0) -> Campaign:
    arms = tuple(Arm(weight=weight, steps=(a_send(f"0.arm{number}.0"),)) for number, weight in enumerate(weights))
    last = Winner(sign="clicked", after=Duration(seconds=4 * 3600), weight=winner) if winner else None
    return a_ticket_campaign(Split(path="0", place=HERE, arms=arms, winner=last), a_send("1"))


def ways(campaign: Campaign, people: int) -> dict[int, str]:
    runs = ((number, a_run(campaign=campaign.name, contact_id=number)) for number in range(1, people + 1))
    return {number: go(campaign, run, contact=a_contact(id=number)).run.position for number, run in runs}


def test_each_goes_one_way_by_the_weights_and_always_the_same() -> None:
    campaign = a_split(1, 3)
    found = ways(campaign, 400)
    assert 70 <= Counter(found.values())["0.arm0.0"] <= 130
    assert ways(replace(campaign, version="v2"), 400) == found


def test_a_renamed_campaign_keeps_its_ways_and_another_campaign_has_its_own() -> None:
    campaign = a_split(1, 1)
    assert ways(replace(campaign, name="asked", renamed_from="follow_up"), 60) == ways(campaign, 60)
    assert ways(replace(campaign, name="asked"), 60) != ways(campaign, 60)


def test_behind_an_arm_the_run_goes_on_behind_the_split() -> None:
    campaign = a_split(1, 1)
    assert position_after(campaign.steps, "0.arm1.0") == "1"
    empty = a_ticket_campaign(Split(path="0", place=HERE, arms=(Arm(weight=1, steps=()),)), a_send("1"))
    assert [new.step for new in go(empty).deliveries] == ["1"]


def test_who_falls_to_the_winner_waits_and_then_goes_as_the_best_did() -> None:
    campaign = a_split(1, 1, winner=98)
    asked: list[tuple[Sequence[Sequence[str]], str]] = []

    def results(arms: Sequence[Sequence[str]], sign: str) -> Sequence[ArmResult]:
        asked.append((arms, sign))
        return [ArmResult(sent=100, signs=5), ArmResult(sent=50, signs=5)]

    waiting = go(campaign, arm_results=results).run
    assert (waiting.position, waiting.due_at, asked) == ("0", NOON + timedelta(hours=4), [])
    late = NOON + timedelta(hours=5)
    progress = go(campaign, waiting, now=late, arm_results=results)
    assert asked == [([["0.arm0.0"], ["0.arm1.0"]], "clicked")]
    assert [(new.step, new.intended_at) for new in progress.deliveries] == [("0.arm1.0", NOON + timedelta(hours=4))]
    assert progress.run.state is RunState.ACTIVE


def test_of_equals_the_first_arm_wins_and_one_that_sent_nothing_has_no_rate() -> None:
    assert best([ArmResult(sent=10, signs=1), ArmResult(sent=20, signs=2)]) == 0
    assert best([ArmResult(), ArmResult(sent=9, signs=1), ArmResult(sent=9)]) == 1
    assert best([ArmResult(), ArmResult()]) == 0


def test_every_step_and_branch_taken_is_seen() -> None:
    seen: list[tuple[str, str]] = []
    run = a_run(campaign="follow_up", contact_id=2)
    go(a_split(1), run, seen=lambda campaign, path: seen.append((campaign, path)))
    assert seen == [("follow_up", "0"), ("follow_up", "0.arm0"), ("follow_up", "0.arm0.0")]
