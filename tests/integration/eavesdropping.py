"""A company whose people have addresses that can be looked for everywhere, and whose providers say them in every answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import redis

from engage.contacts.ports import Person
from tests.servers.http import Answer
from tests.servers.smtp import DROP, SmtpServer
from tests.servers.webhook import WebhookServer
from workers.office import OnDisk

PEOPLE = 8
NAME, PHONE = "canary", "40123456"
"""In every address, and in every phone number: whatever has one of them has said too much."""

HOSTILE = '=?utf-8?q?canary=0ABcc:_canary@example.com?=\r\nBcc: canary@example.com <script>"\x00'
SAID = f"<{NAME}.0@example.com> +386{PHONE} {HOSTILE.splitlines()[0]}"

SETTINGS = """
company: {name: Aurora Outfitters, address: "Trubarjeva 1, 1000 Ljubljana, Slovenia"}
public_url: https://engage.example.com
database: sqlite:///var/engage.db
broker: "${BROKER}"
events:
  ticket.closed: {ticket_id: text, divisor: number, note: text}
purposes:
  service: {title: "Your requests", consent: none, quiet_hours: ignore, on_unknown: hold}
endpoints:
  gifts: {url: "${SMS_URL}/gifts", secret: "${SMS_SECRET}"}
channels:
  email: {adapter: smtp, url: "${SMTP_URL}", from: "Aurora <hello@aurora.example>"}
  sms: {adapter: sms_webhook, url: "${SMS_URL}", secret: "${SMS_SECRET}", from: Aurora, loopback: allowed}
"""
CAMPAIGN = """
title: {title}
purpose: service
status: live
trigger: {{event: ticket.closed, key: event.ticket_id}}
steps:
{steps}
"""
STEPS = {
    "answered": "  - send: answered\n    channels: [email]",
    "texted": "  - send: texted\n    channels: [sms]",
    "broken": "  - send: broken\n    channels: [email]",
    "called": "  - call: gifts\n    data: {who: '{{ contact.email }}', note: '{{ trigger.note }}'}\n    as: gift\n  - stop: true",
}
LETTER = """---
subject: "{{ contact.first_name | default('you') }}: {{ trigger.note }}"
---
Hello {{ contact.email | default('you') }}!
"""
BROKEN = "---\nsubject: For you\n---\n{{ contact.email | default('you') }} {{ 1 // (trigger.divisor - 7) }}\n"


def make_company(root: Path, *, smtp: SmtpServer, sms: WebhookServer, broker: str) -> Path:
    """Write the workspace, and its people into its database."""
    files = {
        "engage.yaml": SETTINGS, "templates/answered/email.md": LETTER, "templates/broken/email.md": BROKEN,
        "templates/texted/sms.txt": "Hello {{ contact.first_name | default('you') }}, {{ trigger.note }}\n",
        ".env": f"BROKER={broker}\nSMTP_URL={smtp.url}\nSMS_URL={sms.url}\nSMS_SECRET={sms.secret}\n",
        **{f"campaigns/{name}.yaml": CAMPAIGN.format(title=name, steps=steps) for name, steps in STEPS.items()},
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    with OnDisk(root).engaged() as wired:
        wired.people.upsert([_person(number) for number in range(PEOPLE)], now=wired.clock.now())
    return root


def _person(number: int) -> Person:
    name = f"{NAME}.{number}@example.com"
    return Person(attributes={"external_id": name, "email": name, "phone": f"+386{PHONE}", "first_name": f"{NAME} {HOSTILE}"})


def closed(number: int) -> dict[str, object]:
    """An event whose every word says whom it is about."""
    data = {"ticket_id": f"{NAME}-{number}", "divisor": 7 + number % 2, "note": SAID}
    return {"id": f"{NAME}.{number}@example.com", "type": "ticket.closed", "contact": f"{NAME}.{number}@example.com", "data": data}


def make_providers_talk(smtp: SmtpServer, sms: WebhookServer) -> None:
    """Refusals, delays and lost replies, each with what it must not be remembered by."""
    smtp.answer("rcpt", f"550 5.1.1 {SAID} user unknown", times=1)
    smtp.answer("rcpt", f"450 4.2.1 {SAID} is over its rate", times=1)
    smtp.answer("dot", f"554 5.7.1 {SAID} refused", times=1)
    smtp.answer("dot", DROP, times=1)
    smtp.answer("dot", f"250 2.0.0 {SAID} queued", times=1)
    for status in (400, 500, 503, 404):
        sms.answer(Answer(status=status, body={"error": SAID, "to": f"+386{PHONE}"}), times=2)


@contextmanager
def overheard(url: str) -> Iterator[list[str]]:
    """Every command that reaches the broker while the block runs."""
    said: list[str] = []
    client = redis.Redis.from_url(url, socket_timeout=None)  # it may be silent for as long as it likes
    with client.monitor() as monitor:
        Thread(target=_listen, args=(monitor, said), daemon=True).start()
        yield said


def _listen(monitor: redis.client.Monitor, said: list[str]) -> None:
    try:
        while True:
            said.append(str(monitor.next_command()["command"]))
    except (redis.RedisError, OSError, ValueError):
        return  # the broker, or the block, has ended
