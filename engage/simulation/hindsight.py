"""How much of the history a simulation must know: as far back as limits count, goals reach and expressions ask. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from engage.model.expression import Touched, walk
from engage.model.workspace import Workspace, every_expression


def hindsight(workspace: Workspace) -> timedelta | None:
    """So long before its beginning; None where something asks whether it was ever so.

    Events, runs and consents are known without end; this is about touches alone.
    """
    if workspace.settings.guards.stop_at:
        return None  # counts a campaign's last messages, however long ago they were
    asked = [*_limits(workspace), *_goals(workspace)]
    for touched in _asked(workspace):
        if touched.within is None:
            return None
        asked.append(touched.within.at_most)
    return max(asked, default=timedelta())


def _limits(workspace: Workspace) -> Iterator[timedelta]:
    settings = workspace.settings
    limited = [settings.limits]
    limited += [purpose.limits for purpose in settings.purposes.values()]
    limited += [campaign.limits for campaign in workspace.campaigns.values()]
    yield from (limit.looks_back for limits in limited for limit in limits)


def _goals(workspace: Workspace) -> Iterator[timedelta]:
    """A conversion counts once: whether it was counted before is asked of the history."""
    yield from (campaign.goal.within.at_most for campaign in workspace.campaigns.values() if campaign.goal is not None)


def _asked(workspace: Workspace) -> Iterator[Touched]:
    """Every `touched(…)` in an expression of a campaign or a segment."""
    nodes = (node for expression in every_expression(workspace) for node in walk(expression.root))
    return (node for node in nodes if isinstance(node, Touched))
