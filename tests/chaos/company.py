"""The company of the fault suite: one audience, messages of every fate, written to by campaigns that an event about nobody starts.

    held      email   on_unknown: hold       at most one copy, whatever breaks
    resent    email   on_unknown: resend     at most one copy more
    texted    sms     Idempotency-Key        one message, however often it is handed over
    capped    email   limit: 1 per 24h       the second within a day expires, whatever the hour at which this runs
    answered  email   transactional          a closed ticket of one contact
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from engage.contacts.ports import Person
from workers.office import OnDisk

AWAKE, DUSK, ASLEEP = "Africa/Lagos", "Asia/Dubai", "Asia/Tashkent"
"""Two hours' difference and one: in the last it is night already, in the one before it falls during the run. No DST in any."""

QUIET_FOR = timedelta(hours=3)
WAVES = ("held", "resent", "texted", "capped")
PURPOSES = {
    "held": "{title: News, consent: opt_out, on_unknown: hold}",
    "resent": "{title: Reminders, consent: opt_out, on_unknown: resend}",
    "texted": "{title: Alerts, consent: opt_out}",
    "capped": "{title: Offers, consent: opt_out, limit: 1 per 24h, on_unknown: hold}",
    "answered": "{title: Your requests, consent: none, quiet_hours: ignore, on_unknown: resend}",
}
SETTINGS = """
company: {{name: Aurora Outfitters, address: "Trubarjeva 1, 1000 Ljubljana, Slovenia"}}
public_url: https://engage.example.com
database: "${{DATABASE}}"
broker: "${{BROKER}}"
timezone: Africa/Lagos
events:
  wave: {{campaign: text}}
  ticket.closed: {{ticket_id: text}}
purposes:
{purposes}
quiet_hours: {{from: "{begin}", to: "{end}"}}
channels:
  email: {{adapter: smtp, url: "${{SMTP_URL}}", from: "Aurora <hello@aurora.example>"}}
  sms: {{adapter: sms_webhook, url: "${{SMS_URL}}", secret: "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", from: Aurora, loopback: allowed}}
"""
WAVE = """
title: {title}
purpose: {name}
status: live
trigger: {{event: wave, where: event.campaign == '{name}'}}
send: {name}
channels: [{channel}]
expires: 1h
"""
ANSWER = """
title: We have answered you
purpose: answered
status: live
trigger: {event: ticket.closed, key: event.ticket_id}
send: answered
channels: [email]
"""
MAIL = """---
subject: "{name}"
---
Hello {{{{ contact.first_name | default('there') }}}}, this is {name}. {{{{ message.unsubscribe_url }}}}
"""

TEXT = "Hello {{ contact.first_name | default('there') }}.\n"


def campaign(name: str, *, title: str = "A wave") -> str:
    """One of the waves' campaigns as a file."""
    return WAVE.format(name=name, title=title, channel="sms" if name == "texted" else "email")


def found(root: Path, *, contacts: int, environment: dict[str, str], dusk: datetime) -> None:
    """Write the workspace and its `.env`, and bring the contacts c0, c1, … into its database. At `dusk` the quiet hours begin in Dubai."""
    local = dusk.astimezone(ZoneInfo(DUSK))
    settings = SETTINGS.format(
        purposes="\n".join(f"  {name}: {rule}" for name, rule in PURPOSES.items()),
        begin=f"{local:%H:%M}", end=f"{local + QUIET_FOR:%H:%M}",
    )
    files = {
        "engage.yaml": settings, "campaigns/answered.yaml": ANSWER, "templates/texted/sms.txt": TEXT,
        ".env": "".join(f"{name}={value}\n" for name, value in environment.items()),
        **{f"campaigns/{name}.yaml": campaign(name) for name in WAVES},
        **{f"templates/{name}/email.md": MAIL.format(name=name) for name in PURPOSES if name != "texted"},
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    with OnDisk(root, environment).engaged() as wired:
        for start in range(0, contacts, 1000):
            people = [person(number) for number in range(start, min(start + 1000, contacts))]
            wired.people.upsert(people, now=datetime.now(UTC))


def zone(number: int) -> str:
    """Where a contact lives: one in ten in the dusk, one in ten in the night."""
    return {8: DUSK, 9: ASLEEP}.get(number % 10, AWAKE)


def person(number: int) -> Person:
    """A contact."""
    return Person(attributes={
        "external_id": f"c{number}", "email": f"c{number}@example.com", "phone": f"+38640{number:06d}", "first_name": f"C{number}",
        "timezone": zone(number),
    })
