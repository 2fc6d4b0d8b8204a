"""The workspace of which `setting_cases` changes one key each, and how such a change is written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from tests.integration.watching import ANA, BO, Case, World, acted, tested

Key = tuple[str, str]
"""The map that a key stands in, as the reference calls it, and its name."""

SETTINGS = """\
company: {name: Aurora, address: "Trubarjeva 1, Ljubljana"}
public_url: https://engage.example.com
database: sqlite:///var/engage.db
broker: redis://127.0.0.1:1
locale: en
timezone: Europe/Ljubljana
attributes:
  {birth_date: date, customer_since: date, plan: text, renews_at: datetime}
events:
  ticket.closed: {ticket_id: text, score: number}
  ticket.reopened: {ticket_id: text}
  csat.answered: {ticket_id: text, score: number}
purposes:
  care: {title: Wishes, consent: opt_out}
  news: {title: News, consent: opt_in}
channels:
  email: {adapter: smtp, url: "smtp://127.0.0.1:1", from: "Aurora <hello@aurora.example>"}
  sms: {adapter: console, kind: sms}
  chat: {adapter: console, kind: chat}
"""

ENDPOINTS = """\
endpoints:
  gifts: {url: "https://gifts.example.com/one", secret: whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0}
  codes: {url: "https://gifts.example.com/two", secret: whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0}
"""

WEBHOOKS = """\
webhooks:
  crm:
    url: https://crm.example.com/crm
    secret: whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0
    old_secret: whsec_b2xkc29sZHNvbGRzb2xkc29sZHNvbGRz
    kinds: [sent]
    campaigns: [c]
    fields: [email]
"""

CLOUD = """\
webhooks:
  crm: {url: "https://crm.example.com/crm", secret: whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0, format: cloudevents}
"""

CAMPAIGN = """\
title: A campaign
purpose: care
status: live
trigger: {event: ticket.closed}
send: hello
channels: [email]
"""

TEST = """\
campaign: c
contacts:
  - {external_id: ana, email: ana@example.com, timezone: Europe/Ljubljana, country: SI, locale: sl}
clock: {from: 2026-02-23T10:00Z, to: 2026-02-25T00:00Z}
events:
  - {at: 2026-02-23T12:00Z, type: ticket.closed, contact: ana, data: {ticket_id: T1, score: 2}, id: e1}
expect:
  - {contact: ana, at: 2026-02-23T12:00Z, kind: sent, campaign: c, step: "0", message: hello, channel: email, provider: smtp,
     locale: sl, subject: Pozdrav}
expect_nothing_else_sent: true
"""

ANSWERED_TEST = """\
campaign: c
contacts:
  - {external_id: ana, email: ana@example.com, phone: "+38640123456", timezone: Europe/Ljubljana}
  - {external_id: bo, email: bo@example.com, timezone: Europe/Ljubljana}
clock: {from: 2026-02-23T10:00Z, to: 2026-02-25T00:00Z}
events:
  - {at: 2026-02-23T12:00Z, type: ticket.closed, contact: ana}
"""

OTHER_CAMPAIGN = CAMPAIGN.replace("send: hello", "send: bye")
IN_SEGMENT = {"campaigns/c.yaml": CAMPAIGN + "audience: in_segment('some')\n"}

BASE: Mapping[str, str] = {
    "engage.yaml": SETTINGS,
    "campaigns/c.yaml": CAMPAIGN,
    "templates/hello/email.md":
        "---\nsubject: Hello\n---\nHello from {{ company.name }}, {{ company.address }}. {{ message.unsubscribe_url }}\n",
    "templates/hello/email.sl.md": "---\nsubject: Pozdrav\n---\nPozdrav! {{ message.unsubscribe_url }}\n",
    "templates/hello/sms.txt": "Hello\n",
    "templates/hello/chat.md": "Hello\n",
    "templates/bye/email.md": "---\nsubject: Bye\n---\nBye! {{ message.unsubscribe_url }}\n",
    "templates/bye/sms.txt": "Bye\n",
}


def settings(one: str, other: str, *, text: str = SETTINGS, **also: Any) -> Case:
    """A change of engage.yaml."""
    return Case(file="engage.yaml", text=text, one=one, other=other, **also)


def added(line: str, **also: Any) -> Case:
    """A line more in engage.yaml."""
    return settings("channels:\n", f"{line}\nchannels:\n", **also)


def care(one: str, other: str, **also: Any) -> Case:
    """A change of the purpose, whose other keys are these."""
    text = SETTINGS.replace("care: {title: Wishes, consent: opt_out}", f"care: {{title: Wishes, consent: opt_out{one}}}")
    return Case(file="engage.yaml", text=text, one=f"consent: opt_out{one}}}", other=f"consent: opt_out{other}}}", **also)


def channel(line: str, one: str, other: str, **also: Any) -> Case:
    """A change of the channel `own`, by which the campaign sends."""
    text = f"{SETTINGS}  own: {{{line}}}\n"
    more = {"campaigns/c.yaml": CAMPAIGN.replace("channels: [email]", "channels: [own]")}
    return Case(file="engage.yaml", text=text, one=one, other=other, more=more, **also)


def campaign(one: str, other: str, *, text: str = CAMPAIGN, **also: Any) -> Case:
    """A change of the campaign."""
    return Case(file="campaigns/c.yaml", text=text, one=one, other=other, **also)


def longer(line: str, **also: Any) -> Case:
    """A line more in the campaign."""
    return campaign("status: live\n", f"status: live\n{line}\n", **also)


def triggered(by: str, one: str, other: str, **also: Any) -> Case:
    """A change of the campaign's trigger."""
    return campaign(one, other, text=CAMPAIGN.replace("{event: ticket.closed}", by), **also)


def stepping(steps: str, one: str, other: str, **also: Any) -> Case:
    """A change of the campaign's steps."""
    return campaign(one, other, text=CAMPAIGN.replace("send: hello\n", f"steps:\n{steps}\n"), **also)


def leaving(steps: str, **also: Any) -> Case:
    """A change of the id of the first step, before which the run is left."""
    text = CAMPAIGN.replace("send: hello\n", f"exit: {{when: contact.plan == 'pro'}}\nsteps:\n{steps}\n")
    return campaign("id: first", "id: other", text=text, **also)


def splitting(arms: str, one: str, other: str, **also: Any) -> Case:
    """A change of a split, whose first arm is almost everybody's."""
    return stepping(f"  - split: [{arms}, {{weight: 1, steps: []}}]", one, other, **also)


def winning(one: str, other: str) -> Case:
    """A change of the arm of a split that takes the winner: hello is opened, and later bye is clicked."""
    text = CAMPAIGN.replace("send: hello\n", """\
steps:
  - split:
      - {weight: 30, send: hello}
      - {weight: 30, send: bye}
      - {winner: opened, after: 4h}
""")
    answers = "answers: [{message: hello, kind: opened, after: 1h}, {message: bye, kind: clicked, after: 6h}]\n"
    return campaign(one, other, text=text, see=acted, more={"tests/t.yaml": crowd(answers)})


def marking(step: str, one: str, other: str, **also: Any) -> Case:
    """A change of a step after which only golden contacts get anything."""
    return stepping(f"  - {step}\n  - {{send: hello, when: contact.plan == 'gold'}}", one, other, **also)


def routed(route: str, one: str, other: str, answers: str = "") -> Case:
    """A change of `channels` as a map; `answers` say what comes back."""
    said = f"answers: [{answers}]\n" if answers else ""
    more = {"tests/t.yaml": TEST.replace("expect:", f"{said}expect:")}
    return campaign(one, other, text=CAMPAIGN.replace("[email]", route), see=acted, more=more)


def crowd(more: str = "") -> str:
    """A test in which twelve people close a ticket."""
    names = [f"p{number}" for number in range(12)]
    people = "".join(f"  - {{external_id: {name}, email: {name}@example.com, timezone: Europe/Ljubljana}}\n" for name in names)
    events = "".join(f"  - {{at: 2026-02-23T12:00Z, type: ticket.closed, contact: {name}}}\n" for name in names)
    clock = "clock: {from: 2026-02-23T10:00Z, to: 2026-02-25T00:00Z}\n"
    return f"campaign: c\ncontacts:\n{people}{clock}events:\n{events}{more}"


def calling(step: str, one: str, other: str, **also: Any) -> Case:
    """A change of a call, after whose answer hello is sent."""
    return stepping(f"  - {step}\n  - send: hello", one, other, **{"more": {"engage.yaml": SETTINGS + ENDPOINTS}, **also})


def answering(answer: str, one: str, other: str) -> Case:
    """A change of what comes back of the message, by which the run goes on."""
    awaiting = CAMPAIGN.replace("send: hello\n", """\
steps:
  - send: hello
  - wait_for: {event: message.clicked, where: event.url == 'https://a.example', for: 1d}
    as: seen
  - {send: bye, when: seen is none}
""")
    text = f"{ANSWERED_TEST}answers:\n  - {{{answer}}}\n"
    return Case(file="tests/t.yaml", text=text, one=one, other=other, more={"campaigns/c.yaml": awaiting}, see=acted)


def replying(answer: str, one: str, other: str) -> Case:
    """A change of what an endpoint answers, by which the run goes on."""
    calls = CAMPAIGN.replace("send: hello\n", """\
steps:
  - {call: gifts, as: gift}
  - {send: hello, when: gift.code == 1}
""")
    text = f"{ANSWERED_TEST}answers:\n  - {{{answer}}}\n"
    more = {"campaigns/c.yaml": calls, "engage.yaml": SETTINGS + ENDPOINTS}
    return Case(file="tests/t.yaml", text=text, one=one, other=other, more=more, see=acted)


def silent(hours: str, one: str, other: str, **also: Any) -> Case:
    """A change of the campaign's quiet hours."""
    return campaign(one, other, text=CAMPAIGN + f"quiet_hours: {{{hours}}}\n", **also)


def asked(consent: str, channel: str) -> Case:
    """What one kind of channel asks."""
    text = SETTINGS.replace("consent: opt_out", "consent: {email: opt_out, sms: opt_out, chat: opt_out}")
    more = {"campaigns/c.yaml": CAMPAIGN.replace("[email]", f"[{channel}]")}
    return settings(f"{consent}: opt_out", f"{consent}: opt_in", text=text, more=more)


def rehearsed(one: str, other: str, *, text: str = TEST, **also: Any) -> Case:
    """A change of the campaign test."""
    return Case(file="tests/t.yaml", text=text, one=one, other=other, see=tested, **also)


def born(day: date) -> World:
    """Ana with another birth date."""
    return World(people=({**ANA, "birth_date": day},), events=())


QUIET_NOW = "quiet_hours: {from: 12:00, to: 15:00}"
TWICE = World(
    events=((0, "ticket.closed", "ana", {"ticket_id": "T1", "score": 2}), (6, "ticket.closed", "ana", {"ticket_id": "T1", "score": 3}))
)
REOPENED = World(events=((0, "ticket.closed", "ana", {"ticket_id": "T1"}), (1, "ticket.reopened", "ana", {"ticket_id": "T1"})))
ANSWERED = World(events=((0, "ticket.closed", "ana", {"ticket_id": "T1"}), (1, "csat.answered", "ana", {"ticket_id": "T1", "score": 5})))
EASTER_MONDAY = World(start=datetime(2026, 4, 6, 12, tzinfo=UTC))
BOTH = World(people=(ANA, BO), events=())
SHARED = World(people=(ANA, {**BO, "email": ANA["email"], "timezone": ANA["timezone"]}), events=())
CROWD = World(
    people=tuple({**ANA, "external_id": f"p{number}", "email": f"p{number}@example.com", "phone": None} for number in range(12)),
    events=tuple((0, "ticket.closed", f"p{number}", {"ticket_id": "T1"}) for number in range(12)),
)
"""Shares are of many."""
CONSENTED = TEST.replace(
    "events:", "consents:\n  - {at: 2026-01-01T00:00Z, contact: ana, purpose: care, channel: email, granted: true}\nevents:"
)
WITHDRAWN = CONSENTED.replace("granted: true", "granted: false")
