"""The history is read alike on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from engage.history.timeline import Count, Figure, Filter, Line, as_json
from engage.model.history import Kind, Touch
from engage.store.database import Database
from engage.store.history.touches import SqlHistory
from engage.store.rows.rows import add_touches
from tests.builders import NOON


def touch(kind: Kind = Kind.SENT, *, contact_id: int | None = 1, hours: float = 0, **more: object) -> Touch:
    return Touch(at=NOON + timedelta(hours=hours), contact_id=contact_id, kind=kind, **more)  # type: ignore[arg-type]  # the test's own words


@pytest.fixture
def history(database: Database) -> SqlHistory:
    written = [
        touch(Kind.ENTERED, campaign="birthday"),
        touch(hours=1, campaign="birthday", channel="email", locale="sl", message="birthday", private={"subject": "Vse najboljše!"}),
        touch(hours=1, contact_id=2, campaign="birthday", channel="sms", locale="sl", message="birthday"),
        touch(Kind.SUPPRESSED, hours=2, contact_id=2, campaign="newsletter", reason="no_consent"),
        touch(Kind.SENT, hours=3, campaign="newsletter", channel="email", locale="en", message="news"),
        touch(Kind.EVENT, hours=-1, contact_id=None),
    ]
    with database.begin() as connection:
        for one in written:
            add_touches(connection, [one])
    return SqlHistory(database)


def ids(lines: Iterable[Line]) -> list[int]:
    return [line.id for line in lines]


def test_a_timeline_shows_the_latest_first_with_what_is_private(history: SqlHistory) -> None:
    lines = history.timeline(Filter(contact_id=1))
    assert [line.touch.kind for line in lines] == [Kind.SENT, Kind.SENT, Kind.ENTERED]
    assert dict(lines[1].touch.private) == {"subject": "Vse najboljše!"}
    assert lines[0].label == "#1"


@pytest.mark.parametrize(("asked", "found"), [
    (Filter(), [5, 4, 3, 2, 1, 6]),
    (Filter(kinds=frozenset({Kind.SENT})), [5, 3, 2]),
    (Filter(campaign="newsletter"), [5, 4]),
    (Filter(channel="sms"), [3]),
    (Filter(message="birthday", contact_id=2), [3]),
    (Filter(since=NOON + timedelta(hours=1), until=NOON + timedelta(hours=3)), [4, 3, 2]),
])
def test_every_filter_narrows(history: SqlHistory, asked: Filter, found: list[int]) -> None:
    assert ids(history.timeline(asked)) == found


def test_pages_follow_each_other_without_gap_or_repeat(history: SqlHistory) -> None:
    first = history.timeline(Filter(), limit=3)
    second = history.timeline(Filter(), limit=3, before=first[-1].id)
    assert ids([*first, *second]) == [5, 4, 3, 2, 1, 6]


def test_the_tail_gives_what_was_written_since(history: SqlHistory) -> None:
    assert ids(history.tail(0, limit=2)) == [1, 2]
    assert ids(history.tail(4)) == [5, 6]
    assert history.tail(6) == []


def test_touches_are_counted_by_any_figures(history: SqlHistory) -> None:
    assert history.counts([Figure.CAMPAIGN, Figure.LOCALE], Filter(kinds=frozenset({Kind.SENT}))) == [
        Count(by={Figure.CAMPAIGN: "birthday", Figure.LOCALE: "sl"}, touches=2, contacts=2),
        Count(by={Figure.CAMPAIGN: "newsletter", Figure.LOCALE: "en"}, touches=1, contacts=1),
    ]
    assert history.counts([Figure.REASON], Filter(kinds=frozenset({Kind.SUPPRESSED}))) == [
        Count(by={Figure.REASON: "no_consent"}, touches=1, contacts=1)
    ]


def test_a_line_as_json_leaves_out_what_is_empty(history: SqlHistory) -> None:
    assert as_json(history.tail(3, limit=1)[0]) == {
        "id": 4, "at": "2026-02-25T14:00:00Z", "contact": "#2", "kind": "suppressed", "campaign": "newsletter", "reason": "no_consent",
    }
