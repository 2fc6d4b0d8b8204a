"""One case for each key of the files that people write: a change of that key alone, of which something must be seen.

Keys are named by the map that they stand in, as the reference calls it, and their own name. Where `refused` stands, what is seen is that
`engage check` refuses the change: names that the key makes known, and what the rest cannot do without.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.integration.acting_cases import ACTING_KEYS
from tests.integration.campaign_cases import CAMPAIGN_KEYS
from tests.integration.hook_cases import HOOK_KEYS
from tests.integration.rehearsal_cases import TEST_KEYS
from tests.integration.setting_changes import (
    BOTH,
    CAMPAIGN,
    CLOUD,
    EASTER_MONDAY,
    ENDPOINTS,
    QUIET_NOW,
    SETTINGS,
    TWICE,
    WEBHOOKS,
    Key,
    added,
    asked,
    care,
    channel,
    settings,
    silent,
)
from tests.integration.step_cases import ROUTE_KEYS, STEP_KEYS, WAY_KEYS
from tests.integration.watching import (
    ANA,
    Case,
    World,
    answered,
    authorised,
    diagnosed,
    fetched,
    guarded,
    kept,
    opened,
    paced,
    posted,
    told,
    visited,
    warned,
)

MAILBOX = "mailboxes: {returns: {url: imap://a:b@127.0.0.1:1, folder: FolderOne, done: DoneOne, other: OtherOne}}\n"
OAUTH2 = (
    ", oauth2: {token_url: https://a.example/t, client_id: idOne, client_secret: secretOne, refresh_token: refreshOne, scope: scopeOne}"
)
BY_TOKEN = f"mailboxes: {{returns: {{url: imap://a@127.0.0.1:1{OAUTH2}}}}}\n"
UTM = ("source", "medium", "campaign", "term", "content", "id")
TRACKING = f"tracking: {{opens: true, clicks: true, by_country: {{US: on}}, utm: {{{', '.join(f'{name}: {name}One' for name in UTM)}}}}}\n"
WARM_UP = "warm_up: {from: 2026-02-23, first_day: 100, growth: 2, full: 400}"


def provider(line: str, one: str, other: str, *, refused: bool = False) -> Case:
    """A change of the one provider of the channel `own`."""
    return channel(f"kind: sms, providers: [{{{line}}}]", one, other, see=paced, refused=refused)


def tracked(one: str, other: str) -> Case:
    """A change of what is recorded of a mail that leads to a shop."""
    linked = "---\nsubject: Hello\n---\n[A shop](https://shop.example/) {{ message.unsubscribe_url }}\n"
    more = {f"templates/hello/email{locale}.md": linked for locale in ("", ".sl")}
    return settings(one, other, text=SETTINGS + TRACKING, more=more)


DOCUMENTATION_ONLY: Mapping[Key, str] = {
    ("campaigns/*.yaml", "title"): "what the people who keep the file call the campaign; everything else goes by the file's name",
}

SETTINGS_KEYS: Mapping[Key, Case] = {
    ("engage.yaml", "company"): settings('company: {name: Aurora, address: "Trubarjeva 1, Ljubljana"}\n', "", refused=True),
    ("engage.yaml", "public_url"): settings("https://engage.example.com", "https://e.example.org"),
    ("engage.yaml", "database"): settings("var/engage.db", "var/other.db", see=opened),
    ("engage.yaml", "broker"): settings("broker: redis://127.0.0.1:1", "broker: amqp://127.0.0.1:1", see=diagnosed),
    ("engage.yaml", "locale"): settings("locale: en", "locale: lv", world=World(people=({**ANA, "locale": "de"},)), more={
        "campaigns/c.yaml": CAMPAIGN.replace("hello", "greeting"),
        "templates/greeting/email.en.md": "---\nsubject: Hello\n---\nHello! {{ message.unsubscribe_url }}\n",
        "templates/greeting/email.lv.md": "---\nsubject: Sveiki\n---\nSveiki! {{ message.unsubscribe_url }}\n",
    }),
    ("engage.yaml", "timezone"): settings(
        "timezone: Europe/Ljubljana", "timezone: Asia/Tokyo", world=World(events=()),
        more={"campaigns/c.yaml": CAMPAIGN.replace("{event: ticket.closed}", '{schedule: "0 10 * * tue"}')},
    ),
    ("engage.yaml", "attributes"): settings(
        "plan: text", "plan: number", more={"campaigns/c.yaml": CAMPAIGN + "audience: contact.plan == 'pro'\n"},
    ),
    ("engage.yaml", "events"): settings("  ticket.closed: {ticket_id: text, score: number}\n", "", refused=True),
    ("engage.yaml", "purposes"): settings("  care: {title: Wishes, consent: opt_out}\n", "", refused=True),
    ("engage.yaml", "limit"): added("limit: 1 per day", world=TWICE),
    ("engage.yaml", "quiet_hours"): added(QUIET_NOW),
    ("engage.yaml", "guards"): added("guards: {only_to: [nobody@example.com]}"),
    ("engage.yaml", "laws"): added("laws: {countries: [US]}", see=warned),
    ("laws", "countries"): settings("[FR]", "[GB]", text=SETTINGS + "laws: {countries: [FR]}\n", see=warned),
    ("laws", "accepted"): settings(
        "us.sms_consent", "us.sms_hours", text=SETTINGS + "laws: {countries: [US], accepted: {us.sms_consent: because}}\n", see=warned,
    ),
    ("engage.yaml", "channels"): settings("  chat: {adapter: console, kind: chat}\n", "", refused=True, more={
        "campaigns/c.yaml": CAMPAIGN.replace("[email]", "[chat]"),
    }),
    ("engage.yaml", "endpoints"): settings(ENDPOINTS, "", text=SETTINGS + ENDPOINTS, refused=True, more={
        "campaigns/c.yaml": CAMPAIGN.replace("send: hello", "steps: [{call: gifts}, {send: hello}]"),
    }),
    ("an endpoint", "url"): settings("example.com/one", "example.com/three", text=SETTINGS + ENDPOINTS, see=posted),
    ("an endpoint", "secret"): settings(
        'one", secret: whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0', 'one", secret: whsec_b3RoZXJzb3RoZXJzb3RoZXJzb3RoZXJz',
        text=SETTINGS + ENDPOINTS, see=posted,
    ),
    ("an endpoint", "old_secret"): settings(
        ', old_secret: whsec_b2xkc29sZHNvbGRzb2xkc29sZHNvbGRz', "", see=posted,
        text=SETTINGS + ENDPOINTS.replace('one", secret: ', 'one", old_secret: whsec_b2xkc29sZHNvbGRzb2xkc29sZHNvbGRz, secret: '),
    ),
    ("engage.yaml", "webhooks"): settings(WEBHOOKS, "", text=SETTINGS + WEBHOOKS, see=told),
    **{
        ("a webhook", key): settings(one, other, text=SETTINGS + WEBHOOKS, see=told)
        for key, one, other in (
            ("url", "example.com/crm", "example.com/warehouse"), ("secret", "whsec_c2VjcmV0c2VjcmV0", "whsec_b3RoZXJzb3RoZXJz"),
            ("old_secret", "    old_secret: whsec_b2xkc29sZHNvbGRzb2xkc29sZHNvbGRz\n", ""),
            ("kinds", "[sent]", "[bounced]"), ("campaigns", "[c]", "[]"), ("fields", "[email]", "[locale]"),
        )
    },
    ("a webhook", "format"): settings("format: cloudevents", "format: standard", text=SETTINGS + CLOUD, see=told),
    ("a webhook", "batch"): settings(", batch: 2", "", text=SETTINGS + CLOUD.replace("events}", "events, batch: 2}"), see=told),
    ("company", "name"): settings("name: Aurora,", "name: Borealis,"),
    ("company", "address"): settings("Trubarjeva 1", "Trubarjeva 2"),
    ("company", "color"): settings(
        'color: "#0b6e63"', 'color: "#ffcc00"', text=SETTINGS.replace('Ljubljana"}', 'Ljubljana", color: "#0b6e63"}'), see=visited,
    ),
    ("a purpose", "wording"): care("", ", wording: I want wishes.", see=visited),
    ("a purpose", "title"): settings("title: Wishes", "title: Greetings"),
    ("a purpose", "consent"): settings("title: Wishes, consent: opt_out", "title: Wishes, consent: opt_in"),
    ("a purpose", "limit"): care(", limit: 2 per day", ", limit: 1 per day", world=TWICE),
    ("a purpose", "quiet_hours"): care("", f", {QUIET_NOW}"),
    ("a purpose", "on_unknown"): care(", on_unknown: hold", ", on_unknown: resend", world=World(unsure=True)),
    ("a purpose", "from"): care("", ', from: "Care <care@aurora.example>"'),
    ("a purpose", "company"): care("", ', company: {name: Borealis, address: "Riva 1, Koper"}'),
    ("a purpose", "public_url"): care("", ", public_url: https://care.example.org"),
    ("consent by kind", "email"): asked("email", "email"),
    ("consent by kind", "sms"): asked("sms", "sms"),
    ("consent by kind", "chat"): asked("chat", "chat"),
    ("engage.yaml", "retention"): added("retention: {texts: 90d}", see=kept),
    **{
        ("retention", kind): settings("90d", "91d", text=SETTINGS + f"retention: {{{kind}: 90d}}\n", see=kept)
        for kind in ("texts", "opens_clicks", "events", "runs", "touches", "inactive_contacts")
    },
    ("guards", "max_audience"): settings(
        "max_audience: 1", "max_audience: 2", text=SETTINGS + "guards: {max_audience: 1}\n", world=BOTH,
        more={"campaigns/c.yaml": CAMPAIGN.replace("{event: ticket.closed}", '{schedule: "0 10 * * tue"}')},
    ),
    ("guards", "only_to"): settings("@example.com", "@example.org", text=SETTINGS + 'guards: {only_to: ["@example.com"]}\n'),
    ("guards", "placeholder_dates"): settings(
        "[1900-01-01]", "[1990-02-25]", text=SETTINGS + "guards: {placeholder_dates: [1900-01-01]}\n", world=World(events=()),
        more={"campaigns/c.yaml": CAMPAIGN.replace("{event: ticket.closed}", "{date: birth_date}")},
    ),
    ("guards", "stop_at"): settings(
        ", stop_at: {bounces: 5%}", "", text=SETTINGS + "guards: {max_audience: 9, stop_at: {bounces: 5%}}\n", see=guarded
    ),
    ("stop_at", "bounces"): settings("5%", "50%", text=SETTINGS + "guards: {stop_at: {bounces: 5%, complaints: 60%}}\n", see=guarded),
    ("stop_at", "complaints"): settings("3%", "30%", text=SETTINGS + "guards: {stop_at: {bounces: 50%, complaints: 3%}}\n", see=guarded),
    ("engage.yaml", "mailboxes"): settings(MAILBOX, "", text=SETTINGS + MAILBOX, see=fetched),
    ("a mailbox", "url"): settings("imap://a:b@127.0.0.1:1", "imap://a:c@127.0.0.1:1", text=SETTINGS + MAILBOX, see=fetched),
    **{
        ("a mailbox", key): settings(f"{key.title()}One", f"{key.title()}Two", text=SETTINGS + MAILBOX, see=fetched)
        for key in ("folder", "done", "other")
    },
    ("a mailbox", "oauth2"): settings(OAUTH2, "", text=SETTINGS + BY_TOKEN, refused=True, see=authorised),
    ("oauth2", "token_url"): settings("https://a.example/t", "https://b.example/t", text=SETTINGS + BY_TOKEN, see=authorised),
    **{
        ("oauth2", key): settings(f"{word}One", f"{word}Two", text=SETTINGS + BY_TOKEN, see=authorised)
        for key, word in (("client_id", "id"), ("client_secret", "secret"), ("refresh_token", "refresh"), ("scope", "scope"))
    },
    ("engage.yaml", "tracking"): tracked(TRACKING, ""),
    ("tracking", "opens"): tracked("opens: true", "opens: false"),
    ("tracking", "clicks"): tracked("clicks: true", "clicks: false"),
    ("tracking", "by_country"): tracked("{US: on}", "{SI: off}"),
    ("tracking", "utm"): tracked(TRACKING[TRACKING.index(", utm"):-2], ""),
    **{("utm", name): tracked(f"{name}One", f"{name}Two") for name in UTM},
    ("a channel", "adapter"): channel("kind: sms, adapter: console", "sms, adapter: console", "sms, adapter: fax", refused=True),
    ("a channel", "kind"): channel("kind: sms, adapter: console", "kind: sms, adapter", "kind: chat, adapter"),
    ("a channel", "from"): settings("hello@aurora.example", "hallo@aurora.example"),
    ("a channel", "to"): channel('adapter: console, kind: chat, to: "#one"', "#one", "#two"),
    ("a channel", "rate"): channel("adapter: console, kind: sms, rate: 4/s", "rate: 4/s", "rate: 50/s", see=paced),
    ("a channel", "providers"): channel(
        "kind: sms, providers: [{adapter: console}]", "[{adapter: console}]", "[{adapter: console, name: a}, {adapter: console, name: b}]",
        see=paced,
    ),
    ("a channel", "warm_up"): channel("adapter: console, kind: sms, to: x", "to: x", "to: x, " + WARM_UP, see=paced),
    ("a channel", "domain_rate"): channel(
        "adapter: console, kind: email, domain_rate: {example.com: 4/s}", "4/s", "50/s", see=paced,
    ),
    ("a provider", "name"): provider("adapter: console, name: one", "name: one", "name: two"),
    ("a provider", "adapter"): provider("name: one, adapter: console", "one, adapter: console", "one, adapter: fax", refused=True),
    ("a provider", "from"): provider("adapter: console, from: One", "from: One", "from: Two"),
    ("a provider", "rate"): provider("adapter: console, rate: 4/s", "rate: 4/s", "rate: 50/s"),
    ("a provider", "warm_up"): provider("adapter: console, name: one", "name: one", "name: one, " + WARM_UP),
    ("a warm-up", "from"): provider(f"adapter: console, {WARM_UP}", "from: 2026-02-23", "from: 2026-02-24"),
    ("a warm-up", "first_day"): provider(f"adapter: console, {WARM_UP}", "first_day: 100", "first_day: 90"),
    ("a warm-up", "growth"): provider(f"adapter: console, {WARM_UP}", "growth: 2", "growth: 1.5"),
    ("a warm-up", "full"): provider(f"adapter: console, {WARM_UP}", "full: 400", "full: 900"),
    ("a channel", "countries"): channel("adapter: console, kind: sms, countries: [SI]", "[SI]", "[HR]"),
    ("a channel", "answers"): channel("adapter: console, kind: sms, to: x", "to: x", "to: x, answers: {help: Ours}", see=answered),
    **{
        ("answers", word): channel(f"adapter: console, kind: sms, answers: {{{word}: One}}", "One", "Two", see=answered)
        for word in ("help", "stop", "start")
    },
    ("quiet_hours", "from"): silent("from: 12:00, to: 15:00", "from: 12:00", "from: 14:00"),
    ("quiet_hours", "to"): silent("from: 12:00, to: 15:00", "to: 15:00", "to: 16:00"),
    ("quiet_hours", "days_off"): silent("days_off: [mon]", "[mon]", "[tue]"),
    ("quiet_hours", "holidays"): silent(
        "from: 22:00, to: 08:00, holidays: false", "holidays: false", "holidays: true", world=EASTER_MONDAY
    ),
    ("quiet_hours", "by_country"): silent(
        "from: 22:00, to: 08:00", "to: 08:00}", "to: 08:00, by_country: {SI: {from: 12:00, to: 15:00}}}"
    ),
    ("what a country adds", "from"): silent("by_country: {SI: {from: 12:00, to: 15:00}}", "from: 12:00", "from: 14:00"),
    ("what a country adds", "to"): silent("by_country: {SI: {from: 12:00, to: 15:00}}", "to: 15:00", "to: 16:00"),
    ("what a country adds", "days_off"): silent("by_country: {SI: {days_off: [mon]}}", "[mon]", "[tue]"),
    ("what a country adds", "holidays"): silent(
        "by_country: {SI: {days_off: [sun], holidays: false}}", "holidays: false", "holidays: true", world=EASTER_MONDAY
    ),
}

CASES: Mapping[Key, Case] = {
    **SETTINGS_KEYS, **CAMPAIGN_KEYS, **ROUTE_KEYS, **WAY_KEYS, **STEP_KEYS, **ACTING_KEYS, **TEST_KEYS, **HOOK_KEYS,
}
