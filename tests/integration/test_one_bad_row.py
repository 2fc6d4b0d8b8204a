"""One row that nothing can be done with stops no other: not in planning, not in delivery, not for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from engage.delivery.points import Point
from engage.model.contact import AttributeKind, Event
from engage.model.delivery import Approved, Given, Rendered
from engage.model.errors import InputError, Rejected
from engage.model.history import Kind
from engage.model.workspace import Workspace
from engage.planning.incoming import read_event
from engage.store.database import Database
from engage.templates import Templates
from engage.templates.scope import Segments
from tests.engine import MONDAY, Works
from tests.small import FILES, SETTINGS, small_workspace

RENEWAL = """\
title: Renewal
purpose: care
status: live
trigger: {event: ticket.closed, key: event.ticket_id}
steps:
  - wait: {until: contact.renews_on, offset: 1d, at: 20:00}
  - send: csat
    channels: [email]
"""
WITH_RENEWAL = {
    "engage.yaml": SETTINGS.replace("plan: text", "plan: text\n  renews_on: date"), "campaigns/renewal.yaml": RENEWAL,
    "campaigns/follow_up.yaml": None,
}


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    made = Works(database, small_workspace())
    yield made
    made.close()


@pytest.mark.parametrize("never", [date(1, 1, 1), date(9999, 12, 31)])
def test_dates_that_stand_for_never_stop_nobody_elses_wait(database: Database, never: date) -> None:
    works = Works(database, small_workspace(**WITH_RENEWAL))
    works.know("ana", renews_on=never, timezone="America/New_York")
    works.know("bor", renews_on=MONDAY.date())
    for label in ("ana", "bor"):
        works.happen("ticket.closed", label, ticket_id=label)
    works.play(MONDAY + timedelta(days=3))
    works.close()
    assert works.sent() == ["bor@example.com"]


def test_a_run_that_cannot_go_on_is_put_off_and_said_so_and_the_others_go_on(works: Works) -> None:
    works.know("ana", "bor")
    last_day = MONDAY.replace(year=9999, month=12, day=31)
    works.planner.happen(Event(id="1", type="ticket.closed", at=last_day, data={}, contact_ref="ana"), now=MONDAY)
    works.happen("ticket.closed", "bor", ticket_id="bor")
    works.play(MONDAY + timedelta(days=2))
    assert works.sent() == ["bor@example.com"]
    put_off = works.touches(Kind.DEFERRED)
    assert {(touch.reason, touch.detail["error"]) for touch in put_off} == {("error", "OverflowError")}
    assert len(put_off) < 10


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
def test_an_event_from_a_clock_that_is_plainly_wrong_is_refused(at: str) -> None:
    with pytest.raises(InputError, match="`at` lies"):
        read_event(
            id="1", type="ticket.closed", at=MONDAY.fromisoformat(at), data={}, contact_ref="ana", now=MONDAY,
            declared={"ticket.closed": {"ticket_id": AttributeKind.TEXT}},
        )


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_what_is_no_number_never_gets_into_an_event_as_one(score: float) -> None:
    declared = {"csat.answered": {"score": AttributeKind.NUMBER}}
    with pytest.raises(InputError, match="must be a number"):
        read_event(id="1", type="csat.answered", at=MONDAY, data={"score": score}, contact_ref="ana", now=MONDAY, declared=declared)
    undeclared = read_event(id="1", type="nps", at=MONDAY, data={"score": score}, contact_ref="ana", now=MONDAY, declared=declared)
    assert (undeclared.event.data, undeclared.ignored) == ({}, ("score",))


def test_a_purpose_that_is_no_longer_declared_refuses_its_messages_and_no_others(works: Works) -> None:
    works.know("ana", "bor")
    works.happen("ticket.closed", "ana", ticket_id="1")
    renamed = {path: text.replace("purpose: care", "purpose: wishes") for path, text in FILES.items()}
    works.accept(small_workspace(**{**renamed, "engage.yaml": SETTINGS.replace("care:", "wishes:")}))
    works.happen("ticket.closed", "bor", ticket_id="2")
    works.play(MONDAY + timedelta(days=2))
    assert works.sent() == ["bor@example.com"]
    assert [touch.reason for touch in works.touches(Kind.SUPPRESSED)] == ["no_consent"]


class Stumbling(Templates):
    """Breaks its contract over one contact."""

    def render(self, approved: Approved, *, given: Given | None = None, now: datetime, lookup: Segments | None = None) -> Rendered:
        if approved.contact.label == "ana":
            raise KeyError("a mistake of ours")
        return super().render(approved, given=given, now=now, lookup=lookup)


def test_a_mistake_of_ours_over_one_message_puts_that_one_off_and_no_other(works: Works) -> None:
    def stumbling(workspace: Workspace) -> Stumbling:
        return Stumbling(workspace, secret=works.database.secret())

    works.renderer = stumbling
    works.know("ana", "bor")
    for label in ("ana", "bor"):
        works.happen("ticket.closed", label, ticket_id=label)
    works.play(MONDAY + timedelta(days=1, hours=1))
    assert works.sent() == ["bor@example.com"]
    assert [(touch.reason, touch.detail["error"]) for touch in works.touches(Kind.DEFERRED)] == [("error", "KeyError")]
    assert works.operations.status(now=works.clock.now())["retrying"] == 1


def test_a_notice_to_staff_whose_purpose_is_gone_stops_no_other(database: Database) -> None:
    room = SETTINGS + '  room: {adapter: console, kind: chat, to: "#support"}\n'
    told = FILES["campaigns/follow_up.yaml"].replace("channels: [email]", "channels: [room]", 1)
    files = {"campaigns/follow_up.yaml": told, "templates/csat/chat.md": "{{ trigger.ticket_id }}\n"}
    works = Works(database, small_workspace(**{**files, "engage.yaml": room}))
    works.know("ana", "bor", birth_date=date(1990, 2, 24))
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.play(MONDAY + timedelta(days=1))
    renamed = {path: text.replace("purpose: care", "purpose: wishes") for path, text in {**FILES, **files}.items()}
    works.accept(small_workspace(**{**renamed, "engage.yaml": room.replace("care:", "wishes:")}))
    works.play(MONDAY + timedelta(days=2))
    works.close()
    assert "#support" not in works.sent()
    assert [touch.reason for touch in works.touches(Kind.SUPPRESSED)] == ["no_consent"]


def test_an_answer_by_a_channel_that_was_taken_out_meanwhile_loses_no_other_answer(works: Works) -> None:
    works.know("ana", "bor")
    for label in ("ana", "bor"):
        works.happen("ticket.closed", label, ticket_id=label)
    without = {path: text.replace("[email, sms]", "[sms]").replace("[email]", "[sms]") for path, text in FILES.items()}
    without["templates/news/sms.txt"] = "News\n"
    settings = "\n".join(line for line in SETTINGS.splitlines() if not line.startswith("  email:")) + "\n"
    works.at[Point.RECORDING] = lambda: works.accept(small_workspace(**{**without, "engage.yaml": settings}))
    works.channels["email"].fail(Rejected("no such user", code="550", address_is_bad=True), times=1)
    works.play(MONDAY + timedelta(days=1, hours=1))
    assert [touch.reason for touch in works.touches(Kind.FAILED)] == ["rejected"]
    assert len(works.touches(Kind.SENT)) == 1
    assert [listed.reason for listed in works.suppressions.suppressed()] == ["hard_bounce"]
