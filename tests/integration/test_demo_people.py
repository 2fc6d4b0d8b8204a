"""The demo company's people are what the demo needs, and come out of their maker as they stand in the tree."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engage.contacts.importing import Report, import_file
from engage.model.contact import AttributeKind, Contact
from engage.store.database import Database
from engage.store.people.contacts import SqlPeople
from engage.store.rows.rows import contact_of
from engage.store.schema.ledger import consents
from engage.store.schema.tables import contacts
from tests.builders import a_purpose, a_workspace, some_settings
from tools.make_contacts import TARGET, made

ROOT = Path(__file__).parents[2]
WEEK = {(2, day) for day in range(23, 30)} | {(3, 1)}
SETTINGS = some_settings(
    attributes={
        "birth_date": AttributeKind.DATE, "customer_since": AttributeKind.DATE, "plan": AttributeKind.TEXT,
        "lifetime_value": AttributeKind.MONEY,
    },
    purposes={name: a_purpose(name) for name in ("marketing", "care", "feedback", "service")},
)


@pytest.fixture
def imported(sqlite_url: str, tmp_path: Path) -> tuple[Report, list[Contact], Database]:
    database = Database.open(sqlite_url)
    people = SqlPeople(database, workspace=lambda: a_workspace(settings=SETTINGS))
    path = Path(shutil.copy(ROOT / TARGET, tmp_path))
    report = import_file(path, people=people, settings=SETTINGS, now=datetime(2026, 2, 1, tzinfo=UTC))
    with database.read() as connection:
        rows = connection.execute(sa.select(contacts)).mappings()
        return report, [contact_of(row, SETTINGS.attributes) for row in rows], database


def test_the_file_is_what_its_maker_makes() -> None:
    assert (ROOT / TARGET).read_text(encoding="utf-8") == made()


def test_the_broken_rows_are_refused_each_for_its_own_reason_and_all_others_go_in(imported: tuple[Report, list[Contact], Database]) -> None:
    report, people, _ = imported
    assert len(people) >= 300
    assert (report.created, report.changed) == (len(people), 1)
    reasons = sorted(refusal.reason.split(":")[0] for refusal in report.refusals)
    assert reasons == sorted([
        "email", "phone", "timezone", "birth_date", "birth_date", "country", "first_name", "lifetime_value", "consent.marketing.email",
        "nothing tells who this is",
    ])


def test_they_live_in_many_zones_and_speak_many_languages(imported: tuple[Report, list[Contact], Database]) -> None:
    people = imported[1]
    keys = {person.zones.key for person in people}
    assert len(keys) >= 25
    assert {
        "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Chatham", "*US",
    } <= keys
    languages = Counter(str(person.attributes["locale"]).split("-")[0] for person in people)
    assert all(languages[language] >= 30 for language in ("en", "sl", "uk", "uz", "lv", "fil"))
    assert languages["ar"] >= 10
    assert {"de", "ja", "pt"} <= set(languages)
    assert any(person.attributes["locale"] == "uz-Cyrl" for person in people)


def test_birthdays_and_anniversaries_fall_in_the_demos_week(imported: tuple[Report, list[Contact], Database]) -> None:
    people = imported[1]
    born = [person for person in people if isinstance(day := person.attributes.get("birth_date"), date) and (day.month, day.day) in WEEK]
    leap = [person for person in born if person.attributes["birth_date"].day == 29]  # type: ignore[union-attr]  # they are dates
    assert 20 <= len(born) <= 30
    assert {person.attributes["country"] for person in leap} >= {"KI", "AS", "SI", "UA", "UZ", "LV", "PH"}
    assert all(person.attributes["status"] == "active" for person in born)
    since = [person.attributes.get("customer_since") for person in people]
    assert sum(isinstance(day, date) and (day.month, day.day) in WEEK for day in since) == 12


def test_some_are_reached_by_text_only_and_some_not_at_all_by_chat(imported: tuple[Report, list[Contact], Database]) -> None:
    people = imported[1]
    assert sum(person.text("email") is None and person.text("phone") is not None for person in people) >= 15
    assert sum(person.text("chat_id") is not None for person in people) >= 30
    assert all(str(person.text("email") or "@example.com").rpartition("@")[2].startswith("example.") for person in people)


def test_consents_of_every_kind_are_older_than_february(imported: tuple[Report, list[Contact], Database]) -> None:
    with imported[2].read() as connection:
        lines = connection.execute(sa.select(consents)).mappings().all()
    assert {line["granted"] for line in lines} == {True, False}
    assert {line["channel"] for line in lines} == {None, "email", "sms"}
    assert {line["purpose"] for line in lines} == {"marketing", "care", "feedback"}
    assert max(line["at"] for line in lines) < datetime(2026, 2, 1, tzinfo=UTC)
    with (ROOT / TARGET).open(encoding="utf-8") as file:
        assert any(all(row[name] == "" for name in row if name.startswith("consent.")) for row in csv.DictReader(file))
