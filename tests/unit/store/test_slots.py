"""Slots in the order in which they may be entered, and since when an earlier entry keeps somebody out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from engage.model.campaign import ReEntry
from engage.model.time import Duration
from engage.planning.slots import Residence, Slot
from engage.store.planning.slots import FOREVER, by_shape, not_since, waves

AT = datetime(2026, 3, 29, 7, tzinfo=UTC)
HERE = Slot(at=AT, key="k", trigger={}, residence=Residence(zone_key="Europe/Ljubljana"))
THERE = replace(HERE, residence=Residence(zone_key="Asia/Tashkent"))
EVERYWHERE = replace(HERE, residence=None)
LATER = replace(HERE, at=AT + timedelta(days=1))


def test_where_re_entry_is_not_asked_all_slots_go_together() -> None:
    assert waves([LATER, HERE, EVERYWHERE], one_at_a_time=False) == [[LATER, HERE, EVERYWHERE]]


def test_where_it_is_asked_nobody_is_in_two_slots_of_a_wave_and_the_earlier_come_first() -> None:
    assert waves([LATER, THERE, HERE], one_at_a_time=True) == [[THERE, HERE], [LATER]]
    assert waves([LATER, EVERYWHERE, HERE], one_at_a_time=True) == [[EVERYWHERE], [HERE], [LATER]]


def test_slots_are_grouped_by_what_they_ask() -> None:
    assert list(by_shape([HERE, EVERYWHERE, THERE]).values()) == [[HERE, THERE], [EVERYWHERE]]


def test_an_entry_keeps_out_for_ever_or_for_its_span_by_the_local_clock() -> None:
    daily = ReEntry(after=Duration(days=1))
    assert not_since(HERE, ReEntry(allowed=False)) == FOREVER
    assert not_since(HERE, daily) == AT - timedelta(hours=23)  # the clocks went forward in the night
    assert not_since(EVERYWHERE, daily) == AT - timedelta(days=1)
