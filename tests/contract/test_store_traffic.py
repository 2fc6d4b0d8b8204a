"""What workers tell each other of providers, and what each provider was given on a day: on both databases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from engage.delivery.rate_ports import LocalVolumes, Notice, Volumes
from engage.store.database import Database
from engage.store.delivery.notices import SqlNotices, standings
from engage.store.delivery.volumes import KEPT, SqlVolumes
from engage.store.schema.traffic import notices
from engage.store.sql.clock import MachineNow
from tests.contract.store_benches import at_once

TODAY = date(2026, 11, 30)


def notice(provider: str = "email/ses", seconds: float = 60.0, reason: str = "breaker") -> Notice:
    return Notice(provider=provider, seconds=seconds, reason=reason)


def shift(database: Database, seconds: float) -> None:
    """As if all had been written so many seconds earlier."""
    with database.begin() as connection:
        connection.execute(sa.update(notices).values(until=MachineNow(seconds)))


def test_what_a_provider_asks_for_reaches_every_worker_for_as_long_as_it_lasts(database: Database) -> None:
    one, other = SqlNotices(database, owner="one"), SqlNotices(database, owner="other")
    one.ask_all(notice(seconds=600, reason="rate"))
    one.ask_all(notice(seconds=5, reason="rate"))
    [heard] = other.for_all()
    assert (heard.provider, heard.reason) == ("email/ses", "rate")
    assert 500 < heard.seconds <= 600, "a shorter wait does not end a longer one"
    shift(database, -1)
    assert list(other.for_all()) == []


def test_a_workers_own_breaker_is_for_people_only(database: Database) -> None:
    one, other = SqlNotices(database, owner="one"), SqlNotices(database, owner="other")
    one.tell(notice())
    assert list(other.for_all()) == []
    [standing] = standings(database)
    assert (standing.provider, standing.worker, standing.reason, standing.lasts) == ("email/ses", "one", "breaker", True)
    assert timedelta(0) < standing.until - standing.since <= timedelta(seconds=61)
    other.well("email/ses")
    assert len(standings(database)) == 1
    one.well("email/ses")
    assert standings(database) == []


def test_one_that_is_being_tried_again_is_shown_for_a_while_and_then_forgotten(database: Database) -> None:
    one = SqlNotices(database, owner="one")
    one.tell(notice())
    one.ask_all(notice(provider="sms"))
    shift(database, -60)
    [standing] = standings(database)
    assert (standing.worker, standing.lasts) == ("one", False), "what held for all is over when it is over"
    shift(database, -3600)
    assert standings(database) == []
    one.tell(notice(provider="chat"))
    with database.read() as connection:
        assert list(connection.scalars(sa.select(notices.c.provider))) == ["chat"]


@pytest.fixture(params=["local", "sql"])
def volumes(request: pytest.FixtureRequest, database: Database) -> Volumes:
    return LocalVolumes() if request.param == "local" else SqlVolumes(database)


def test_a_days_count_never_exceeds_its_bound(volumes: Volumes) -> None:
    taken = [volumes.take("email/new", TODAY, wanted=30, most=50) for _ in range(3)]
    assert taken == [30, 20, 0]
    assert volumes.take("email/new", TODAY + timedelta(days=1), wanted=30, most=50) == 30
    assert volumes.take("email/old", TODAY, wanted=30, most=50) == 30
    assert volumes.taken(["email/new", "email/old", "sms"], TODAY) == {"email/new": 50, "email/old": 30}


def test_what_was_given_back_may_be_taken_again(volumes: Volumes) -> None:
    volumes.take("email/new", TODAY, wanted=50, most=50)
    volumes.give_back("email/new", TODAY, 8)
    assert volumes.take("email/new", TODAY, wanted=50, most=50) == 8


def test_a_day_owes_nothing_for_what_another_day_was_counted(volumes: Volumes) -> None:
    volumes.take("email/new", TODAY, wanted=1, most=50)
    volumes.give_back("email/new", TODAY, 8)
    assert volumes.take("email/new", TODAY, wanted=70, most=50) == 50


def test_workers_at_once_get_no_more_together(volumes: Volumes) -> None:
    assert sum(at_once(12, lambda _: volumes.take("email/new", TODAY, wanted=7, most=50))) == 50


def test_counts_of_long_ago_are_let_go(database: Database) -> None:
    volumes = SqlVolumes(database)
    volumes.take("email/new", TODAY - KEPT - timedelta(days=1), wanted=1, most=50)
    volumes.take("email/new", TODAY, wanted=1, most=50)
    assert volumes.taken(["email/new"], TODAY - KEPT - timedelta(days=1)) == {}
