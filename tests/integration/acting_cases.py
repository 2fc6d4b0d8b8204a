"""One case for each key of the steps that do something else than send."""

from __future__ import annotations

from collections.abc import Mapping

from tests.integration.setting_changes import ENDPOINTS, SETTINGS, Key, calling, leaving, marking, stepping
from tests.integration.watching import Case

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
        "  - emit: {event: csat.answered, data: {score: 5}}\n  - wait: 1h\n"
        "  - {send: hello, when: \"events('csat.answered', score=5) > 0\"}",
        "score: 5}", "score: 4}",
    ),
    ("the step call", "when"): calling("{call: gifts, when: contact.plan == 'pro'}", "'pro'", "'basic'"),
    ("the step call", "id"): leaving("  - {call: gifts, id: first}\n  - send: hello", more={"engage.yaml": SETTINGS + ENDPOINTS}),
    ("the step call", "call"): calling("call: gifts", "gifts", "codes"),
    ("the step call", "data"): calling("{call: gifts, data: {who: ana}}", "who: ana", "who: bo"),
    ("the step call", "as"): calling("{call: gifts, as: gift}\n  - {stop: true, when: gift is none}", "as: gift", "as: code", refused=True),
    ("the step stop", "when"): stepping("  - {stop: true, when: contact.plan == 'pro'}\n  - send: hello", "'pro'", "'basic'"),
    ("the step stop", "id"): leaving("  - {stop: true, when: contact.plan != '', id: first}\n  - send: hello"),
    ("the step stop", "stop"): stepping(
        "  - {stop: true, when: contact.plan == 'pro'}\n  - send: hello", "stop: true", "stop: false", refused=True
    ),
}
