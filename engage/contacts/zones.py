"""Where a contact lives: own time zone, phone number and country -> Zones (docs/time.md).

Countries and their zones come from CLDR (Babel), the zones themselves and their rules from the pinned `tzdata` package;
the operating system's zone data is never asked.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib import resources

import tzdata  # type: ignore[import-untyped]  # ships no types
from babel.core import get_global
from phonenumbers import SUPPORTED_REGIONS

from engage.contacts.phones import region_of
from engage.model.localtime import zone_names
from engage.model.time import Zones, ZoneSource

BROKEN_KEY = "!"
COUNTRY_PREFIX = "*"


def resolve(*, timezone: str | None, phone: str | None, country: str | None, workspace: str) -> Zones:
    """The zones in which a contact may live: its own; the only one of its phone number's region; the only one of its country; all of
    its country's (without a country: of the number's region); the workspace's.

    `phone` is E.164, `country` ISO 3166-1 alpha-2. Zones that keep the same time from now on count as one.
    """
    return _resolved(timezone, None if timezone else phone_region(phone), country, workspace)


@lru_cache(maxsize=10_000)
def _resolved(timezone: str | None, region: str | None, country: str | None, workspace: str) -> Zones:
    if timezone:
        return zones_from_key(timezone, ZoneSource.CONTACT)
    if region and len(zones_of_country(region)) == 1:
        return zones_from_key(zones_of_country(region)[0], ZoneSource.PHONE)
    home = (country, ZoneSource.COUNTRY) if country and zones_of_country(country) else (region, ZoneSource.PHONE)
    match zones_of_country(home[0] or ""):
        case ():
            return zones_from_key(workspace, ZoneSource.WORKSPACE)
        case (only,):
            return zones_from_key(only, home[1])
        case _:
            return zones_from_key(f"{COUNTRY_PREFIX}{home[0]}", home[1])


@cache
def zones_from_key(key: str, source: ZoneSource) -> Zones:
    """The zones that a stored key stands for; BROKEN, with no names, where a zone or country is unknown to the zone data."""
    if key.startswith(COUNTRY_PREFIX) and (names := zones_of_country(key.removeprefix(COUNTRY_PREFIX))):
        return Zones(key=key, names=names, source=source)
    if key in zone_names():
        return Zones(key=key, names=(key,), source=source)
    return Zones(key=BROKEN_KEY, names=(), source=ZoneSource.BROKEN)


def names_behind(key: str) -> tuple[str, ...]:
    """The IANA names that a stored key stands for; none where it is broken."""
    return zones_from_key(key, ZoneSource.CONTACT).names


@cache
def zones_of_country(country: str) -> tuple[str, ...]:
    """One zone for each set of the country's zones that keep the same time from now on, the most populous first."""
    rank = _ranks()
    names = sorted(zone_names() & set(_territories().get(country.upper(), ())), key=lambda name: (rank.get(name, len(rank)), name))
    representatives: dict[object, str] = {}
    for name in names:
        representatives.setdefault(_rules(name), name)
    return tuple(representatives.values())


@cache
def divided_countries() -> tuple[str, ...]:
    """The countries whose people live by different times; Antarctica, which has no telephone numbers of its own, has none."""
    return tuple(sorted(country for country in SUPPORTED_REGIONS if len(zones_of_country(country)) > 1))


def phone_region(phone: str | None) -> str | None:
    """The region (ISO 3166-1 alpha-2) to which an E.164 number belongs; None for one that belongs to none, as +800 does."""
    region = region_of(phone) if phone else None
    return region if region in _territories() else None


@cache
def _territories() -> Mapping[str, list[str]]:
    zones: Mapping[str, list[str]] = get_global("territory_zones")
    return {territory: names for territory, names in zones.items() if territory.isalpha() and territory != "ZZ"}  # nor 001, the world


@cache
def _ranks() -> Mapping[str, int]:
    """The order of zone.tab, which lists a country's most populous zones first."""
    lines = resources.files(tzdata).joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines()
    return {line.split("\t")[2]: number for number, line in enumerate(lines) if line and not line.startswith("#")}


@cache
def _rules(name: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """What the zone's clocks do from the zone data's year on: its rule for ever, and the (instant, offset) changes before that begins.

    Reads TZif, version 2 and later (RFC 9636): a 32-bit block that is passed over, a 64-bit block, the POSIX rule as footer.
    """
    content = resources.files(tzdata).joinpath("zoneinfo", *name.split("/")).read_bytes()
    utc, std, leaps, times, types, chars = struct.unpack_from(">6l", content, 20)
    start = 44 + times * 5 + types * 6 + chars + leaps * 8 + std + utc
    times, types = struct.unpack_from(">2l", content, start + 32)
    instants = struct.unpack_from(f">{times}q", content, start + 44)
    kinds = content[start + 44 + times * 8:][:times]
    offsets = [offset for offset, _, _ in struct.iter_unpack(">lBB", content[start + 44 + times * 9:][:types * 6])]
    since = int(datetime(int(tzdata.IANA_VERSION[:4]), 1, 1, tzinfo=UTC).timestamp())
    changes = tuple((instant, offsets[kind]) for instant, kind in zip(instants, kinds, strict=True) if instant >= since)
    before = tuple((since, offsets[kind]) for instant, kind in zip(instants, kinds, strict=True) if instant < since)[-1:] if changes else ()
    return _without_names(content.splitlines()[-1].decode("ascii")), (*before, *changes)


def _without_names(rule: str) -> str:
    """A POSIX rule without its abbreviations: `EST5EDT,M3.2.0,M11.1.0` -> `5,,M3.2.0,M11.1.0`, so that only the time counts."""
    names, *dates = rule.split(",")
    return ",".join([re.sub(r"<[^>]*>|[A-Za-z]+", ";", names), *dates])
