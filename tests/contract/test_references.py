"""Whom many references mean is found by one statement, in the order in which a single one is looked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.contacts.ports import Identity
from engage.model.addresses import address_key
from engage.model.contact import ChannelKind
from engage.store.database import Database
from engage.store.schema.tables import contacts
from tests.builders import NOON, an_event
from tests.contract.store_benches import Bench
from tests.engine import MONDAY, Works
from tests.small import small_workspace

NUMBER = "+38640123456"


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


def found(bench: Bench, *references: str) -> dict[str, str | None]:
    with bench.planning.transaction() as tx:
        return {reference: contact.text("external_id") for reference, contact in tx.find_contacts(references).items()}


def test_each_is_found_by_whatever_it_names_and_nobody_by_what_is_nobodys(bench: Bench) -> None:
    key = address_key(bench.database.secret(), ChannelKind.SMS, NUMBER)
    bench.add_contacts(2)
    (_,) = bench.add_contacts(1, phone=NUMBER, phone_key=key)
    asked = ("c1", " C2@EXAMPLE.com ", "00386 40 123 456", "#1", "#77", "nobody", "nobody@example.com", "")
    assert found(bench, *asked) == {"c1": "c1", " C2@EXAMPLE.com ": "c2", "00386 40 123 456": "c3", "#1": "c1"}


def test_an_external_id_comes_before_an_address_and_who_was_there_first_before_who_came_later(bench: Bench) -> None:
    bench.add_contacts(3)
    with bench.database.begin() as connection:  # the second is called by the third's address, and the third has the first's, too
        second = sa.update(contacts).where(contacts.c.external_id == "c2").values(external_id="c3@example.com")
        connection.execute(second)
        connection.execute(sa.update(contacts).where(contacts.c.external_id == "c3").values(email_key=bench.key("c1@example.com")))
    assert found(bench, "c3@example.com", "c1@example.com") == {"c3@example.com": "c3@example.com", "c1@example.com": "c1"}


def test_who_is_erased_is_nobody(bench: Bench) -> None:
    bench.add_contacts(2)
    with bench.database.begin() as connection:
        connection.execute(sa.update(contacts).where(contacts.c.external_id == "c1").values(erased_at=NOON))
    assert found(bench, "c1", "c1@example.com", "c2@example.com", "#1") == {"c2@example.com": "c2"}


def test_a_hundred_are_found_by_the_statement_that_finds_one(bench: Bench) -> None:
    bench.add_contacts(100)
    counts = []
    for asked in (["c1"], [f"c{number}" for number in range(1, 51)] + [f"c{number}@example.com" for number in range(51, 101)]):
        with bench.planning.transaction() as tx, bench.counting() as made:
            assert len(tx.find_contacts(asked)) == len(asked)
        counts.append(len(made))
    assert counts == [1, 1]


def test_events_about_several_by_any_of_their_names_are_theirs(database: Database) -> None:
    works = Works(database, small_workspace())
    works.know("ana", "bor")
    ana = works.people.find("ana")
    assert ana is not None
    works.people.change(ana.id, {}, now=MONDAY, added=[Identity(name="external_id", value="crm-7", source="test")])
    posted = [
        an_event(
            id=f"e{number}", type="ticket.closed", contact_id=None, contact_ref=name, at=MONDAY + timedelta(minutes=number),
            data={"ticket_id": name},
        )
        for number, name in enumerate(["crm-7", "bor@example.com", "ana", "nobody"])
    ]
    assert works.planner.happen_all(posted, now=MONDAY) == [True] * 4
    with database.read() as connection:
        rows = connection.execute(sa.text("SELECT id, contact_id FROM events ORDER BY id")).all()
    bor = works.people.find("bor")
    assert bor is not None
    assert [row[1] for row in rows] == [ana.id, bor.id, ana.id, None]
    works.close()


def test_how_each_is_known_is_told_by_two_statements(bench: Bench) -> None:
    works = Works(bench.database, small_workspace())
    works.know("ana", "bor", "cid")
    cid = works.people.find("cid")
    assert cid is not None
    works.privacy.erase(cid.id, now=MONDAY, by="tester")
    shared = address_key(bench.database.secret(), ChannelKind.EMAIL, "ana@example.com")
    with bench.database.begin() as connection:  # it is known, as an event is taken for the first one's
        connection.execute(sa.update(contacts).where(contacts.c.external_id == "bor").values(email_key=shared))
    asked = ["bor", "ana@example.com", "cid@example.com", "nobody@example.com"]
    with bench.counting() as made:
        assert works.people.acquaintance(asked) == dict(zip(asked, ("known", "known", "erased", "unknown"), strict=True))
    works.close()
    assert len(made) == 2
