"""The step `split`: arms by weight, and a last one that takes the winner."""

from __future__ import annotations

from typing import Any

import pytest

from engage.model.steps import Send, Split, Winner
from engage.model.time import Duration
from tests.workspaces import files_of, loaded, problems_of

HEAD = "purpose: care\ntrigger: {event: ticket.closed}\nchannels: [email, sms]\nsteps:\n"


def split_of(*arms: str) -> Any:
    lines = "".join(f"      - {arm}\n" for arm in arms)
    return loaded(files_of(c=f"{HEAD}  - split:\n{lines}  - send: birthday\n")).campaigns["c"].steps[0]


def told(*arms: str) -> list[str]:
    lines = "".join(f"      - {arm}\n" for arm in arms)
    return problems_of(files_of(c=f"{HEAD}  - split:\n{lines}  - send: birthday\n"))


def test_arms_have_weights_and_steps_with_paths_of_their_own() -> None:
    split = split_of("{weight: 1, steps: [{wait: 1d}, {send: birthday}]}", "{weight: 2, send: birthday}", "{weight: 3, steps: []}")

    assert isinstance(split, Split)
    assert [arm.weight for arm in split.arms] == [1, 2, 3]
    assert [[step.path for step in arm.steps] for arm in split.arms] == [["0.arm0.0", "0.arm0.1"], ["0.arm1.0"], []]
    send = split.arms[1].steps[0]
    assert isinstance(send, Send)
    assert (send.message, send.channels, str(send.place)) == ("birthday", ("email", "sms"), "campaigns/c.yaml:7:21")
    assert split.winner is None


def test_the_winner_takes_what_the_weights_leave_of_a_hundred() -> None:
    split = split_of("{weight: 10, send: birthday}", "{weight: 15, send: birthday}", "{winner: clicked, after: 4h}")

    assert split.winner == Winner(sign="clicked", after=Duration(seconds=14400), weight=75)
    assert len(split.arms) == 2


def test_a_name_given_in_one_arm_is_known_after_the_split() -> None:
    text = f"{HEAD}  - split:\n      - {{weight: 1, steps: [{{send: birthday, as: sent_one}}]}}\n      - {{weight: 1, steps: []}}\n"

    assert problems_of(files_of(c=text + "  - {send: birthday, when: sent_one is none}\n")) == []


ONE, OTHER = "{weight: 50, send: birthday}", "{weight: 49, send: birthday}"

WRONG = {
    "one arm": ([ONE], "5:5: a split needs at least two arms with a `weight`"),
    "one arm and a winner": ([ONE, "{winner: opened, after: 1h}"], "5:5: a split needs at least two arms with a `weight`"),
    "no weight": ([ONE, "{weight: 0, send: birthday}"], "7:10: `0` is not a weight; it is a whole number from 1"),
    "nothing to do": (["{weight: 1, steps: []}", "{weight: 1, steps: []}"], "5:5: no arm of this split does anything"),
    "an arm without steps": ([ONE, "{weight: 1}"], "7:9: an arm needs `steps` or `send` (`steps: []` goes on at once)"),
    "both short and long": (
        [ONE, "{weight: 1, send: birthday, steps: []}"], "7:21: `send` is short for `steps`: they cannot stand together",
    ),
    "a winner in between": ([ONE, "{winner: opened, after: 1h}", OTHER], "5:5: `winner` is the last arm"),
    "nothing left for the winner": (
        [ONE, "{weight: 50, send: birthday}", "{winner: opened, after: 1h}"],
        "5:5: `winner` takes what the weights leave of a hundred: they must come to less than 100",
    ),
    "a winner with a weight": (
        [ONE, OTHER, "{winner: opened, after: 1h, weight: 1}"],
        "8:37: the winner's arm has no `weight`: it is what the others leave of a hundred",
    ),
    "a winner with steps": (
        [ONE, OTHER, "{winner: opened, after: 1h, steps: []}"],
        "8:37: the winner's arm has no `steps`: it takes those of the arm that did best",
    ),
    "a winner at once": ([ONE, OTHER, "{winner: opened}"], "8:9: `after` is missing"),
    "a misspelt sign": (
        [ONE, OTHER, "{winner: clickt, after: 1h}"], "8:18: `clickt` is none of delivered, opened, clicked; did you mean clicked?",
    ),
    "an arm that cannot win": (
        [ONE, "{weight: 1, steps: [{send: birthday, channels: [sms]}]}", "{winner: opened, after: 1h}"],
        "7:9: this arm can never win: nothing that it sends is ever seen to be opened",
    ),
    "no arm at all": ([ONE, "{send: birthday}"], "7:9: an arm of a split needs one of weight, winner"),
    "a wrong step in an arm": ([ONE, "{weight: 1, steps: [{sned: birthday}]}"], "7:30: unknown key `sned`; did you mean send?"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_split_is_told_at_its_place(case: str) -> None:
    arms, expected = WRONG[case]

    assert told(*arms) == [f"campaigns/c.yaml:{expected}"]


def test_nothing_is_reached_after_a_split_all_of_whose_arms_stop() -> None:
    assert told("{weight: 1, steps: [{send: birthday}, {stop: true}]}", "{weight: 1, steps: [{stop: true}]}") == [
        "campaigns/c.yaml:8:5: this step would never be reached: the run ends before it"
    ]
