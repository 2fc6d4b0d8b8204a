"""2b Splits: which of several ways a contact goes. Pure.

By shares, the same after re-entry, after a restart and on every machine. Who falls to the last arm, the winner's, waits, and then takes
the way that did best until then.
"""

from __future__ import annotations

from collections.abc import Sequence

from engage.model.localtime import add_everywhere
from engage.model.shares import SPLIT, arm_of
from engage.model.steps import Arm, Split, Winner, every_send
from engage.planning.positions import name_of
from engage.planning.progress import Journey, Progress
from engage.planning.requests import ArmResult

WON = "winner"
"""What the last arm is called beside the others, `arm0`, where it is told who was in it."""

WINNER = "the winner"
"""What a run in the last arm waits for. No type of event can be called so."""


def take_split(step: Split, progress: Progress, journey: Journey, following: str) -> Progress:
    """Go the contact's way."""
    weights = [arm.weight for arm in step.arms] + ([step.winner.weight] if step.winner else [])
    arm = arm_of(progress.run.contact_id, weights, journey.campaign.salt, SPLIT, name_of(step))
    if step.winner is not None and arm == len(step.arms):
        return _take_winner(step, step.winner, progress, journey, following)
    return _into(step, arm, progress, journey, following)


def _take_winner(step: Split, winner: Winner, progress: Progress, journey: Journey, following: str) -> Progress:
    """Wait from the arrival at the split on; then go as those went before of whom most gave the sign."""
    judged_at = add_everywhere(progress.run.since, winner.after, journey.zones)
    if judged_at > journey.now:
        return progress.waiting(until=judged_at, waiting_for=WINNER)
    journey.seen(journey.campaign.name, f"{step.path}.{WON}")
    results = journey.arm_results([_sends(arm) for arm in step.arms], winner.sign)
    return _into(step, best(results), progress.since(judged_at), journey, following)


def best(results: Sequence[ArmResult]) -> int:
    """The arm with the highest rate of signs; of equals the first."""
    return max(range(len(results)), key=lambda arm: (_rate(results[arm]), -arm))


def _rate(result: ArmResult) -> float:
    return result.signs / result.sent if result.sent else 0.0


def _sends(arm: Arm) -> list[str]:
    return [name_of(send) for send in every_send(arm.steps)]


def _into(step: Split, arm: int, progress: Progress, journey: Journey, following: str) -> Progress:
    branch = f"{step.path}.arm{arm}"
    journey.seen(journey.campaign.name, branch)
    return progress.at(f"{branch}.0" if step.arms[arm].steps else following)
