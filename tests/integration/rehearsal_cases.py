"""One case for each key of a campaign test."""

from __future__ import annotations

from collections.abc import Mapping

from tests.integration.setting_changes import CAMPAIGN, CONSENTED, OTHER_CAMPAIGN, TEST, WITHDRAWN, Key, answering, rehearsed, replying
from tests.integration.watching import Case

CLICKED = "kind: clicked, url: 'https://a.example'"

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
    ("tests/*.yaml", "answers"): rehearsed("events:", "answers: [{message: bye, kind: bounced}]\nevents:"),
    ("an answer to a message", "message"): answering(f"message: hello, {CLICKED}", "message: hello", "message: bye"),
    ("an answer to a message", "contact"): answering(f"message: hello, contact: ana, {CLICKED}", "contact: ana, ", "contact: bo, "),
    ("an answer to a message", "channel"): answering(f"message: hello, channel: email, {CLICKED}", "channel: email", "channel: sms"),
    ("an answer to a message", "kind"): answering("message: hello, kind: delivered", "delivered", "opened"),
    ("an answer to a message", "after"): answering(f"message: hello, {CLICKED}, after: 1h", "after: 1h", "after: 2h"),
    ("an answer to a message", "url"): answering(f"message: hello, {CLICKED}", "a.example", "b.example"),
    ("an answer to a message", "text"): answering("message: hello, kind: replied, text: Thanks", "Thanks", "STOP"),
    ("an answer to a message", "reason"): answering("message: hello, kind: bounced, reason: soft", "soft", "hard"),
    ("an answer to a message", "machine"): answering(f"message: hello, {CLICKED}, machine: false", "machine: false", "machine: true"),
    ("an answer to a call", "call"): replying("call: gifts, data: {code: 1}", "call: gifts", "call: codes"),
    ("an answer to a call", "contact"): replying("call: gifts, contact: ana, data: {code: 1}", "contact: ana, ", "contact: bo, "),
    ("an answer to a call", "data"): replying("call: gifts, data: {code: 1}", "code: 1", "code: 2"),
    ("an answer to a call", "after"): replying("call: gifts, data: {code: 1}, after: 1h", "after: 1h", "after: 2h"),
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
