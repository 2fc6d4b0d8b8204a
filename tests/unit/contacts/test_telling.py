"""One row tells of one person, or everything that is wrong with it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from engage.contacts.columns import understand
from engage.contacts.ports import Permission
from engage.contacts.telling import Reading, RowReader, Told
from engage.model.contact import ChannelKind
from tests.builders import NOON, some_settings


def told(**values: object) -> Told:
    names = {name.replace("__", "."): value for name, value in values.items()}
    columns = understand(names, {}, some_settings(), file="people.csv")
    reading = Reading(source="import:people.csv", placeholder_dates={date(1900, 1, 1)})
    return RowReader(columns, reading, now=NOON).read(names)


def consent(
    *, granted: bool = True, at: datetime | None = None, channel: ChannelKind | None = None, source: str = "import:people.csv",
) -> Permission:
    return Permission(purpose="care", channel=channel, granted=granted, at=at, source=source)


def test_an_empty_cell_tells_nothing_and_null_clears() -> None:
    assert told(email="a@example.com", city="", first_name=None).person.attributes == {"email": "a@example.com", "first_name": None}


def test_everything_wrong_with_a_row_is_told() -> None:
    row = told(email="a@", country="Yugoslavia", birth_date="1990-02-30", consent__care="perhaps")
    assert [trouble.split(":")[0] for trouble in row.troubles] == ["email", "country", "birth_date", "consent.care"]


def test_a_row_that_identifies_nobody_is_refused() -> None:
    assert told(email="", first_name="Ana").troubles == ("nothing tells who this is: external_id, email and phone are all empty",)


def test_the_rows_country_reads_its_phone_number() -> None:
    assert told(country="si", phone="040 123 456").person.attributes["phone"] == "+38640123456"


def test_a_placeholder_date_is_kept_and_noted() -> None:
    row = told(email="a@example.com", birth_date="1900-01-01")
    assert row.person.attributes["birth_date"] == date(1900, 1, 1)
    assert row.notes == ("birth_date 1900-01-01 is a placeholder: no campaign goes by it",)


def test_consents_take_their_time_from_the_cell_else_from_the_row() -> None:
    row = told(
        email="a@example.com", consent__care="granted @2025-11-03", consent__care__sms="no",
        consent_at="2024-05-01T10:00Z", consent_source="fair",
    )
    assert row.person.permissions == (
        consent(at=datetime(2025, 11, 3, tzinfo=UTC), source="fair"),
        consent(granted=False, at=datetime(2024, 5, 1, 10, tzinfo=UTC), channel=ChannelKind.SMS, source="fair"),
    )


def test_a_consent_without_a_time_stays_without_one() -> None:
    assert told(email="a@example.com", consent__care=True).person.permissions == (consent(),)


def test_a_consent_from_the_future_is_refused() -> None:
    assert told(email="a@example.com", consent__care="yes @2026-02-26").troubles == ("consent.care: 2026-02-26 lies in the future",)
    assert "lies in the future" in told(email="a@example.com", consent__care="yes", consent_at="2027-01-01").troubles[0]
