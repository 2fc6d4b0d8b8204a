"""What runs ask and write on their way, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from engage.model.contact import Consent, Event
from engage.model.delivery import DeliveryState
from engage.model.history import Kind, Touch
from engage.model.run import RunState
from engage.planning.requests import ArmResult
from engage.store.database import Database
from engage.store.schema.tables import contacts
from tests.builders import NOON
from tests.contract.store_benches import Bench, a_delivery, an_entry


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def test_the_deliveries_of_a_step_are_told_apart_by_their_part(bench: Bench) -> None:
    (contact_id,) = bench.add_contacts(1)
    with bench.planning.transaction() as tx:
        run_id = tx.enter_one(an_entry(), contact_id) or 0
        first = a_delivery(run_id, contact_id, channels=("email",), occasion="1:0")
        tx.add_deliveries([first, replace(first, channels=("sms",), part=1), replace(first, channels=("sms",), part=1)])
        parts = tx.parts([run_id])[run_id]
    assert [(each.part, each.channels, each.state) for each in parts] == [
        (0, ("email",), DeliveryState.WAITING), (1, ("sms",), DeliveryState.WAITING),
    ]


def a_touch(run_id: int, kind: Kind, step: str, **changes: object) -> Touch:
    touch = Touch(at=NOON, contact_id=run_id, kind=kind, campaign="birthday", version="v1", run_id=run_id, step=step)
    return replace(touch, **changes)  # type: ignore[arg-type]  # the test names fields of a touch


def told(bench: Bench, touches: Sequence[Touch]) -> None:
    with bench.planning.transaction() as tx:
        tx.add_touches(touches)


def test_an_arm_is_judged_by_the_contacts_that_gave_the_sign_of_those_it_sent_to(bench: Bench) -> None:
    told(bench, [
        *(a_touch(run, Kind.SENT, "0.arm0.0") for run in (1, 2, 3)), a_touch(1, Kind.SENT, "again"),
        *(a_touch(run, Kind.SENT, "0.arm1.0") for run in (4, 5)),
        a_touch(1, Kind.CLICKED, "again"), a_touch(1, Kind.CLICKED, "0.arm0.0"), a_touch(2, Kind.OPENED, "0.arm0.0"),
        a_touch(4, Kind.CLICKED, "0.arm1.0", detail={"machine": True}), a_touch(5, Kind.CLICKED, "0.arm1.0", version="v2"),
        a_touch(5, Kind.DELIVERED, "0.arm1.0", detail={"machine": False}),
    ])
    arms = [["0.arm0.0", "again"], ["0.arm1.0"], []]
    with bench.planning.transaction() as tx:
        assert tx.arm_results("birthday", "v1", arms, "clicked") == [ArmResult(sent=3, signs=1), ArmResult(sent=2), ArmResult()]
        assert tx.arm_results("birthday", "v1", arms, "opened")[0] == ArmResult(sent=3, signs=2)
        assert tx.arm_results("birthday", "v1", arms, "delivered")[1] == ArmResult(sent=2, signs=1)
        assert tx.arm_results("birthday", "v1", [[]], "delivered") == [ArmResult()]


def test_each_contacts_events_are_read_from_its_own_moment_on(bench: Bench) -> None:
    early, late = bench.add_contacts(2)
    with bench.planning.transaction() as tx:
        for number, (contact_id, type_) in enumerate([(early, "answered"), (late, "answered"), (early, "asked"), (early, "answered")]):
            at = NOON + timedelta(hours=number)
            tx.add_event(Event(id=f"e{number}", type=type_, at=at, data={}, contact_id=contact_id))
        found = tx.events_since({early: NOON, late: NOON + timedelta(hours=2)}, types=["answered"])
    assert {contact_id: [event.id for event in events] for contact_id, events in found.items()} == {early: ["e0", "e3"]}


def test_a_contact_that_another_transaction_holds_is_not_waited_for(bench: Bench) -> None:
    if bench.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    first, second = bench.add_contacts(2)
    with bench.database.begin() as other:
        other.execute(sa.select(contacts.c.id).where(contacts.c.id == first).with_for_update())
        with bench.planning.transaction() as tx:
            assert tx.hold_contacts([first, second]) == {second}


def test_a_changed_contact_lives_and_is_found_where_it_says_now(bench: Bench) -> None:
    (contact_id,) = bench.add_contacts(1)
    later = NOON + timedelta(days=1)
    with bench.planning.transaction() as tx:
        assert tx.hold_contacts([contact_id]) == {contact_id}
        told = {"timezone": "Europe/Kyiv", "birth_date": date(1992, 2, 29), "plan": "pro"}
        changed = tx.change_contacts([(contact_id, told), (contact_id, {"plan": None, "city": "Lviv"})], now=later)[contact_id]
    assert (changed.zones.key, changed.text("city"), changed.attributes.get("plan")) == ("Europe/Kyiv", "Lviv", None)
    (row,) = bench.rows("SELECT zone_key FROM contacts WHERE changed_at <> known_at")
    (day,) = bench.rows("SELECT year, month, day, zone_key FROM contact_dates")
    assert row["zone_key"] == "Europe/Kyiv"
    assert day == {"year": 1992, "month": 2, "day": 29, "zone_key": "Europe/Kyiv"}


def test_a_consent_is_written_and_its_touch_is_left_to_the_run(bench: Bench) -> None:
    (contact_id,) = bench.add_contacts(1)
    line = Consent(contact_id=contact_id, purpose="care", channel=None, granted=True, at=NOON, source="campaign:birthday")
    with bench.planning.transaction() as tx:
        tx.record_consents([line])
    assert [row["source"] for row in bench.rows("SELECT source FROM consents")] == ["campaign:birthday"]
    assert bench.rows("SELECT kind FROM touches") == []


def test_runs_are_counted_for_a_goal_until_they_are_returned_and_convert_once(bench: Bench) -> None:
    (contact_id,) = bench.add_contacts(1)
    with bench.planning.transaction() as tx:
        ids = [tx.enter_one(an_entry(replace(an_entry().slots[0], key=key)), contact_id) or 0 for key in ("k1", "k2", "k3")]
        held = tx.runs_of_contact(contact_id)
        tx.save_runs([replace(held[1].run, state=RunState.RETURNED), replace(held[2].run, state=RunState.HELD_OUT)])
        counted = tx.runs_since(contact_id, campaigns=["birthday"], since=NOON)
        assert [run.id for run in counted] == [ids[0], ids[2]]
        assert tx.runs_since(contact_id, campaigns=["birthday"], since=NOON + timedelta(seconds=1)) == []
        assert tx.runs_since(contact_id, campaigns=["newsletter"], since=NOON) == []
        tx.add_touches([a_touch(ids[2], Kind.CONVERTED, "0", contact_id=contact_id)])
        assert tx.converted(contact_id) == {ids[2]}
