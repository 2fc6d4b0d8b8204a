from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engage.model.contact import Money
from engage.model.errors import RenderError
from engage.model.triggers import ScheduleTrigger
from tests.builders import NOON, a_campaign, a_contact
from tests.messages import a_text

WHEN = datetime(2026, 2, 25, 23, 30, tzinfo=UTC)
VALUES = {"day": "2026-02-28", "sum": {"amount": "1234.5", "currency": "EUR"}, "share": 0.125, "count": 12345, "half": 2.5}


def told(expression: str, locale: str = "sl", zone: str = "Europe/Ljubljana", **values: object) -> str:
    contact = a_contact(locale=locale, zone=zone, birth_date=date(1992, 2, 29), created_at=WHEN)
    return a_text(f"{{{{ {expression} }}}}", locale=locale.split("-")[0], contact=contact, values={**VALUES, **values})


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("contact.birth_date | date", "29. februar 1992"),
        ("contact.birth_date | date('short')", "29. 2. 92"),
        ("contact.birth_date | date('d. MMMM')", "29. februar"),
        ("contact.birth_date", "29. februar 1992"),
        ("day | date", "28. februar 2026"),
        ("contact.created_at | date", "26. februar 2026"),
        ("contact.created_at | time", "00:30"),
        ("contact.created_at | datetime", "26. feb. 2026, 00:30"),
        ("now | time", "13:00"),
        ("today", "25. februar 2026"),
        ("count | number", "12.345"),
        ("count", "12345"),
        ("half", "2,5"),
        ("half | number(2)", "2,50"),
        ("share | percent", "12 %"),
        ("share | percent(1)", "12,5 %"),
        ("sum", "1.234,50 €"),
        ("sum | money", "1.234,50 €"),
        ("half | money('USD')", "2,50 $"),
        ("'7' | money('EUR')", "7,00 €"),
        ("['a', 'b', 'c'] | list", "a, b in c"),
        ("['a', 'b'] | list('or')", "a ali b"),
        ("3 | duration('day')", "3 dni"),
        ("2 | duration('year')", "2 leti"),
        ("7200 | duration", "2 uri"),
        ("'UZ' | country_name", "Uzbekistan"),
    ],
)
def test_values_are_written_as_slovenian_does(expression: str, text: str) -> None:
    assert told(expression) == text


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "February 28, 2026"),
        ("en-GB", "28 February 2026"),
        ("uk", "28 лютого 2026 р."),
        ("uz", "28-fevral, 2026"),
        ("lv", "2026. gada 28. februāris"),
    ],
)
def test_a_date_is_written_as_the_reader_does_down_to_their_country(locale: str, text: str) -> None:
    files = {"templates/birthday/sms.txt": "{{ day | date }}"} if locale.startswith("en") else {}
    name = "" if files else locale
    assert a_text("{{ day | date }}", locale=name, contact=a_contact(locale=locale), values=VALUES, more=files) == text


def test_moments_are_shown_in_the_contacts_zone() -> None:
    assert told("contact.created_at | datetime", zone="Asia/Tashkent") == "26. feb. 2026, 04:30"
    assert told("contact.created_at | datetime", zone="America/New_York") == "25. feb. 2026, 18:30"
    assert told("today", zone="Pacific/Kiritimati") == "26. februar 2026"
    assert NOON.hour == 12


@pytest.mark.parametrize(
    "wrong",
    ["sum | money('USD')", "half | money", "'x' | number", "'soon' | date", "day | time", "3 | duration('fortnight')",
     "'XX' | country_name",
     "contact.birth_date | datetime", "['a'] | list('fancy')", "half | number(99)"],
)  # fmt: skip
def test_what_cannot_be_written_is_an_error(wrong: str) -> None:
    with pytest.raises(RenderError):
        told(wrong)


def test_money_of_a_contact_keeps_its_currency() -> None:
    contact = a_contact(locale="en", plan=Money(amount=Decimal("99999.99"), currency="UZS"))
    assert a_text("{{ contact.plan }}", contact=contact) == "UZS 99,999.99"


def test_a_span_of_time_is_never_written_by_its_name_in_the_data() -> None:
    assert told("14 | duration('day')", locale="ar") == "14 يومًا"
    assert told("14 | duration('day')", locale="uz") == "14 kun"


@pytest.mark.parametrize("zone", ["Europe/Ljubljana", "Asia/Tashkent"])
def test_the_time_of_a_schedule_is_read_as_it_is_on_the_readers_own_clock(zone: str) -> None:
    campaigns = {"birthday": a_campaign(trigger=ScheduleTrigger(cron="0 10 * * mon"))}
    body = "{{ trigger.at | datetime }} {{ trigger.at | date('short') }} {{ trigger.at | time }}"
    text = a_text(body, locale="sl", contact=a_contact(zone=zone), trigger={"at": "2026-03-02T10:00:00"}, campaigns=campaigns)
    assert text == "2. mar. 2026, 10:00 2. 3. 26 10:00"
