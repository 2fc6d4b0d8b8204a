"""How much of the history a simulation must know: as far back as limits count, goals reach and expressions ask. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta

from engage.model.expression import Touched
from engage.model.time import Duration
from engage.model.workspace import Workspace


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
        asked.append(_at_most(touched.within))
    return max(asked, default=timedelta())


def _limits(workspace: Workspace) -> Iterator[timedelta]:
    settings = workspace.settings
    limited = [settings.limits]
    limited += [purpose.limits for purpose in settings.purposes.values()]
    limited += [campaign.limits for campaign in workspace.campaigns.values()]
    yield from (limit.looks_back for limits in limited for limit in limits)


def _goals(workspace: Workspace) -> Iterator[timedelta]:
    """A conversion counts once: whether it was counted before is asked of the history."""
    yield from (_at_most(campaign.goal.within) for campaign in workspace.campaigns.values() if campaign.goal is not None)


def _at_most(span: Duration) -> timedelta:
    """Longer than the span may be in any zone and month."""
    return timedelta(days=31 * span.months + span.days + 1, seconds=span.seconds)


def _asked(workspace: Workspace) -> Iterator[Touched]:
    """Every `touched(…)` in an expression of a campaign or a segment, wherever it stands."""
    yield from _within((*workspace.campaigns.values(), *workspace.segments.values()))


def _within(value: object) -> Iterator[Touched]:
    match value:
        case Touched():
            yield value
        case Mapping():
            for each in value.values():
                yield from _within(each)
        case tuple() | list():
            for each in value:
                yield from _within(each)
        case _ if is_dataclass(value):
            for field in fields(value):
                yield from _within(getattr(value, field.name))
