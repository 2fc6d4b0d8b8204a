"""`retention:` held against what the workspace looks back on: data that is needed longer than it is kept. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from engage.model.errors import Place, Problem
from engage.model.expression import EventCount, walk
from engage.model.history import Kind
from engage.model.retention import Retained
from engage.model.steps import Split, WaitFor, every_step
from engage.model.time import Duration
from engage.model.workspace import Workspace, every_expression
from engage.rules.hindsight import asks_ever, hindsight_of_touches, spans_asked

NOWHERE = Place(file="engage.yaml", line=1, column=1)
LATE_ANSWERS = timedelta(days=30)
"""So long providers may tell of a message, mailboxes count as full, and events wait for their contacts."""


def refused_retention(workspace: Workspace) -> Iterator[Problem]:
    """What would forget something that a limit, a goal, a wait or an expression still asks for."""
    for kind, (needed, why) in _needs(workspace).items():
        given = workspace.settings.retention.get(kind)
        if given is not None and given.keep.at_most != needed and _least(given.keep) < needed:
            what = f"`{kind}` is kept for {given.keep}, and {why} for {_days(needed)} days"
            yield Problem(place=given.place or NOWHERE, what=what)
    yield from _inactive_before_forgotten(workspace)


def retention_doubts(workspace: Workspace) -> Sequence[Problem]:
    """Where an expression asks whether something was ever so, and only knows what is kept."""
    asked = {Retained.TOUCHES: ("touched()", asks_ever(workspace)), Retained.EVENTS: ("events()", _counts_ever(workspace))}
    retention = workspace.settings.retention
    return [
        Problem(
            place=retention[kind].place or NOWHERE,
            what=f"an expression asks `{call}` without `within`: it only knows of the {retention[kind].keep} that `{kind}` is kept",
        )
        for kind, (call, ever) in asked.items() if ever and kind in retention
    ]


def _needs(workspace: Workspace) -> Mapping[Retained, tuple[timedelta, str]]:
    """The shortest that each kind may be kept, and who needs it."""
    events = [(LATE_ANSWERS, "an event about somebody unknown waits"), *_of_events(workspace)]
    touches = [(LATE_ANSWERS, "what comes back of a message is held against it"), *hindsight_of_touches(workspace)]
    reads = [*spans_asked(workspace, frozenset({Kind.OPENED, Kind.CLICKED})), *_of_winners(workspace)]
    return {
        Retained.EVENTS: max(events, key=_span), Retained.TOUCHES: max([*touches, *reads], key=_span),
        Retained.OPENS_CLICKS: max(reads, key=_span, default=(timedelta(), "")),
    }


def _span(need: tuple[timedelta, str]) -> timedelta:
    return need[0]


def _of_winners(workspace: Workspace) -> Iterator[tuple[timedelta, str]]:
    for campaign in workspace.campaigns.values():
        for step in every_step(campaign.steps):
            if isinstance(step, Split) and step.winner is not None:
                yield step.winner.after.at_most, f"campaign {campaign.name} chooses a winner by them"


def _of_events(workspace: Workspace) -> Iterator[tuple[timedelta, str]]:
    for expression in every_expression(workspace):
        for node in walk(expression.root):
            if isinstance(node, EventCount) and node.within is not None:
                yield node.within.at_most, "an expression counts events"
    for campaign in workspace.campaigns.values():
        for step in every_step(campaign.steps):
            if isinstance(step, WaitFor):
                yield step.duration.at_most, f"campaign {campaign.name} waits for one"


def _counts_ever(workspace: Workspace) -> bool:
    nodes = (node for expression in every_expression(workspace) for node in walk(expression.root))
    return any(isinstance(node, EventCount) and node.within is None for node in nodes)


def _inactive_before_forgotten(workspace: Workspace) -> Iterator[Problem]:
    """Whoever has no sign of life left because it was forgotten would be taken for inactive."""
    retention = workspace.settings.retention
    inactive = retention.get(Retained.INACTIVE_CONTACTS)
    for kind in (Retained.TOUCHES, Retained.OPENS_CLICKS):
        kept = retention.get(kind)
        if inactive is not None and kept is not None and kept.keep != inactive.keep and _least(kept.keep) < inactive.keep.at_most:
            what = f"contacts are inactive after {inactive.keep}, and their last sign of life (`{kind}`) is forgotten after {kept.keep}"
            yield Problem(place=inactive.place or NOWHERE, what=what)


def _least(span: Duration) -> timedelta:
    """So long it is in any month; with the day that `at_most` allows for zones."""
    return timedelta(days=28 * span.months + span.days + 1, seconds=span.seconds)


def _days(needed: timedelta) -> int:
    return -(-needed // timedelta(days=1))
