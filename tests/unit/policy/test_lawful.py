"""What a workspace's purposes and hours fall short of, by the laws of countries: told once, with its source, until it is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

import pytest

from engage.model.contact import ChannelKind
from engage.model.law import LawRule
from engage.model.quiet_hours import CountryHours, QuietHours
from engage.model.tracking import Allowed, TrackingRules
from engage.model.workspace import Basis, Laws
from engage.policy.lawful import countries_named, shortfalls
from engage.rules.laws import laws
from tests.builders import a_campaign, a_channel, a_purpose, a_workspace, some_settings
from tests.walking import expression

OPT_IN = dict.fromkeys(ChannelKind, Basis.OPT_IN)
NIGHT = QuietHours(start=time(20), end=time(8))


def short(*countries: str, **changes: object) -> list[str]:
    """The ids of the rules that the settings fall short of."""
    settings = some_settings(**changes)
    told = [problem.what for problem in shortfalls(settings, rules=laws(), countries=countries)]
    return [rule.id for rule in laws().values() for what in told if f"accepted: {{{rule.id}:" in what]


def purposes(**consent: object) -> dict[str, object]:
    return {"care": a_purpose(**consent), "service": a_purpose("service", consent=dict.fromkeys(ChannelKind, Basis.NONE))}


@pytest.mark.parametrize(("country", "rules"), [
    ("SI", ["eu.email_consent", "eu.message_consent"]), ("FR", ["eu.email_consent", "eu.message_consent", "fr.sms_hours"]),
    ("GB", ["gb.consent"]), ("CA", ["ca.consent"]), ("US", ["us.sms_consent", "us.sms_hours", "us.states_sms_hours"]),
    ("BR", []), ("UA", []),
])
def test_a_purpose_that_only_heeds_withdrawals_falls_short_where_a_yes_is_asked(country: str, rules: list[str]) -> None:
    assert short(country) == rules


def test_opt_in_with_hours_of_its_own_falls_short_of_nothing() -> None:
    by_country = {"FR": CountryHours(start=time(22), end=time(8), days_off=frozenset({6}), holidays=True)}
    hours = QuietHours(start=time(20), end=time(8), by_country=by_country)
    assert short("SI", "FR", "GB", "CA", "US", "DE", quiet_hours=hours, purposes=purposes(consent=OPT_IN)) == []


@pytest.mark.parametrize("hours", [
    CountryHours(start=time(22), end=time(8)), CountryHours(start=time(22), end=time(8), days_off=frozenset({6})),
    CountryHours(days_off=frozenset({6}), holidays=True),
    CountryHours(start=time(22), end=time(7, 30), days_off=frozenset({6}), holidays=True),
])
def test_hours_that_leave_a_gap_fall_short(hours: CountryHours) -> None:
    assert short("FR", quiet_hours=QuietHours(by_country={"FR": hours}), purposes=purposes(consent=OPT_IN)) == ["fr.sms_hours"]


def test_what_no_channel_could_do_is_not_warned_of() -> None:
    assert short("US", channels={"email": a_channel("email")}) == []
    assert short("US", channels={"sms": a_channel("sms", countries=frozenset({"SI"}))}) == []
    assert short("US", channels={"room": a_channel("room", ChannelKind.SMS, to="+38640123456")}) == []


MAIL_ALONE = {"channels": {"email": a_channel("email")}, "purposes": {"care": a_purpose(consent=OPT_IN)}}


def tracking_short(*countries: str, accepted: Mapping[str, str] | None = None, tracked: bool = True, **by_country: str) -> list[str]:
    """What is told of opens and clicks, where these are tracked of people in these countries."""
    rules = TrackingRules(by_country={code: Allowed(word) for code, word in by_country.items()})
    settings = some_settings(**MAIL_ALONE, tracking=rules, laws=Laws(accepted=accepted or {}))
    return [problem.what for problem in shortfalls(settings, rules=laws(), countries=countries, tracked=tracked)]


def test_who_is_tracked_where_the_law_asks_a_yes_is_warned_of_with_its_source() -> None:
    (eu, gb) = tracking_short("SI", "FR", "GB", "US", SI="on")
    assert eu.startswith("opens and clicks are recorded of people in FR, SI who were not asked: Recording who opened a mail")
    assert "tracking: {by_country: {FR: ask, SI: ask}}" in eu
    assert "accepted: {eu.tracking:" in eu
    assert "https://www.edpb.europa.eu/" in eu
    assert "in GB who were" in gb


def test_who_asks_or_tracks_nobody_there_is_not_warned_of() -> None:
    assert tracking_short("SI", "FR", "GB", SI="ask", FR="off", GB="ask") == []
    assert tracking_short("SI", "FR", "GB", tracked=False) == []
    assert tracking_short("US", "AE") == []
    assert tracking_short("SI", accepted={"eu.tracking": "asked when they sign up"}) == []


def test_what_was_accepted_is_told_no_more_and_what_is_no_rule_cannot_be() -> None:
    accepted = {"us.sms_consent": "by hand", "us.sms_hours": "", "us.states_sms_hours": "", "us.nonsense": "x"}
    (problem,) = shortfalls(some_settings(laws=Laws(accepted=accepted)), rules=laws(), countries=["US"])
    assert "us.nonsense, and there is no such rule" in problem.what


def test_the_countries_are_those_that_the_files_speak_of() -> None:
    settings = some_settings(
        quiet_hours=QuietHours(by_country={"FR": CountryHours(holidays=True)}), laws=Laws(countries=frozenset({"CA"})),
        channels={"sms": a_channel("sms", countries=frozenset({"SI"}))},
    )
    campaign = a_campaign(audience=expression("contact.country in ['LV', 'PH'] and contact.country != 'UA' and contact.plan == 'US'"))
    assert countries_named(a_workspace(campaign, settings=settings)) == {"FR", "CA", "SI", "LV", "PH", "UA"}


@pytest.mark.parametrize("rule", laws().values(), ids=lambda rule: rule.id)
def test_each_rule_has_its_source(rule: LawRule) -> None:
    assert all((rule.what, rule.law, rule.article))
    assert rule.url.startswith(("https://", "http://"))
    assert all(len(code) == 2 and code.isupper() for code in rule.countries)
    assert sum((rule.asks is not None, rule.quiet is not None, rule.tracking)) <= 1
