"""A file of made-up people for the bench of importing: fourteen countries, the same every time."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from engage.model.contact import AttributeKind

ATTRIBUTES = {
    "birth_date": AttributeKind.DATE, "plan": AttributeKind.TEXT, "lifetime_value": AttributeKind.MONEY,
}
HEADER = (
    "external_id", "first_name", "last_name", "email", "phone", "locale", "timezone", "country", "city", "tags", "status", "created_at",
    "birth_date", "plan", "lifetime_value", "consent.marketing.email", "consent.care", "consent_at", "consent_source",
)
PLACES = (  # locale, country, city, the beginning of mobile numbers at home and abroad, digits after it, currency
    ("sl-SI", "SI", "Ljubljana", "040", "+38640", 6, "EUR"), ("uk-UA", "UA", "Київ", "067", "+38067", 7, "UAH"),
    ("uz", "UZ", "Toshkent", "90", "+99890", 7, "UZS"), ("lv-LV", "LV", "Rīga", "2", "+3712", 7, "EUR"),
    ("fil-PH", "PH", "Manila", "0917", "+63917", 7, "PHP"), ("ar-AE", "AE", "دبي", "050", "+97150", 7, "AED"),
    ("en-GB", "GB", "London", "07400", "+447400", 6, "GBP"), ("en-US", "US", "New York", "212", "+1212", 7, "USD"),
    ("de-DE", "DE", "Köln", "0151", "+49151", 8, "EUR"), ("fr-FR", "FR", "Orléans", "06", "+336", 8, "EUR"),
    ("ja-JP", "JP", "東京", "090", "+8190", 8, "JPY"), ("en-AU", "AU", "Sydney", "04", "+614", 8, "AUD"),
    ("pt-BR", "BR", "São Paulo", "119", "+55119", 8, "BRL"), ("hi-IN", "IN", "दिल्ली", "098", "+9198", 8, "INR"),
)
NAMES = ("Ana", "Žiga", "Оксана", "Gulnora", "Līga", "Maria", "ليلى", "O'Neill", "Zoë", "Łukasz", "美咲", "Jürgen", "André", "प्रिया")
TAGS = ("newsletter", "newsletter; ski", "cycling; vip", "")
ZONED, NUMBERED, CONSENTED = 3, 4, 5
"""One in so many has a time zone of its own, no number, no consent."""


def write_file(path: Path, rows: int) -> None:
    """Write so many people as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(_people(rows))


def _people(rows: int) -> Iterator[tuple[str, ...]]:
    for n in range(rows):
        locale, country, city, home, abroad, digits, currency = PLACES[n % len(PLACES)]
        tail = f"{n * 7919 % 10**digits:0{digits}}"
        number = "" if n % NUMBERED == 0 else (home if n % 2 else abroad) + tail
        yield (
            f"c{n:07}", NAMES[n * 31 % len(NAMES)], NAMES[n * 17 % len(NAMES)] + "ić", f"person.{n}@example{n % 500}.com", number, locale,
            "Europe/Riga" if n % ZONED == 0 else "", country, city, TAGS[n % len(TAGS)], "active" if n % 10 else "churned",
            f"20{n % 25:02}-0{1 + n % 9}-1{n % 10}T{n % 24:02}:{n % 60:02}:00Z", _day(date(1950, 1, 1), n * 7919 % 18_262),
            "pro" if n % 10 == 0 else "free", f"{n % 3_000}.{n % 100:02} {currency}",
            "granted" if n % CONSENTED else "", "withdrawn @2025-11-03" if n % 50 == 0 else "",
            _day(date(2020, 1, 1), n % 2_000), "web form" if n % 2 else "",
        )


def _day(start: date, days: int) -> str:
    return (start + timedelta(days=days)).isoformat()
