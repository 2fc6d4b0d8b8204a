"""A workspace in a folder for the process tests: a closed ticket is answered by mail at once, as a service message."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from engage.contacts.ports import Person
from engage.store.schema.tables import touches
from workers.office import OnDisk

SETTINGS = """
company: {name: Aurora Outfitters, address: "Trubarjeva 1, 1000 Ljubljana, Slovenia"}
public_url: https://engage.example.com
database: "${DATABASE}"
broker: "${BROKER}"
timezone: Europe/Ljubljana
events:
  ticket.closed: {ticket_id: text}
purposes:
  service: {title: "Your requests", consent: none, quiet_hours: ignore, on_unknown: resend}
channels:
  email: {adapter: smtp, url: "${SMTP_URL}", from: "Aurora <hello@aurora.example>"}
"""

CAMPAIGN = """
title: We have answered you
purpose: service
status: live
trigger: {event: ticket.closed, key: event.ticket_id}
send: answered
channels: [email]
"""

MAIL = """---
subject: "Ticket {{ trigger.ticket_id }}"
---
Hello {{ contact.first_name | default('there') }}, we have answered you.
"""


def make_desk(root: Path, *, contacts: int, smtp_url: str, broker: str = "embedded", database: str = "sqlite:///var/engage.db") -> Path:
    """Write the workspace, and the contacts c0, c1, … into its database."""
    files = {
        "engage.yaml": SETTINGS, "campaigns/answered.yaml": CAMPAIGN, "templates/answered/email.md": MAIL,
        ".env": f"DATABASE={database}\nBROKER={broker}\nSMTP_URL={smtp_url}\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    with OnDisk(root).engaged() as wired:
        people = [
            Person(attributes={"external_id": f"c{number}", "email": f"c{number}@example.com", "first_name": f"C{number}"})
            for number in range(contacts)
        ]
        wired.people.upsert(people, now=wired.clock.now())
    return root


def closed(number: int) -> dict[str, object]:
    """The event that closes a ticket of contact c{number}."""
    return {"id": f"closed-{number}", "type": "ticket.closed", "contact": f"c{number}", "data": {"ticket_id": f"T-{number}"}}


def kinds(root: Path, kind: str) -> Sequence[int]:
    """The contacts that have a touch of the kind, in order of the touches."""
    with OnDisk(root).engaged() as wired, wired.database.read() as connection:
        return list(connection.scalars(sa.select(touches.c.contact_id).where(touches.c.kind == kind).order_by(touches.c.id)))
