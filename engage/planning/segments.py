"""2a Segments that campaigns watch: when they are looked at, what makes a look worth its while, and what is another definition.

Looks fall on a grid of the business clock. A look compares everybody with those who were in the segment before, in the database; it is
left out where nothing that the segment depends on has been written since the last, unless time alone may have moved somebody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import final

from engage.model.campaign import Campaign
from engage.model.expression import Cell, Days, EventCount, HasConsent, InSegment, Node, Read, Touched, walk
from engage.model.triggers import SegmentTrigger
from engage.model.workspace import Segment, Workspace

GRID = timedelta(minutes=5)
"""Looks are made at the full five minutes of UTC."""

TIMED = timedelta(hours=1)
"""How often time alone is taken to move somebody: `today`, `days_since`, `within` are looked at at the full hour."""


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Source(StrEnum):
    """What a segment depends on, beside the time."""

    CONTACTS = "contacts"
    TOUCHES = "touches"
    CONSENTS = "consents"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A segment that a live campaign waits at. `definition` is a hash of all that says who is in it; `timed`: time alone moves people."""

    segment: Segment
    definition: str
    sources: frozenset[Source]
    timed: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Up to when a segment was looked at, by which definition."""

    definition: str
    looked_at: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What is known of a contact and a watched segment: whether it is inside and since when (None: as long as anybody looked)."""

    inside: bool
    moved_at: datetime | None


def grid_moment(now: datetime, every: timedelta = GRID) -> datetime:
    """The last moment of the grid that has come."""
    return now - (now - EPOCH) % every


def next_grid_moment(after: datetime, every: timedelta = GRID) -> datetime:
    """The first moment of the grid later than that."""
    return grid_moment(after, every) + every


def watched(workspace: Workspace, campaigns: Iterable[Campaign]) -> Mapping[str, Watched]:
    """The segments at which these campaigns wait, by name."""
    triggers = (campaign.trigger for campaign in campaigns)
    names = {trigger.segment for trigger in triggers if isinstance(trigger, SegmentTrigger)}
    return {name: watched_segment(workspace.segments[name], workspace) for name in sorted(names) if name in workspace.segments}


def watched_segment(segment: Segment, workspace: Workspace) -> Watched:
    """What a look at the segment asks, those that it names among it."""
    nodes = [node for each in _with_named(segment, workspace) if each.audience is not None for node in walk(each.audience.root)]
    sources = {Source.CONTACTS}
    sources |= {Source.TOUCHES for node in nodes if isinstance(node, Touched | EventCount)}
    sources |= {Source.CONSENTS for node in nodes if isinstance(node, HasConsent)}
    return Watched(
        segment=segment, definition=_definition(segment, nodes, workspace), sources=frozenset(sources), timed=any(map(_is_timed, nodes)),
    )


def _is_timed(node: Node) -> bool:
    match node:
        case Read(path=(name, *_)):
            return name in ("now", "today")
        case Touched(within=within) | EventCount(within=within):
            return within is not None
        case _:
            return isinstance(node, Days)


def _with_named(segment: Segment, workspace: Workspace) -> list[Segment]:
    """The segment, and all that it names, each once, itself first."""
    found = {segment.name: segment}
    left = [segment]
    while left:
        audience = left.pop().audience
        for node in walk(audience.root) if audience is not None else ():
            if isinstance(node, InSegment) and node.segment not in found and node.segment in workspace.segments:
                found[node.segment] = workspace.segments[node.segment]
                left.append(found[node.segment])
    return list(found.values())


def _definition(segment: Segment, nodes: Iterable[Node], workspace: Workspace) -> str:
    said = [*_said(_with_named(segment, workspace)), *sorted(set(_told_elsewhere(nodes, workspace)))]
    return hashlib.sha256("\x1f".join(said).encode()).hexdigest()


def _said(segments: Iterable[Segment]) -> Iterator[str]:
    for segment in segments:
        yield segment.name
        yield segment.audience.source if segment.audience is not None else "\x1e".join(sorted(segment.members or ()))


def _told_elsewhere(nodes: Iterable[Node], workspace: Workspace) -> Iterator[str]:
    """What engage.yaml and the small tables say about the names in an expression."""
    settings = workspace.settings
    for node in nodes:
        match node:
            case Read(path=("contact", name)):
                yield f"{name} {settings.attributes.get(name)}"
            case Cell(table=table):
                yield f"{table} {sorted((key, sorted(row.items())) for key, row in workspace.data.get(table, {}).items())}"
            case HasConsent(purpose=purpose) if purpose in settings.purposes:
                yield f"{purpose} {sorted(settings.purposes[purpose].consent.items())}"
