"""Values as people write them become the values that Engage keeps, or are refused with a useful sentence."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engage.contacts.normalise import as_text, normalise
from engage.contacts.places import Unusable
from engage.model.contact import AttributeKind, Money, Value

TEXT, DATE, DATETIME = AttributeKind.TEXT, AttributeKind.DATE, AttributeKind.DATETIME


@pytest.mark.parametrize(("name", "kind", "raw", "value"), [
    ("first_name", TEXT, "  Ana\u00a0", "Ana"),
    ("first_name", TEXT, "Z\u030cana", "Žana"),
    ("first_name", TEXT, "\ufeffAna\u200b", "Ana"),
    ("email", TEXT, "Ana.Novak@EXAMPLE.com", "Ana.Novak@example.com"),
    ("email", TEXT, "ana@xn--bcher-kva.example", "ana@bücher.example"),
    ("email", TEXT, "ана@пошта.укр", "ана@пошта.укр"),
    ("phone", TEXT, "+386 (40) 123-456", "+38640123456"),
    ("phone", TEXT, "00386 40 123 456", "+38640123456"),
    ("locale", TEXT, "SL_si", "sl-SI"),
    ("locale", TEXT, "uz-cyrl-uz", "uz-Cyrl-UZ"),
    ("locale", TEXT, "tl-PH", "fil-PH"),
    ("locale", TEXT, "iw", "he"),
    ("locale", TEXT, "sh", "sr-Latn"),
    ("locale", TEXT, "no", "no"),
    ("locale", TEXT, "es-419", "es-419"),
    ("country", TEXT, "si", "SI"),
    ("country", TEXT, "UK", "GB"),
    ("country", TEXT, "SVN", "SI"),
    ("country", TEXT, "slovenija", "SI"),
    ("country", TEXT, "Словенія", "SI"),
    ("country", TEXT, "COTE D'IVOIRE", "CI"),
    ("country", TEXT, "Österreich", "AT"),
    ("country", TEXT, "भारत", "IN"),
    ("country", TEXT, "日本", "JP"),
    ("country", TEXT, "الإمارات العربية المتحدة", "AE"),
    ("country", TEXT, "O‘zbekiston", "UZ"),
    ("timezone", TEXT, "Europe/Kiev", "Europe/Kiev"),
    ("timezone", TEXT, "Central European Standard Time", "Europe/Warsaw"),
    ("timezone", TEXT, "Pacific/Kiritimati", "Pacific/Kiritimati"),
    ("birth_date", DATE, "1992-02-29", date(1992, 2, 29)),
    ("birth_date", DATE, "1992-02-29 00:00:00.000", date(1992, 2, 29)),
    ("birth_date", DATE, "1992-02-29T00:00", date(1992, 2, 29)),
    ("created_at", DATETIME, "2025-03-01T10:00:00+02:00", datetime(2025, 3, 1, 8, tzinfo=UTC)),
    ("created_at", DATETIME, "2025-03-01", datetime(2025, 3, 1, tzinfo=UTC)),
    ("value", AttributeKind.MONEY, "12.30 eur", Money(amount=Decimal("12.30"), currency="EUR")),
    ("value", AttributeKind.MONEY, "EUR 12.30", Money(amount=Decimal("12.30"), currency="EUR")),
    ("value", AttributeKind.MONEY, {"amount": 12.5, "currency": "EUR"}, Money(amount=Decimal("12.5"), currency="EUR")),
    ("tags", AttributeKind.LIST, "a; b ;;a", ("a", "b")),
    ("tags", AttributeKind.LIST, ["a", " b ", ""], ("a", "b")),
    ("agreed", AttributeKind.BOOLEAN, "Yes", True),
    ("agreed", AttributeKind.BOOLEAN, False, False),
    ("score", AttributeKind.NUMBER, "-12", -12),
    ("score", AttributeKind.NUMBER, 0.5, 0.5),
    ("external_id", TEXT, 123, "123"),
    ("first_name", TEXT, "   ", None),
    ("birth_date", DATE, None, None),
])
def test_a_value_takes_its_one_spelling(name: str, kind: AttributeKind, raw: object, value: Value) -> None:
    assert normalise(name, kind, raw) == value
    assert type(normalise(name, kind, raw)) is type(value)


def test_a_phone_number_without_its_country_code_is_one_of_the_rows_country() -> None:
    assert normalise("phone", TEXT, "040 123 456", country="SI") == "+38640123456"


@pytest.mark.parametrize(("name", "kind", "raw", "told"), [
    ("email", TEXT, "ana.example.com", "no email address"),
    ("email", TEXT, "Ana <ana@example.com>", "no email address"),
    ("email", TEXT, "a@b.c, z@z.z", "no email address"),
    ("email", TEXT, "ana@localhost", "no email address"),
    ("phone", TEXT, "040 123 456", "without its country code"),
    ("phone", TEXT, "+38640", "no phone number"),
    ("phone", TEXT, "+12125550100 ext. 5", "extension 5"),
    ("locale", TEXT, "slovenian", "did you mean sl?"),
    ("locale", TEXT, "C", "no language"),
    ("locale", TEXT, "en-US.UTF-8", "no language tag"),
    ("country", TEXT, "Slovenja", "did you mean SI?"),
    ("country", TEXT, "Yugoslavia", "no country"),
    ("country", TEXT, "EU", "no country"),
    ("timezone", TEXT, "Europe/Lubljana", "did you mean Europe/Ljubljana?"),
    ("timezone", TEXT, "europe/riga", "did you mean Europe/Riga?"),
    ("timezone", TEXT, "../etc/passwd", "no time zone"),
    ("timezone", TEXT, "+02:00", "no time zone"),
    ("birth_date", DATE, "1990-02-30", "there is no day 1990-02-30"),
    ("birth_date", DATE, "29.2.1992", "did you mean 1992-02-29?"),
    ("birth_date", DATE, "02/03/1992", "no date such as"),
    ("birth_date", DATE, "19920229", "no date such as"),
    ("birth_date", DATE, 19920229, "not of the kind date"),
    ("created_at", DATETIME, "yesterday", "no moment such as"),
    ("created_at", DATETIME, "2026-W09-1", "no moment such as"),
    ("created_at", DATETIME, "0001-01-01T00:00:00+10:00", "no moment such as"),
    ("value", AttributeKind.MONEY, "12,30 EUR", "did you mean 12.30 EUR?"),
    ("value", AttributeKind.MONEY, "12.30", "no amount such as"),
    ("value", AttributeKind.MONEY, "12.30 EUX", "no currency 'EUX'"),
    ("value", AttributeKind.MONEY, "1e999 EUR", "no amount such as"),
    ("score", AttributeKind.NUMBER, "1_000", "no number"),
    ("score", AttributeKind.NUMBER, "nan", "no number"),
    ("score", AttributeKind.NUMBER, True, "not of the kind number"),
    ("agreed", AttributeKind.BOOLEAN, "maybe", "neither true nor false"),
    ("tags", AttributeKind.LIST, ["a;b"], "semicolon"),
    ("tags", AttributeKind.LIST, {"a": 1}, "not of the kind list"),
    ("first_name", TEXT, "A\x00na", "control character U+0000"),
    ("first_name", TEXT, "A\r\nBcc: x", "control character U+000D"),
    ("first_name", TEXT, "A\u2028na", "control character U+2028"),
    ("first_name", TEXT, "A\ud800", "control character U+D800"),
    ("first_name", TEXT, "x" * 10_001, "longer than 10000"),
    ("external_id", TEXT, "x" * 256, "longer than 255"),
    ("external_id", TEXT, "1.23E+11", "its digits are lost"),
    ("chat_id", TEXT, "1,23457E+17", "its digits are lost"),
    ("external_id", TEXT, 1e22, "its digits are lost"),
    ("external_id", TEXT, "'00123", "left by a spreadsheet; did you mean 00123?"),
])
def test_what_cannot_be_right_is_refused_with_what_was_meant(name: str, kind: AttributeKind, raw: object, told: str) -> None:
    with pytest.raises(Unusable, match=told.replace("?", r"\?").replace("+", r"\+")):
        normalise(name, kind, raw)


def test_a_value_is_written_as_it_is_read() -> None:
    values = (None, True, 1.5, ("a", "b"), Money(amount=Decimal("12.30"), currency="EUR"), date(2026, 2, 28))
    assert [as_text(value) for value in values] == ["", "true", "1.5", "a; b", "12.30 EUR", "2026-02-28"]


@pytest.mark.parametrize("known", ["1e11", "12E3", "1.5E", "O'Brien", "00123"])
def test_an_id_that_only_looks_like_a_number_is_an_id(known: str) -> None:
    assert normalise("external_id", AttributeKind.TEXT, known) == known
