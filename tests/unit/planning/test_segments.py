"""Segments that campaigns watch: the grid of looks, what makes one worth its while, and what is another definition."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from engage.model.contact import AttributeKind
from engage.model.triggers import Change, SegmentTrigger
from engage.model.workspace import Basis, Segment, Workspace
from engage.planning.segments import TIMED, Source, grid_moment, next_grid_moment, watched, watched_segment
from engage.rules.expressions import Names, parse
from tests.builders import HERE, NOON, a_campaign, a_purpose, a_workspace, some_settings

NAMES = Names(
    attributes={"plan": AttributeKind.TEXT, "birth_date": AttributeKind.DATE}, segments=frozenset({"pros", "vips"}),
    purposes=frozenset({"care"}), events={"ticket.closed": {}}, data={"prices": frozenset({"plus"})},
)


def a_segment(source: str, name: str = "pros") -> Segment:
    return Segment(name=name, audience=parse(source, place=HERE, names=NAMES))


def a_world(*segments: Segment) -> Workspace:
    data = {"prices": {"SI": {"plus": "9"}}}
    return a_workspace(segments={segment.name: segment for segment in segments}, data=data)


def definition(segment: Segment, workspace: Workspace) -> str:
    return watched_segment(segment, workspace).definition


def test_looks_fall_on_full_five_minutes_of_utc() -> None:
    moment = datetime(2026, 2, 25, 23, 57, 3, 5, tzinfo=UTC)
    assert grid_moment(moment) == datetime(2026, 2, 25, 23, 55, tzinfo=UTC)
    assert next_grid_moment(moment) == datetime(2026, 2, 26, tzinfo=UTC)
    assert (grid_moment(NOON), next_grid_moment(NOON)) == (NOON, NOON + timedelta(minutes=5))
    assert next_grid_moment(moment, TIMED) == datetime(2026, 2, 26, tzinfo=UTC)


@pytest.mark.parametrize(("source", "sources", "timed"), [
    ("contact.plan == 'pro'", set(), False),
    ("has_consent('care', 'email')", {Source.CONSENTS}, False),
    ("touched(kind='sent')", {Source.TOUCHES}, False),
    ("touched(kind='sent', within='2d')", {Source.TOUCHES}, True),
    ("events('ticket.closed') > 2", {Source.TOUCHES}, False),
    ("events('ticket.closed', within='2d') > 2", {Source.TOUCHES}, True),
    ("contact.birth_date == today", set(), True),
    ("days_since(contact.birth_date) > 9", set(), True),
    ("in_segment('vips')", {Source.TOUCHES}, True),
])
def test_a_segment_says_what_may_move_people(source: str, sources: set[Source], timed: bool) -> None:
    vips = a_segment("touched(kind='opened', within='30d')", "vips")
    segment = a_segment(source)
    asked = watched_segment(segment, a_world(segment, vips))
    assert (asked.sources, asked.timed) == (sources | {Source.CONTACTS}, timed)


def test_another_definition_is_another_source_list_named_segment_table_or_basis() -> None:
    vips, segment = a_segment("contact.plan == 'vip'", "vips"), a_segment("in_segment('vips') and has_consent('care', 'email')")
    before = definition(segment, a_world(segment, vips))
    assert definition(segment, a_world(segment, vips, a_segment("contact.plan == 'x'", "other"))) == before
    assert definition(segment, a_world(segment, a_segment("contact.plan == 'gold'", "vips"))) != before
    strict = some_settings(purposes={"care": a_purpose(consent=dict.fromkeys(a_purpose().consent, Basis.OPT_IN))})
    assert definition(segment, replace(a_world(segment, vips), settings=strict)) != before
    priced = a_segment("contact.plan == data.prices['SI'].plus")
    dearer = replace(a_world(priced), data={"prices": {"SI": {"plus": "10"}}})
    assert definition(priced, a_world(priced)) != definition(priced, dearer)
    listed = Segment(name="pros", members=frozenset({"ana"}))
    assert definition(listed, a_world(listed)) != definition(replace(listed, members=frozenset({"ana", "bor"})), a_world(listed))


def test_only_segments_that_a_trigger_names_are_watched() -> None:
    segment = a_segment("contact.plan == 'pro'")
    waits = a_campaign(trigger=SegmentTrigger(segment="pros", change=Change.LEAVES))
    assert list(watched(a_world(segment, a_segment("contact.plan == 'vip'", "vips")), [a_campaign(), waits])) == ["pros"]
