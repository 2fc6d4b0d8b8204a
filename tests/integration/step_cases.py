"""One case for each key of the steps that send, wait and lead one of several ways."""

from __future__ import annotations

from collections.abc import Mapping

from tests.integration.setting_changes import (
    ANSWERED,
    CAMPAIGN,
    CROWD,
    QUIET_NOW,
    Key,
    campaign,
    leaving,
    routed,
    splitting,
    stepping,
    winning,
)
from tests.integration.watching import Case

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
    ("the step if", "when"): stepping("  - {if: true, then: [{send: hello}], when: contact.plan == 'pro'}", "'pro'", "'basic'"),
    ("the step if", "id"): leaving("  - {if: true, then: [{send: hello}], id: first}"),
    ("the step if", "if"): stepping("  - {if: contact.plan == 'pro', then: [{send: hello}]}", "'pro'", "'basic'"),
    ("the step if", "then"): stepping("  - {if: true, then: [{send: hello}]}", "[{send: hello}]", "[{send: hello}, {send: bye}]"),
    ("the step if", "else"): stepping(
        "  - {if: contact.plan == 'basic', then: [{send: hello}]}", "[{send: hello}]", "[{send: hello}], else: [{send: bye}]"
    ),
}
