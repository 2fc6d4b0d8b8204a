"""Random small workspaces: every trigger, every step, a handful of people on several continents, events at odd hours."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from engage.contacts.ports import Person
from engage.model.contact import Event, Value
from tests.small import FILES

START = datetime(2026, 3, 27, 6, 0, tzinfo=UTC)  # the clocks of Europe change two days later
END = START + timedelta(days=4)
PLACES = (
    ("Europe/Ljubljana", "SI", "sl"), ("America/Los_Angeles", "US", "en"), ("Pacific/Kiritimati", "KI", "en"),
    ("Asia/Kathmandu", "NP", "uz"),
    (None, "LV", "lv"), (None, "US", "en-US"),
)
CHANNELS = """\
channels:
  email: {adapter: smtp, url: "${SMTP_URL}", from: "Aurora <hello@aurora.example>"}
  sms: {adapter: sms_webhook, url: "${SMS_URL}", secret: "${SMS_SECRET}", loopback: allowed, from: Aurora}
"""
ANSWERED = """\
title: What people say
purpose: care
status: live
trigger: {event: csat.answered, key: event.ticket_id}
goal: {event: ticket.closed, within: 2d}
holdout: 20%
steps:
  - set: {city: Celje, plan: pro}
    when: trigger.score > 3
  - wait: 37m
  - split:
      - {weight: 35, steps: [{send: csat, channels: {all: [email, sms]}}]}
      - {weight: 65, steps: [{send: csat, channels: {first: [sms, email], fallback_after: 95m, unless: delivered}}]}
  - emit: {event: ticket.escalated, data: {ticket_id: "{{ trigger.ticket_id }}"}}
  - consent: {withdraw: marketing, channel: email}
    when: contact.plan == 'free'
  - {stop: true, when: contact.country == 'US'}
  - wait: 13m
  - {send: birthday, channels: [email]}
"""
ESCALATED = """\
title: Somebody must look
purpose: service
status: live
trigger: {event: ticket.escalated}
re_entry: after 1d
steps:
  - wait: 7m
  - {send: csat, channels: [sms, email], quiet_hours: ignore}
"""
MOVED = """\
title: They came or they went
purpose: care
status: live
trigger: {enters: pros}
holdout: 10%
send: birthday
channels: [sms, email]
"""


@dataclass(frozen=True, kw_only=True)
class World:
    """A workspace's files, its people and what happens to them."""

    files: Mapping[str, str]
    people: tuple[Person, ...]
    events: tuple[Event, ...]


def a_world(seed: int) -> World:
    """The world of that number: always the same."""
    dice = random.Random(seed)
    people = tuple(_person(dice, number) for number in range(6))
    names = [str(person.attributes["external_id"]) for person in people]
    return World(files=_files(dice), people=people, events=tuple(_events(dice, names)))


def _files(dice: random.Random) -> Mapping[str, str]:
    settings = FILES["engage.yaml"].split("channels:\n")[0]
    settings = settings.replace("limit: 1 per week", f"limit: {dice.randint(1, 2)} per {dice.choice(['day', 'week'])}")
    settings = settings.replace("consent: opt_out}", f"consent: opt_out, limit: {dice.randint(1, 3)} per {dice.choice(['day', '36h'])}}}")
    settings = settings.replace("from: 21:00, to: 08:00", f"from: {dice.randint(18, 23)}:00, to: 0{dice.randint(6, 9)}:30")
    settings = settings.replace("events:\n", "events:\n  ticket.escalated: {ticket_id: text}\n")
    files = {name: text for name, text in FILES.items() if name.startswith("templates/")}
    return {
        **files,
        "engage.yaml": settings + CHANNELS,
        "campaigns/birthday.yaml": FILES["campaigns/birthday.yaml"]
        .replace("at: 09:00", f"at: {dice.randint(10, 23)}:{dice.choice(['00', '30'])}, leap_day: {dice.choice(['feb-28', 'mar-01'])}")
        .replace("expires: end_of_day", f"expires: {dice.choice(['end_of_day', '2h', '1d'])}"),
        "campaigns/follow_up.yaml": FILES["campaigns/follow_up.yaml"]
        .replace("wait: 1d", f"wait: {dice.choice(['30m', '1d', '24h', '{until: 09:00, days: [mon, sat, sun]}'])}")
        .replace("for: 3d", f"for: {dice.choice(['5h', '1d', '26h'])}"),
        "campaigns/newsletter.yaml": FILES["campaigns/newsletter.yaml"]
        .replace("0 10 * * mon", f"{dice.choice([0, 30])} {dice.randint(2, 20)} * * {dice.choice(['sun', '*', 'mon'])}")
        .replace("in: contact", f"in: {dice.choice(['contact', 'America/New_York'])}")
        .replace("channels: [email]", f"channels: {dice.choice(['[email]', '[preferred, email]', '[sms, email]'])}"),
        "campaigns/answered.yaml": ANSWERED
        .replace("within: 2d}", f"within: {dice.choice(['1d', '3d'])}}}\n" + dice.choice(["", "exit: goal\n"]).rstrip())
        .replace("37m", dice.choice(["37m", "{until: 10:17}"])),
        "campaigns/escalated.yaml": ESCALATED,
        "campaigns/moved.yaml": MOVED.replace("enters: pros", dice.choice(["enters: pros", "leaves: frees"])),
        "segments/pros.yaml": "audience: contact.plan == 'pro' or contact.city == 'Celje'\n",
        "segments/frees.yaml": "audience: not in_segment('pros')\n",
        "templates/news/sms.txt": "The news.\n",
    }


def _person(dice: random.Random, number: int) -> Person:
    zone, country, locale = dice.choice(PLACES)
    born = date(1990, 3, 27) + timedelta(days=dice.randint(0, 4))
    attributes: dict[str, Value] = {
        "external_id": f"p{number}", "country": country, "timezone": zone, "locale": locale, "birth_date": born,
        "plan": dice.choice(["pro", "free"]), "preferred_channel": dice.choice(["sms", "email", None]),
        "email": f"p{number}@example.com" if number == 0 or dice.random() < 0.8 else None,
        "phone": f"+3864012345{number}" if dice.random() < 0.7 else None,
    }
    return Person(attributes={name: value for name, value in attributes.items() if value is not None})


def _events(dice: random.Random, names: list[str]) -> list[Event]:
    events = []
    for number in range(8):
        ticket = f"T-{number}"
        closed = START + timedelta(minutes=dice.randint(1, 60 * 60))
        contact = dice.choice(names)
        events.append(Event(id=f"c{number}", type="ticket.closed", at=closed, data={"ticket_id": ticket}, contact_ref=contact))
        if dice.random() < 0.4:
            later = closed + timedelta(minutes=dice.randint(1, 2000))
            events.append(Event(id=f"r{number}", type="ticket.reopened", at=later, data={"ticket_id": ticket}, contact_ref=contact))
        if dice.random() < 0.5:
            later = closed + timedelta(minutes=dice.randint(60, 3000))
            data: dict[str, Value] = {"ticket_id": ticket, "score": dice.randint(1, 5)}
            events.append(Event(id=f"a{number}", type="csat.answered", at=later, data=data, contact_ref=contact))
    return sorted((event for event in events if event.at < END), key=lambda event: (event.at, event.id))
