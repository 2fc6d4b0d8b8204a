"""How much of the history is asked for: as far back as limits count, goals reach and expressions ask. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from engage.model.campaign import FREQUENCIES, Limit
from engage.model.expression import Touched, walk
from engage.model.history import Kind
from engage.model.workspace import Workspace, every_expression


def hindsight(workspace: Workspace) -> timedelta | None:
    """So far back the history must be known; None where something asks whether it was ever so.

    Events, runs and consents are known without end; this is about touches alone.
    """
    if workspace.settings.guards.stop_at or asks_ever(workspace):
        return None  # the guard counts a campaign's last messages, however long ago they were
    return max((span for span, _ in hindsight_of_touches(workspace)), default=timedelta())


def hindsight_of_touches(workspace: Workspace) -> Iterator[tuple[timedelta, str]]:
    """How far back touches are asked for, and by whom; what asks whether it was ever so is not among them."""
    for limit in _limits(workspace):
        yield limit.looks_back, "a limit counts back"
    for limit in FREQUENCIES.values():
        yield limit.looks_back, "how often a contact asked to hear from us counts back"
    for campaign in workspace.campaigns.values():
        if campaign.goal is not None:  # a conversion counts once: whether it was counted before is asked of the history
            yield campaign.goal.within.at_most, f"the goal of campaign {campaign.name} reaches back"
    yield from spans_asked(workspace)


def spans_asked(workspace: Workspace, kinds: frozenset[Kind] = frozenset(Kind)) -> Iterator[tuple[timedelta, str]]:
    """How far back expressions ask for touches of these kinds."""
    for touched in _asked(workspace):
        if touched.within is not None and (touched.touch is None or touched.touch in kinds):
            yield touched.within.at_most, "an expression asks what was touched"


def asks_ever(workspace: Workspace) -> bool:
    """Whether an expression asks what was ever touched."""
    return any(touched.within is None for touched in _asked(workspace))


def _limits(workspace: Workspace) -> Iterator[Limit]:
    settings = workspace.settings
    yield from settings.limits
    for purpose in settings.purposes.values():
        yield from purpose.limits
    for campaign in workspace.campaigns.values():
        yield from campaign.limits


def _asked(workspace: Workspace) -> Iterator[Touched]:
    """Every `touched(…)` in an expression of a campaign or a segment."""
    nodes = (node for expression in every_expression(workspace) for node in walk(expression.root))
    return (node for node in nodes if isinstance(node, Touched))
