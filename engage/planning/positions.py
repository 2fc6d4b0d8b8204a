"""2b Positions: where a run stands among the steps of its campaign, and where it goes on. Pure.

A position is the path of a step (`2.then.0`, `3.arm1.0`), or `end`.
"""

from __future__ import annotations

from collections.abc import Sequence

from engage.model.steps import Step, branches_of

END = "end"
START = "0"


def name_of(step: Step) -> str:
    """By what touches and deliveries name a step: its `id`, else its path."""
    return step.id or step.path


def step_at(steps: Sequence[Step], position: str) -> Step | None:
    """The step at a position, None at the end. Raises ValueError for what is no position of these steps."""
    if position == END:
        return None
    head, _, last = position.rpartition(".")
    siblings = _siblings(steps, head)
    if not last.isdecimal() or int(last) >= len(siblings):
        raise ValueError(f"{position} is no position of this campaign")
    return siblings[int(last)]


def position_after(steps: Sequence[Step], position: str) -> str:
    """Where a run goes on when the step at `position` is final: the next one, after a branch's last the one after the branch."""
    head, _, last = position.rpartition(".")
    if int(last) + 1 < len(_siblings(steps, head)):
        return f"{head}.{int(last) + 1}" if head else str(int(last) + 1)
    return position_after(steps, head.rpartition(".")[0]) if head else END


def _siblings(steps: Sequence[Step], head: str) -> Sequence[Step]:
    """The steps of a branch, given as `2.then`; of the campaign itself, given as nothing."""
    if not head:
        return steps
    parent, _, branch = head.rpartition(".")
    step = step_at(steps, parent)
    branches = {} if step is None else branches_of(step)
    if branch not in branches:
        raise ValueError(f"{parent} has no branch {branch}")
    return branches[branch]
