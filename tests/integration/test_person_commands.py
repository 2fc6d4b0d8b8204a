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
    assert "was erased" in imported("contact", "export", "mia").err
    assert {each["purpose"] for each in imported("contact", "proof", "mia", "--json").json()} == {"care"}
    assert imported("contact", "proof", "ken").status == 1
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


def noted(engage: Engage, *words: str) -> None:
    for word in words:
        assert engage("contact", "note", "mia", word).status == 0


def test_notes_stand_in_the_history_page_by_page_by_the_contacts_own_clock(imported: Engage) -> None:
    noted(imported, "one", "two", "three")
    told = imported("contact", "history", "mia", "--kind", "note", "--limit", "2", "--json").json()
    assert [each["private"] for each in told] == [{"text": "three"}, {"text": "two"}]
    assert str(told[0]["local"]).endswith(("+01:00", "+02:00"))  # Mia lives in Berlin
    (rest,) = imported("contact", "history", "mia", "--kind", "note", "--before", str(told[-1]["id"]), "--json").json()
    assert rest["private"] == {"text": "one"}
    page = imported("contact", "history", "mia", "--limit", "2")
    assert "text: three" in page.out
    assert "there is more: --before" in page.err


@pytest.mark.parametrize(("options", "kinds"), [
    (("--kind", "note"), {"note"}), (("--not-sent",), set()), (("--from", "2000-01-01", "--kind", "note"), {"note"}),
    (("--to", "2000-01-01"), set()), (("--channel", "email", "--kind", "note"), set()), (("--message", "birthday"), set()),
    (("--campaign", "birthday", "--kind", "note"), set()),
])
def test_a_history_is_asked_for_by_what_matters(imported: Engage, options: tuple[str, ...], kinds: set[str]) -> None:
    noted(imported, "one")
    assert {str(each["kind"]) for each in imported("contact", "history", "mia", "--json", *options).json()} == kinds


def test_a_note_that_says_nothing_or_is_of_nobody_is_refused(imported: Engage) -> None:
    refused = (("mia", " ", "says nothing"), ("mia", "a\x07b", "control character"), ("nobody", "x", "no contact is known"))
    for reference, words, told in refused:
        ended = imported("contact", "note", reference, words)
        assert (ended.status, told in ended.err) == (1, True), ended.err


@pytest.mark.parametrize("told", [
    ("--before", "9" * 23), ("--limit", "9" * 20), ("--from", "0001-01-01T00:00+14:00"), ("--campaign", "\udcff"),
])
def test_the_history_is_asked_for_what_no_history_has(engage: Engage, told: tuple[str, str]) -> None:
    assert engage("import", "contacts.csv").status == 0
    assert engage("contact", "history", "mia", *told).status in (1, 2)
