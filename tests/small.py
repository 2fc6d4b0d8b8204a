"""A small workspace as files: one birthday, one follow-up, one newsletter, in two languages."""

from __future__ import annotations

from collections.abc import Mapping

from engage.model.workspace import Files, Workspace
from engage.rules.workspace import load
from engage.settings import load_settings

SETTINGS = """\
company: {name: Aurora Outfitters, address: "Trubarjeva 1, 1000 Ljubljana, Slovenia"}
public_url: https://engage.example.com
database: "${DATABASE:-sqlite:///var/engage.db}"
locale: en
timezone: Europe/Ljubljana
attributes:
  birth_date: date
  plan: text
events:
  ticket.closed: {ticket_id: text}
  ticket.reopened: {ticket_id: text}
  csat.answered: {ticket_id: text, score: number}
purposes:
  marketing: {title: News, consent: opt_in, limit: 1 per week}
  care: {title: Wishes, consent: opt_out}
  service: {title: About your requests, consent: none, on_unknown: resend}
quiet_hours: {from: 21:00, to: 08:00}
channels:
  email: {adapter: console, kind: email, from: "Aurora <hello@aurora.example>"}
  sms: {adapter: console, kind: sms, from: Aurora}
"""

FILES: Mapping[str, str] = {
    "engage.yaml": SETTINGS,
    "campaigns/birthday.yaml": """\
title: Birthday wishes
purpose: care
status: live
trigger: {date: birth_date, at: 09:00}
send: birthday
channels: [email, sms]
expires: end_of_day
""",
    "campaigns/follow_up.yaml": """\
title: How did we do?
purpose: care
status: live
trigger: {event: ticket.closed, key: event.ticket_id}
exit:
  event: ticket.reopened
  where: event.ticket_id == trigger.ticket_id
steps:
  - wait: 1d
  - send: csat
    channels: [email]
  - wait_for:
      event: csat.answered
      where: event.ticket_id == trigger.ticket_id
      for: 3d
    as: answer
  - if: answer is none
    then:
      - send: csat
        channels: [sms]
""",
    "campaigns/newsletter.yaml": """\
title: News
purpose: marketing
status: live
trigger: {schedule: "0 10 * * mon", in: contact}
audience: contact.plan == 'pro'
send: news
channels: [email]
""",
    "templates/birthday/email.md": "---\nsubject: Happy birthday\n---\nHappy birthday! {{ message.unsubscribe_url }}\n",
    "templates/birthday/email.sl.md": "---\nsubject: Vse najboljše\n---\nVse najboljše! {{ message.unsubscribe_url }}\n",
    "templates/birthday/sms.txt": "Happy birthday!\n",
    "templates/csat/email.md": "---\nsubject: How did we do?\n---\nTicket {{ trigger.ticket_id }}. {{ message.unsubscribe_url }}\n",
    "templates/csat/sms.txt": "How did we do with {{ trigger.ticket_id }}?\n",
    "templates/news/email.md": "---\nsubject: News\n---\nThe news. {{ message.unsubscribe_url }}\n",
}


def small_files(**changed: str | None) -> Files:
    """The files; `changed` replaces, adds or (None) leaves out some, by their path."""
    texts = {**FILES, **changed}
    return {path: text.encode() for path, text in texts.items() if text is not None}


def small_workspace(environment: Mapping[str, str] | None = None, **changed: str | None) -> Workspace:
    """The workspace, loaded and checked."""
    files = small_files(**changed)
    return load(files, load_settings(files, environment or {}))
