"""Figures add up, alike on both databases: of campaigns, by message, channel, locale, variant and day; and of contacts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engage.contacts.ports import Permission, Person
from engage.history.report import CampaignReport, Dimension, campaign_json
from engage.history.shares import Share
from engage.model.contact import ChannelKind
from engage.model.history import Kind, Touch
from engage.store.database import Database
from engage.store.history.reports import SqlReports
from engage.store.rows.rows import add_touches
from tests.engine import MONDAY, Works
from tests.small import small_workspace

SPLIT = """\
purpose: care
status: live
trigger: {event: ticket.closed, key: event.ticket_id}
goal: {event: csat.answered, within: 7d}
holdout: 50%
channels: [email]
steps:
  - split:
      - {weight: 50, steps: [{send: csat}]}
      - {weight: 50, steps: [{id: other, send: birthday}]}
"""


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace(**{"campaigns/follow_up.yaml": SPLIT}))
    yield made
    made.close()


@contextmanager
def counting(database: Database) -> Iterator[list[str]]:
    made: list[str] = []

    def note(*arguments: Any) -> None:
        made.append(arguments[2])

    sa.event.listen(database.engine, "before_cursor_execute", note)
    yield made
    sa.event.remove(database.engine, "before_cursor_execute", note)


def report(works: Works, **span: datetime) -> CampaignReport:
    return SqlReports(works.database, workspace=lambda: works.workspace).campaign("follow_up", **span)


def tell(works: Works, *touches: Touch) -> None:
    with works.database.begin() as connection:
        add_touches(connection, list(touches))


def a_touch(kind: Kind, delivery: int | None = None, **about: Any) -> Touch:
    known: dict[str, Any] = {"at": MONDAY, "contact_id": 1, "campaign": "follow_up", "message": "csat", "channel": "email", "locale": "sl"}
    return Touch(**{**known, "kind": kind, "delivery_id": delivery, **about})


def counts(report: CampaignReport) -> dict[str, int]:
    return {kind.value: count for kind, count in report.total.counts.items()}


def test_messages_are_counted_not_touches_and_machines_apart(works: Works) -> None:
    machine = {"detail": {"machine": True}}
    tell(
        works, a_touch(Kind.SENT, 1), a_touch(Kind.SENT, 2, locale="en", message="birthday", at=MONDAY + timedelta(hours=12)),
        *[a_touch(Kind.OPENED, 1, at=MONDAY + timedelta(minutes=minute)) for minute in range(3)], a_touch(Kind.OPENED, 2, **machine),
        a_touch(Kind.CLICKED, 1, **machine), a_touch(Kind.DELIVERED, 1), a_touch(Kind.SENT, 3, campaign="birthday"),
    )
    found = report(works)
    assert counts(found) == {"sent": 2, "delivered": 1, "opened": 1}
    assert (found.total.machines, found.total.share(Kind.OPENED)) == ({Kind.OPENED: 1, Kind.CLICKED: 1}, Share(count=1, of=2))
    by = {dimension: {name: part.counts.get(Kind.SENT, 0) for name, part in parts.items()} for dimension, parts in found.parts.items()}
    assert by[Dimension.MESSAGE] == {"birthday": 1, "csat": 1}
    assert (by[Dimension.CHANNEL], by[Dimension.LOCALE]) == ({"email": 2}, {"en": 1, "sl": 1})
    assert by[Dimension.DAY] == {"2026-02-23": 1, "2026-02-24": 1}  # midnight in Ljubljana is at eleven in UTC


def test_variants_are_the_arms_of_splits_by_id_or_by_path(works: Works) -> None:
    tell(
        works, a_touch(Kind.SENT, 1, step="0.arm0.0"), a_touch(Kind.SENT, 2, step="other"), a_touch(Kind.SENT, 3, step="4.arm2.0.then.1"),
        a_touch(Kind.SENT, 4, step="1"),
    )
    variants = report(works).parts[Dimension.VARIANT]
    assert {name: part.counts[Kind.SENT] for name, part in variants.items()} == {"0.arm0": 1, "0.arm1": 1, "4.arm2": 1}


def test_the_lift_compares_those_who_entered_with_those_held_out(works: Works) -> None:
    people = [f"p{number}" for number in range(40)]
    works.know(*people)
    for number, person in enumerate(people):
        works.happen("ticket.closed", person, ticket_id=f"T{number}")
    works.settle()
    for person in people[:10]:
        works.happen("csat.answered", person, at=MONDAY + timedelta(hours=1), ticket_id="T", score=5)
    found = report(works)
    held_out, entered = found.lift.held_out, found.lift.treated
    assert (found.entered, held_out.of, entered.of) == (entered.of, 40 - found.entered, found.entered)
    assert (held_out.count + entered.count, 0 < held_out.of < 40) == (10, True)
    assert counts(found)["sent"] == found.entered
    assert campaign_json(found, since=None, until=None)["held_out"] == held_out.of
    overview = SqlReports(works.database, workspace=lambda: works.workspace).campaigns()
    assert [(each.campaign, each.lift, each.total) for each in overview] == [("follow_up", found.lift, found.total)]


def test_reasons_count_messages_once_and_people_who_did_not_enter(works: Works) -> None:
    quiet = {"reason": "quiet_hours"}
    tell(
        works, a_touch(Kind.DEFERRED, 1, **quiet), a_touch(Kind.DEFERRED, 1, **quiet), a_touch(Kind.DEFERRED, 2, **quiet),
        a_touch(Kind.SUPPRESSED, 3, reason="no_consent"), a_touch(Kind.NOT_ENTERED, reason="re_entry"),
        a_touch(Kind.NOT_ENTERED, reason="re_entry"),
    )
    assert report(works).reasons == {
        Kind.DEFERRED: {"quiet_hours": 2}, Kind.SUPPRESSED: {"no_consent": 1}, Kind.NOT_ENTERED: {"re_entry": 2},
    }


def test_a_span_is_half_open(works: Works) -> None:
    tell(works, *[a_touch(Kind.SENT, day, at=MONDAY + timedelta(days=day)) for day in range(4)])
    assert counts(report(works, since=MONDAY + timedelta(days=1), until=MONDAY + timedelta(days=3))) == {"sent": 2}


def test_a_report_is_three_statements_however_much_was_sent(works: Works) -> None:
    tell(works, *[a_touch(Kind.SENT, number, contact_id=number) for number in range(1_000)])
    with counting(works.database) as made:
        report(works)
    assert len([each for each in made if each.lstrip().startswith(("SELECT", "WITH"))]) == 3


def test_contacts_are_counted_by_what_they_do_where_they_can_be_reached_and_what_they_allow(works: Works) -> None:
    grant = Permission(purpose="marketing", channel=ChannelKind.EMAIL, granted=True, at=MONDAY, source="test")
    works.people.upsert([
        Person(attributes={"external_id": "ana", "email": "ana@example.com", "phone": "+38640123456"}, permissions=(grant,)),
        Person(attributes={"external_id": "bor", "email": "bor@example.com"}),
        Person(attributes={"external_id": "eva"}),
    ], now=MONDAY)
    works.suppressions.suppress(ChannelKind.EMAIL, "bor@example.com", reason="hard_bounce", now=MONDAY)
    works.happen("csat.answered", "ana", id="a1", at=MONDAY, score=4)
    works.happen("csat.answered", "bor", id="a2", at=MONDAY, score=2)
    for number, score in enumerate((10, 9, 8, 3)):
        works.happen("nps.answered", "bor", id=f"n{number}", at=MONDAY, score=score)
    tell(
        works, a_touch(Kind.SENT, 1, contact_id=1), a_touch(Kind.SENT, 2, contact_id=2),
        a_touch(Kind.UNSUBSCRIBED, 2, contact_id=2), a_touch(Kind.SENT, 3, contact_id=3, at=MONDAY - timedelta(days=60)),
    )
    found = SqlReports(works.database, workspace=lambda: works.workspace).people(now=MONDAY + timedelta(days=1))
    assert (found.contacts, found.active, found.stale) == (3, 2, 0)
    assert found.reachable == {"email": 1, "sms": 1, "chat": 0}
    assert (found.consented["marketing"], found.consented["care"]) == ({"email": 1, "sms": 0, "chat": 0}, {"email": 3, "sms": 3, "chat": 3})
    assert (found.mean_score, found.promoter_score) == (3.0, 25.0)
    cohorts = [(each.month, each.contacts, each.churned, each.active) for each in found.cohorts]
    assert cohorts == [("2025-12", 1, 0, 0), ("2026-02", 2, 1, 1)]
    later = SqlReports(works.database, workspace=lambda: works.workspace).people(now=MONDAY + timedelta(days=400))
    assert (later.active, later.stale) == (0, 3)


def test_of_nothing_everything_is_nought(works: Works) -> None:
    reports = SqlReports(works.database, workspace=lambda: works.workspace)
    assert (reports.campaigns(), counts(report(works)), report(works).lift.difference) == ([], {}, None)
    empty = reports.people(now=MONDAY)
    assert (empty.contacts, empty.cohorts, empty.mean_score, empty.promoter_score) == (0, [], None, None)
