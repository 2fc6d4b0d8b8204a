"""One case for each key of a campaign and its trigger, and of a segment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from tests.integration.setting_changes import (
    ANSWERED,
    BOTH,
    CAMPAIGN,
    CROWD,
    IN_SEGMENT,
    OTHER_CAMPAIGN,
    QUIET_NOW,
    REOPENED,
    SETTINGS,
    SHARED,
    TWICE,
    Key,
    born,
    campaign,
    longer,
    stepping,
    triggered,
)
from tests.integration.watching import Case, World, edited, renamed

SEGMENTS = {
    "segments/some.yaml": "audience: events('ticket.closed') > 0\n",
    "segments/others.yaml": "audience: events('ticket.reopened') > 0\n",
    "segments/pros.yaml": "audience: contact.plan == 'pro'\n",
    "segments/no_more.yaml": "audience: events('ticket.closed') == 0\n",
    "segments/never.yaml": "audience: events('csat.answered') == 0\n",
}
REOPENED_LATER = World(
    events=((1, "ticket.closed", "ana", {"ticket_id": "T1", "score": 2}), (5, "ticket.reopened", "ana", {"ticket_id": "T1"}))
)

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
    ("campaigns/*.yaml", "on_edit"): campaign(
        "on_edit: keep", "on_edit: migrate", see=edited,
        text=CAMPAIGN.replace("send: hello\n", "steps: [{wait: 1d, id: pause}, {send: hello, id: letter}]\non_edit: keep\n"),
    ),
    ("campaigns/*.yaml", "renamed_from"): campaign(
        "re_entry: never\n", "re_entry: never\nrenamed_from: old\n", text=CAMPAIGN + "re_entry: never\n", world=TWICE, see=renamed
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
    ("a trigger on entering a segment", "enters"): triggered("{enters: some}", "some", "others", more=SEGMENTS, world=REOPENED_LATER),
    ("a trigger on entering a segment", "existing"): triggered(
        "{enters: pros, existing: false}", "false", "true", more=SEGMENTS
    ),
    ("a trigger on leaving a segment", "leaves"): triggered("{leaves: no_more}", "no_more", "never", more=SEGMENTS, world=REOPENED_LATER),
    ("a trigger by hand", "manual"): triggered("{manual: true}", "true", "false", refused=True),
    ("segments/*.yaml", "audience"): Case(
        file="segments/some.yaml", text="audience: contact.plan == 'pro'\n", one="'pro'", other="'basic'", more=IN_SEGMENT
    ),
    ("segments/*.yaml", "list"): Case(
        file="segments/some.yaml", text="list: one.csv\n", one="one.csv", other="two.csv",
        more={**IN_SEGMENT, "segments/one.csv": "external_id\nana\n", "segments/two.csv": "external_id\nbo\n"},
    ),
}
