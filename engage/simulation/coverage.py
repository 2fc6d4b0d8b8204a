"""Which steps and branches of a campaign its tests went through: what the journeys told, held against all that there is to go through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never, final

from engage.model.campaign import Campaign, Exit, ExitOnEvent, ExitOnGoal, ExitWhen
from engage.model.errors import Place
from engage.model.history import Kind
from engage.model.steps import If, Split, Step, WaitFor, every_step
from engage.planning.progress import ANSWERED, SKIPPED, TIMED_OUT
from engage.planning.splits import WON
from engage.simulation.lines import Line
from engage.simulation.step_words import step_in_words

EXIT = "exit"
"""What an exit's path begins with: `exit.ticket.reopened`, `exit.audience`, `exit.when`, `exit.goal`."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A step, or a way on from it. `told` is the path by which a journey tells of it; `what` names it for people."""

    told: str
    what: str
    is_step: bool
    place: Place | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What the runs of some tests went through: pairs of a campaign and a path."""

    paths: frozenset[tuple[str, str]] = frozenset()
    entered: frozenset[str] = frozenset()

    def __or__(self, other: Walked) -> Walked:
        return Walked(paths=self.paths | other.paths, entered=self.entered | other.entered)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of one campaign: all its points, and those that no test came to. `tested`: whether anybody entered it at all."""

    campaign: str
    tested: bool
    points: tuple[Point, ...]
    missed: tuple[Point, ...] = field(default=())

    @property
    def percent(self) -> int:
        """Of a hundred points so many were come to; 100 only where all were."""
        return 100 * (len(self.points) - len(self.missed)) // len(self.points)

    def figures(self, *, steps: bool) -> tuple[int, int]:
        """How many steps (or other points) were come to, and how many there are."""
        there = [point for point in self.points if point.is_step is steps]
        return len([point for point in there if point not in self.missed]), len(there)


def walked(told: Iterable[tuple[str, str]], lines: Iterable[Line]) -> Walked:
    """What the journeys told, with the exits, which stand in the history."""
    touches = [line.touch for line in lines if line.touch.campaign is not None]
    exits = {(touch.campaign or "", f"{EXIT}.{touch.reason}") for touch in touches if touch.kind is Kind.EXITED}
    entered = {touch.campaign or "" for touch in touches if touch.kind is Kind.ENTERED}
    return Walked(paths=frozenset({*told, *exits}), entered=frozenset(entered))


def coverage(campaigns: Mapping[str, Campaign], been: Walked) -> Sequence[Coverage]:
    """How far each campaign was walked, in the order of their names."""
    return [_covered(campaign, been) for _, campaign in sorted(campaigns.items())]


def _covered(campaign: Campaign, been: Walked) -> Coverage:
    points = tuple(points_of(campaign))
    missed = tuple(point for point in points if (campaign.name, point.told) not in been.paths)
    return Coverage(campaign=campaign.name, tested=campaign.name in been.entered, points=points, missed=missed)


def points_of(campaign: Campaign) -> Iterator[Point]:
    """All that a run may go through: each step, the ways on from it, and the exits."""
    for step in every_step(campaign.steps):
        what = f"step {step.id or step.path}: {step_in_words(step)}"
        yield Point(told=step.path, what=what, is_step=True, place=step.place)
        for told, way in _ways(step):
            yield Point(told=f"{step.path}.{told}", what=f"{what}, {way}", is_step=False, place=step.place)
    for reason, what in {_exit(exit_): f"exit: {_exit(exit_)}" for exit_ in campaign.exits}.items():
        yield Point(told=f"{EXIT}.{reason}", what=what, is_step=False)


def _ways(step: Step) -> Iterator[tuple[str, str]]:
    if step.when is not None:
        yield SKIPPED, f"passed over (not when {step.when.source})"
    match step:
        case If():
            yield "then", "then"
            yield "else", "else"
        case Split():
            yield from ((f"arm{number}", f"arm {number + 1}") for number in range(len(step.arms)))
            if step.winner is not None:
                yield WON, "the winner's arm"
        case WaitFor():
            yield ANSWERED, "answered"
            yield TIMED_OUT, "time ran out"
        case _:
            pass


def _exit(exit_: Exit) -> str:
    """The reason that stands in the touch of who left by it."""
    match exit_:
        case ExitOnEvent(event=event):
            return event
        case ExitOnGoal():
            return "goal"
        case ExitWhen(audience=audience):
            return "audience" if audience else "when"
        case _ as never:
            assert_never(never)
