"""Merging people never grants: their consents come to the strictest of all, now and later, whoever is merged with whom first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engage.contacts.strictest import Entry, Word, strictest
from engage.model.consent import decisive_line
from engage.model.contact import ChannelKind, Consent

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENTS = [NOW + days * DAY for days in range(6)]
CASES = [(purpose, kind) for purpose in ("care", "news") for kind in ChannelKind]


@st.composite
def lines(draw: st.DrawFn) -> Consent:
    """A line of the past, for one kind of channel or all, which may expire."""
    ends = draw(st.sampled_from([None, None, None, *MOMENTS[1:5]]))
    return Consent(
        contact_id=0, purpose=draw(st.sampled_from(["care", "news"])), channel=draw(st.sampled_from([None, *ChannelKind])),
        granted=draw(st.booleans()), at=NOW - draw(st.integers(0, 5)) * DAY, source="form", expires_at=ends,
    )


def people(number: int) -> st.SearchStrategy[Any]:
    return st.lists(st.lists(lines(), max_size=4), min_size=number, max_size=number).map(_numbered)


def _numbered(told: Sequence[Sequence[Consent]]) -> dict[int, list[Entry]]:
    ids = iter(range(1, 1_000))
    return {
        person: [Entry(id=next(ids), line=replace(line, contact_id=person)) for line in sorted(lines_, key=lambda line: line.at)]
        for person, lines_ in enumerate(told, start=1)
    }


def _order(entry: Entry) -> tuple[datetime, int]:
    return entry.line.at, entry.id


def words(entries: Sequence[Entry], person: int) -> list[Word]:
    """What the ledger says of a person, case by case and moment by moment."""
    ordered = [each.line for each in entries]
    found = [
        decisive_line(ordered, contact_id=person, purpose=purpose, kind=kind, now=moment) for purpose, kind in CASES for moment in MOMENTS
    ]
    return [Word.ABSENT if line is None else Word.GRANTED if line.granted else Word.WITHDRAWN for line in found]


def merged(ledger: dict[int, list[Entry]], kept: int, other: int) -> dict[int, list[Entry]]:
    """The ledger after a merge, as the store leaves it and reads it again: in its order."""
    mine, theirs = ledger[kept], ledger[other]
    due = strictest(mine, theirs, kept=kept, merged=other, now=NOW)
    stays = [Entry(id=each.id, line=replace(each.line, contact_id=kept)) for each in (*mine, *theirs) if each.id not in due.aside]
    next_id = 1 + max((each.id for entries in ledger.values() for each in entries), default=0)
    new = [Entry(id=id_, line=line) for id_, line in enumerate((*due.copies, *due.appended), start=next_id)]
    return {person: entries for person, entries in ledger.items() if person != other} | {kept: sorted((*stays, *new), key=_order)}


@settings(max_examples=300)
@given(people(2))
def test_a_merge_leaves_the_strictest_of_both_and_grants_nothing(ledger: dict[int, list[Entry]]) -> None:
    both = [words(ledger[person], person) for person in (1, 2)]
    after = words(merged(ledger, 1, 2)[1], 1)
    assert all(said <= min(each) for said, *each in zip(after, *both, strict=True))
    strict = [min(each) for each in zip(*both, strict=True)]
    for start in range(0, len(after), len(MOMENTS)):
        case = strict[start:start + len(MOMENTS)]
        if Word.WITHDRAWN not in case[case.index(Word.ABSENT):] if Word.ABSENT in case else True:
            assert after[start:start + len(MOMENTS)] == case


@settings(max_examples=200)
@given(people(3))
def test_the_order_of_merges_does_not_matter(ledger: dict[int, list[Entry]]) -> None:
    results = []
    for first, second, third in permutations((1, 2, 3)):
        ledger_ = merged(merged(ledger, first, second), first, third)
        results.append(words(ledger_[first], first)[::len(MOMENTS)])
    assert all(each == results[0] for each in results)
