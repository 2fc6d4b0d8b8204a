"""Numbers by patterns are what libphonenumber says of them, however they are written, right or wrong."""

from __future__ import annotations

from random import Random  # noqa: TID251  # seeded: the same numbers every time

import pytest
from phonenumbers import (
    SUPPORTED_REGIONS,
    PhoneNumberFormat,
    PhoneNumberType,
    example_number_for_type,
    format_number,
    parse,
    region_code_for_number,
)

from engage.contacts import phones
from engage.contacts.phones import e164, region_of
from engage.contacts.places import Unusable

FORMATS = (PhoneNumberFormat.E164, PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL)


def written(region: str, dice: Random) -> list[str]:
    """Numbers of the region, as they are written, with up to four digits changed, one more or one less."""
    kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE)
    examples = [example for kind in kinds if (example := example_number_for_type(region, kind))]
    return [_changed(format_number(example, form), dice) for example in examples for form in FORMATS for _ in range(2)]


def _changed(number: str, dice: Random) -> str:
    signs = list(number)
    for _ in range(dice.randint(0, 4)):
        place = dice.randrange(len(signs))
        signs[place] = dice.choice("0123456789") if signs[place].isdecimal() else signs[place]
    if dice.random() < 0.1:
        signs.insert(dice.randrange(len(signs)), dice.choice("0123456789"))
    if dice.random() < 0.1:
        signs.pop(dice.randrange(len(signs)))
    return "".join(signs)


def by_library(raw: str, country: str | None) -> str | None:
    try:
        return phones._parsed(raw, raw if country or not raw.startswith("00") else f"+{raw[2:]}", country)
    except Unusable:
        return None


def by_patterns(raw: str, country: str | None) -> str | None:
    try:
        return e164(raw, country)
    except Unusable:
        return None


@pytest.mark.parametrize("seed", range(3))
def test_patterns_and_the_library_agree(seed: int) -> None:
    dice = Random(seed)
    for region in sorted(SUPPORTED_REGIONS):
        for raw in written(region, dice):
            country = region if dice.random() < 0.8 else dice.choice([None, "US", "SI", "IT", "AR"])
            expected = by_library(raw, country)
            assert by_patterns(raw, country) == expected, (raw, country)
            if expected:
                region = region_code_for_number(parse(expected))
                assert region_of(expected) == phones._found_region(expected) == region, expected  # as remembered, and of itself


@pytest.mark.parametrize(("raw", "told"), [
    ("3.8640E+10", "cut by a spreadsheet"), ("1,23E+11", "cut by a spreadsheet"), ("'+38640123456", "apostrophe"),
    ("call 040 123 456", "more in it than digits"), ("0800 FLOWERS", "more in it than digits"), ("040 123 456 x5", "extension 5"),
])
def test_what_a_spreadsheet_did_to_a_number_is_told(raw: str, told: str) -> None:
    with pytest.raises(Unusable, match=told):
        e164(raw, "SI")
