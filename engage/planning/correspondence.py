"""Two versions of a campaign's steps -> which step of the new one is which of the old one. Pure.

A step with an `id` is the step of that id, wherever it stands. One without is found as people find it who read both texts side by
side: by what it says, else as the edited step of its kind that stands in its place.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass

from engage.model.errors import Place
from engage.model.expression import Expression
from engage.model.steps import Call, Emit, Send, Step, Wait, WaitFor, WaitUntilMoment, WaitUntilTime, branches_of, every_step

WHEREABOUTS = frozenset({"path", "place"})
"""Where a thing stands, which is not part of what it says."""

ALIKE, EDITED = 3, 2
"""What a pair of steps counts that say the same, and one of the same kind: an edited campaign keeps as many steps as it can."""


def correspondence(old: Sequence[Step], new: Sequence[Step]) -> Mapping[str, str]:
    """The path of each old step that is still there -> its path in the new version."""
    named = {step.id: step for step in every_step(new) if step.id is not None}
    pairs = [(step, named[step.id]) for step in every_step(old) if step.id in named]
    found = {before.path: after.path for before, after in pairs}
    levels = [(old, new), *(level for before, after in pairs for level in _inside(before, after))]
    while levels:
        level_old, level_new = levels.pop()
        for before, after in _side_by_side(level_old, level_new):
            if before.path not in found and after.path not in found.values():
                found[before.path] = after.path
                levels.extend(_inside(before, after))
    return found


def said(value: object, *, without: frozenset[str] = WHEREABOUTS) -> Hashable:
    """What a part of a campaign says, comparable: equal for two that say the same, wherever they stand."""
    match value:
        case Expression():
            return ("expression", value.source)
        case Place():
            return None
        case Mapping():
            return tuple(sorted((str(name), said(each, without=without)) for name, each in value.items()))
        case tuple() | list():
            return tuple(said(each, without=without) for each in value)
        case _ if is_dataclass(value):
            parts = ((each.name, said(getattr(value, each.name), without=without)) for each in fields(value) if each.name not in without)
            return (type(value).__name__, *parts)
        case Hashable():
            return value
    raise TypeError(f"a campaign holds no {type(value).__name__}")


def _inside(old: Step, new: Step) -> Iterator[tuple[Sequence[Step], Sequence[Step]]]:
    """The branches of the same name in both."""
    branches = branches_of(new)
    yield from ((steps, branches[name]) for name, steps in branches_of(old).items() if name in branches)


def _side_by_side(old: Sequence[Step], new: Sequence[Step]) -> Iterator[tuple[Step, Step]]:
    """The steps of one level in pairs that keep their order: as many as can be, those that say the same before edited ones."""
    best = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], _likeness(old[i], new[j]) + best[i + 1][j + 1])
    i = j = 0
    while i < len(old) and j < len(new):
        if (like := _likeness(old[i], new[j])) and best[i][j] == like + best[i + 1][j + 1]:
            yield old[i], new[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def _likeness(old: Step, new: Step) -> int:
    """How sure it is that the two are one step."""
    if old.id is not None and new.id is not None:
        return ALIKE if old.id == new.id else 0
    return ALIKE if _wording(old) == _wording(new) else EDITED if _kind(old) == _kind(new) else 0


def _wording(step: Step) -> Hashable:
    return said(step, without=WHEREABOUTS | {"id"})


def _kind(step: Step) -> Hashable:
    """By what an edited step is still known: a send by its message, a wait for an event by that."""
    match step:
        case Send():
            return ("send", step.message)
        case WaitFor():
            return ("wait_for", step.event)
        case Wait() | WaitUntilTime() | WaitUntilMoment():
            return "wait"
        case Call():
            return ("call", step.endpoint)
        case Emit():
            return ("emit", step.event)
        case _:
            return type(step).__name__
