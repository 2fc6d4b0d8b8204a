"""Cron lines mean what Vixie cron makes of them."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from engage.model.cron import Cron


def days_of(line: str, *, start: date = date(2026, 2, 1), number: int = 28) -> list[int]:
    cron = Cron.parse(line)
    days = (start + timedelta(days=n) for n in range(number))
    return [day.day for day in days if cron.matches_day(day)]


@pytest.mark.parametrize(("line", "expected"), [
    ("0 0 * * mon", [2, 9, 16, 23]),
    ("0 0 * * 0", [1, 8, 15, 22]),
    ("0 0 * * 7", [1, 8, 15, 22]),
    ("0 0 * * sat-sun", [1, 7, 8, 14, 15, 21, 22, 28]),
    ("0 0 L * *", [28]),
    ("0 0 1,L * *", [1, 28]),
    ("0 0 */10 * *", [1, 11, 21]),
    ("0 0 5/10 * *", [5, 15, 25]),
    ("0 0 1-5/2 * *", [1, 3, 5]),
    ("0 0 13 * fri", [6, 13, 20, 27]),
    ("0 0 */10 * sun", [1]),
    ("0 0 * mar *", []),
])
def test_the_days_on_which_it_comes_round(line: str, expected: list[int]) -> None:
    assert days_of(line) == expected


def test_the_last_day_follows_the_month() -> None:
    assert days_of("0 0 L * *", start=date(2028, 2, 1), number=31) == [29]


@pytest.mark.parametrize(("line", "expected"), [
    ("30 9 * * *", [time(9, 30)]),
    ("0,30 9-10 * * *", [time(9), time(9, 30), time(10), time(10, 30)]),
    ("*/20 23 * * *", [time(23), time(23, 20), time(23, 40)]),
])
def test_the_times_of_such_a_day_are_in_order(line: str, expected: list[time]) -> None:
    assert list(Cron.parse(line).times()) == expected


@pytest.mark.parametrize(("line", "what"), [
    ("0 10 * *", "it has 4 fields, and takes five"),
    ("@daily", "it has 1 field, and takes five"),
    ("60 * * * *", "`60` is no minute (0 to 59)"),
    ("0 24 * * *", "`24` is no hour (0 to 23)"),
    ("0 0 0 * *", "`0` is no day of the month (1 to 31)"),
    ("0 0 * 13 *", "`13` is no month (1 to 12 or a name)"),
    ("0 0 * * moon", "`moon` is no day of the week (0 to 7 or a name)"),
    ("0 0 10-5 * *", "`10-5` runs backwards"),
    ("0 0 */0 * *", "a step of 0 in the day of the month"),
    ("0 0 1,,2 * *", "`` cannot be read as day of the month"),
    ("0 0 *-3 * *", "`*-3` cannot be read as day of the month"),
    ("0 0 L-3 * *", "`l` is no day of the month (1 to 31)"),
    ("٣ 0 * * *", "`٣` is no minute (0 to 59)"),
    ("0 0 30 feb *", "is a cron line of a day that never comes"),
])
def test_what_is_no_cron_line_is_told(line: str, what: str) -> None:
    with pytest.raises(ValueError, match="cron line") as caught:
        Cron.parse(line)

    assert what in str(caught.value)
