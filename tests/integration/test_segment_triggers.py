"""Whoever comes into a segment, or leaves it, enters; the first look at a new or edited segment is silent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from engage.contacts.ports import Person
from engage.contacts.zones import names_behind
from engage.model.contact import Consent
from engage.model.history import Kind
from engage.planning.entering import Entering
from engage.planning.signals import SILENT
from engage.store.database import Database
from engage.store.planning.transactions import SqlPlanning
from tests.contract.store_benches import at_once
from tests.engine import MONDAY, Works
from tests.small import small_workspace

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
PROS = "contact.plan == 'pro'"


def workspace(trigger: str, *, audience: str = PROS, more: str = "", **changed: str | None) -> object:
    """A campaign `welcome` by this trigger, and the segment `pros`."""
    lines = ["purpose: service", "status: live", f"trigger: {{{trigger}}}", "send: csat_hello", "channels: [email]", more]
    return small_workspace(**{
        "campaigns/birthday.yaml": None, "campaigns/newsletter.yaml": None, "campaigns/welcome.yaml": "\n".join(lines) + "\n",
        "segments/pros.yaml": f"audience: {audience}\n", "templates/csat_hello/email.md": "---\nsubject: Hello\n---\nHello!\n", **changed,
    })


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, workspace("enters: pros"))  # type: ignore[arg-type]  # a workspace, as its builder says
    yield made
    made.close()


def change(works: Works, label: str, **attributes: object) -> None:
    works.clock.move(works.clock.now() + SECOND)
    contact = works.people.find(label)
    assert contact is not None
    works.people.change(contact.id, attributes, now=works.clock.now())  # type: ignore[arg-type]  # the values of a test


def test_the_first_look_is_silent_and_whoever_comes_in_later_enters_once(works: Works) -> None:
    works.know("ana", plan="pro")
    works.know("bor", plan="free")
    works.play(MONDAY + HOUR)
    assert works.touches(Kind.ENTERED) == []
    change(works, "bor", plan="pro")
    works.play(MONDAY + 2 * HOUR)
    (touch,) = works.touches(Kind.ENTERED)
    assert touch.at == MONDAY + 5 * MINUTE
    assert works.sent() == ["bor@example.com"]


def test_the_trigger_names_the_segment_and_the_moment_of_the_look(works: Works) -> None:
    works.play(MONDAY + MINUTE)
    works.know("ana", plan="pro")
    works.play(MONDAY + HOUR)
    with works.database.read() as connection:
        (trigger, key), = connection.exec_driver_sql("SELECT trigger, key FROM runs").all()
    moment = "2026-02-23T12:05:00.000000Z"
    assert key == f"enters:pros:{moment}"
    assert "pros" in str(trigger)
    assert moment in str(trigger)


def test_who_leaves_and_comes_back_enters_again(works: Works) -> None:
    works.know("ana", plan="free")
    works.play(MONDAY + MINUTE)
    for plan in ("pro", "free", "pro", "pro"):
        works.clock.move(works.clock.now() + MINUTE)
        change(works, "ana", plan=plan)
        works.play(works.clock.now() + 10 * MINUTE)
    assert len(works.touches(Kind.ENTERED)) == 2


def test_who_leaves_enters_a_campaign_that_waits_for_it(works: Works) -> None:
    works.accept(workspace("leaves: pros"))  # type: ignore[arg-type]  # a workspace, as its builder says
    works.know("ana", plan="pro")
    works.know("bor", plan="free")
    works.play(MONDAY + MINUTE)
    change(works, "ana", plan="free")
    change(works, "bor", plan="pro")
    works.play(MONDAY + HOUR)
    assert works.sent() == ["ana@example.com"]


def test_existing_members_enter_once_when_the_campaign_goes_live(works: Works) -> None:
    works.know("ana", plan="pro")
    works.know("bor", plan="free")
    works.accept(workspace("enters: pros, existing: true"))  # type: ignore[arg-type]  # a workspace, as its builder says
    works.play(MONDAY + HOUR)
    assert works.sent() == ["ana@example.com"]
    change(works, "bor", plan="pro")
    works.accept(workspace("enters: pros, existing: true", more="# edited"))  # type: ignore[arg-type]  # the same
    works.play(MONDAY + 2 * HOUR)
    assert works.sent() == ["ana@example.com", "bor@example.com"]


def test_an_edited_segment_moves_nobody(works: Works) -> None:
    works.know("ana", plan="free")
    works.play(MONDAY + MINUTE)
    works.accept(workspace("enters: pros", audience="contact.plan in ['pro', 'free']"))  # type: ignore[arg-type]  # a workspace
    works.play(MONDAY + HOUR)
    assert works.touches(Kind.ENTERED) == []
    works.know("bor", plan="free")
    works.play(MONDAY + 2 * HOUR)
    assert works.sent() == ["bor@example.com"]


def test_time_alone_moves_people_at_the_full_hour(works: Works) -> None:
    works.accept(workspace("enters: pros", audience="days_until(contact.birth_date) == 2"))  # type: ignore[arg-type]  # a workspace
    works.know("ana", birth_date=(MONDAY + timedelta(days=4)).date())
    works.play(MONDAY + timedelta(days=3))
    (touch,) = works.touches(Kind.ENTERED)
    assert touch.at == MONDAY.replace(hour=23) + timedelta(days=1)  # midnight in Ljubljana


def test_a_segment_by_history_and_by_consent_is_looked_at_when_those_change(works: Works) -> None:
    audience = "touched(kind='event', within='7d') and has_consent('marketing', 'email')"
    works.accept(workspace("enters: pros", audience=audience))  # type: ignore[arg-type]  # a workspace, as its builder says
    works.know("ana")
    works.play(MONDAY + MINUTE)
    works.clock.move(MONDAY + 2 * MINUTE)
    works.happen("ticket.reopened", "ana", ticket_id="T-1")
    works.play(MONDAY + 20 * MINUTE)
    assert works.touches(Kind.ENTERED) == []
    works.clock.move(MONDAY + 21 * MINUTE)
    works.settle()
    grant = Consent(contact_id=1, purpose="marketing", channel=None, granted=True, at=works.clock.now(), source="test")
    works.ledger.record([grant])
    works.play(MONDAY + 40 * MINUTE)
    assert [touch.at for touch in works.touches(Kind.ENTERED)] == [MONDAY + 25 * MINUTE]


def test_the_erased_leave_silently(works: Works) -> None:
    works.accept(workspace("leaves: pros"))  # type: ignore[arg-type]  # a workspace, as its builder says
    works.know("ana", plan="pro")
    works.play(MONDAY + MINUTE)
    with works.database.begin() as connection:
        connection.exec_driver_sql("UPDATE contacts SET erased_at = changed_at")
    works.know("bor", plan="free")
    works.play(MONDAY + HOUR)
    assert works.touches(Kind.ENTERED) == []


def test_who_is_imported_silently_moves_silently(works: Works) -> None:
    works.know("ana", plan="free")
    works.play(MONDAY + 3 * HOUR)
    works.people.upsert(
        [Person(attributes={"external_id": "bor", "email": "bor@example.com", "plan": "pro"}),
         Person(attributes={"external_id": "ana", "plan": "pro"})],
        now=works.clock.now(), silent=True,
    )
    works.know("eva", plan="pro")
    works.play(MONDAY + 4 * HOUR)
    assert works.sent() == ["eva@example.com"]


def test_who_came_in_while_the_campaign_was_paused_and_stayed_enters_when_it_goes_on(works: Works) -> None:
    works.know("ana", "bor", plan="free")
    works.play(MONDAY + MINUTE)
    works.operations.pause("campaign", "welcome", now=works.clock.now())
    change(works, "ana", plan="pro")
    change(works, "bor", plan="pro")
    works.play(MONDAY + HOUR)
    change(works, "bor", plan="free")
    assert works.touches(Kind.ENTERED) == []
    works.clock.move(MONDAY + HOUR)
    works.operations.resume("campaign", "welcome", now=works.clock.now())
    works.play(MONDAY + 2 * HOUR)
    assert works.sent() == ["ana@example.com"]


def test_several_schedulers_at_once_make_one_look(works: Works) -> None:
    works.play(MONDAY + MINUTE)
    works.know(*(f"c{number}" for number in range(20)), plan="pro")
    now = MONDAY + 5 * MINUTE
    at_once(8, lambda _: works.planner.tick(now=now))
    assert len(works.touches(Kind.ENTERED)) == 20


def test_a_clock_that_jumps_stops_at_a_look_only_where_something_was_written(works: Works) -> None:
    works.know("ana", plan="free")
    works.settle()
    assert works.planner.next_moment(after=MONDAY) is None
    change(works, "ana", city="Celje")
    assert works.planner.next_moment(after=works.clock.now()) == MONDAY + 5 * MINUTE
    works.clock.move(MONDAY + 5 * MINUTE)
    works.settle()
    assert works.planner.next_moment(after=MONDAY + 5 * MINUTE) is None


def test_a_look_that_failed_loses_nobody(works: Works) -> None:
    """The change is found by the next look, which has the moment that the failed one had."""
    works.accept(workspace("enters: pros, existing: true"))  # type: ignore[arg-type]  # a workspace, as its builder says
    works.know("ana", plan="pro")
    works.settle()
    change(works, "ana", plan="free")
    works.know("bor", plan="pro")
    planning = SqlPlanning(works.database, workspace=lambda: works.workspace)
    works.clock.move(MONDAY + 5 * MINUTE + SECOND)
    entering = Entering(planning, workspace=works.workspace, zones_of=names_behind, seen=lambda campaign, path: None, signals=SILENT)
    assert entering.enter_due(works.workspace.campaigns["welcome"], now=works.clock.now()) == 0
    works.settle()
    assert works.sent() == ["ana@example.com", "bor@example.com"]
