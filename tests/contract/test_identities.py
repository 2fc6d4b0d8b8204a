"""A contact is known by several addresses and ids, one of each primary: wherever people are named, any of them names it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from engage.contacts.ports import Fate, Identity, Person
from engage.model.contact import ChannelKind, Value
from engage.model.errors import InputError
from engage.model.history import Kind
from engage.store.database import Database
from engage.store.feedback.hooks import SqlHookMemory
from engage.store.schema.tables import events
from tests.builders import NOON
from tests.engine import MONDAY, Works
from tests.small import small_workspace


@pytest.fixture
def works(database: Database) -> Works:
    works = Works(database, small_workspace())
    works.know("ana", phone="+38640123456")
    return works


def ana(works: Works) -> int:
    found = works.people.find("ana")
    assert found is not None
    return found.id


def also(works: Works, name: str, value: str) -> None:
    works.people.change(ana(works), {}, now=MONDAY, added=[Identity(name=name, value=value, source="test")])


@pytest.mark.parametrize(("name", "value", "reference"), [
    ("email", "ana@work.example", "Ana@Work.example"), ("phone", "+38641222333", "+386 41 222 333"), ("external_id", "crm-7", "crm-7"),
])
def test_a_contact_is_found_by_each_of_its_identities(works: Works, name: str, value: str, reference: str) -> None:
    also(works, name, value)
    found = works.people.find(reference)
    assert found is not None
    assert found.id == ana(works)
    assert found.attributes["email"] == "ana@example.com"
    works.close()


def test_a_contact_is_found_by_our_own_number(works: Works) -> None:
    found = works.people.find(f"#{ana(works)}")
    assert found is not None
    assert found.text("external_id") == "ana"
    assert works.people.find("#99999") is None
    works.close()


def test_an_import_by_another_address_means_the_same_contact_and_leaves_the_primary_one(works: Works) -> None:
    also(works, "email", "ana@work.example")
    also(works, "external_id", "crm-7")
    told: list[dict[str, Value]] = [
        {"email": "Ana@work.example", "city": "Koper"}, {"external_id": "crm-7", "email": "ana@work.example", "last_name": "Novak"},
    ]
    stored = works.people.upsert([Person(attributes=each) for each in told], now=MONDAY)
    assert [(each.contact_id, each.fate) for each in stored] == [(ana(works), Fate.CHANGED)] * 2
    found = works.people.find("ana")
    assert found is not None
    assert (found.text("email"), found.text("city"), found.text("last_name")) == ("ana@example.com", "Koper", "Novak")
    works.close()


def test_an_event_that_names_another_address_is_the_contacts(works: Works) -> None:
    also(works, "email", "ana@work.example")
    works.happen("ticket.closed", "ana@work.example", ticket_id="1")
    (touch,) = works.touches(Kind.EVENT)
    assert touch.contact_id == ana(works)
    works.close()


def test_what_a_hook_says_of_another_address_is_about_the_contact(works: Works) -> None:
    also(works, "email", "ana@work.example")
    books = SqlHookMemory(works.database, workspace=lambda: works.workspace)
    assert books.contact_by(ChannelKind.EMAIL, "ana@work.example") == ana(works)
    works.close()


def test_a_kept_event_meets_its_contact_by_an_address_that_is_added_later(works: Works) -> None:
    works.happen("ticket.closed", "ana@work.example", ticket_id="1")
    also(works, "email", "ana@work.example")
    works.planner.tick(now=MONDAY)
    with works.database.read() as connection:
        assert connection.scalar(sa.select(events.c.contact_id)) == ana(works)
    works.close()


def test_a_list_that_names_another_address_holds_the_contact(database: Database) -> None:
    files = {
        "segments/vips.yaml": "list: vips.csv\n", "segments/vips.csv": "email\nana@work.example\n",
        "campaigns/vips.yaml": (
            "title: V\npurpose: care\nstatus: live\ntrigger: {manual: true}\n"
            "audience: in_segment('vips')\nsend: birthday\nchannels: [email]\n"
        ),
    }
    works = Works(database, small_workspace(**files))
    works.know("ana", "bor")
    also(works, "email", "ana@work.example")
    bor = works.people.find("bor")
    assert bor is not None
    campaign = works.workspace.campaigns["vips"]
    works.planner.enroll(campaign, [ana(works), bor.id], data={}, key="k", now=MONDAY)
    assert [touch.contact_id for touch in works.touches(Kind.ENTERED)] == [ana(works)]
    works.close()


def test_what_is_made_primary_changes_places_with_what_was(works: Works) -> None:
    also(works, "email", "ana@work.example")
    works.people.change(ana(works), {"email": "ana@work.example"}, now=MONDAY)
    known = {(each.value, each.is_primary) for each in works.people.identities(ana(works)) if each.name == "email"}
    assert known == {("ana@work.example", True), ("ana@example.com", False)}
    works.close()


def test_an_identity_is_forgotten_when_people_say_so(works: Works) -> None:
    also(works, "email", "ana@work.example")
    works.people.change(ana(works), {}, now=MONDAY, removed=[Identity(name="email", value="ana@work.example")])
    assert works.people.find("ana@work.example") is None
    with pytest.raises(InputError, match="none of the contact's other"):
        works.people.change(ana(works), {}, now=MONDAY, removed=[Identity(name="email", value="ana@work.example")])
    works.close()


@pytest.mark.parametrize(("name", "value", "told"), [
    ("email", "ana@example.com", "primary one already"), ("chat_id", "U1", "has none yet"), ("external_id", "bor", "another contact has"),
])
def test_an_identity_that_says_nothing_or_is_anothers_is_refused(works: Works, name: str, value: str, told: str) -> None:
    works.know("bor")
    with pytest.raises(InputError, match=told):
        also(works, name, value)
    works.close()


def test_nobody_takes_an_external_id_by_which_another_is_known(works: Works) -> None:
    also(works, "external_id", "crm-7")
    works.know("bor")
    bor = works.people.find("bor")
    assert bor is not None
    with pytest.raises(InputError, match="another contact has"):
        works.people.change(bor.id, {"external_id": "crm-7"}, now=NOON)
    assert works.people.find("bor") == bor
    works.close()
