"""Phone numbers as people write them -> E.164, and the region of each.

What is a number is libphonenumber's to say (the port `phonenumbers`). Most numbers of a long list are plain, and for those its patterns
are asked directly, in a tenth of the time; whatever is not plain goes to the library itself. A test holds one against the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, final

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    NumberParseException,
    PhoneMetadata,
    PhoneNumberFormat,
    country_code_for_region,
    format_number,
    is_valid_number,
    parse,
    region_code_for_number,
)

from engage.contacts.places import Unusable

DESCRIPTIONS = (
    "mobile", "fixed_line", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail",
)
WORLD = "001"
REMEMBERED = 16_384
LONGEST = 20
"""More digits than any number has."""

_BETWEEN = str.maketrans("", "", " ()-./\u00a0\u2010\u2011\u2013")
_WRITTEN = re.compile(r"[+0-9\s().\-/\u00a0\u2010-\u2015]+", re.ASCII)
_EXTENSION = re.compile(r"(ext|x|#|;ext=|доб|int)", re.IGNORECASE)
_CUT = re.compile(r"\d+([.,]\d+)?[eE]\+?\d+", re.ASCII)
CUT = "was cut by a spreadsheet: its digits are lost; format the column as text where it comes from"

Fits = Callable[[str], bool]
Match = Callable[[str], re.Match[str] | None]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """The numbering plan of one region: whether digits are a number of it, and how a number is dialled within it."""

    region: str
    code: str
    fits: Fits
    begins: re.Pattern[str] | None  # where the regions of one calling code are told apart by the first digits
    national_prefix: re.Pattern[str] | None
    international_prefix: re.Pattern[str] | None
    is_plain: bool  # the prefix is only left out, nothing is put in its place


def e164(raw: str, country: str | None) -> str:
    """The number in E.164. Without a leading `+` or `00` it is one of `country`. Raises Unusable."""
    written = raw if country or not raw.startswith("00") else f"+{raw[2:]}"
    digits = written.translate(_BETWEEN)
    if digits.isascii():
        found = _international(digits[1:]) if digits[:1] == "+" else _national(digits, country) if country else None
        if found is not None:
            return found
    return _parsed(raw, written, country)


def region_of(number: str) -> str | None:
    """The region (ISO 3166-1 alpha-2) to which an E.164 number belongs, None for one that belongs to none, as +800 does."""
    return _REGIONS[number]


@final
class _Regions(dict[str, str | None]):
    """The regions of the latest numbers, those that `e164` understood among them: it finds them out anyway."""

    def __missing__(self, number: str) -> str | None:
        return self.keep(number, _found_region(number))

    def keep(self, number: str, region: str | None) -> str | None:
        """Keep the number's region."""
        if len(self) >= REMEMBERED:
            self.clear()
        self[number] = region
        return region


_REGIONS = _Regions()


def _found_region(number: str) -> str | None:
    code, national = _taken_apart(number[1:])
    if code is not None and national.isdecimal() and not national.startswith("0"):
        region = next((plan.region for plan in _plans(code) if (plan.begins.match(national) if plan.begins else plan.fits(national))), None)
        if region is not None:
            return region
    try:
        found: str | None = region_code_for_number(parse(number))
    except NumberParseException:
        return None
    return found


def _international(digits: str) -> str | None:
    """`+` and these digits, where they are plainly a number."""
    code, national = _taken_apart(digits)
    if code is None or not national.isdecimal() or national.startswith("0"):
        return None
    plans = _plans(code)
    if not plans or (plans[0].national_prefix and plans[0].national_prefix.match(national)):
        return None
    return _plain(plans, code, national)


def _national(digits: str, country: str) -> str | None:
    """The number that is dialled like this within the country, where it is plainly one."""
    plan = _plan(country)
    if plan is None or not plan.is_plain or not digits.isdecimal() or digits.startswith(plan.code):
        return None
    if plan.international_prefix and plan.international_prefix.match(digits):
        return None
    prefix = plan.national_prefix.match(digits) if plan.national_prefix else None
    national = digits[prefix.end():] if prefix else digits
    if national.startswith("0") or not plan.fits(national):
        return None
    return _plain(_plans(plan.code), plan.code, national)


def _plain(plans: Sequence[_Plan], code: str, national: str) -> str | None:
    """In E.164, where it is a number as libphonenumber has it: of the first region whose digits it begins with, else by whose patterns it
    goes. That is its region, too."""
    for plan in plans:
        if plan.begins.match(national) if plan.begins else plan.fits(national):
            if plan.begins and not plan.fits(national):
                return None
            number = f"+{code}{national}"
            _REGIONS.keep(number, plan.region)
            return number
    return None


def _parsed(raw: str, written: str, country: str | None) -> str:
    """The number by libphonenumber, which understands more than there is in most lists."""
    if _CUT.fullmatch(raw):
        raise Unusable(f"{raw!r} {CUT}")
    if raw.startswith("'"):
        raise Unusable(f"{raw!r} begins with an apostrophe, left by a spreadsheet", raw.lstrip("'"))
    if not _WRITTEN.fullmatch(written) and not _EXTENSION.search(written):
        raise Unusable(f"{raw!r} is no phone number: there is more in it than digits and what stands between them")
    try:
        number = parse(written, country)
    except NumberParseException as error:
        hint = "" if country or written.startswith("+") else ": without its country code, and the row names no country"
        raise Unusable(f"{raw!r} is no phone number{hint}") from error
    if number.extension:
        raise Unusable(f"{raw!r} has the extension {number.extension}: no text can be sent there")
    if not is_valid_number(number):
        raise Unusable(f"{raw!r} is no phone number that exists" + (f" in {country}" if country and not written.startswith("+") else ""))
    return str(format_number(number, PhoneNumberFormat.E164))


def _taken_apart(digits: str) -> tuple[str | None, str]:
    """The country calling code (no code begins another) and the rest."""
    codes = _codes()
    for length in (1, 2, 3):
        if digits[:length] in codes:
            return digits[:length], digits[length:]
    return None, digits


@cache
def _codes() -> frozenset[str]:
    return frozenset(str(code) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if WORLD not in regions)


@cache
def _plans(code: str) -> Sequence[_Plan]:
    """The plans of the regions that share a calling code, in libphonenumber's order."""
    found = (_plan(region) for region in COUNTRY_CODE_TO_REGION_CODE[int(code)])
    return tuple(plan for plan in found if plan is not None)


@cache
def _plan(region: str) -> _Plan | None:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        return None
    return _Plan(
        region=region, code=str(country_code_for_region(region)), fits=_fitting(metadata), begins=_pattern(metadata.leading_digits),
        national_prefix=_pattern(metadata.national_prefix_for_parsing), international_prefix=_pattern(metadata.international_prefix),
        is_plain=metadata.national_prefix_transform_rule is None,
    )


def _fitting(metadata: Any) -> Fits:
    """Whether digits go by the general pattern of the region, and by that of one kind of number at least."""
    general, *kinds = [each for each in (metadata.general_desc, *(getattr(metadata, name) for name in DESCRIPTIONS)) if each is not None]
    known: dict[int, tuple[Match | None, list[Match]]] = {}  # patterns by the lengths of numbers that go by them

    def fits(digits: str) -> bool:
        length = len(digits)
        if length > LONGEST:
            return False
        if length not in known:
            known[length] = (_matching(general, length), [match for kind in kinds if (match := _matching(kind, length)) is not None])
        in_general, of_kinds = known[length]
        if in_general is None or in_general(digits) is None:
            return False
        for matches in of_kinds:  # noqa: SIM110  # `any` takes twice the time
            if matches(digits) is not None:
                return True
        return False

    return fits


def _matching(description: Any, length: int) -> Match | None:
    """The pattern of numbers of that length; None where none is so long."""
    if description.possible_length and length not in description.possible_length:
        return None
    return re.compile(description.national_number_pattern or "(?!)").fullmatch


def _pattern(written: str | None) -> re.Pattern[str] | None:
    return re.compile(written) if written else None
