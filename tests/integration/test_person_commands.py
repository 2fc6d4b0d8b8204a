"""The commands about one person, as somebody types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.typed import Engage


@pytest.fixture
def imported(engage: Engage) -> Engage:
    assert engage("import", "contacts.csv").status == 0
    return engage


def test_other_addresses_are_added_shown_made_primary_and_removed(imported: Engage) -> None:
    assert imported("contact", "set", "mia", "email+=Mia@work.example").status == 0
    (shown,) = imported("contact", "show", "mia@work.example", "--json").json()
    assert isinstance(others := shown["others"], list)
    assert [(each["name"], each["value"], each["source"]) for each in others] == [("email", "Mia@work.example", "command line")]
    assert "also email" in imported("contact", "show", "mia").out
    assert "also email" not in imported("contact", "set", "mia", "email-=mia@work.example").out


@pytest.mark.parametrize(("value", "told"), [
    ("city+=Koper", "only external_id, email, phone, chat_id"), ("email-=x@example.com", "none of the contact's other"),
    ("email+=", "which one?"), ("email+=nonsense", "is no email address"),
])
def test_others_that_cannot_be_are_refused(imported: Engage, value: str, told: str) -> None:
    ended = imported("contact", "set", "mia", value)
    assert ended.status == 1
    assert told in ended.err


def test_contacts_are_merged_and_parted_again(imported: Engage) -> None:
    merged = imported("contact", "merge", "mia", "ken")
    assert merged.status == 0, merged.err
    assert "is part of mia now" in merged.out
    assert imported("contact", "show", "ken", "--json").json()[0]["id"] == imported("contact", "show", "mia", "--json").json()[0]["id"]
    (parted,) = imported("contact", "unmerge", "mia", "--json").json()
    assert parted["undone"] is True
    assert imported("contact", "show", "ken", "--json").json()[0]["id"] == parted["merged"]
    assert imported("contact", "unmerge", "mia").status == 1


def test_a_person_is_exported_into_a_file_that_is_not_there_yet(imported: Engage) -> None:
    assert imported("contact", "export", "mia", "--out", "mia.json").status == 0
    told = json.loads(Path("mia.json").read_text())
    assert told["contact"]["attributes"]["external_id"] == "mia"
    again = imported("contact", "export", "mia", "--out", "mia.json")
    assert (again.status, "cannot be written" in again.err) == (1, True)
    assert json.loads(imported("contact", "export", "mia").out)["format"] == "engage.person"


def test_a_person_is_erased_refused_at_import_and_readmitted(imported: Engage) -> None:
    (done,) = imported("contact", "erase", "mia", "--yes", "--json").json()
    assert done["barred"]
    assert imported("contact", "show", "mia").status == 1
    refused = imported("import", "contacts.csv")
    assert refused.status == 1
    assert "erased at the person's request" in refused.err
    assert "erased at the person's request" in Path("contacts.csv.refused.csv").read_text()
    assert "erased" in imported("event", "ticket.closed", "--contact", "mia", "--data", '{"ticket_id": "1"}').out
    assert imported("contact", "readmit", "mia").status == 0
    assert imported("contact", "readmit", "nobody").status == 1


def test_what_is_not_to_be_kept_is_counted_and_removed(imported: Engage) -> None:
    assert "everything is kept" in imported("retention").out
    settings = Path("engage.yaml")
    settings.write_text(settings.read_text() + "retention: {texts: 1d, inactive_contacts: 2d}\n")
    told = imported("retention", "--dry-run", "--json")
    assert told.status == 0, told.err
    assert [(each["kind"], each["rows"]) for each in told.json()] == [("texts", 0), ("inactive_contacts", 0)]
    assert [each["kind"] for each in imported("retention", "--json").json()] == ["texts", "inactive_contacts"]
