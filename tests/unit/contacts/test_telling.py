"""One row tells of one person, or everything that is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from engage.contacts.columns import understand
from engage.contacts.dates import DateFormats
from engage.contacts.ports import Permission
from engage.contacts.telling import Reading, RowReader, Told
from engage.model.consent import Wording
from engage.model.contact import ChannelKind, Ground
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


HOW = {
    "consent_at": "2025-01-01", "consent_proof": " form 12,\n box 3 ", "consent_basis": "Legitimate interest", "consent_language": "sl_SI",
    "consent_wording": "Želim  novice.", "consent_expires": "2027-01-01",
}


def test_a_grant_says_how_it_was_given() -> None:
    (permission,) = told(email="a@example.com", consent__care="yes", **HOW).person.permissions
    assert permission == replace(
        consent(at=datetime(2025, 1, 1, tzinfo=UTC)), proof="form 12,\nbox 3", ground=Ground.LEGITIMATE_INTEREST, locale="sl-SI",
        wording=Wording(purpose="care", locale="sl-SI", text="Želim  novice."), expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    )


def test_a_withdrawal_has_a_proof_and_no_end() -> None:
    (permission,) = told(email="a@example.com", consent__care="no", **HOW).person.permissions
    assert permission == replace(consent(granted=False, at=datetime(2025, 1, 1, tzinfo=UTC)), proof="form 12,\nbox 3")


def test_each_proof_is_its_own_rows() -> None:
    names = ("email", "consent.care", "consent_proof")
    reader = RowReader(understand(names, {}, some_settings(), file="people.csv"), Reading(source="list"), now=NOON)
    rows = [reader.read(dict(zip(names, ("a@example.com", "yes", proof), strict=True))) for proof in ("1", "2", "")]
    assert [row.person.permissions[0].proof for row in rows] == ["1", "2", None]


@pytest.mark.parametrize(("values", "trouble"), [
    ({"consent_basis": "impled"}, "consent_basis: 'impled' is none of consent, implied, "),
    ({"consent_wording": "Yes, news."}, "consent_wording: nothing says in which language it was read: consent_language"),
    ({"consent_wording": "0a" * 32, "consent_language": "en"},
     "consent_wording: this is a hash; what was read is kept as its text, from which the hash is made"),
    ({"consent_language": "english!"}, "consent_language: "),
    ({"consent_expires": "1.2.2027"}, "consent_expires: '1.2.2027' is no moment such as 2026-02-28T09:00:00Z; did you mean 2027-02-01?"),
    ({"consent_expires": "2025-01-01", "consent_at": "2025-06-01"}, "consent.care: consent_expires: 2025-01-01 is before it begins"),
    ({"consent_expires": "2025-01-01"}, "consent.care: consent_expires: 2025-01-01 is before it begins: without its date it begins now"),
    ({"consent_proof": "x" * 2_001}, "consent_proof: is longer than 2000 characters"),
])
def test_how_a_consent_was_given_must_make_sense(values: dict[str, object], trouble: str) -> None:
    (found,) = told(email="a@example.com", consent__care="yes", **values).troubles
    assert found.startswith(trouble)


def test_the_dates_of_consents_are_declared_as_others() -> None:
    names = ("email", "consent.care", "consent_expires")
    reading = Reading(source="list", dates=DateFormats.of(["consent_expires=dd.mm.yyyy"]), circumstances={"consent_basis": "implied"})
    reader = RowReader(understand(names, {}, some_settings(), file="people.csv"), reading, now=NOON)
    (permission,) = reader.read(dict(zip(names, ("a@example.com", "yes", "01.02.2028"), strict=True))).person.permissions
    assert (permission.expires_at, permission.ground) == (datetime(2028, 2, 1, tzinfo=UTC), Ground.IMPLIED)


def test_what_a_column_said_before_tells_nothing_of_what_only_equals_it() -> None:
    names = ("email", "company", "consent.care")
    reader = RowReader(understand(names, {}, some_settings(), file="people.jsonl"), Reading(source="list"), now=NOON)
    rows = [reader.read(dict(zip(names, ("a@example.com", cell, cell), strict=True))) for cell in (1, True, 1.0)]
    assert [row.person.attributes.get("company") for row in rows] == ["1", None, "1.0"]
    assert [len(row.person.permissions) for row in rows] == [0, 1, 0]
    assert rows[1].troubles == ("company: is not of the kind text",)
