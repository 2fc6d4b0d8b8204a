"""People who are new are brought in by the thousand, and what is stored of them is what would be, were they looked at one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from engage.contacts import apart, batches
from engage.contacts.importing import Report, import_file
from engage.contacts.ports import Identity, Permission, Person
from engage.model.consent import Wording
from engage.model.contact import AttributeKind, ChannelKind, Ground, Money, Value
from engage.model.workspace import Workspace
from engage.store.database import Database
from engage.store.notes import SECRET, write_once
from engage.store.people.contacts import SqlPeople
from engage.store.people.erasing import SqlPrivacy
from engage.store.schema.ledger import consents, wordings
from engage.store.schema.tables import contact_dates, contacts, touches
from tests.builders import NOON, a_purpose, a_workspace, some_settings

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the reader does nothing that another thread could hold up
ATTRIBUTES = {
    "birth_date": AttributeKind.DATE, "plan": AttributeKind.TEXT, "value": AttributeKind.MONEY, "score": AttributeKind.NUMBER,
    "seen_at": AttributeKind.DATETIME, "vip": AttributeKind.BOOLEAN, "sizes": AttributeKind.LIST,
}
EARLIER = NOON - timedelta(days=400)
FORM = Permission(purpose="care", channel=ChannelKind.EMAIL, granted=True, at=EARLIER, source="web\tform \\N")
NO = Permission(purpose="marketing", channel=None, granted=False, at=None, source="list")
READ = Permission(
    purpose="marketing", channel=ChannelKind.SMS, granted=True, at=None, source="list", ground=Ground.CONSENT, locale="sl",
    wording=Wording(purpose="marketing", locale="sl", text="Da, \"pišite\" mi\nše"), expires_at=NOON + timedelta(days=9),
)
NEW: Sequence[Person] = (
    Person(attributes={"external_id": "c1", "email": "Ana@example.com", "first_name": "Ana \\N \"Ž\"", "phone": None, "country": "SI"}),
    Person(attributes={"external_id": "\\N", "phone": "+38640123456", "birth_date": date(1992, 2, 29)}, permissions=(FORM, NO, READ)),
    Person(attributes={"email": "bor@example.com", "timezone": "Europe/Riga", "tags": ("a", "ž\\"), "chat_id": "U1"}, permissions=(NO,)),
    Person(attributes={
        "external_id": "d", "value": Money(amount=Decimal("12.30"), currency="EUR"), "score": 0.5, "vip": True, "sizes": ("s", "m"),
        "seen_at": datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC), "created_at": EARLIER, "tracking": False, "birth_date": date(1, 1, 1),
        "plan": "a\tb\r\nc\\t", "city": "दिल्ली",
    }, permissions=(replace(FORM, channel=None), READ, NO, replace(NO, granted=True))),
)
TABLES = (contacts, contact_dates, consents, touches, wordings)


@dataclass
class Side:
    """A database of people, and the workspace that it is asked for."""

    database: Database
    workspace: Workspace

    @property
    def people(self) -> SqlPeople:
        return SqlPeople(self.database, workspace=lambda: self.workspace)

    def rows(self) -> list[list[dict[str, object]]]:
        """All that was written, table by table."""
        with self.database.read() as connection:
            found = [connection.execute(sa.select(table).order_by(*table.primary_key)).mappings().all() for table in TABLES]
        return [[dict(row) for row in rows] for rows in found]


def a_side(database: Database) -> Side:
    """With the same secret as any other, so that the keys of addresses are the same."""
    with database.begin() as connection:
        write_once(connection, SECRET, "5e" * 32)
    settings = some_settings(attributes=ATTRIBUTES, purposes={name: a_purpose(name) for name in ("care", "marketing")})
    return Side(database=database, workspace=a_workspace(settings=settings))


@pytest.fixture
def side(database: Database) -> Side:
    return a_side(database)


@pytest.fixture
def other() -> Iterator[Side]:
    """One where everybody is looked at."""
    database = Database.open("sqlite://")
    database.migrate()
    yield a_side(database)
    database.close()


@pytest.mark.parametrize("silent", [False, True])
def test_people_laid_out_are_stored_to_the_letter_as_those_who_are_looked_at(side: Side, other: Side, silent: bool) -> None:
    newcomers = side.people.newcomers(now=NOON, silent=silent)
    laid = newcomers.lay_out(NEW)
    assert laid is not None
    brought = newcomers.bring_in(laid)
    stored = other.people.upsert(NEW, now=NOON, silent=silent)
    assert brought is not None
    assert brought.created == len(stored) == len(NEW)
    assert (brought.consents, brought.passed_over) == (sum(one.consents for one in stored), sum(one.passed_over for one in stored))
    assert side.rows() == other.rows()


@pytest.mark.parametrize("twins", [
    ({"external_id": "x"}, {"external_id": "x"}), ({"email": "A@example.com"}, {"external_id": "y", "email": "a@example.com"}),
    ({"phone": "+38640123456"}, {"phone": "+38640123456", "email": "b@example.com"}),
], ids=["external id", "email", "phone"])
def test_two_who_may_be_one_are_not_laid_out(side: Side, twins: Sequence[dict[str, Value]]) -> None:
    assert side.people.newcomers(now=NOON).lay_out([Person(attributes=each) for each in twins]) is None


def test_whose_consent_has_a_proof_is_not_laid_out(side: Side) -> None:
    proven = Person(attributes={"external_id": "x"}, permissions=(replace(FORM, proof="box 3"),))
    assert side.people.newcomers(now=NOON).lay_out([proven]) is None


def _known(side: Side) -> None:
    side.people.upsert([Person(attributes={"external_id": "c9", "email": "ana@EXAMPLE.com"})], now=NOON)


def _known_otherwise(side: Side) -> None:
    side.people.upsert([Person(attributes={"external_id": "c9", "email": "other@example.com"})], now=NOON)
    known = side.people.find("c9")
    assert known is not None
    side.people.change(known.id, {}, now=NOON, added=[Identity(name="email", value="bor@example.com", source="call")])


def _erased(side: Side) -> None:
    side.people.upsert([NEW[0]], now=NOON)
    known = side.people.find("c1")
    assert known is not None
    SqlPrivacy(side.database, workspace=lambda: side.workspace).erase(known.id, by="ana", now=NOON)


def _withdrawn(side: Side) -> None:
    side.people.upsert([Person(attributes={"email": "bor@example.com", "external_id": "q"})], now=NOON)
    with side.database.begin() as connection:
        key = connection.scalar(sa.select(contacts.c.email_key))
        line = {"contact_id": 7, "purpose": "care", "granted": False, "at": NOON, "source": "reply", "address_key": key}
        connection.execute(consents.insert().values(line))
        connection.execute(contacts.delete())


def _moved(side: Side) -> None:
    side.workspace = replace(side.workspace, settings=replace(side.workspace.settings, timezone="Asia/Tokyo"))


@pytest.mark.parametrize("before", [_known, _known_otherwise, _erased, _withdrawn, _moved])
def test_nothing_is_stored_where_somebody_must_be_looked_at(side: Side, before: Callable[[Side], None]) -> None:
    newcomers = side.people.newcomers(now=NOON)
    laid = newcomers.lay_out(NEW)
    assert laid is not None
    before(side)
    there = side.rows()
    assert newcomers.bring_in(laid) is None
    assert side.rows() == there


FILE = "external_id,email,phone,country,birth_date,plan,consent.care.email,consent_source\n" + "".join(
    f"c{n},p{n}@example.com,{'12' if n % 7 == 3 else ''},SI,1990-01-{1 + n % 28:02},\"a\\{n}\",{'granted' if n % 3 else ''},form {n % 2}\n"
    for n in range(30)
)


def imported(side: Side, path: Path) -> Report:
    return import_file(path, people=side.people, settings=side.workspace.settings, now=NOON)


def test_a_long_file_is_imported_as_a_short_one_is(
    side: Side, other: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody of the third batch is known, and two rows of the sixth are one person; every seventh row is refused."""
    path = tmp_path / "people.csv"
    path.write_text(FILE.replace("c16,", "c15,"), encoding="utf-8")
    monkeypatch.setattr(batches, "BATCH", 3)
    known = [Person(attributes={"external_id": "c7", "city": "Koper"})]
    for each in (side, other):
        each.people.upsert(known, now=EARLIER)
    here = imported(other, path)
    refused = path.with_name("people.csv.refused.csv").read_bytes()
    monkeypatch.setattr(apart, "FROM", 0)
    assert imported(side, path) == here
    assert (here.created, here.changed, here.refused) == (24, 2, 4)
    assert path.with_name("people.csv.refused.csv").read_bytes() == refused
    assert by_contact(side) == by_contact(other)
    again = imported(side, path)
    assert (again.created, again.changed, again.unchanged, again.consents) == (0, 0, 26, 0)


def by_contact(side: Side) -> list[list[dict[str, object]]]:
    """The same of databases that gave other ids: PostgreSQL gives none again that it drew in vain."""
    tables = side.rows()
    names = {row["id"]: row["external_id"] for row in tables[0]}
    for rows in tables:
        for row in rows:
            row |= {"id": names.get(row.pop("id", None))} if rows is tables[0] else {"id": None}
            row |= {"contact_id": names.get(row.get("contact_id"))}
    return [sorted(rows, key=repr) for rows in tables]
