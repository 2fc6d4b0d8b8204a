"""Makes config/contacts.csv, the demo company's people: `python -m tools.make_contacts`. The same seed gives the same file.

All are made up. The demo's week is Monday 2026-02-23 to Monday 2026-03-02: about 25 birthdays fall in it (those of 29 February
on the 28th), and a dozen anniversaries; all consents are older than February 2026. Ten rows are broken on purpose.
"""

from __future__ import annotations

import csv
import io
import random  # noqa: TID251  # made-up people: the seed makes them the same everywhere
import unicodedata
from datetime import date, datetime, timedelta
from pathlib import Path

from tools.demo_places import NAMES, PLACES, Place

SEED = 20260223
TARGET = Path("config/contacts.csv")
COLUMNS = (
    "external_id", "first_name", "last_name", "email", "phone", "chat_id", "locale", "timezone", "country", "city", "company", "tags",
    "status", "preferred_channel", "created_at", "birth_date", "customer_since", "plan", "lifetime_value",
    "consent.marketing.email", "consent.marketing.sms", "consent.care", "consent.care.sms", "consent.feedback",
    "consent_at", "consent_source",
)
Row = dict[str, str]

LEAP_BIRTHDAYS = ("KI", "AS", "SI", "SI", "UA", "UZ", "LV", "PH", "EG", "US", "AU", "JP")
WEEK_BIRTHDAYS = (
    ("SI", "02-23"), ("UA", "02-23"), ("PH", "02-24"), ("LV", "02-24"), ("UZ", "02-25"), ("SI", "02-25"), ("AE", "02-25"), ("CA", "02-26"),
    ("UA", "02-26"), ("PH", "02-27"), ("NP", "02-27"), ("LV", "02-28"), ("UZ", "02-28"), ("SI", "03-01"), ("AU", "03-01"),
)
ANNIVERSARIES = (
    ("SI", "02-23"), ("UZ", "02-24"), ("UA", "02-24"), ("LV", "02-25"), ("PH", "02-25"), ("US", "02-26"), ("EG", "02-26"), ("SI", "02-27"),
    ("UA", "02-27"), ("PH", "02-28"), ("KI", "03-01"), ("LV", "03-01"),
)
PLANS = ("free", "free", "plus", "plus", "pro")
TAGS = ("hiking", "cycling", "climbing", "camping", "ski", "vip", "newsletter", "early-bird")
COMPANIES = ("", "", "", "Alpine Works", "Blue Harbor Ltd", "Dnipro Trails", "Silk Road Tours", "Baltic Outdoor", "Luzon Peaks")
SOURCES = ("shop checkout", "web form", "fair 2025", "support call")
RATES = {"UZS": 12_500, "JPY": 155, "INR": 88, "NPR": 140, "PHP": 58, "UAH": 42, "EGP": 48, "ZAR": 18, "BRL": 6, "MAD": 10}


def main() -> None:
    """Write the file."""
    TARGET.write_text(made(), encoding="utf-8", newline="")


def made() -> str:
    """The whole file as text."""
    dice = random.Random(SEED)  # noqa: S311  # made-up people, no secret
    people = [_person(dice, place, number) for place in PLACES for number in range(place.people)]
    for number, person in enumerate(people, start=1):
        person["external_id"] = f"c{number:04d}"
        person["email"] = person["email"] and f"{person['email']}.{number}@example.{dice.choice(('com', 'org', 'net'))}"
    _give_dates(people)
    _give_consents(dice, people)
    dice.shuffle(people)
    for position, broken in enumerate(_broken(people)):
        people.insert(25 + position * 29, broken)
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(people)
    return file.getvalue()


def _person(dice: random.Random, place: Place, number: int) -> Row:
    first, _, first_latin = dice.choice(NAMES[place.names].first).partition("/")
    last, _, last_latin = dice.choice(NAMES[place.names].last).partition("/")
    by_text_only = number % 11 == 5
    return {
        "first_name": first, "last_name": last,
        "email": "" if by_text_only else f"{_ascii(first_latin or first)}.{_ascii(last_latin or last)}",
        "phone": place.phone.format(number) if by_text_only or dice.random() < 0.6 else "",
        "chat_id": f"U0DEMO{place.country}{dice.randrange(1000):03d}{number:02d}" if dice.random() < 0.2 else "",
        "locale": place.locale, "timezone": place.zone, "country": place.country, "city": place.city,
        "company": dice.choice(COMPANIES), "tags": "; ".join(sorted(dice.sample(TAGS, dice.randrange(4)))),
        "status": "churned" if dice.random() < 0.12 else "active",
        "preferred_channel": "sms" if by_text_only else dice.choice(("", "", "email", "sms", "chat")),
        "created_at": f"{_day(dice, 2018, 2025).isoformat()}T{dice.randrange(24):02d}:{dice.randrange(60):02d}:00Z",
        "birth_date": _birth_date(dice), "customer_since": _off_week(dice, 2016, 2025) if dice.random() < 0.8 else "",
        "plan": dice.choice(PLANS), "lifetime_value": _amount(dice, place.currency),
    }


def _ascii(name: str) -> str:
    """The name as it stands in a mail address."""
    folded = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return "".join(character for character in folded.lower() if character.isalpha())


def _day(dice: random.Random, first_year: int, last_year: int) -> date:
    return date(first_year, 1, 1) + timedelta(days=dice.randrange((last_year - first_year + 1) * 365))


def _off_week(dice: random.Random, first_year: int, last_year: int) -> str:
    """A day that does not recur near the demo's week, in which we choose who celebrates."""
    day = _day(dice, first_year, last_year)
    return (day + timedelta(days=40) if (day.month, day.day) >= (2, 15) and (day.month, day.day) <= (3, 10) else day).isoformat()


def _birth_date(dice: random.Random) -> str:
    chance = dice.random()
    if chance < 0.1:
        return ""
    return dice.choice(("1900-01-01", "1970-01-01")) if chance < 0.13 else _off_week(dice, 1950, 2006)


def _amount(dice: random.Random, currency: str) -> str:
    worth = dice.choice((0, 19.9, 49.5, 120, 349.99, 1250, 4800.4)) * RATES.get(currency, 1)
    return f"{worth:.0f} {currency}" if currency in ("JPY", "UZS") else f"{worth:.2f} {currency}"


def _give_dates(people: list[Row]) -> None:
    """Who celebrates in the demo's week: active people, each once, the first of their country that are free."""
    free = [person for person in people if person["email"] or person["phone"]]
    years = (1988, 1992, 1996, 2000, 2004, 1984, 1976)
    celebrations = [(country, "02-29") for country in LEAP_BIRTHDAYS] + list(WEEK_BIRTHDAYS)
    for number, (country, day) in enumerate(celebrations):
        person = _take(free, country)
        person |= {"birth_date": f"{years[number % len(years)]}-{day}", "status": "active"}
    for number, (country, day) in enumerate(ANNIVERSARIES):
        _take(free, country)["customer_since"] = f"{2025 - number}-{day}"


def _take(free: list[Row], country: str) -> Row:
    found = next(person for person in free if person["country"] == country)
    free.remove(found)
    return found


def _give_consents(dice: random.Random, people: list[Row]) -> None:
    """Every kind: granted, withdrawn, absent; for all channels or one; dated by the row or in the cell; all before February 2026."""
    for person in people:
        for column, chances in (
            ("consent.marketing.email", (0.55, 0.15)), ("consent.marketing.sms", (0.2, 0.1)), ("consent.care", (0.1, 0.04)),
            ("consent.care.sms", (0.35, 0.05)), ("consent.feedback", (0.15, 0.06)),
        ):
            chance = dice.random()
            word = "granted" if chance < chances[0] else "withdrawn" if chance < sum(chances) else ""
            own = f" @{_day(dice, 2024, 2025).isoformat()}" if word and dice.random() < 0.3 else ""
            person[column] = word + own
        since = datetime.fromisoformat(person["created_at"]).date()
        person |= {"consent_at": max(since, date(2023, 6, 1)).isoformat(), "consent_source": dice.choice(SOURCES)}
    for country in LEAP_BIRTHDAYS:  # the demo's favourites let themselves be written to
        for person in people:
            if person["country"] == country and person["birth_date"].endswith("02-29"):
                person |= {"consent.care": "granted", "consent.care.sms": "granted"}


def _broken(people: list[Row]) -> list[Row]:
    """Rows that the import must refuse, and one that it merges: each is somebody's row with one thing wrong."""
    wrong: tuple[Row, ...] = (
        {"external_id": "x1", "email": "tomaz.at.example.com"},
        {"external_id": "x2", "phone": "12345"},
        {"external_id": "x3", "timezone": "Europe/Lubljana"},
        {"external_id": "x4", "birth_date": "1990-02-30"},
        {"external_id": "x5", "country": "Yugoslavia"},
        {"external_id": "x6", "first_name": "Eva\u0007"},
        {"external_id": "", "email": "", "phone": ""},
        {"external_id": "x8", "lifetime_value": "12,30 EUR"},
        {"external_id": "x9", "consent.marketing.email": "perhaps"},
        {"external_id": "x10", "birth_date": "29.2.1996"},
    )
    merged = {"external_id": people[0]["external_id"], "tags": "merged; vip", "status": people[0]["status"]}
    return [people[number] | changes for number, changes in enumerate(wrong, start=1)] + [merged]


if __name__ == "__main__":
    main()
