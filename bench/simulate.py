"""How long `engage simulate` takes: a year of a campaign for 10,000 contacts in 60 zones. `python -m bench.simulate [NAMES…]`.

Figures are of CPU seconds, as wall time says more about who else is at work. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random  # noqa: TID251  # made-up people: the seed makes them the same everywhere
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from engage.contacts.ports import Person
from engage.model.contact import Consent
from engage.model.localtime import zone_names
from engage.model.workspace import Workspace
from engage.rules.workspace import load
from engage.settings import load_settings
from engage.store.database import Database
from engage.store.people.contacts import SqlPeople
from engage.store.people.ledger import SqlLedger
from workers.simulations import simulate

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = 60.0
CHUNK = 2_000
ZONES = sorted(zone_names())[::7][:60]
LOCALES = ("en", "sl", "uk", "lv")

SETTINGS = """\
company: {name: Aurora Outfitters, address: "Trubarjeva 1, 1000 Ljubljana, Slovenia"}
public_url: https://engage.example.com
timezone: Europe/Ljubljana
attributes: {birth_date: date}
purposes:
  marketing: {title: News, consent: opt_in, limit: 3 per week}
  care: {title: Wishes, consent: opt_out, limit: 2 per week}
limit: 5 per week
quiet_hours: {from: 21:00, to: 08:00}
channels:
  email: {adapter: console, kind: email, from: "Aurora <hello@aurora.example>"}
"""
LETTER = """\
---
subject: "{words}, {{{{ contact.first_name }}}}!"
---
# {words}, {{{{ contact.first_name }}}}!

{{{{ today | date }}}}: {{{{ 1234.5 | money('EUR') }}}} off for a good friend of ours.

[Unsubscribe]({{{{ message.unsubscribe_url }}}})
"""
WORDS = {"": "Good morning", ".sl": "Dobro jutro", ".uk": "Доброго ранку", ".lv": "Labrīt"}
TRIGGERS = {
    "birthday": ("care", "{date: birth_date, at: 09:00}"),
    "monthly": ("marketing", '{schedule: "0 10 1 * *", in: contact}'),
    "weekly": ("marketing", '{schedule: "0 10 * * mon", in: contact}'),
}


def main(arguments: list[str]) -> None:
    """Simulate each of the campaigns that are named, alone, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[*TRIGGERS], choices=[*TRIGGERS], metavar="NAME", help=", ".join(TRIGGERS))
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=365)
    asked = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        source = _source(Path(folder), asked.contacts)
        figures = {name: _run(source, name, days=asked.days) for name in asked.names}
        source.close()
    for name, took in figures.items():
        each = 1000 * took["cpu_s"] / max(1, took["messages"])
        _say(f"{name:<9} {took['messages']:>8,} messages  {took['cpu_s']:>6.1f} s CPU  "
             f"{took['cpu_s'] / MINUTE:>5.0%} of the minute  {each:.2f} ms a message")
    _say(json.dumps({"contacts": asked.contacts, "days": asked.days, "zones": len(ZONES), **figures}))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _run(source: Database, name: str, *, days: int) -> Mapping[str, float]:
    workspace = _workspace(name)
    wall, cpu = time.perf_counter(), time.process_time()
    kinds: Counter[str] = Counter()
    moments = list[datetime]()
    for line in simulate(source, workspace, start=START, end=START + timedelta(days=days), reached=moments.append):
        kinds[line.touch.kind] += 1
    return {
        "messages": kinds["sent"], "touches": kinds.total(), "moments": len(moments),
        "cpu_s": round(time.process_time() - cpu, 1), "wall_s": round(time.perf_counter() - wall, 1),
    }


def _workspace(name: str) -> Workspace:
    purpose, trigger = TRIGGERS[name]
    campaign = f"purpose: {purpose}\nstatus: live\ntrigger: {trigger}\nsend: letter\nchannels: [email]\nexpires: end_of_day\n"
    letters = {f"templates/letter/email{locale}.md": LETTER.format(words=words) for locale, words in WORDS.items()}
    texts = {"engage.yaml": SETTINGS, f"campaigns/{name}.yaml": campaign, **letters}
    files = {path: text.encode() for path, text in texts.items()}
    return load(files, load_settings(files, {}, root=Path()))


def _source(folder: Path, contacts: int) -> Database:
    """A database with people born on every day of the year, who all agreed to the news."""
    database = Database.open(f"sqlite:///{folder / 'bench.db'}")
    database.migrate()
    before = START - timedelta(days=30)
    workspace = _workspace("birthday")
    people = iter(_people(contacts))
    store = SqlPeople(database, workspace=lambda: workspace)
    while persons := list(islice(people, CHUNK)):
        store.upsert(persons, now=before)
    grants = [
        Consent(contact_id=number, purpose="marketing", channel=None, granted=True, at=before, source="bench")
        for number in range(1, contacts + 1)
    ]
    SqlLedger(database).record(grants)
    return database


def _people(contacts: int) -> Iterator[Person]:
    dice = random.Random(7)  # noqa: S311  # made-up people, no secret
    for number in range(contacts):
        born = date(1950, 1, 1) + timedelta(days=dice.randrange(50 * 365))
        yield Person(attributes={
            "external_id": f"c{number:05}", "email": f"c{number:05}@example.com", "first_name": f"Ana{number}", "birth_date": born,
            "locale": dice.choice(LOCALES), "timezone": ZONES[number % len(ZONES)],
        })


if __name__ == "__main__":
    main(sys.argv[1:])
