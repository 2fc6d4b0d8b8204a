"""What contacts ask of us for themselves, from the page or by an import: how often; until when a consent lasts. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engage.model.contact import ChannelKind, Consent
from engage.model.history import Kind
from engage.store.database import Database
from tests.engine import Works
from tests.small import small_workspace

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = START + 18 * DAY


@pytest.mark.parametrize(("frequency", "outcomes"), [
    (None, [Kind.SENT, Kind.SENT]), ("weekly", [Kind.SENT, Kind.SENT]), ("monthly", [Kind.SENT, Kind.EXPIRED]),
])
def test_how_often_somebody_wants_to_hear_counts_weeks_back(database: Database, frequency: str | None, outcomes: list[Kind]) -> None:
    works = Works(database, small_workspace(), at=START)
    works.know("ana", frequency=frequency)
    for at, ticket in ((START, "T1"), (LATER, "T2")):
        works.play(at)
        works.happen("ticket.closed", "ana", ticket_id=ticket)
    works.play(LATER + 5 * DAY)
    told = works.touches(Kind.SENT, Kind.EXPIRED)
    works.close()
    assert [touch.kind for touch in told] == outcomes


@pytest.mark.parametrize(("granted", "outcome"), [(True, Kind.SENT), (False, Kind.SUPPRESSED)])
def test_what_was_said_of_consent_counts_until_it_expires(database: Database, granted: bool, outcome: Kind) -> None:
    """A word for good, and over it one that lasts for a while: a consent that expires, or a break."""
    works = Works(database, small_workspace(), at=START)
    works.know("ana")
    ana = works.people.find("ana")
    assert ana is not None
    works.ledger.record([
        Consent(contact_id=ana.id, purpose="care", channel=ChannelKind.EMAIL, granted=said, at=at, source="form", expires_at=ends)
        for said, at, ends in ((not granted, START - 2 * DAY, None), (granted, START - DAY, LATER - DAY))
    ])
    works.happen("ticket.closed", "ana", ticket_id="T1")
    works.play(LATER)
    works.happen("ticket.closed", "ana", ticket_id="T2")
    works.play(LATER + 5 * DAY)
    first_of_run: dict[int | None, Kind] = {}
    for touch in works.touches(Kind.SENT, Kind.SUPPRESSED):
        first_of_run.setdefault(touch.run_id, touch.kind)
    works.close()
    assert list(first_of_run.values()) == [outcome, Kind.SUPPRESSED if granted else Kind.SENT]
