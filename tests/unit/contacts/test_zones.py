"""Where a contact's time zone comes from."""

from __future__ import annotations

import pytest

from engage.contacts.zones import divided_countries, resolve, zones_from_key, zones_of_country
from engage.model.localtime import zone_names
from engage.model.time import Zones, ZoneSource


def zones(*, timezone: str | None = None, phone: str | None = None, country: str | None = None) -> Zones:
    return resolve(timezone=timezone, phone=phone, country=country, workspace="Europe/Ljubljana")


def test_a_contacts_own_zone_comes_first() -> None:
    found = zones(timezone="Asia/Kathmandu", phone="+37120000000", country="PH")
    assert found == Zones(key="Asia/Kathmandu", names=("Asia/Kathmandu",), source=ZoneSource.CONTACT)


def test_the_only_zone_of_the_phone_numbers_region_comes_before_the_countrys() -> None:
    assert zones(phone="+37121234567", country="PH") == Zones(key="Europe/Riga", names=("Europe/Riga",), source=ZoneSource.PHONE)


def test_a_phone_number_of_a_region_with_several_zones_leaves_the_country_to_say() -> None:
    assert zones(phone="+12025550123", country="LV").key == "Europe/Riga"


@pytest.mark.parametrize(("country", "zone"), [
    ("SI", "Europe/Ljubljana"), ("UZ", "Asia/Samarkand"), ("DE", "Europe/Berlin"), ("ph", "Asia/Manila"),
])
def test_zones_that_keep_the_same_time_count_as_one(country: str, zone: str) -> None:
    assert zones(country=country) == Zones(key=zone, names=(zone,), source=ZoneSource.COUNTRY)


def test_a_country_with_several_zones_gives_one_for_each_set_of_rules() -> None:
    found = zones(country="US")
    assert (found.key, found.source) == ("*US", ZoneSource.COUNTRY)
    assert set(found.names) == {
        "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
        "America/Anchorage", "America/Adak", "Pacific/Honolulu",
    }


def test_without_a_country_the_number_of_a_region_with_several_zones_gives_all_of_them() -> None:
    assert zones(phone="+12025550123").key == "*US"
    assert zones(phone="+12025550123").source is ZoneSource.PHONE


@pytest.mark.parametrize("phone", [None, "+80012345678", "rubbish"])
def test_nothing_known_means_the_workspaces_zone(phone: str | None) -> None:
    assert zones(phone=phone, country="ZZ") == Zones(key="Europe/Ljubljana", names=("Europe/Ljubljana",), source=ZoneSource.WORKSPACE)


@pytest.mark.parametrize("name", ["Europe/Lubljana", "europe/ljubljana", "../../etc/passwd", "Factory", "zone.tab", "!"])
def test_a_name_that_does_not_exist_is_broken_whatever_else_is_known(name: str) -> None:
    assert zones(timezone=name, country="SI") == Zones(key="!", names=(), source=ZoneSource.BROKEN)


def test_a_key_gives_back_the_zones_it_stands_for() -> None:
    for found in (zones(country="US"), zones(timezone="Asia/Kathmandu"), zones(country="UA"), zones()):
        assert zones_from_key(found.key, found.source) == found


def test_every_country_has_zones_that_the_pinned_data_knows() -> None:
    for country in ("US", "RU", "CA", "AU", "AQ", "KI", "MX", "BR", "ID", "MN", "CD", "KZ", "GL", "UA"):
        assert zones_of_country(country)
        assert set(zones_of_country(country)) <= zone_names()


def test_zones_whose_clocks_change_at_other_dates_stay_apart() -> None:
    assert {"Africa/Casablanca"} == set(zones_of_country("MA"))
    assert {"America/Havana"} == set(zones_of_country("CU"))
    assert {"Europe/Madrid", "Atlantic/Canary"} == set(zones_of_country("ES"))
    assert len(zones_of_country("AU")) >= 7


def test_countries_are_divided_where_people_live_by_different_times() -> None:
    assert {"AU", "BR", "CA", "RU", "US"} <= set(divided_countries())
    assert not {"AQ", "DE", "IN", "SI", "UZ"} & set(divided_countries())
