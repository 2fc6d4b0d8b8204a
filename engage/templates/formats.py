"""Values as the reader's language writes them, by CLDR (Babel); how is learnt once per locale (shapes)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import dates, lists, numbers, units
from babel.core import Locale

from engage.model.contact import Money
from engage.model.time import Duration
from engage.templates.faults import Unprintable
from engage.templates.limits import MAX_ARGUMENT, MAX_DEPTH, MAX_LISTED, MAX_OUTPUT
from engage.templates.shapes import DateShape, Shapes, Style, plural_key

_REMEMBERED = 2048
_MAX_DIGITS = 10
_MAX_EXPONENT = 100
_SMALL_NUMBER = 1_000_000
_STYLES: Mapping[str, Style] = {"short": "short", "medium": "medium", "long": "long", "full": "full"}
UNSPACED = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
"""Where CLDR's currencySpacing puts a space that Babel leaves out: between a digit and a currency written in letters."""

UnitStyle = Literal["narrow", "short", "long"]
ListStyle = Literal["standard", "standard-short", "or", "or-short", "unit", "unit-short", "unit-narrow"]


class Formats:
    """All formats of one locale. Digits are Latin in every language, so that dates and numbers agree."""

    def __init__(self, locale: Locale) -> None:
        self.locale = locale
        self.time = lru_cache(_REMEMBERED)(self._time)
        self.datetime = lru_cache(_REMEMBERED)(self._datetime)
        self.percent = lru_cache(_REMEMBERED)(self._percent)
        self._dates: dict[str, DateShape] = {}
        self._numbers: dict[int | None, Shapes] = {}
        self._amounts: dict[str, Shapes] = {}
        self._plural_key = plural_key(locale)
        self._plural_forms: dict[int, str] = {}

    def text(self, value: object, zone: ZoneInfo) -> str:
        """Any value that is printed without a filter. Raises Unprintable for what has no text of its own."""
        match value:
            case str():
                return value
            case bool():
                raise Unprintable("a yes or no cannot be printed; ask it with {% if … %}")
            case int():
                return str(value)
            case float() | Decimal():
                return str(numbers.format_decimal(value, locale=self.locale, group_separator=False))
            case datetime():
                return self.datetime(value, zone, "medium")
            case date():
                return self.date(value, "long")
            case Money():
                return self.money(value.amount, value.currency)
            case tuple() | list():
                if len(value) > MAX_LISTED:
                    raise Unprintable(f"a list of more than {MAX_LISTED} items cannot be printed")
                return self.list(tuple(self.text(item, zone) for item in value), "standard")
            case _:
                raise Unprintable("this is no single value and cannot be printed; print one of its fields")

    def duration(self, value: object, unit: str | None, style: UnitStyle) -> str:
        """A span: `timedelta`, a number of `unit`s (`day`, `year`, …; seconds without one), or as campaigns write it."""
        if isinstance(value, Duration):
            value = timedelta(days=value.days + 30 * value.months, seconds=value.seconds)
        if style not in ("narrow", "short", "long"):
            raise Unprintable(f"{style!r} is no style of duration (narrow, short, long)")
        if not isinstance(value, timedelta):
            amount = as_number(value)
            if unit is not None:
                return self._units(amount, unit, style)
            value = timedelta(seconds=float(amount))
        return str(dates.format_timedelta(value, format=style, locale=self.locale))

    def _units(self, amount: int | float | Decimal, unit: str, style: UnitStyle) -> str:
        name = f"duration-{unit.removesuffix('s')}"
        try:
            text = str(units.format_unit(amount, name, style, locale=self.locale))
            # Where a language's long form is its short one, CLDR leaves it out, and Babel prints the unit's own name.
            return text if name not in text else str(units.format_unit(amount, name, "short", locale=self.locale))
        except units.UnknownUnitError as error:
            raise Unprintable(f"{unit!r} is no unit of time (year, month, week, day, hour, minute, second)") from error

    def country(self, code: str) -> str:
        """The country's name."""
        name = self.locale.territories.get(code.upper())
        if name is None:
            raise Unprintable("this is no country code (ISO 3166-1 alpha-2)")
        return str(name)

    def days(self, style: str) -> Mapping[date, str] | None:
        """The days that were written in that style so far; None where it is a pattern. It grows as more are."""
        if style not in _STYLES:
            return None
        if style not in self._dates:
            self._dates[style] = DateShape(_STYLES[style], self.locale)
        return self._dates[style].texts

    def date(self, value: date, style: str) -> str:
        """A day."""
        shape = self._dates.get(style)
        if shape is None:
            if style not in _STYLES:  # it is a pattern, of which there may be any number
                return str(dates.format_date(value, _short(style), self.locale))
            shape = self._dates[style] = DateShape(_STYLES[style], self.locale)
        return shape.text(value)

    def number(self, value: int | float | Decimal, digits: int | None) -> str:
        """A number, with so many digits after its point where they are given."""
        shapes = self._numbers.get(digits)
        if shapes is None:
            shapes = self._numbers[digits] = self._number_shapes(digits)
        return shapes.text(value)

    def money(self, amount: int | float | Decimal, currency: str) -> str:
        """An amount in a currency."""
        shapes = self._amounts.get(currency)
        if shapes is None:
            shapes = self._amount_shapes(currency)
            if currency in numbers.list_currencies():
                self._amounts[currency] = shapes
        return shapes.text(amount)

    def list(self, items: tuple[str, ...], style: ListStyle) -> str:
        """Items one after the other, as the language does."""
        if style not in self.locale.list_patterns:
            raise Unprintable(f"{style!r} is no style of list (standard, or, unit, …)")
        if len(items) > MAX_LISTED or sum(map(len, items)) > MAX_OUTPUT // MAX_DEPTH:
            raise Unprintable(f"a list of more than {MAX_LISTED} items, or of very long ones, cannot be printed")
        return str(lists.format_list(items, style=style, locale=self.locale))

    def plural_form(self, value: int | float | Decimal) -> str:
        """The number's plural category."""
        if not isinstance(value, int):
            return str(self.locale.plural_form(value))
        key = self._plural_key(value)
        form = self._plural_forms.get(key)
        if form is None:
            form = str(self.locale.plural_form(key))
            if 0 <= key <= _SMALL_NUMBER:
                self._plural_forms[key] = form
        return form

    def _time(self, value: datetime | time, zone: ZoneInfo, style: str) -> str:
        return str(dates.format_time(value, _short(style), tzinfo=zone, locale=self.locale))

    def _datetime(self, value: datetime, zone: ZoneInfo, style: str) -> str:
        if style not in self.locale.datetime_formats:
            return str(dates.format_datetime(value, _short(style), tzinfo=zone, locale=self.locale))
        joined = str(self.locale.datetime_formats[style]).replace("'", "")
        local = value.astimezone(zone)
        return joined.replace("{0}", self.time(local, zone, "short")).replace("{1}", self.date(local.date(), style))

    def _number_shapes(self, digits: int | None) -> Shapes:
        if digits is None:
            most = self.locale.decimal_formats[None].frac_prec[1]
            return Shapes(lambda value: str(numbers.format_decimal(value, locale=self.locale)), fewest=0, most=most)
        pattern = _pattern(digits)
        return Shapes(lambda value: str(numbers.format_decimal(value, pattern, locale=self.locale)), fewest=digits, most=digits)

    def _amount_shapes(self, currency: str) -> Shapes:
        def write(amount: int | float | Decimal) -> str:
            return UNSPACED.sub("\u00a0", str(numbers.format_currency(amount, currency, locale=self.locale)))

        places = numbers.get_currency_precision(currency)
        return Shapes(write, fewest=places, most=places)

    def _percent(self, value: int | float | Decimal, digits: int | None) -> str:
        if digits is None:
            return str(numbers.format_percent(value, locale=self.locale))
        pattern = str(self.locale.percent_formats[None].pattern)
        return str(numbers.format_percent(value, pattern.replace("#,##0", _pattern(digits), 1), locale=self.locale))


def as_number(value: object) -> int | float | Decimal:
    """The number, also where it comes as text from a table. Raises Unprintable."""
    if type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise Unprintable("a number is expected here")
    number = _decimal(value) if isinstance(value, str) else value
    if isinstance(number, Decimal) and number.is_finite() and abs(number.adjusted()) > _MAX_EXPONENT:
        raise Unprintable("this number is too large")  # written out, 1e1000000 has a million digits
    return number


@lru_cache(maxsize=4096)
def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text.strip() if len(text) <= MAX_ARGUMENT else "")
    except InvalidOperation as error:
        raise Unprintable("this text is no number") from error


def as_date(value: object, zone: ZoneInfo) -> date:
    """The day: of a date-time the reader's. Raises Unprintable."""
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, datetime):
        return value.astimezone(zone).date()
    if isinstance(value, date):
        return value
    raise Unprintable("a date is expected here")


def as_datetime(value: object) -> datetime:
    """The moment, aware. Raises Unprintable."""
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    raise Unprintable("a date-time is expected here")


def _parsed(text: str) -> date | datetime | None:
    try:
        return date.fromisoformat(text) if len(text) <= len("2026-02-28") else datetime.fromisoformat(text)
    except ValueError:
        return None


def _short(style: str) -> str:
    if len(style) > MAX_ARGUMENT:
        raise Unprintable(f"a pattern has at most {MAX_ARGUMENT} characters")
    return style


def _digits(digits: object) -> int:
    if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= _MAX_DIGITS:
        raise Unprintable(f"the digits are a whole number from 0 to {_MAX_DIGITS}")
    return digits


def _pattern(digits: int) -> str:
    places = _digits(digits)
    return "#,##0" + ("." + "0" * places if places else "")


@lru_cache(maxsize=256)
def formats_of(locale: Locale) -> Formats:
    """The one Formats of a locale."""
    return Formats(locale)
