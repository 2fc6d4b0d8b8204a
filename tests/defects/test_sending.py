"""Where rivals lose messages, send them twice, or to those who said no a moment before."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engage.delivery import conductor
from engage.delivery.points import Point
from engage.feedback import Feedback, Response, Taken
from engage.feedback.texts import IncomingText, Texts
from engage.model.contact import ChannelKind, Consent
from engage.model.errors import Unavailable, Unconfirmed
from engage.model.history import Kind
from engage.model.time import Duration
from engage.planning.positions import step_at
from engage.simulation.plan import as_json
from engage.store.feedback.responses import SqlFeedback
from engage.store.feedback.texting import SqlTexts
from engage.store.schema.tables import deliveries, runs
from tests.defects.company import Found, company, go_to, got, utc
from tests.defects.killing import Recording, dies_of, kill_at, let_leases_end
from tests.engine import Works
from tests.small import SETTINGS, small_workspace
from workers.journal import FileJournal
from workers.plans import plan

PEOPLE = [f"p{number:02}" for number in range(30)]
NOON = "2026-03-02 12:00"
ONE_A_DAY = SETTINGS.replace("consent: opt_out}", "consent: opt_out, limit: 1 per day}")


def test_a_worker_killed_anywhere_loses_nothing_sends_nothing_twice_and_what_nobody_can_know_is_listed(
    found: Found, sqlite_url: str, tmp_path: Path,
) -> None:
    files, log = company("{event: ticket.closed}"), tmp_path / "provider.log"
    works = found(files, NOON)
    works.channels["email"] = Recording(log)
    works.know(*PEOPLE)
    for label in PEOPLE:
        works.happen("ticket.closed", label, ticket_id=label)
    works.planner.advance(now=utc(NOON))
    for point in Point:
        kill_at(point, url=sqlite_url, files=files, at=utc(NOON), log=log)
        let_leases_end(works)
    works.settle()
    taken = Counter(log.read_text().split())
    told = [name for name, _ in got(works, Kind.SENT, Kind.UNKNOWN)]
    assert sorted(told) == PEOPLE
    assert set(taken.values()) == {1}
    assert {f"{name}@example.com" for name, _ in got(works, Kind.SENT)} <= set(taken)
    between = (Point.CLEARED, Point.HANDED_OVER, Point.ACCEPTED, Point.RECORDING)  # where nobody can know what the provider has
    assert 0 < len(works.touches(Kind.UNKNOWN)) <= 5 * len(between)


def test_what_was_taken_before_a_kill_and_noted_is_sent_and_only_what_was_in_flight_unknown(
    found: Found, sqlite_url: str, tmp_path: Path,
) -> None:
    files, log, notes = company("{event: ticket.closed}"), tmp_path / "provider.log", tmp_path / "journal"
    works = found(files, NOON)
    works.channels["email"] = Recording(log)
    works.know(*PEOPLE)
    for label in PEOPLE:
        works.happen("ticket.closed", label, ticket_id=label)
    works.planner.advance(now=utc(NOON))
    kill_at(Point.ACCEPTED, url=sqlite_url, files=files, at=utc(NOON), log=log, journal=notes, passage=3)
    kill_at(Point.RECORDING, url=sqlite_url, files=files, at=utc(NOON), log=log, journal=notes)
    survivor = Works(works.database, works.workspace, at=utc(NOON), journal=FileJournal(notes, mark="test"))
    let_leases_end(survivor)
    recovered = [touch for touch in works.touches(Kind.SENT) if touch.detail.get("recovered") == "journal"]
    assert len(recovered) == 2 + 5
    assert all(touch.provider_id for touch in recovered)
    assert len(works.touches(Kind.UNKNOWN)) == 3, "the third was answered and not noted; two more were in flight"
    assert list(notes.iterdir()) == []
    works.settle()
    survivor.close()
    assert set(Counter(log.read_text().split()).values()) == {1}
    assert sorted(name for name, _ in got(works, Kind.SENT, Kind.UNKNOWN)) == PEOPLE


def test_a_message_of_which_workers_die_kills_three_of_them_and_costs_only_itself(found: Found, sqlite_url: str, tmp_path: Path) -> None:
    files, log, notes = company("{event: ticket.closed}"), tmp_path / "provider.log", tmp_path / "journal"
    works = found(files, NOON)
    works.know(*PEOPLE)
    for label in PEOPLE:
        works.happen("ticket.closed", label, ticket_id=label)
    works.planner.advance(now=utc(NOON))
    sweeper = Works(works.database, works.workspace, at=utc(NOON), journal=FileJournal(notes, mark="test"))
    deaths = 0
    while dies_of("p07", url=sqlite_url, files=files, at=utc(NOON), log=log, journal=notes):
        deaths += 1
        let_leases_end(sweeper)
        assert deaths <= 3
        with works.database.read() as connection:
            suspects = connection.scalar(sa.select(sa.func.count()).where(deliveries.c.careful, deliveries.c.state == "waiting"))
        assert suspects == (1 if deaths < 3 else 0), "of a batch of thirty only the one in hand is tried alone"
    sweeper.close()
    assert deaths == 3
    assert [(touch.reason, touch.contact_id) for touch in works.touches(Kind.FAILED)] == [("poison", 8)]
    assert Counter(log.read_text().split()) == Counter({f"{label}@example.com": 1 for label in PEOPLE if label != "p07"})
    assert list(notes.iterdir()) == []


def test_two_schedulers_and_two_looks_at_one_hour_let_nobody_in_twice(found: Found) -> None:
    files = company('{schedule: "*/30 * * * *"}')
    schedulers = [found(files, NOON), found(files, NOON)]
    schedulers[0].know(*PEOPLE)
    for now in (utc("2026-03-02 12:10"), utc("2026-03-02 12:29"), utc("2026-03-02 12:30"), utc("2026-03-02 12:31")):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda works, now=now: works.planner.tick(now=now), schedulers))
    entered = Counter(name for name, _ in got(schedulers[0], Kind.ENTERED))
    assert (len(entered), set(entered.values())) == (len(PEOPLE), {1})


def test_who_unsubscribes_between_the_queue_and_the_hand_off_gets_nothing(found: Found) -> None:
    works = found(company("{event: ticket.closed}"), NOON)
    works.know("ana")
    works.happen("ticket.closed", "ana", ticket_id="1")
    ana = works.people.find("ana")
    assert ana is not None
    no = Consent(contact_id=ana.id, purpose="care", channel=ChannelKind.EMAIL, granted=False, at=utc(NOON), source="link")
    works.at[Point.RENDERED] = lambda: works.ledger.record([no])
    works.settle()
    assert works.sent() == []
    assert [touch.reason for touch in works.touches(Kind.SUPPRESSED)] == ["no_consent"]


def test_a_withdrawal_outlives_a_merge_with_a_record_that_knows_nothing_of_it(found: Found) -> None:
    works = found(company("{event: ticket.closed}"), NOON)
    works.know("ana", "crm-7")
    ana, other = works.people.find("ana"), works.people.find("crm-7")
    assert ana is not None
    assert other is not None
    for contact, granted, at in ((other, False, "2025-01-01 08:00"), (ana, True, "2026-01-01 08:00")):
        line = Consent(contact_id=contact.id, purpose="care", channel=None, granted=granted, at=utc(at), source="form")
        works.ledger.record([line])
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.at[Point.RENDERED] = lambda: works.merging.merge(ana.id, other.id, now=utc(NOON), by="tester")
    works.settle()
    assert works.sent() == []
    assert {touch.reason for touch in works.touches(Kind.SUPPRESSED)} == {"no_consent"}


def test_a_ticket_closed_reopened_and_closed_brings_one_follow_up_timed_from_the_last_closure(found: Found) -> None:
    ends = "exit: {event: ticket.reopened, where: event.ticket_id == trigger.ticket_id}\n"
    files = company("{event: ticket.closed, key: event.ticket_id}", "steps: [{wait: 1d}, {send: wishes}]", more=ends)
    works = found(files, NOON)
    works.know("ana", "bor")
    for at, type_ in ((NOON, "ticket.closed"), ("2026-03-02 14:00", "ticket.reopened"), ("2026-03-02 16:00", "ticket.closed")):
        go_to(works, utc(at))
        works.happen(type_, "ana", ticket_id="1")
        if type_ != "ticket.closed" or at == NOON:
            works.happen(type_, "bor", ticket_id="2")
    works.play(utc("2026-03-06"))
    assert got(works) == [("ana", "2026-03-03 16:00")]


@pytest.mark.parametrize(("trouble", "yet_taken", "kind"), [
    (Unavailable("slow down", code="429", retry_after=60, whole_provider=True), False, Kind.DEFERRED),
    (Unconfirmed("no answer after the content"), True, Kind.UNKNOWN),
])
def test_a_busy_provider_is_left_alone_and_one_that_fell_silent_gets_no_second_copy(
    found: Found, trouble: Unavailable | Unconfirmed, yet_taken: bool, kind: Kind,
) -> None:
    works = found(company("{event: ticket.closed}"), NOON)
    works.know("ana")
    works.channels["email"].fail(trouble, times=1, yet_taken=yet_taken)
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.play(utc("2026-03-03 12:00"))
    assert len(works.channels["email"].tried) == 1
    assert [touch.kind for touch in works.touches(Kind.SENT, Kind.DEFERRED, Kind.UNKNOWN)] == [kind]


def test_of_a_hundred_messages_that_ten_workers_race_to_send_a_limit_of_one_lets_one_go(
    found: Found, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conductor, "BATCH", 10)
    works = found(company("{event: ticket.closed}", settings=ONE_A_DAY), NOON)
    works.know("ana")
    for number in range(100):
        works.happen("ticket.closed", "ana", id=str(number), ticket_id=str(number))
    works.planner.advance(now=utc(NOON))
    workers = [works.another_conductor(f"worker {number}") for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda worker: worker.drain("bulk"), workers))
    assert works.sent() == ["ana@example.com"]


def test_runs_under_way_go_where_the_plan_said_when_steps_are_renamed_inserted_and_removed(found: Found) -> None:
    steps = """steps:
  - {wait: 10d, id: first, when: contact.plan == 'first'}
  - {wait: 10d, id: second, when: contact.plan == 'second'}
  - {wait: 10d, id: third, when: contact.plan == 'third'}
  - {wait: 10d, id: fourth}
  - {send: wishes}
"""
    works = found(company("{event: ticket.closed}", steps), NOON)
    for number, label in enumerate(PEOPLE):
        works.know(label, plan=("first", "second", "third", "fourth")[number % 4])
        works.happen("ticket.closed", label, ticket_id="1")
    works.settle()
    removed = "  - {wait: 10d, id: third, when: contact.plan == 'third'}\n"
    edit = steps.replace(removed, "").replace("{wait: 10d, id: second", "{wait: 1h, id: new}\n  - {wait: 5d, id: renamed")
    edited = small_workspace(**company("{event: ticket.closed}", edit, more="on_edit: migrate\n"))
    told = plan(works.database, edited, running=works.workspace, versions=works.version, start=utc(NOON), span=Duration(days=1))
    expected = Counter[str]()
    for row in as_json(told)["runs"]:
        expected[row["to"]] += row["runs"]
    works.accept(edited)
    works.settle()
    with works.database.read() as connection:
        steps_now = [step_at(edited.campaigns["wishes"].steps, position) for position in connection.scalars(sa.select(runs.c.position))]
    assert Counter(step.id for step in steps_now if step is not None) == expected
    assert expected == {"first": 8, "fourth": 22}


def test_everybody_keeps_their_arm_of_a_split_when_they_come_again_and_after_a_restart(found: Found) -> None:
    arms = "steps: [{split: [{weight: 50, steps: [{send: wishes}]}, {weight: 50, steps: [{send: others}]}]}]"
    other = {"templates__others__email.md": "---\nsubject: Other\n---\nOther. {{ message.unsubscribe_url }}\n"}
    files = company("{event: ticket.closed}", arms, **other)
    works = found(files, NOON)
    works.know(*PEOPLE)
    for day in range(3):
        go_to(works, utc(NOON) + timedelta(days=day))
        for label in PEOPLE:
            works.happen("ticket.closed", label, ticket_id=str(day))
        works.settle()
        works = found(files, f"{works.clock.now():%Y-%m-%d %H:%M}")
    arms_of = {touch.contact_id: set[str | None]() for touch in works.touches(Kind.SENT)}
    for touch in works.touches(Kind.SENT):
        arms_of[touch.contact_id].add(touch.message)
    assert len(works.touches(Kind.SENT)) == 3 * len(PEOPLE)
    assert {len(messages) for messages in arms_of.values()} == {1}
    assert set().union(*arms_of.values()) == {"wishes", "others"}


def test_what_a_provider_tells_twice_or_in_the_wrong_order_comes_to_the_same(found: Found) -> None:
    works = found(company("{date: birth_date, at: 09:00}"), "2026-03-01")
    works.know("ana", birth_date=date(1990, 3, 2))
    works.play(utc(NOON))
    (sent,) = works.touches(Kind.SENT)
    feedback = Feedback(SqlFeedback(works.database, workspace=lambda: works.workspace), workspace=lambda: works.workspace)
    story = [(Kind.COMPLAINED, 9), (Kind.CLICKED, 5), (Kind.DELIVERED, 1), (Kind.OPENED, 4)]
    told = [Response(kind=kind, at=utc(f"2026-03-02 10:0{minute}"), delivery_id=sent.delivery_id) for kind, minute in story]
    taken = feedback.take([*told, *reversed(told)], now=utc(NOON))
    assert list(taken) == [Taken.NEW] * 4 + [Taken.KNOWN] * 4
    assert sorted(got(works, *(kind for kind, _ in story))) == [("ana", f"2026-03-02 10:0{minute}") for minute in (1, 4, 5, 9)]
    assert [listed.reason for listed in works.suppressions.suppressed()] == ["complaint"]


def test_who_cannot_stop_smiling_goes_on_getting_texts_and_who_writes_arret_does_not(found: Found) -> None:
    works = found(company("{date: birth_date, at: 09:00}"), "2026-03-01")
    texts = Texts(SqlTexts(works.database, workspace=lambda: works.workspace), workspace=lambda: works.workspace)
    said = {"+38640123401": "I can't stop smiling", "+33612345678": "Arrêt", "+381601234567": "СТОП!", "+8613800138000": "停止"}
    for number, text in said.items():
        texts.take(IncomingText(sender=number, text=text, at=utc(NOON)), now=utc(NOON))
    assert [listed.reason for listed in works.suppressions.suppressed()] == ["stop"] * 3
    assert not works.suppressions.unsuppress(ChannelKind.SMS, "+38640123401")
