"""What the bench of delivery mails: the demo's newsletter to made-up people of seven languages, with consents and a past to count.

Everybody consented, two in a hundred withdrew since, one in a hundred is on the suppression list; of each third person the history
knows an earlier newsletter, so that limits have something to count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engage.channels.mime import Letterhead, compose
from engage.contacts.zones import names_behind
from engage.delivery.judging import Judge
from engage.model.addresses import address_key
from engage.model.contact import ChannelKind
from engage.model.delivery import Approved, Cleared, Rendered
from engage.model.workspace import Files, Workspace
from engage.planning.planner import Planner
from engage.planning.versions import version_in
from engage.rules.workspace import load
from engage.settings import load_settings
from engage.store.campaigns.workspaces import SqlWorkspaces
from engage.store.database import Database
from engage.store.delivery.deliveries import SqlDeliveries
from engage.store.planning.transactions import SqlPlanning
from engage.store.schema.ledger import consents, suppressions
from engage.store.schema.tables import contacts, touches
from engage.templates import Templates

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday, ten in the morning in Ljubljana; nowhere of PLACES a holiday or night
WITHDRAWN, SUPPRESSED, REMEMBERED = 50, 100, 3
"""Of so many people one each."""

PLACES = (
    ("sl", "SI", "Europe/Ljubljana"), ("uk", "UA", "Europe/Kyiv"), ("uz", "UZ", "Asia/Tashkent"), ("lv", "LV", "Europe/Riga"),
    ("fil", "PH", "Asia/Manila"), ("ar", "EG", "Africa/Cairo"), ("en", "GB", "Europe/London"),
)
NAMES = ("Ana", "Žiga", "Оксана", "Gulnora", "Līga", "Maria", "ليلى", "O'Neill", "Zoë & Co", "Łukasz")
TAGS = (["newsletter"], ["newsletter", "ski"], ["newsletter", "cycling", "vip"])
CAMPAIGN = """\
title: The week on the trail
purpose: marketing
status: live
priority: 2
trigger: {schedule: "0 10 * * mon", in: Europe/Ljubljana}
audience: contact.status == 'active' and in_segment('newsletter_readers')
send: newsletter
channels: [email]
expires: 1d
"""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a mail says."""

    subject: str
    text: str
    html: str


def workspace_files(demo: Path, *, channel: str, database: str = "sqlite://") -> Files:
    """The demo's folder, mailing by another channel, given as a line of YAML, and with one campaign."""
    kept = {}
    for path in sorted(demo.rglob("*")):
        name = path.relative_to(demo).as_posix()
        if path.is_file() and not name.startswith((".", "var/", "tests/", "campaigns/")):
            kept[name] = path.read_bytes()
    lines = kept["engage.yaml"].decode().splitlines()
    instead = {
        "  email: {adapter": f"  email: {channel}", "database:": f'database: "{database}"',
        "    campaigns: [ticket_follow_up]": "    campaigns: [newsletter]",
        "  clicks: true": "  clicks: false", "  utm:": "",  # letters that can be held against plain Jinja's
    }
    settings = [next((new for old, new in instead.items() if line.startswith(old)), line) for line in lines]
    return {**kept, "engage.yaml": ("\n".join(settings) + "\n").encode(), "campaigns/newsletter.yaml": CAMPAIGN.encode()}


def read(files: Files) -> Workspace:
    """The workspace in the files."""
    return load(files, settings=load_settings(files, {}))


def fill(database: Database, workspace: Workspace, people: int) -> int:
    """So many contacts, and a delivery to each that is due now; how many deliveries."""
    SqlWorkspaces(database).accept(workspace, now=NOW - timedelta(days=7))
    secret = database.secret()
    for first in range(0, people, 20_000):
        with database.begin() as connection:
            _add(connection, range(first, min(first + 20_000, people)), secret=secret)
    planner = Planner(
        SqlPlanning(database, workspace=lambda: workspace), workspace=lambda: workspace,
        versions=lambda name, version: version_in(workspace, name, version), zones_of=names_behind,
    )
    for moment in (NOW - timedelta(hours=1), NOW):
        planner.tick(now=moment)
    while planner.advance(now=NOW):
        pass
    with database.begin() as connection:
        if database.dialect == "postgresql":
            connection.exec_driver_sql("ANALYZE")
        return connection.execute(sa.text("SELECT count(*) FROM deliveries WHERE state = 'waiting'")).scalar_one()


def rendered(database: Database, workspace: Workspace) -> Iterator[Rendered]:
    """What the templates make of all that is due, without sending any of it."""
    versions = lambda name, version: version_in(workspace, name, version)  # noqa: E731  # short
    rows = SqlDeliveries(database, workspace=lambda: workspace, versions=versions)
    judge = Judge(workspace, now=NOW, versions=versions, providers={})
    templates = Templates(workspace, secret=database.secret())
    lease = rows.claim(now=NOW, queue="bulk", limit=100_000, owner="bench", lease=timedelta(minutes=10))
    if lease is None:
        return
    try:
        for candidate in rows.load(lease, now=NOW):
            decision = judge.decide(candidate)
            if isinstance(decision, Approved):
                given, lookup = judge.given(decision.intent), rows.lookup(decision.contact.id, now=NOW)
                yield templates.render(decision, given=given, now=NOW, lookup=lookup)
    finally:
        rows.release(lease)


def one_mail(database: Database, workspace: Workspace, folder: Path) -> Path:
    """A file with a mail as it goes over the wire, for those who send nothing else."""
    message = next(each for each in list(rendered(database, workspace)) if each.locale == "sl")
    cleared = Cleared(rendered=message, message_id="<d1.mark@engage.example.com>", idempotency_key="d1.mark", promotional=True)
    channel = workspace.settings.channels["email"]
    mail = compose(cleared, Letterhead(sender=channel.sender, purposes=workspace.settings.purposes), now=NOW)
    path = folder / "mail.eml"
    path.write_bytes(mail.content)
    return path


def dkim_key(folder: Path) -> Path:
    """A file with a new key of 2,048 bits."""
    path = folder / "dkim.pem"
    folder.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def _add(connection: sa.Connection, numbers: range, *, secret: bytes) -> None:
    made = [_contact(number, secret) for number in numbers]
    connection.execute(contacts.insert(), made)
    connection.execute(consents.insert(), [line for number in numbers for line in _consents(number)])
    listed = [made[number - numbers.start] for number in numbers if number % SUPPRESSED == 7]
    if listed:
        rows = [{"address_key": one["email_key"], "channel": "email", "reason": "manual", "at": NOW - timedelta(days=9)} for one in listed]
        connection.execute(suppressions.insert(), rows)
    connection.execute(touches.insert(), [_remembered(number) for number in numbers if number % REMEMBERED == 0])


def _contact(number: int, secret: bytes) -> dict[str, object]:
    locale, country, zone = PLACES[number % len(PLACES)]
    known = NOW - timedelta(days=90)
    return {
        "id": number + 1, "external_id": f"c{number}", "email": address_of(number), "first_name": NAMES[number % len(NAMES)],
        "email_key": address_key(secret, ChannelKind.EMAIL, address_of(number)), "status": "active", "locale": locale, "country": country,
        "timezone": zone, "zone_key": zone, "zone_source": "contact", "tags": TAGS[number % len(TAGS)],
        "attributes": {"plan": ("free", "plus", "pro")[number % 3]}, "known_at": known, "changed_at": known, "written_at": known,
    }


def address_of(number: int) -> str:
    """Where the contact of that number is written to."""
    return f"c{number}@example.com"


def _consents(number: int) -> Iterator[dict[str, object]]:
    line = {"contact_id": number + 1, "purpose": "marketing", "channel": "email", "source": "import", "proof": None, "address_key": None}
    yield {**line, "granted": True, "at": NOW - timedelta(days=80)}
    if number % WITHDRAWN == 3:
        yield {**line, "granted": False, "at": NOW - timedelta(days=10), "source": "link"}


def _remembered(number: int) -> dict[str, object]:
    return {
        "at": NOW - timedelta(days=7), "contact_id": number + 1, "kind": "sent", "campaign": "newsletter", "message": "newsletter",
        "purpose": "marketing", "channel": "email", "detail": {},
    }
