"""Where a run goes on when its campaign is edited."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engage.model.campaign import Campaign
from engage.model.steps import Step
from engage.planning.correspondence import correspondence
from engage.planning.migration import Fate, Passage
from engage.planning.positions import END
from engage.planning.waiting import TIME
from tests.builders import NOON, a_run
from tests.workspaces import files_of, loaded

LATER = NOON + timedelta(days=2)


def steps_of(text: str) -> tuple[Step, ...]:
    return version(text).steps


def version(text: str, number: int = 2) -> Campaign:
    lines = "".join(f"  {line}\n" for line in text.strip("\n").splitlines())
    written = "purpose: care\ntrigger: {event: ticket.closed}\non_edit: migrate\nchannels: [email]\nsteps:\n" + lines
    return replace(loaded(files_of(follow_up=written)).campaigns["follow_up"], version=f"v{number}")


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("- {wait: 1d, id: rest}\n- {send: csat, id: ask}", "- {send: csat, id: ask}\n- {wait: 2d, id: rest}", {"0": "1", "1": "0"}),
    ("- wait: 1d\n- send: csat", "- send: birthday\n- wait: 1d\n- send: csat", {"0": "1", "1": "2"}),
    ("- wait: 1d\n- send: csat", "- wait: 5d\n- send: csat", {"0": "0", "1": "1"}),
    ("- wait: 1d\n- send: csat", "- wait: 1d\n- send: birthday", {"0": "0"}),
    ("- wait: 1d\n- send: csat", "- {wait: 1d, id: rest}\n- {send: csat, id: ask}", {"0": "0", "1": "1"}),
    ("- {wait: 1d, id: rest}\n- send: csat", "- {wait: 1d, id: pause}\n- send: csat", {"1": "1"}),
    ("- send: csat\n- wait: 1d\n- send: csat", "- send: csat\n- wait: 1d\n- wait: 2d\n- send: csat", {"0": "0", "1": "1", "2": "3"}),
    (
        "- if: contact.plan == 'pro'\n  then: [{wait: 1d}, {send: csat}]\n- send: birthday",
        "- wait: 1h\n- if: contact.plan == 'pro'\n  then: [{send: csat}]\n  else: [{wait: 3d}]\n- send: birthday",
        {"0": "1", "0.then.1": "1.then.0", "1": "2"},
    ),
    (
        "- {send: csat, id: ask}\n- send: birthday",
        "- if: contact.plan == 'pro'\n  then: [{wait: 1d}, {send: csat, id: ask}]\n- send: birthday",
        {"0": "0.then.1", "1": "1"},
    ),
], ids=["moved", "inserted before", "edited", "another message", "ids added", "id changed", "the same twice", "in a branch", "into one"])
def test_the_same_step_is_found_by_its_id_else_by_what_it_says_else_as_the_edited_one(old: str, new: str, expected: dict[str, str]) -> None:
    assert correspondence(steps_of(old), steps_of(new)) == expected


TWO_WAITS = "- {wait: 1d, id: first}\n- {wait: 3d, id: second}\n- {send: csat, id: ask}"


@pytest.mark.parametrize(("new", "position", "fate"), [
    ("- {wait: 1d, id: first}\n- {wait: 9d, id: second}\n- {send: csat, id: ask}", "1", Fate.MOVES),
    ("- {send: birthday, id: hello}\n- {wait: 3d, id: second}\n- {send: csat, id: ask}", "1", Fate.MOVES),
    ("- {wait: 1d, id: first}\n- {send: csat, id: ask}", "1", Fate.MOVES_ON),
    ("- {wait: 1d, id: first}\n- {send: birthday, id: hello}", END, Fate.ENDS),
])
def test_a_run_goes_on_at_its_step_else_at_the_next_that_is_left_else_it_ends(new: str, position: str, fate: Fate) -> None:
    waiting = a_run(position="1", waiting_for=TIME, due_at=LATER, variables={"answer": None})
    passage = Passage(version(TWO_WAITS, 1), version(new))
    run = passage.migrated(waiting, now=LATER)
    assert passage.landing("1") == (position, fate)
    assert (run.position, run.version, run.variables) == (position, "v2", {"answer": None})
    assert (run.since, run.waiting_for) == ((NOON, TIME) if fate is Fate.MOVES else (LATER, None))


SEND = "- {send: csat, id: ask, as: asked}\n- {wait: 3d, id: rest}\n- {send: birthday, id: wish}"


@pytest.mark.parametrize(("new", "position", "outcome", "variables"), [
    ("- {wait: 1d, id: new}\n- {send: csat, id: ask, as: asked}\n- {send: birthday, id: wish}", "1", "sent", {}),
    ("- {wait: 3d, id: rest}\n- {send: birthday, id: wish}", "0", None, {"asked": "sent"}),
    ("- {wait: 1d, id: ask}\n- {send: birthday, id: wish}", "1", None, {"asked": "sent"}),
], ids=["moved", "removed", "no send any more"])
def test_a_run_whose_delivery_is_final_goes_on_behind_the_new_place_of_its_send(
    new: str, position: str, outcome: str | None, variables: dict[str, str]
) -> None:
    sent = a_run(position="0", outcome="sent", since=LATER)
    run = Passage(version(SEND, 1), version(new)).migrated(sent, now=LATER + timedelta(hours=1))
    assert (run.position, run.outcome, run.variables, run.since) == (position, outcome, variables, LATER)


def test_the_answer_of_a_call_is_read_at_its_new_place() -> None:
    call = "- {call: gifts, as: gift}\n- send: csat"
    answered = a_run(position="0", outcome="answered", variables={"call:0": {"code": "A"}})
    run = Passage(version(call, 1), version("- wait: 1d\n" + call)).migrated(answered, now=NOON)
    assert (run.position, run.outcome, run.variables) == ("1", "answered", {"call:1": {"code": "A"}})
