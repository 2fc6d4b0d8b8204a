"""Whoever is taken in again after an erasure gets nothing that they had withdrawn before; no list and no dry run says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from engage.contacts.consent import states
from engage.contacts.ports import Permission, Person, Stored
from engage.model.contact import ChannelKind
from engage.store.database import Database
from tests.engine import MONDAY, Works
from tests.small import small_workspace

ADDRESS = "ana@example.com"
DAY = timedelta(days=1)


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    works = Works(database, small_workspace())
    yield works
    works.close()


def told(granted: bool, *, at: datetime | None, channel: ChannelKind | None = None) -> Permission:
    return Permission(purpose="care", channel=channel, granted=granted, at=at, source="form")


def take_in(works: Works, *permissions: Permission, email: str = ADDRESS) -> Stored:
    return works.people.upsert([Person(attributes={"email": email}, permissions=permissions)], now=MONDAY + DAY)[0]


def come_back(works: Works, *before: Permission) -> None:
    """Known, erased, and to be taken in again."""
    stored = take_in(works, *before)
    works.privacy.erase(stored.contact_id or 0, now=MONDAY + DAY, by="tester")
    assert works.people.readmit(ADDRESS, now=MONDAY + DAY)


def may_write(works: Works) -> dict[ChannelKind, bool]:
    contact = works.people.find(ADDRESS)
    assert contact is not None
    found = states(works.ledger.lines(contact.id), works.workspace.settings.purposes.values(), contact_id=contact.id, now=MONDAY + 9 * DAY)
    return {each.channel: each.may_write for each in found if each.purpose == "care"}


def test_what_was_withdrawn_before_an_erasure_stays_withdrawn_for_the_address_that_is_readmitted(works: Works) -> None:
    come_back(works, told(True, at=MONDAY - 3 * DAY), told(False, at=MONDAY - 2 * DAY))
    take_in(works)
    assert not may_write(works)[ChannelKind.EMAIL]
    works.happen("ticket.closed", ADDRESS, id="new", ticket_id="1")
    works.play(MONDAY + 3 * DAY)
    assert ADDRESS not in works.sent()


def test_a_grant_does_not_come_back(works: Works) -> None:
    come_back(works, told(False, at=MONDAY - 3 * DAY), told(True, at=MONDAY - 2 * DAY))
    stored = take_in(works)
    assert works.ledger.lines(stored.contact_id or 0) == []


def test_an_undated_grant_of_an_old_list_does_not_undo_the_withdrawal_and_a_new_one_does(works: Works) -> None:
    come_back(works, told(False, at=MONDAY - 2 * DAY, channel=ChannelKind.EMAIL))
    stored = take_in(works, told(True, at=None))
    assert (stored.consents, stored.passed_over) == (0, 1)
    assert not may_write(works)[ChannelKind.EMAIL]
    take_in(works, told(True, at=MONDAY))
    assert may_write(works)[ChannelKind.EMAIL]


def test_a_dry_run_sees_the_withdrawal_too_and_takes_in_batch_after_batch(works: Works) -> None:
    come_back(works, told(False, at=MONDAY - 2 * DAY))
    for email in ("bor@example.com", "cene@example.com"):
        take_in(works, told(True, at=MONDAY - DAY), email=email)
    with works.people.trial() as trial:
        found = [
            trial.upsert([Person(attributes={"email": email}, permissions=(told(True, at=None),))], now=MONDAY + DAY)[0].passed_over
            for email in (ADDRESS, "bor@example.com")
        ]
        later = trial.upsert([
            Person(attributes={"email": email}, permissions=(told(True, at=MONDAY),)) for email in ("bor@example.com", "cene@example.com")
        ], now=MONDAY + DAY)
    assert found == [1, 0]
    assert [each.consents for each in later] == [1, 1]
