"""engage.yaml: every key comes out in the settings, every mistake at its place, and no secret in a message."""

from __future__ import annotations

from datetime import date, time
from fractions import Fraction
from typing import Any

import pytest

from engage.model.campaign import Limit, Per
from engage.model.contact import AttributeKind, ChannelKind
from engage.model.errors import InputError
from engage.model.history import Kind
from engage.model.quiet_hours import CountryHours, QuietHours
from engage.model.rates import WarmUp
from engage.model.responses import MESSAGE_EVENTS
from engage.model.time import Duration
from engage.model.workspace import Basis, Settings
from engage.rules.settings import load_settings
from tests.workspaces import SETTINGS, files_of

SMALL = """
company: {name: Aurora}
public_url: https://engage.example.com
purposes: {care: {consent: opt_in}}
channels: {email: {adapter: smtp}}
"""


def settings_of(text: str, **env: str) -> Settings:
    return load_settings(files_of(settings=text), env)


def told(text: str, **env: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        settings_of(text, **env)
    return [str(problem) for problem in caught.value.problems]


def purpose_of(more: str) -> Any:
    return settings_of(SMALL.replace("{consent: opt_in}", f"{{{more}}}")).purposes["care"]


def channel_of(more: str) -> Any:
    return settings_of(SMALL.replace("{adapter: smtp}", f"{{{more}}}")).channels["email"]


def test_what_is_not_said_has_its_default() -> None:
    settings = settings_of(SMALL)

    assert (settings.database, settings.broker) == ("sqlite:///var/engage.db", "embedded")
    assert (settings.locale, settings.timezone) == ("en", "UTC")
    assert settings.quiet_hours is None
    assert settings.guards.placeholder_dates == {date(1, 1, 1), date(1900, 1, 1), date(1970, 1, 1)}
    assert settings.purposes["care"].title == "care"


EVERY_KEY = {
    "company": ("company: {name: Borealis, address: Here}", lambda s: (s.company.name, s.company.address), ("Borealis", "Here")),
    "public_url": ("public_url: https://b.example/", lambda s: s.public_url, "https://b.example"),
    "database": ("database: postgresql+psycopg://h/d", lambda s: s.database, "postgresql+psycopg://h/d"),
    "broker": ("broker: redis://h", lambda s: s.broker, "redis://h"),
    "locale": ("locale: no", lambda s: s.locale, "no"),
    "timezone": ("timezone: Europe/Riga", lambda s: s.timezone, "Europe/Riga"),
    "attributes": ("attributes: {plan: text}", lambda s: s.attributes, {"plan": AttributeKind.TEXT}),
    "events": (
        "events: {a.b: {n: number}, c: {}}", lambda s: {**s.events}, {**MESSAGE_EVENTS, "a.b": {"n": AttributeKind.NUMBER}, "c": {}},
    ),
    "purposes": ("purposes: {x: {consent: none}}", lambda s: list(s.purposes), ["x"]),
    "limit": ("limit: [5 per week, 3 per 7d]", lambda s: s.limits, (Limit(count=5, per=Per.WEEK), Limit(count=3, within=Duration(days=7)))),
    "quiet_hours": ("quiet_hours: {from: 21:00, to: 8:00}", lambda s: s.quiet_hours, QuietHours(start=time(21), end=time(8))),
    "days_off": ("quiet_hours: {days_off: [sat, sunday]}", lambda s: s.quiet_hours, QuietHours(days_off=frozenset({5, 6}))),
    "weekend": ("quiet_hours: {days_off: weekend}", lambda s: s.quiet_hours, QuietHours(days_off="weekend")),
    "holidays": ("quiet_hours: {holidays: true}", lambda s: s.quiet_hours, QuietHours(holidays=True)),
    "by_country": (
        "quiet_hours: {by_country: {NO: {from: 20:00, to: 10:00, days_off: [sun], holidays: true}}}", lambda s: s.quiet_hours.by_country,
        {"NO": CountryHours(start=time(20), end=time(10), days_off=frozenset({6}), holidays=True)},
    ),
    "max_audience": ("guards: {max_audience: 5}", lambda s: s.guards.max_audience, 5),
    "only_to": ("guards: {only_to: ['@a.b']}", lambda s: s.guards.only_to, {"@a.b"}),
    "placeholder_dates": ("guards: {placeholder_dates: [1901-01-01]}", lambda s: s.guards.placeholder_dates, {date(1901, 1, 1)}),
    "stop_at": (
        "guards: {stop_at: {bounces: 5%, complaints: 0.3%}}", lambda s: s.guards.stop_at,
        {Kind.BOUNCED: Fraction(5, 100), Kind.COMPLAINED: Fraction(3, 1000)},
    ),
    "endpoints": (
        "endpoints: {gifts: {url: https://g.example.com/v1, secret: s}}",
        lambda s: [(each.name, each.url, each.secret, str(each.place)) for each in s.endpoints.values()],
        [("gifts", "https://g.example.com/v1", "s", "engage.yaml:5:13")],
    ),
    "webhooks": (
        "webhooks: {crm: {url: https://c.example.com/v1, secret: s, kinds: [sent], campaigns: [c], fields: [email, email]}}",
        lambda s: [(each.name, each.url, each.secret, each.kinds, each.campaigns, each.fields) for each in s.webhooks.values()],
        [("crm", "https://c.example.com/v1", "s", {Kind.SENT}, {"c"}, ("email",))],
    ),
    "cloud": (
        "webhooks: {crm: {url: https://c.example.com/v1, secret: s, old_secret: o, format: cloudevents, batch: 50}}",
        lambda s: [(each.old_secret, each.format, each.batch, each.source, each.media_type) for each in s.webhooks.values()],
        [("o", "cloudevents", 50, "https://engage.example.com", "application/cloudevents-batch+json")],
    ),
    "channels": ("channels: {chat: {adapter: slack}}", lambda s: s.channels["chat"].kind, ChannelKind.CHAT),
}


@pytest.mark.parametrize("key", EVERY_KEY)
def test_every_setting_comes_out(key: str) -> None:
    line, ask, expected = EVERY_KEY[key]
    name = line.split(":", 1)[0]
    others = "\n".join(other for other in SMALL.splitlines() if not other.startswith(f"{name}:"))

    assert ask(settings_of(f"{others}\n{line}\n")) == expected


def test_every_key_of_a_purpose_comes_out() -> None:
    purpose = purpose_of(
        "title: Wishes, consent: {email: none, sms: opt_in}, limit: 1 per day, quiet_hours: ignore, on_unknown: resend, "
        "from: b@b.example, company: {name: B}, public_url: https://b.example"
    )

    assert purpose.title == "Wishes"
    assert purpose.consent == {ChannelKind.EMAIL: Basis.NONE, ChannelKind.SMS: Basis.OPT_IN, ChannelKind.CHAT: Basis.OPT_IN}
    assert purpose.limits == (Limit(count=1, per=Per.DAY),)
    assert (purpose.quiet_hours, purpose.on_unknown, purpose.sender) == ("ignore", "resend", "b@b.example")
    assert (purpose.company.name, purpose.public_url) == ("B", "https://b.example")


@pytest.mark.parametrize(("consent", "expected"), [("none", "resend"), ("opt_out", "hold"), ("{email: none}", "hold")])
def test_on_unknown_goes_by_consent_where_it_is_not_said(consent: str, expected: str) -> None:
    assert purpose_of(f"consent: {consent}").on_unknown == expected


def test_every_key_of_a_channel_comes_out_and_the_adapter_gets_its_own() -> None:
    channel = channel_of("adapter: console, kind: sms, from: Aurora, to: '+38640123456', rate: 30/m, countries: [si, NO], port: 00123")

    assert (channel.kind, channel.adapter, channel.sender, channel.to) == (ChannelKind.SMS, "console", "Aurora", "+38640123456")
    assert (channel.rate, channel.countries) == (0.5, {"SI", "NO"})
    assert channel.options == {"port": "00123"}
    assert str(channel.place) == "engage.yaml:4:12"


def test_a_channel_by_several_providers_comes_out_once_by_each() -> None:
    channel = channel_of(
        "from: Aurora <a@b.example>, domain_rate: {Gmail.com: 20/s, '*': 30/m}, providers: ["
        "{adapter: smtp, name: ses, url: 'smtp://one', rate: 50/s}, "
        "{adapter: smtp, name: own, url: 'smtp://two', from: c@d.example, "
        "warm_up: {from: 2026-11-01, first_day: 50, growth: 1.5, full: 100000}}]"
    )

    assert channel.domain_rates == {"gmail.com": 20.0, "*": 0.5}
    one, other = channel.ways
    assert (one.key, one.provider, one.adapter, one.rate, one.sender) == ("email/ses", "ses", "smtp", 50.0, "Aurora <a@b.example>")
    assert (other.options, other.sender, other.rate) == ({"url": "smtp://two"}, "c@d.example", None)
    assert other.warm_up == WarmUp(since=date(2026, 11, 1), first_day=50, growth=1.5, full=100_000)
    assert other.domain_rates == channel.domain_rates
    assert channel.by("own") == other


def test_a_channel_by_one_adapter_is_its_own_way() -> None:
    channel = channel_of("adapter: console")
    assert channel.ways == (channel,)
    assert (channel.key, channel.provider) == ("email", "console")


def test_a_channel_goes_by_its_name_where_neither_adapter_nor_kind_tells() -> None:
    assert channel_of("adapter: console").kind is ChannelKind.EMAIL
    assert told(SMALL.replace("email: {adapter: smtp}", "room: {adapter: pigeon}")) == [
        "engage.yaml:4:12: say the `kind` of this channel: email, sms, chat"
    ]


BROKEN = {
    "locale: xx-Nowhere": "5:9: `xx-Nowhere` is not a language that CLDR knows; write it like en, sl-SI or uz-Cyrl",
    "timezone: Mars/Phobos": "5:11: `Mars/Phobos` is not a time zone like Europe/Ljubljana",
    "timezone: Europe/Lubljana":
        "5:11: `Europe/Lubljana` is not a time zone like Europe/Ljubljana; did you mean Europe/Ljubljana?",
    "limit: 3 per 1mo": "5:8: `3 per 1mo` is not a limit; `per month` goes by the calendar, and what rolls is counted in days (30d)",
    "timezone: ../../etc/passwd": "5:11: `../../etc/passwd` is not a time zone like Europe/Ljubljana",
    "database: mysql://h": "5:11: `mysql://h` is not a database; write it as one of sqlite://…, postgresql://…, postgresql+psycopg://…, postgres://…",
    "broker: kafka://h": "5:9: `kafka://h` is not a broker; write it as one of redis://…, rediss://…, unix://…, amqp://…, amqps://…",
    "attributes: {plan: txt}": "5:20: `txt` is not one of text, number, boolean, date, datetime, list, money; did you mean text?",
    "attributes: {email: text}": "5:14: `email` is built in (text) and need not be declared",
    "attributes: {_x: text}":
        "5:14: `_x` is not a name that expressions can use; write it of letters, digits and _, beginning with a letter",
    "quiet_hours: {from: 21:00}": "5:14: quiet hours need `to` too: neither these nor the ones they override have it",
    "quiet_hours: {from: 24:00, to: 08:00}": "5:21: `24:00` is not a time of day; write it like 09:00",
    "quiet_hours: ignore": "5:14: a map is expected here, not a text",
    "quiet_hours: {by_country: {XQ: {days_off: [sun]}}}": "5:28: `XQ` is not a country; write its two letters, like SI",
    "quiet_hours: {by_country: {FR: {from: 20:00}}}": "5:33: `from` and `to` go together here",
    "quiet_hours: {days_off: [someday]}": "5:26: `someday` is not a day of the week like mon, tue, wed, thu, fri, sat, sun",
    "limit: 0 per day": "5:8: `0 per day` is not a limit; write it like 2 per week or 3 per 7d",
    "limit: 3 per fortnight": "5:8: `3 per fortnight` is not a limit; after `per` goes day, week, month or a duration like 7d",
    "guards: {max_audience: many}": "5:24: `many` is not a whole number",
    "guards: {only_to: everyone}": "5:19: a list is expected here, not a text",
    "guards: {stop_at: {}}": "5:19: an empty map says nothing",
    "guards: {stop_at: {bounces: 5}}": "5:29: `5` is not a share; write it like 10% or 0.5%",
    "guards: {stop_at: {complaints: 100%}}": "5:32: `100%` is not a share between 0% and 100%, both left out",
    "endpoints: {gifts: {url: http://g.example.com, secret: s}}":
        "5:26: `http://g.example.com` is not where an endpoint can be; write it like https://… (http:// only to this machine itself)",
    "webhooks: {crm: {url: https://a@g.example.com, secret: s}}":
        "5:23: `https://a@g.example.com` is not where a webhook can be; write it like https://… (http:// only to this machine itself)",
    "webhooks: {crm: {url: https://g.example.com, secret: s, batch: 5}}":
        "5:57: `batch` has no effect without `format: cloudevents`",
    "webhooks: {crm: {url: https://g.example.com, secret: s, format: cloudevents, batch: 51}}":
        "5:78: `batch` is 2 to 50",
    "webhooks: {crm: {url: https://g.example.com, secret: s, fields: [emial]}}":
        "5:66: the attribute `emial` is not declared under `attributes` in engage.yaml; did you mean email?",
    "endpoints: {gifts: {url: https://g.example.com}}": "5:20: `secret` is missing",
    "events: {message.clicked: {url: text}}":
        "5:10: `message.clicked`: events that begin with `message.` are Engage's own and need not be declared",
    "guards:": "5:1: nothing is written here; a map is expected",
}


@pytest.mark.parametrize("line", BROKEN)
def test_a_wrong_setting_is_told_at_its_place(line: str) -> None:
    assert told(SMALL + line + "\n") == [f"engage.yaml:{BROKEN[line]}"]


@pytest.mark.parametrize(("more", "expected"), [
    ("adapter: smtp, countries: [SI]", "`countries` has no effect on a channel of the kind email"),
    ("adapter: smtp, kind: sms", "the adapter smtp is of the kind email"),
    ("adapter: smtp, rate: fast", "`fast` is not a rate; write it like 50/s, 30/m or 1000/h"),
    ("adapter: smtp, tls: [a]", "a text is expected here, not a list"),
    ("kind: sms", "`adapter` is missing"),
    ("adapter: smtp, providers: [{adapter: smtp}]", "`adapter` belongs to each of the `providers`"),
    ("providers: [{adapter: smtp}], rate: 5/s", "`rate` belongs to each of the `providers`"),
    ("providers: [{adapter: smtp}], url: x", "`url` belongs to each of the `providers`"),
    ("providers: []", "this list is empty"),
    ("providers: [{name: a}]", "`adapter` is missing"),
    ("providers: [{adapter: smtp}, {adapter: slack}]", "the adapter slack is of the kind chat"),
    ("providers: [{adapter: smtp}, {adapter: smtp}]", "another provider of this channel is called smtp too: give each a `name`"),
    ("adapter: slack, kind: chat, domain_rate: {gmail.com: 5/s}", "`domain_rate` has no effect on a channel of the kind chat"),
    ("adapter: smtp, answers: {help: x}", "`answers` has no effect on a channel of the kind email"),
    ("adapter: sms_webhook, kind: sms, answers: {}", "an empty map says nothing"),
    ("adapter: smtp, domain_rate: {gmail: 5/s}", "`gmail` is not a domain; write it like gmail.com, or * for every other one"),
    ("adapter: smtp, warm_up: {from: 2026-11-01, first_day: 0, growth: 2}", "`first_day` must be at least 1"),
    ("adapter: smtp, warm_up: {from: 2026-11-01, first_day: 9, growth: 1}", "`1` is not a factor; write it like 2 or 1.5"),
    ("adapter: smtp, warm_up: {from: 2026-11-01, first_day: 9, growth: 2, full: 9}", "`full` must be more than `first_day`"),
    ("adapter: smtp, warm_up: {first_day: 9, growth: 2}", "`from` is missing"),
])
def test_a_wrong_channel_is_told(more: str, expected: str) -> None:
    [problem] = told(SMALL.replace("{adapter: smtp}", f"{{{more}}}"))

    assert problem.startswith("engage.yaml:4:")
    assert problem.endswith(expected)


def test_values_come_from_the_environment_or_their_default() -> None:
    settings = settings_of(SMALL.replace("{adapter: smtp}", '{adapter: smtp, url: "smtp://${HOST}:${PORT:-25}"}'), HOST="h")

    assert settings.channels["email"].options["url"] == "smtp://h:25"


def test_a_variable_that_is_set_to_nothing_is_there() -> None:
    text = SMALL.replace("{adapter: smtp}", '{adapter: smtp, url: "x${EMPTY}y", helo: "${EMPTY:-z}"}')

    assert settings_of(text, EMPTY="").channels["email"].options == {"url": "xy", "helo": "z"}


def test_a_missing_variable_is_told_where_it_is_asked_for() -> None:
    assert told(SMALL.replace("{adapter: smtp}", '{adapter: smtp, url: "${SMTP_URL}", password: "${PASSWORD}"}')) == [
        "engage.yaml:4:40: the environment has no `SMTP_URL`; set it, or give a default: ${SMTP_URL:-…}",
        "engage.yaml:4:65: the environment has no `PASSWORD`; set it, or give a default: ${PASSWORD:-…}",
    ]


@pytest.mark.parametrize("line", [
    "database: ${SECRET}", "broker: ${SECRET}", "locale: ${SECRET}", "timezone: ${SECRET}", "limit: ${SECRET}",
    'guards: {max_audience: "${SECRET}"}', 'endpoints: {x: {url: "${SECRET}", secret: "${SECRET}"}}',
])
def test_a_secret_is_never_quoted_in_a_message(line: str) -> None:
    for problem in told(SMALL + line + "\n", SECRET="hunter2://p"):
        assert "hunter2" not in problem
        assert "${SECRET}" in problem


def test_a_password_that_was_written_into_a_url_is_not_quoted() -> None:
    database, broker = told(SMALL.strip() + "\ndatabase: mysql://ana:hunter2@h/d\nbroker: kafka://:hunter:2@h\n")
    assert database.startswith("engage.yaml:5:11: `mysql://ana:***@h/d` is not a database; write it as one of sqlite://…")
    assert broker.startswith("engage.yaml:6:9: `kafka://:***@h` is not ")


def test_a_secret_is_in_no_repr() -> None:
    settings = settings_of(SMALL.replace("smtp}", 'smtp, password: "${P}"}') + "database: postgresql://u:${P}@h/d\nbroker: redis://:${P}@h\n",
                           P="hunter2")

    assert settings.database == "postgresql://u:hunter2@h/d"
    assert "hunter2" not in repr(settings)


def test_engage_yaml_must_be_there() -> None:
    with pytest.raises(InputError, match=r"engage.yaml:0:0: the file is missing"):
        load_settings({}, {})


def test_settings_of_the_tests_are_good() -> None:
    assert settings_of(SETTINGS).timezone == "Europe/Ljubljana"
