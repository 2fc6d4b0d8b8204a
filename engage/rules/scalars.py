"""What a text means in the field it stands in: each function reads one kind of value, and raises ValueError with the predicate only.

"is not a time of day; write it like 09:00": the caller puts the text before it, as written, so that a value which came out
of the environment is never quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from fractions import Fraction
from functools import cache
from typing import get_args

from babel import Locale, UnknownLocaleError

from engage.model.campaign import Limit, Per, ReEntry
from engage.model.cron import Cron
from engage.model.errors import nearest
from engage.model.localtime import zone_names
from engage.model.rates import EVERY_OTHER
from engage.model.steps import Sign
from engage.model.time import Duration, EndOfDay

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

SIGNS: tuple[Sign, ...] = get_args(Sign)

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)")
_LIMIT = re.compile(r"(\d{1,6})\s+per\s+(\S+)")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%")
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|m|h)")
_DOMAIN = re.compile(r"(?=.{1,253}$)[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?)+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_EVENT = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


class Unlike(ValueError):
    """A value that is none of those known, with the one that was probably meant."""

    def __init__(self, what: str, text: str, known: Iterable[str]) -> None:
        super().__init__(what)
        self.suggestion = nearest(text, known)


def name(text: str) -> str:
    """The name of a campaign, message, channel, purpose or segment."""
    if not _NAME.fullmatch(text):
        raise ValueError("is not a name; names are of letters, digits, _ and -")
    return text


def field(text: str) -> str:
    """A name that expressions can use."""
    if not _FIELD.fullmatch(text):
        raise ValueError("is not a name that expressions can use; write it of letters, digits and _, beginning with a letter")
    return text


def event_type(text: str) -> str:
    """The type of an event, like `ticket.closed`."""
    if not _EVENT.fullmatch(text):
        raise ValueError("is not an event's type; write it like ticket.closed")
    return text


def nonempty(text: str) -> str:
    """Any text, but some."""
    if not text.strip():
        raise ValueError("is empty")
    return text


def time_of_day(text: str) -> time:
    """`09:00`, `9:00`."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("is not a time of day; write it like 09:00")
    return time(int(match[1]), int(match[2]))


def day(text: str) -> date:
    """`2026-01-31`."""
    if not _DAY.fullmatch(text):
        raise ValueError("is not a day; write it like 2026-01-31")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("is not a day that exists") from error


def moment(text: str) -> datetime:
    """A wall time of some day, `2026-01-31T09:00`; without a zone."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError("is not a date and time; write it like 2026-01-31T09:00 (the zone goes in `in:`)")
    try:
        return datetime.combine(date.fromisoformat(match[1]), time.fromisoformat(match[2]))
    except ValueError as error:
        raise ValueError("is not a date and time that exists") from error


def instant(text: str) -> datetime:
    """A moment on the time line, `2026-02-27T00:00Z`; in UTC."""
    if not _INSTANT.fullmatch(text):
        raise ValueError("is not a moment; write it like 2026-02-27T00:00Z or 2026-02-27T09:00+02:00")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError as error:
        raise ValueError("is not a moment that exists") from error


def cron_or_moment(text: str) -> str | datetime:
    """A cron line of five fields, checked, or a moment."""
    if _DAY.match(text):
        return moment(text)
    Cron.parse(text)
    return " ".join(text.split())


def offset(text: str) -> Duration:
    """A span, forwards or (`-3d`) backwards."""
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise ValueError("is not a duration; write it like 30m, 12h, 3d, 2w or 1mo") from error


def span(text: str) -> Duration:
    """A span of some length."""
    duration = offset(text)
    if min(duration.months, duration.days, duration.seconds) < 0 or duration == Duration():
        raise ValueError("is not a duration that takes time; write it like 30m, 12h, 3d, 2w or 1mo")
    return duration


def offset_days(text: str) -> int:
    """Days or weeks, forwards or backwards."""
    duration = offset(text)
    if duration.months or duration.seconds:
        raise ValueError("is not a number of days or weeks; write it like -3d or 2w")
    return duration.days


def expiry(text: str) -> Duration | EndOfDay:
    """`end_of_day`, or a span."""
    if text == EndOfDay.END_OF_DAY:
        return EndOfDay.END_OF_DAY
    try:
        return span(text)
    except ValueError as error:
        raise ValueError("is neither a duration (12h, 7d) nor end_of_day") from error


def re_entry(text: str) -> ReEntry:
    """`always`, `never`, `after 14d`."""
    match text.split():
        case ["always"]:
            return ReEntry()
        case ["never"]:
            return ReEntry(allowed=False)
        case ["after", length]:
            return ReEntry(after=span(length))
    raise ValueError("is not one of always, never, after DURATION (after 14d)")


def limit(text: str) -> Limit:
    """`2 per week` by the calendar, `3 per 7d` rolling."""
    match = _LIMIT.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError("is not a limit; write it like 2 per week or 3 per 7d")
    if match[2] in list(Per):
        return Limit(count=int(match[1]), per=Per(match[2]))
    try:
        within = span(match[2])
    except ValueError as error:
        raise ValueError("is not a limit; after `per` goes day, week, month or a duration like 7d") from error
    if within.months:
        raise ValueError("is not a limit; `per month` goes by the calendar, and what rolls is counted in days (30d)")
    return Limit(count=int(match[1]), within=within)


def share(text: str) -> Fraction:
    """`10%`, `0.5%`: some of the whole, and not all of it."""
    match = _SHARE.fullmatch(text.strip())
    if match is None:
        raise ValueError("is not a share; write it like 10% or 0.5%")
    part = Fraction(match[1]) / 100
    if not 0 < part < 1:
        raise ValueError("is not a share between 0% and 100%, both left out")
    return part


def rate(text: str) -> float:
    """`50/s`, `30/m`, `1000/h`; in messages a second."""
    match = _RATE.fullmatch(text.strip())
    if match is None or float(match[1]) == 0:
        raise ValueError("is not a rate; write it like 50/s, 30/m or 1000/h")
    return float(match[1]) / {"s": 1, "m": 60, "h": 3600}[match[2]]


def factor(text: str) -> float:
    """How many times as much: `2`, `1.5`; more than once."""
    if not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text.strip()) or float(text) <= 1:
        raise ValueError("is not a factor; write it like 2 or 1.5")
    return float(text)


def mail_domain(text: str) -> str:
    """A domain that mail goes to, in lower case, or `*`."""
    if text != EVERY_OTHER and not _DOMAIN.fullmatch(text):
        raise ValueError("is not a domain; write it like gmail.com, or * for every other one")
    return text.lower()


def whole(text: str) -> int:
    """A whole number."""
    if not re.fullmatch(r"[+-]?\d{1,12}", text):
        raise ValueError("is not a whole number")
    return int(text)


def truth(text: str) -> bool:
    """`true` or `false`; `yes`, `no`, `on`, `off` mean the same here."""
    match text.lower():
        case "true" | "yes" | "on":
            return True
        case "false" | "no" | "off":
            return False
    raise ValueError("is neither true nor false")


def weekday(text: str) -> int:
    """`mon` is 0, `sun` 6."""
    if text.lower() not in {*WEEKDAYS, *_LONG_WEEKDAYS}:
        raise Unlike("is not a day of the week like mon, tue, wed, thu, fri, sat, sun", text, WEEKDAYS)
    return WEEKDAYS.index(text.lower()[:3])


def sign(text: str) -> Sign:
    """What may come back of a message."""
    found = next((each for each in SIGNS if each == text), None)
    if found is None:
        raise Unlike("is none of delivered, opened, clicked", text, SIGNS)
    return found


def country(text: str) -> str:
    """ISO 3166-1 alpha-2, as CLDR knows it."""
    if text.upper() not in _countries():
        raise ValueError("is not a country; write its two letters, like SI")
    return text.upper()


def zone(text: str) -> str:
    """An IANA zone of the known set; a name from outside never touches a path."""
    if text not in zone_names():
        raise Unlike("is not a time zone like Europe/Ljubljana", text, zone_names())
    return text


def locale(text: str) -> str:
    """A BCP 47 tag that CLDR knows: `sl`, `sl-SI`, `uz-Cyrl`; written with `-`."""
    tag = text.replace("_", "-")
    try:
        Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError("is not a language that CLDR knows; write it like en, sl-SI or uz-Cyrl") from error
    return tag


@cache
def _countries() -> frozenset[str]:
    return frozenset(str(code) for code in Locale("en").territories if re.fullmatch("[A-Z]{2}", str(code)))
