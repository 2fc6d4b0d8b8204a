"""One case for each key of the files that people write: a change of that key alone, of which something must be seen.

Keys are named by the map that they stand in, as the reference calls it, and their own name. Where `refused` stands, what is seen is that
`engage check` refuses the change: names that the key makes known, and what the rest cannot do without.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from tests.integration.setting_changes import (
    ANSWERED,
    BOTH,
    CAMPAIGN,
    CONSENTED,
    CROWD,
    EASTER_MONDAY,
    IN_SEGMENT,
    OTHER_CAMPAIGN,
    QUIET_NOW,
    REOPENED,
    SETTINGS,
    SHARED,
    TEST,
    TWICE,
    WITHDRAWN,
    added,
    asked,
    born,
    campaign,
    care,
    channel,
    leaving,
    longer,
    marking,
    rehearsed,
    routed,
    settings,
    silent,
    splitting,
    stepping,
    triggered,
    winning,
)
from tests.integration.watching import ANA, Case, World, diagnosed, opened, paced

Key = tuple[str, str]

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
    ("engage.yaml", "channels"): settings("  chat: {adapter: console, kind: chat}\n", "", refused=True, more={
        "campaigns/c.yaml": CAMPAIGN.replace("[email]", "[chat]"),
    }),
    ("company", "name"): settings("name: Aurora,", "name: Borealis,"),
    ("company", "address"): settings("Trubarjeva 1", "Trubarjeva 2"),
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
    ("guards", "max_audience"): settings(
        "max_audience: 1", "max_audience: 2", text=SETTINGS + "guards: {max_audience: 1}\n", world=BOTH,
        more={"campaigns/c.yaml": CAMPAIGN.replace("{event: ticket.closed}", '{schedule: "0 10 * * tue"}')},
    ),
    ("guards", "only_to"): settings("@example.com", "@example.org", text=SETTINGS + 'guards: {only_to: ["@example.com"]}\n'),
    ("guards", "placeholder_dates"): settings(
        "[1900-01-01]", "[1990-02-25]", text=SETTINGS + "guards: {placeholder_dates: [1900-01-01]}\n", world=World(events=()),
        more={"campaigns/c.yaml": CAMPAIGN.replace("{event: ticket.closed}", "{date: birth_date}")},
    ),
    ("a channel", "adapter"): channel("kind: sms, adapter: console", "sms, adapter: console", "sms, adapter: fax", refused=True),
    ("a channel", "kind"): channel("kind: sms, adapter: console", "kind: sms, adapter", "kind: chat, adapter"),
    ("a channel", "from"): settings("hello@aurora.example", "hallo@aurora.example"),
    ("a channel", "to"): channel('adapter: console, kind: chat, to: "#one"', "#one", "#two"),
    ("a channel", "rate"): channel("adapter: console, kind: sms, rate: 4/s", "rate: 4/s", "rate: 50/s", see=paced),
    ("a channel", "countries"): channel("adapter: console, kind: sms, countries: [SI]", "[SI]", "[HR]"),
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

CAMPAIGN_KEYS: Mapping[Key, Case] = {
    ("campaigns/*.yaml", "purpose"): campaign("purpose: care", "purpose: news"),
    ("campaigns/*.yaml", "status"): campaign("status: live", "status: draft"),
    ("campaigns/*.yaml", "priority"): campaign(
        "priority: 7", "priority: 3", text=CAMPAIGN + "priority: 7\n",
        more={"campaigns/d.yaml": OTHER_CAMPAIGN, "engage.yaml": SETTINGS + "limit: 1 per day\n"},
    ),
    ("campaigns/*.yaml", "valid"): longer("valid: {from: 2027-01-01}"),
    ("campaigns/*.yaml", "trigger"): campaign("{event: ticket.closed}", "{date: birth_date}"),
    ("campaigns/*.yaml", "audience"): longer("audience: contact.plan == 'basic'"),
    ("campaigns/*.yaml", "send"): campaign("send: hello", "send: bye"),
    ("campaigns/*.yaml", "steps"): stepping("  - send: hello", "  - send: hello\n", "  - send: hello\n  - send: bye\n"),
    ("campaigns/*.yaml", "channels"): campaign("channels: [email]", "channels: [sms]"),
    ("campaigns/*.yaml", "expires"): campaign("expires: 7d", "expires: 1h", text=f"{CAMPAIGN}expires: 7d\n{QUIET_NOW}\n"),
    ("campaigns/*.yaml", "quiet_hours"): longer(QUIET_NOW),
    ("campaigns/*.yaml", "limit"): longer("limit: 1 per day", world=TWICE),
    ("campaigns/*.yaml", "re_entry"): campaign("re_entry: always", "re_entry: never", text=CAMPAIGN + "re_entry: always\n", world=TWICE),
    ("campaigns/*.yaml", "exit"): longer("exit: {when: contact.plan == 'pro'}"),
    ("campaigns/*.yaml", "goal"): longer("goal: {event: csat.answered}", world=ANSWERED),
    ("campaigns/*.yaml", "holdout"): longer("holdout: 99%"),
    ("campaigns/*.yaml", "ramp"): longer("ramp: [{share: 1%, for: 1d}]"),
    ("campaigns/*.yaml", "duplicates"): campaign(
        "duplicates: skip", "duplicates: send", world=SHARED,
        text=CAMPAIGN.replace("{event: ticket.closed}", '{schedule: "0 10 * * tue"}') + "duplicates: skip\n",
    ),
    ("goal", "event"): campaign("csat.answered", "ticket.reopened", text=CAMPAIGN + "goal: {event: csat.answered}\n", world=ANSWERED),
    ("goal", "where"): campaign(
        "> 4", "> 5", text=CAMPAIGN + "goal: {event: csat.answered, where: event.score > 4}\n", world=ANSWERED
    ),
    ("goal", "within"): campaign("2h", "30m", text=CAMPAIGN + "goal: {event: csat.answered, within: 2h}\n", world=ANSWERED),
    ("a stage of a ramp", "share"): campaign("99%", "1%", text=CAMPAIGN + "ramp: [{share: 99%, for: 1d}]\n", world=CROWD),
    ("a stage of a ramp", "for"): campaign("for: 1d", "for: 2d", text=CAMPAIGN + "ramp: [{share: 1%, for: 1d}]\n", world=CROWD),
    ("campaigns/*.yaml", "on_unknown"): campaign(
        "on_unknown: hold", "on_unknown: resend", text=CAMPAIGN + "on_unknown: hold\n", world=World(unsure=True)
    ),
    ("valid", "from"): campaign("2026-02-01", "2026-03-01", text=CAMPAIGN + "valid: {from: 2026-02-01}\n"),
    ("valid", "until"): campaign("2026-03-01", "2026-02-01", text=CAMPAIGN + "valid: {until: 2026-03-01}\n"),
    ("exit on an event", "event"): stepping(
        "  - wait: 1d\n  - send: hello\nexit: {event: ticket.reopened}", "reopened}", "closed}", world=REOPENED
    ),
    ("exit on an event", "where"): stepping(
        "  - wait: 1d\n  - send: hello\nexit: {event: ticket.reopened, where: event.ticket_id == 'T1'}", "'T1'", "'T2'", world=REOPENED
    ),
    ("exit on a condition", "when"): campaign("'pro'", "'basic'", text=CAMPAIGN + "exit: {when: contact.plan == 'pro'}\n"),
    ("a date trigger", "date"): triggered("{date: birth_date}", "birth_date", "customer_since"),
    ("a date trigger", "repeat"): triggered("{date: birth_date, repeat: yearly}", "yearly", "monthly", world=born(date(1990, 1, 25))),
    ("a date trigger", "offset"): triggered("{date: birth_date, offset: 0d}", "0d", "-1d"),
    ("a date trigger", "at"): triggered("{date: birth_date, at: 09:00}", "09:00", "10:00"),
    ("a date trigger", "leap_day"): triggered("{date: birth_date, leap_day: feb-28}", "feb-28", "mar-01", world=born(date(1992, 2, 29))),
    ("a date trigger", "min_years"): triggered("{date: birth_date, min_years: 0}", "years: 0", "years: 1", world=born(date(2026, 2, 25))),
    ("a date trigger", "day_off"): triggered("{date: birth_date, day_off: before}", "before", "after", world=born(date(1990, 2, 28))),
    ("an event trigger", "event"): campaign("ticket.closed", "ticket.reopened"),
    ("an event trigger", "where"): triggered("{event: ticket.closed, where: event.score <= 2}", "<= 2", "<= 1"),
    ("an event trigger", "key"): triggered("{event: ticket.closed, key: event.ticket_id}", "event.ticket_id", "event.score", world=TWICE),
    ("an event trigger", "again"): campaign(
        "again: ignore", "again: restart", world=TWICE, text=CAMPAIGN.replace(
            "ticket.closed}", "ticket.closed, key: event.ticket_id, again: ignore}"
        ).replace("send: hello\n", "steps: [{wait: 1d}, {send: hello}]\n"),
    ),
    ("a schedule trigger", "schedule"): triggered('{schedule: "0 10 * * tue"}', "tue", "wed"),
    ("a schedule trigger", "in"): triggered(
        '{schedule: "0 10 * * tue", in: Europe/Ljubljana}', "in: Europe/Ljubljana", "in: contact", world=BOTH
    ),
    ("a schedule trigger", "day_off"): triggered('{schedule: "0 10 * * sat", day_off: before}', "before", "after"),
    ("a schedule trigger", "late"): triggered(
        '{schedule: "2026-02-23 12:30", in: contact, late: skip}', "late: skip", "late: now", world=BOTH
    ),
    ("segments/*.yaml", "audience"): Case(
        file="segments/some.yaml", text="audience: contact.plan == 'pro'\n", one="'pro'", other="'basic'", more=IN_SEGMENT
    ),
    ("segments/*.yaml", "list"): Case(
        file="segments/some.yaml", text="list: one.csv\n", one="one.csv", other="two.csv",
        more={**IN_SEGMENT, "segments/one.csv": "external_id\nana\n", "segments/two.csv": "external_id\nbo\n"},
    ),
}

ROUTE_KEYS: Mapping[Key, Case] = {
    ("all channels", "all"): campaign("[email, sms]", "[sms, chat]", text=CAMPAIGN.replace("[email]", "{all: [email, sms]}")),
    ("channels in turn", "first"): routed("{first: [email, sms], fallback_after: 2h, unless: opened}", "[email, sms]", "[email, chat]"),
    ("channels in turn", "fallback_after"): routed("{first: [email, sms], fallback_after: 2h, unless: opened}", "2h", "3h"),
    ("channels in turn", "unless"): routed(
        "{first: [email, sms], fallback_after: 2h, unless: opened}", "opened", "clicked", "{message: hello, kind: opened}"
    ),
}

WAY_KEYS: Mapping[Key, Case] = {
    ("the step split", "when"): stepping(
        "  - {split: [{weight: 1, send: hello}, {weight: 1, send: bye}], when: contact.plan == 'pro'}", "'pro'", "'basic'"
    ),
    ("the step split", "id"): leaving("  - {split: [{weight: 1, send: hello}, {weight: 1, send: hello}], id: first}"),
    ("the step split", "split"): stepping(
        "  - split: [{weight: 1, send: hello}, {weight: 1, send: hello}]", "hello}]", "hello}, {weight: 1000000, send: bye}]"
    ),
    ("an arm of a split", "weight"): splitting("{weight: 2, send: hello}", "weight: 2", "weight: 90", world=CROWD),
    ("an arm of a split", "steps"): splitting(
        "{weight: 1000000, steps: [{send: hello}]}", "steps: [{send: hello}]", "steps: [{send: hello}, {send: bye}]"
    ),
    ("an arm of a split", "send"): splitting("{weight: 1000000, send: hello}", "send: hello", "send: bye"),
    ("the winning arm", "winner"): winning("winner: opened", "winner: clicked"),
    ("the winning arm", "after"): winning("after: 4h", "after: 5h"),
}

ACTING_KEYS: Mapping[Key, Case] = {
    ("the step set", "when"): marking("{set: {plan: gold}, when: contact.plan == 'pro'}", "'pro'", "'basic'"),
    ("the step set", "id"): leaving("  - {set: {plan: gold}, id: first}\n  - send: hello"),
    ("the step set", "set"): marking("set: {plan: gold}", "plan: gold", "plan: silver"),
    ("the step consent", "when"): stepping(
        "  - {consent: {withdraw: care}, when: contact.plan == 'pro'}\n  - send: hello", "'pro'", "'basic'"
    ),
    ("the step consent", "id"): leaving("  - {consent: {withdraw: care}, id: first}\n  - send: hello"),
    ("the step consent", "consent"): stepping("  - consent: {withdraw: care}\n  - send: hello", "withdraw: care", "grant: care"),
    ("a grant of consent", "grant"): stepping("  - consent: {grant: care}\n  - send: hello", "grant: care", "grant: news"),
    ("a grant of consent", "channel"): stepping(
        "  - consent: {grant: news, channel: email}\n  - {send: hello, purpose: news}", "channel: email", "channel: sms"
    ),
    ("a withdrawal of consent", "withdraw"): stepping("  - consent: {withdraw: care}\n  - send: hello", "withdraw: care", "withdraw: news"),
    ("a withdrawal of consent", "channel"): stepping(
        "  - consent: {withdraw: care, channel: email}\n  - send: hello", "channel: email", "channel: sms"
    ),
    ("the step emit", "when"): stepping(
        "  - {emit: {event: ticket.reopened}, when: contact.plan == 'pro'}\n  - send: hello", "'pro'", "'basic'"
    ),
    ("the step emit", "id"): leaving("  - {emit: {event: ticket.reopened}, id: first}\n  - send: hello"),
    ("the step emit", "emit"): stepping(
        "  - {emit: {event: ticket.reopened}, id: first}\n  - send: hello", "emit: {event: ticket.reopened}, ", "", refused=True
    ),
    ("what is raised", "event"): stepping("  - emit: {event: ticket.reopened}\n  - send: hello", "ticket.reopened", "csat.answered"),
    ("what is raised", "data"): stepping(
        "  - emit: {event: csat.answered, data: {score: 5}}\n  - wait: 1h\n  - {send: hello, when: \"events('csat.answered', score=5) == 1\"}",
        "score: 5}", "score: 4}",
    ),
    ("the step stop", "when"): stepping("  - {stop: true, when: contact.plan == 'pro'}\n  - send: hello", "'pro'", "'basic'"),
    ("the step stop", "id"): leaving("  - {stop: true, when: contact.plan != '', id: first}\n  - send: hello"),
    ("the step stop", "stop"): stepping(
        "  - {stop: true, when: contact.plan == 'pro'}\n  - send: hello", "stop: true", "stop: false", refused=True
    ),
}

STEP_KEYS: Mapping[Key, Case] = {
    ("the step send", "when"): stepping("  - {send: hello, when: contact.plan == 'pro'}", "'pro'", "'basic'"),
    ("the step send", "id"): stepping("  - {send: hello, id: first}", "first", "other"),
    ("the step send", "send"): stepping("  - send: hello", "send: hello", "send: bye"),
    ("the step send", "channels"): campaign(
        "channels: [email]", "channels: [sms]",
        text=CAMPAIGN.replace("send: hello\nchannels: [email]", "steps: [{send: hello, channels: [email]}]"),
    ),
    ("the step send", "expires"): stepping("  - {send: hello, expires: 7d, quiet_hours: {from: 12:00, to: 15:00}}", "7d", "1h"),
    ("the step send", "quiet_hours"): stepping("  - {send: hello}", "{send: hello}", f"{{send: hello, {QUIET_NOW}}}"),
    ("the step send", "purpose"): stepping("  - {send: hello, purpose: care}", "hello, purpose: care", "hello, purpose: news"),
    ("the step send", "to"): stepping("  - {send: hello, to: boss@example.com}", "boss@", "chief@"),
    ("the step send", "with"): stepping("  - {send: points, with: {points: 1}}", "points: 1", "points: 2", more={
        "templates/points/email.md": "---\nsubject: Points\n---\n{{ points }} points. {{ message.unsubscribe_url }}\n",
    }),
    ("the step send", "as"): stepping(
        "  - {send: hello, as: outcome}\n  - {send: bye, when: outcome == 'sent'}", "as: outcome", "as: result", refused=True
    ),
    ("the step wait", "when"): stepping("  - {wait: 1d, when: contact.plan == 'pro'}\n  - send: hello", "'pro'", "'basic'"),
    ("the step wait", "id"): leaving("  - {wait: 1d, id: first}\n  - send: hello"),
    ("the step wait", "wait"): stepping("  - wait: 1d\n  - send: hello", "1d", "2d"),
    ("wait until a time", "until"): stepping("  - wait: {until: 09:00, days: [wed]}\n  - send: hello", "09:00", "10:00"),
    ("wait until a time", "days"): stepping("  - wait: {until: 09:00, days: [wed]}\n  - send: hello", "[wed]", "[thu]"),
    ("wait until a time", "day_off"): stepping(
        "  - wait: {until: 09:00, days: [sat], day_off: before}\n  - send: hello", "before", "after"
    ),
    ("wait until a moment", "until"): stepping("  - wait: {until: contact.renews_at}\n  - send: hello", "renews_at", "customer_since"),
    ("wait until a moment", "offset"): stepping("  - wait: {until: contact.renews_at, offset: -24h}\n  - send: hello", "-24h", "-48h"),
    ("wait until a moment", "at"): stepping("  - wait: {until: contact.renews_at, at: 10:00}\n  - send: hello", "10:00", "11:30"),
    ("the step wait_for", "when"): stepping(
        "  - {wait_for: {event: csat.answered, for: 3d}, when: contact.plan == 'pro'}\n  - send: hello", "'pro'", "'basic'"
    ),
    ("the step wait_for", "id"): leaving("  - {wait_for: {event: csat.answered, for: 3d}, id: first}\n  - send: hello"),
    ("the step wait_for", "wait_for"): stepping(
        "  - {wait_for: {event: csat.answered, for: 3d}, id: first}\n  - send: hello", "wait_for: {event: csat.answered, for: 3d}, ", "",
        refused=True,
    ),
    ("the step wait_for", "as"): stepping(
        "  - {wait_for: {event: csat.answered, for: 3d}, as: answer}\n  - {send: hello, when: answer is none}", "as: answer", "as: reply",
        refused=True,
    ),
    ("what is waited for", "event"): stepping(
        "  - wait_for: {event: csat.answered, for: 3d}\n  - send: hello", "csat.answered", "ticket.reopened", world=ANSWERED
    ),
    ("what is waited for", "where"): stepping(
        "  - wait_for: {event: csat.answered, where: event.score > 4, for: 3d}\n  - send: hello", "> 4", "> 5", world=ANSWERED
    ),
    ("what is waited for", "for"): stepping("  - wait_for: {event: csat.answered, for: 3d}\n  - send: hello", "for: 3d", "for: 1d"),
    **ROUTE_KEYS,
    **WAY_KEYS,
    **ACTING_KEYS,
    ("the step if", "when"): stepping("  - {if: true, then: [{send: hello}], when: contact.plan == 'pro'}", "'pro'", "'basic'"),
    ("the step if", "id"): leaving("  - {if: true, then: [{send: hello}], id: first}"),
    ("the step if", "if"): stepping("  - {if: contact.plan == 'pro', then: [{send: hello}]}", "'pro'", "'basic'"),
    ("the step if", "then"): stepping("  - {if: true, then: [{send: hello}]}", "[{send: hello}]", "[{send: hello}, {send: bye}]"),
    ("the step if", "else"): stepping(
        "  - {if: contact.plan == 'basic', then: [{send: hello}]}", "[{send: hello}]", "[{send: hello}], else: [{send: bye}]"
    ),
}

TEST_KEYS: Mapping[Key, Case] = {
    ("tests/*.yaml", "campaign"): rehearsed("campaign: c\n", "campaign: d\n", more={"campaigns/d.yaml": OTHER_CAMPAIGN}),
    ("tests/*.yaml", "contacts"): rehearsed("email: ana@example.com, ", ""),
    ("tests/*.yaml", "clock"): rehearsed("clock: {from: 2026-02-23T10:00Z, to: 2026-02-25T00:00Z}\n", "", refused=True),
    ("tests/*.yaml", "events"): rehearsed(
        "expect:", "  - {at: 2026-02-23T13:00Z, type: ticket.closed, contact: ana, data: {ticket_id: T2}}\nexpect:"
    ),
    ("tests/*.yaml", "consents"): rehearsed(
        "events:", "consents:\n  - {at: 2026-01-01T00:00Z, contact: ana, purpose: care, granted: false}\nevents:"
    ),
    ("tests/*.yaml", "answers"): rehearsed("events:", "answers: [{kind: bounced}]\nevents:", refused=True),
    ("tests/*.yaml", "expect"): rehearsed("expect_nothing", "  - {kind: bounced}\nexpect_nothing"),
    ("tests/*.yaml", "expect_nothing_else_sent"): rehearsed(
        "sent: true", "sent: false", text=TEST.replace("expect:", "  - {at: 2026-02-23T13:00Z, type: ticket.closed, contact: ana}\nexpect:")
    ),
    ("clock", "from"): rehearsed(
        "from: 2026-02-23T10:00Z", "from: 2026-02-23T13:00Z", text=TEST.replace("at: 2026-02-23T12:00Z, kind", "kind")
    ),
    ("clock", "to"): rehearsed("to: 2026-02-25T00:00Z", "to: 2026-02-23T12:00Z", refused=True),
    ("an incoming event", "at"): rehearsed("{at: 2026-02-23T12:00Z, type", "{at: 2026-02-23T12:30Z, type"),
    ("an incoming event", "type"): rehearsed("ticket.closed", "ticket.reopened", text=TEST.replace(", score: 2", "")),
    ("an incoming event", "contact"): rehearsed("ticket.closed, contact: ana", "ticket.closed, contact: bo", text=TEST.replace(
        "clock:", "  - {external_id: bo, email: bo@example.com}\nclock:")
    ),
    ("an incoming event", "data"): rehearsed("score: 2", "score: 3", more={"campaigns/c.yaml": CAMPAIGN.replace(
        "{event: ticket.closed}", "{event: ticket.closed, where: event.score <= 2}")
    }),
    ("an incoming event", "id"): rehearsed("id: e1", "id: e2", text=TEST.replace(
        "expect:", "  - {at: 2026-02-23T13:00Z, type: ticket.closed, contact: ana, id: e2}\nexpect:")
    ),
    ("a ledger line", "at"): rehearsed("at: 2026-01-01T00:00Z", "at: 2026-02-23T14:00Z", text=WITHDRAWN),
    ("a ledger line", "contact"): rehearsed("contact: ana, purpose", "contact: bo, purpose", text=WITHDRAWN.replace(
        "clock:", "  - {external_id: bo, email: bo@example.com}\nclock:")
    ),
    ("a ledger line", "purpose"): rehearsed("purpose: care", "purpose: news", text=WITHDRAWN),
    ("a ledger line", "channel"): rehearsed("purpose: care, channel: email", "purpose: care, channel: sms", text=WITHDRAWN),
    ("a ledger line", "granted"): rehearsed("granted: true", "granted: false", text=CONSENTED),
    ("an expected touch", "contact"): rehearsed("{contact: ana, at", "{contact: bo, at", text=TEST.replace(
        "clock:", "  - {external_id: bo, email: bo@example.com}\nclock:")
    ),
    ("an expected touch", "at"): rehearsed("at: 2026-02-23T12:00Z, kind", "at: 2026-02-23T12:01Z, kind"),
    ("an expected touch", "kind"): rehearsed("kind: sent", "kind: failed"),
    ("an expected touch", "campaign"): rehearsed(
        "sent, campaign: c", "sent, campaign: d", more={"campaigns/d.yaml": OTHER_CAMPAIGN.replace("live", "draft")}
    ),
    ("an expected touch", "step"): rehearsed('"0"', '"1"'),
    ("an expected touch", "message"): rehearsed("message: hello", "message: bye"),
    ("an expected touch", "channel"): rehearsed("channel: email", "channel: sms"),
    ("an expected touch", "provider"): rehearsed("provider: smtp", "provider: console"),
    ("an expected touch", "reason"): rehearsed("reason: no_consent", "reason: suppressed", text=TEST.replace(
        "{contact: ana, at: 2026-02-23T12:00Z, kind: sent", "{kind: suppressed, reason: no_consent"
    ).replace(", provider: smtp,\n     locale: sl, subject: Pozdrav", ""), more={"campaigns/c.yaml": CAMPAIGN.replace("care", "news")}),
    ("an expected touch", "locale"): rehearsed("locale: sl, subject", "locale: en, subject"),
    ("an expected touch", "subject"): rehearsed("Pozdrav", "Zdravo"),
}

CASES: Mapping[Key, Case] = {**SETTINGS_KEYS, **CAMPAIGN_KEYS, **STEP_KEYS, **TEST_KEYS}
