"""`segments/<name>.yaml` -> Segment; and the lists of members beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from engage.model.contact import IDENTITIES
from engage.model.errors import Place, Problem
from engage.model.expression import InSegment, walk
from engage.model.workspace import Files, Segment
from engage.rules.expressions.refusing import levels
from engage.rules.known import Known, condition_for_sql
from engage.rules.schema.campaign import SegmentFile
from engage.rules.tables import read_rows
from engage.rules.validation import read_as

FOLDER = "segments/"

HIGHEST = 24
"""What a database takes of conditions within conditions, with room for a campaign's own."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Asks:
    """A segment asks another one, there."""

    segment: str
    place: Place


def read_segments(files: Files, names: Mapping[str, str], known: Known, problems: list[Problem]) -> Mapping[str, Segment]:
    """All segments; `names` has the file of each. What is wrong is added to `problems`, circles among it."""
    segments: dict[str, Segment] = {}
    for name, file in names.items():
        segment = _segment(name, file, files, known, problems)
        if segment is not None:
            segments[name] = segment
    if not _refuse_circles(segments, problems):
        _refuse_towers(segments, problems)
    return segments


def _segment(name: str, file: str, files: Files, known: Known, problems: list[Problem]) -> Segment | None:
    written = read_as(SegmentFile, file, files[file], problems)
    if written is None:
        return None
    if written.members is None:
        audience = condition_for_sql(written.audience, known.names(trigger={}), problems)
        return Segment(name=name, audience=audience) if audience else None
    path = f"{FOLDER}{written.members}"
    if path not in files:
        problems.append(Problem(place=written.members.place, what=f"there is no file {path}"))
        return None
    return Segment(name=name, members=_members(path, files[path], problems))


def _members(path: str, content: bytes, problems: list[Problem]) -> frozenset[str]:
    """The first column; its heading says whether it holds external ids, emails or phones."""
    rows = read_rows(path, content, problems)
    if rows and rows[0].cells[0].strip().lower() not in IDENTITIES:
        what = f"the first column must be headed {' or '.join(IDENTITIES)}, as it says who is meant"
        problems.append(Problem(place=Place(file=path, line=1, column=1), what=what))
    return frozenset(row.cells[0].strip() for row in rows[1:] if row.cells[0].strip())


def _refuse_circles(segments: Mapping[str, Segment], problems: list[Problem]) -> bool:
    """A segment that asks itself, through whatever others, has no members that anyone could tell; whether there was one."""
    asked = {name: _asked(segment) for name, segment in segments.items()}
    told: set[frozenset[str]] = set()
    for start in sorted(asked):
        circle = _circle(start, asked)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            place = next(ask.place for ask in asked[start] if ask.segment == circle[1])
            problems.append(Problem(place=place, what=f"segments in a circle: {' → '.join(circle)}"))
    return bool(told)


def _refuse_towers(segments: Mapping[str, Segment], problems: list[Problem]) -> None:
    """Segments that ask for segments become one condition, and no database takes one of any depth."""
    asked = {name: {ask.segment for ask in _asked(segment)} for name, segment in segments.items()}
    own = {name: levels(segment.audience.root) if segment.audience is not None else 0 for name, segment in segments.items()}
    heights = dict.fromkeys(segments, 0)
    for _ in range(HIGHEST + 1):  # one more each time, so that no circle goes on for ever
        heights = {name: own[name] + max((heights.get(each, 0) for each in asked[name]), default=0) for name in segments}
    for name, height in sorted(heights.items()):
        if height > HIGHEST:
            what = f"with the segments that it asks for there are more than {HIGHEST} operators within each other"
            problems.append(Problem(place=_asked(segments[name])[0].place, what=what))


def _asked(segment: Segment) -> list[_Asks]:
    audience = segment.audience
    if audience is None:
        return []
    return [_Asks(segment=node.segment, place=audience.place_of(node)) for node in walk(audience.root) if isinstance(node, InSegment)]


def _circle(start: str, asked: Mapping[str, list[_Asks]]) -> list[str]:
    """The shortest way from a segment back to itself, both ends included; empty where there is none."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for ask in asked.get(way[-1], []):
            if ask.segment == start:
                return [*way, start]
            if ask.segment not in seen:
                seen.add(ask.segment)
                ways.append([*way, ask.segment])
    return []
