"""The recheck is real: what changes after a message is rendered stops its hand-off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
import sqlalchemy as sa

from engage.delivery.points import Point
from engage.model.contact import ChannelKind, Consent
from engage.model.history import Kind
from engage.store.database import Database
from engage.store.schema.tables import contacts
from tests.engine import MONDAY, Works
from tests.small import small_workspace

TRIES = 100
LABELS = [f"p{number}" for number in range(TRIES)]


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace(), at=MONDAY.replace(hour=7))
    made.know(*LABELS, birth_date=date(1990, 2, 23))
    made.planner.tick(now=made.clock.now())
    made.clock.move(MONDAY.replace(hour=8))
    yield made
    made.close()


def _withdraw(works: Works) -> None:
    for label in LABELS:
        contact = works.people.find(label)
        assert contact is not None
        line = Consent(contact_id=contact.id, purpose="care", channel=None, granted=False, at=works.clock.now(), source="test")
        works.ledger.record([line])


def _suppress(works: Works) -> None:
    for label in LABELS:
        works.suppressions.suppress(ChannelKind.EMAIL, f"{label}@example.com", reason="manual", now=works.clock.now())


def _erase(works: Works) -> None:
    with works.database.begin() as connection:
        connection.execute(sa.update(contacts).values(erased_at=works.clock.now()))


def _pause_campaign(works: Works) -> None:
    works.operations.pause("campaign", "birthday", now=works.clock.now())


def _pause_channel(works: Works) -> None:
    works.operations.pause("channel", "email", now=works.clock.now())


def _pause_all(works: Works) -> None:
    works.operations.pause("all", "", now=works.clock.now())


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (_withdraw, "no_consent"), (_suppress, "suppressed"), (_erase, "erased"), (_pause_campaign, None), (_pause_channel, None),
        (_pause_all, None),
    ],
)
def test_nothing_is_sent_after_people_acted_while_the_worker_was_frozen(
    works: Works, act: Callable[[Works], None], reason: str | None
) -> None:
    acted = []

    def freeze() -> None:
        if not acted:
            acted.append(True)
            act(works)

    works.at[Point.RENDERED] = freeze
    works.settle()
    assert acted
    assert works.sent() == []
    refused = [touch.reason for touch in works.touches(Kind.SUPPRESSED)]
    assert refused == ([reason] * TRIES if reason is not None else [])


def test_without_such_an_act_all_of_them_are_sent(works: Works) -> None:
    works.settle()
    assert len(works.sent()) == TRIES
    assert len(works.touches(Kind.SENT)) == TRIES


def test_what_was_held_goes_out_when_people_resume(works: Works) -> None:
    works.at[Point.RENDERED] = lambda: works.operations.pause("all", "", now=works.clock.now())
    works.settle()
    works.at.clear()
    works.operations.resume("all", "", now=works.clock.now())
    works.settle()
    assert len(works.sent()) == TRIES


def test_what_expired_while_paused_is_recorded_as_expired(works: Works) -> None:
    works.operations.pause("campaign", "birthday", now=works.clock.now())
    works.settle()
    works.operations.resume("campaign", "birthday", now=works.clock.now())
    works.planner.tick(now=works.clock.now())
    works.planner.advance(now=works.clock.now())
    works.operations.pause("campaign", "birthday", now=works.clock.now())
    works.settle()
    works.clock.move(MONDAY.replace(day=24))
    works.operations.resume("campaign", "birthday", now=works.clock.now())
    works.settle()
    assert works.sent() == []
    assert len(works.touches(Kind.EXPIRED)) == TRIES
