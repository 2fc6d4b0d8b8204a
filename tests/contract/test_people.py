"""People, ledger and suppressions keep their word on both databases."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from engage.contacts.importing import Instructions, Report, import_file
from engage.contacts.ports import Fate, Permission, Person
from engage.history.timeline import Filter
from engage.model.contact import AttributeKind, ChannelKind, Consent, Ground, Money, Value
from engage.model.errors import InputError
from engage.model.history import Kind
from engage.model.time import ZoneSource
from engage.model.workspace import Workspace
from engage.store.database import Database
from engage.store.history.touches import SqlHistory
from engage.store.people.contacts import SqlPeople
from engage.store.people.ledger import SqlLedger, SqlSuppressions
from engage.store.schema.tables import contact_dates, contacts, deliveries
from tests.builders import NOON, a_workspace, some_settings

LATER = NOON + timedelta(days=1)
EMAIL, SMS = ChannelKind.EMAIL, ChannelKind.SMS


@dataclass
class Books:
    """A database with the people's side of Engage over it; `workspace` can be exchanged."""

    database: Database
    workspace: Workspace

    @property
    def people(self) -> SqlPeople:
        return SqlPeople(self.database, workspace=lambda: self.workspace)

    @property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self.database)

    def row(self, contact_id: int) -> sa.RowMapping:
        with self.database.read() as connection:
            return connection.execute(sa.select(contacts).where(contacts.c.id == contact_id)).mappings().one()

    def dates(self) -> list[tuple[object, ...]]:
        columns = (contact_dates.c.contact_id, contact_dates.c.name, contact_dates.c.year, contact_dates.c.month, contact_dates.c.day)
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(sa.select(*columns, contact_dates.c.zone_key).order_by(*columns))]

    def add(self, *permissions: Permission, now: datetime = NOON, silent: bool = False, **attributes: Value) -> int:
        (stored,) = self.people.upsert([Person(attributes=attributes, permissions=permissions)], now=now, silent=silent)
        assert stored.contact_id is not None, stored.reason
        return stored.contact_id

    def kinds(self, contact_id: int) -> list[Kind]:
        return [line.touch.kind for line in SqlHistory(self.database).timeline(Filter(contact_id=contact_id))]


@pytest.fixture
def books(database: Database) -> Books:
    attributes = {"birth_date": AttributeKind.DATE, "plan": AttributeKind.TEXT, "value": AttributeKind.MONEY, "score": AttributeKind.NUMBER}
    return Books(database=database, workspace=a_workspace(settings=some_settings(attributes=attributes)))


def granted(*, at: datetime | None = None, channel: ChannelKind | None = EMAIL) -> Permission:
    return Permission(purpose="care", channel=channel, granted=True, at=at, source="form", proof="box 3")


def withdrawn(*, at: datetime | None = None) -> Permission:
    return Permission(purpose="care", channel=None, granted=False, at=at, source="form")


def test_what_is_told_of_a_person_comes_back_as_it_was(books: Books) -> None:
    told: dict[str, Value] = {
        "external_id": "ana", "email": "Ana@example.com", "phone": "+38640123456", "chat_id": "U1", "first_name": "Ana", "tags": ("a", "b"),
        "country": "SI", "created_at": datetime(2025, 3, 1, 8, tzinfo=UTC), "birth_date": date(1992, 2, 29),
        "value": Money(amount=Decimal("12.30"), currency="EUR"), "score": 3, "plan": "plus",
    }
    books.add(**told)
    for reference in ("ana", "ana@EXAMPLE.com", "+386 40 123 456"):
        found = books.people.find(reference)
        assert found is not None
        assert dict(found.attributes) == told
        assert (found.zones.key, found.zones.source) == ("Europe/Ljubljana", ZoneSource.PHONE)


def test_the_same_told_again_changes_nothing(books: Books) -> None:
    person = Person(attributes={"external_id": "ana", "birth_date": date(1992, 2, 29)}, permissions=(granted(at=NOON), withdrawn()))
    first, second = (books.people.upsert([person], now=now)[0] for now in (NOON, LATER))
    assert (first.fate, first.consents) == (Fate.CREATED, 2)
    assert (second.fate, second.consents, second.contact_id) == (Fate.UNCHANGED, 0, first.contact_id)
    assert books.row(first.contact_id or 0)["changed_at"] == NOON


def test_rows_of_one_person_in_one_batch_are_merged_in_order(books: Books) -> None:
    told: list[dict[str, Value]] = [
        {"external_id": "ana", "city": "Koper"}, {"email": "a@example.com", "external_id": "ana"},
        {"email": "a@example.com", "city": "Piran"},
    ]
    stored = books.people.upsert([Person(attributes=attributes) for attributes in told], now=NOON)
    assert [one.fate for one in stored] == [Fate.CREATED, Fate.CHANGED, Fate.CHANGED]
    assert len({one.contact_id for one in stored}) == 1
    found = books.people.find("ana")
    assert found is not None
    assert found.attributes["city"] == "Piran"


def test_a_shared_address_is_refused_as_a_name_and_the_rest_of_the_batch_goes_in(books: Books) -> None:
    books.add(external_id="a", email="family@example.com")
    books.add(external_id="b", email="family@example.com")
    refused, taken = books.people.upsert(
        [Person(attributes={"email": "family@example.com"}), Person(attributes={"external_id": "c"})], now=NOON
    )
    assert refused.fate is Fate.REFUSED
    assert "belongs to 2 contacts" in (refused.reason or "")
    assert taken.fate is Fate.CREATED
    with pytest.raises(InputError, match="several contacts share this address"):
        books.people.find("family@example.com")


def test_a_dry_run_writes_nothing(books: Books) -> None:
    with books.people.trial() as trial:
        (stored,) = trial.upsert([Person(attributes={"external_id": "ana"}, permissions=(granted(),))], now=NOON)
    assert (stored.fate, stored.consents) == (Fate.CREATED, 1)
    assert books.people.find("ana") is None


def test_dates_are_kept_apart_with_the_zone_and_follow_changes(books: Books) -> None:
    ana = books.add(external_id="ana", birth_date=date(1992, 2, 29), country="SI")
    assert books.dates() == [(ana, "birth_date", 1992, 2, 29, "Europe/Ljubljana")]
    books.add(external_id="ana", timezone="Asia/Tokyo")
    assert books.dates() == [(ana, "birth_date", 1992, 2, 29, "Asia/Tokyo")]
    books.people.change(ana, {"birth_date": None}, now=NOON)
    assert books.dates() == []


@pytest.mark.parametrize(("change", "matters"), [
    ({"birth_date": date(1993, 1, 1)}, True), ({"timezone": "Asia/Tokyo"}, True), ({"country": "AT"}, True),
    ({"first_name": "Bor"}, False), ({"tags": ("vip",)}, False),
])
def test_only_a_new_date_zone_or_country_is_a_change_that_may_enter_campaigns(
    books: Books, change: dict[str, Value], matters: bool,
) -> None:
    ana = books.add(external_id="ana", birth_date=date(1992, 2, 29), country="SI", timezone="Europe/Ljubljana")
    books.add(now=LATER, external_id="ana", **change)
    assert books.row(ana)["changed_at"] == (LATER if matters else NOON)


def test_a_silent_import_is_no_news_to_any_campaign(books: Books) -> None:
    ana = books.add(external_id="ana", birth_date=date(1992, 2, 29), silent=True)
    books.add(external_id="ana", birth_date=date(1993, 2, 28), now=LATER, silent=True)
    assert books.row(ana)["changed_at"] == datetime(1970, 1, 1, tzinfo=UTC)
    assert books.row(ana)["known_at"] == NOON


def test_a_mended_zone_frees_what_was_held_for_it(books: Books) -> None:
    ana, bor = books.add(external_id="ana", timezone="Mars/Olympus"), books.add(external_id="bor", timezone="Mars/Olympus")
    assert books.row(ana)["zone_key"] == "!"
    with books.database.begin() as connection:
        connection.execute(deliveries.insert(), [_held(contact_id, hold) for contact_id in (ana, bor) for hold in ("zone", "approval")])
    books.people.change(ana, {"timezone": "Europe/Riga"}, now=LATER)
    with books.database.read() as connection:
        asked = sa.select(deliveries.c.contact_id, deliveries.c.hold, deliveries.c.due_at).order_by(deliveries.c.id)
        found = [tuple(row) for row in connection.execute(asked)]
    assert found == [
        (ana, None, LATER), (ana, "approval", NOON + timedelta(days=7)), (bor, "zone", NOON + timedelta(days=7)),
        (bor, "approval", NOON + timedelta(days=7)),
    ]


def _held(contact_id: int, hold: str) -> dict[str, object]:
    expiry = NOON + timedelta(days=7)
    return {
        "run_id": None, "campaign": "birthday", "version": "v", "step": "0", "message": "birthday", "purpose": "care",
        "contact_id": contact_id, "queue": "bulk", "priority": 5, "intended_at": NOON, "due_at": expiry, "expires_at": expiry,
        "state": "waiting", "hold": hold,
        "payload": {}, "tried": [],
    }


def test_an_attribute_no_longer_declared_stays_in_the_row(books: Books) -> None:
    books.add(external_id="ana", plan="plus")
    books.workspace = a_workspace(settings=some_settings(attributes={"birth_date": AttributeKind.DATE}))
    ana = books.add(external_id="ana", first_name="Ana")
    assert books.row(ana)["attributes"] == {"plan": "plus"}


def test_settling_anew_follows_the_workspaces_zone_and_newly_declared_dates(books: Books) -> None:
    bor = books.add(external_id="bor", birth_date=date(1992, 2, 29))
    books.add(external_id="ana", timezone="Asia/Tokyo")
    attributes = books.workspace.settings.attributes
    books.workspace = a_workspace(settings=some_settings(timezone="Europe/Riga", attributes=attributes))
    assert books.people.resettle(now=LATER) == 1
    assert books.dates() == [(bor, "birth_date", 1992, 2, 29, "Europe/Riga")]
    assert books.row(bor)["changed_at"] == NOON
    assert books.people.resettle(now=LATER) == 0


def test_a_change_may_not_take_anothers_name_nor_leave_nobody(books: Books) -> None:
    ana, _ = books.add(external_id="ana"), books.add(external_id="bor")
    with pytest.raises(InputError, match="another contact has the external_id 'bor'"):
        books.people.change(ana, {"external_id": "bor"}, now=NOON)
    with pytest.raises(InputError, match="nothing would be left"):
        books.people.change(ana, {"external_id": None}, now=NOON)
    with pytest.raises(InputError, match="there is no such contact"):
        books.people.change(9_999, {"city": "Koper"}, now=NOON)


def test_erased_contacts_are_not_found_nor_merged_with(books: Books) -> None:
    ana = books.add(external_id="ana", email="ana@example.com")
    with books.database.begin() as connection:
        connection.execute(contacts.update().where(contacts.c.id == ana).values(erased_at=NOON, external_id=None))
    assert books.people.find("ana@example.com") is None
    assert books.add(email="ana@example.com") != ana


def test_every_line_of_the_ledger_is_a_touch_with_its_proof_apart(books: Books) -> None:
    ana = books.add(granted(at=NOON), withdrawn(at=LATER), now=LATER, external_id="ana")
    assert books.kinds(ana) == [Kind.CONSENT_WITHDRAWN, Kind.CONSENT_GRANTED]
    (_, grant) = SqlHistory(books.database).timeline(Filter(contact_id=ana))
    assert (grant.touch.purpose, grant.touch.channel, grant.touch.at) == ("care", "email", NOON)
    assert (dict(grant.touch.detail), dict(grant.touch.private)) == ({"source": "form"}, {"proof": "box 3"})


def test_an_old_list_does_not_undo_a_withdrawal(books: Books) -> None:
    books.add(withdrawn(at=NOON), external_id="ana")
    (stored,) = books.people.upsert([Person(attributes={"external_id": "ana"}, permissions=(granted(),))], now=LATER)
    assert (stored.consents, stored.passed_over, stored.fate) == (0, 1, Fate.UNCHANGED)


def test_the_ledger_records_each_line_once(books: Books) -> None:
    ana = books.add(external_id="ana")
    line = Consent(contact_id=ana, purpose="care", channel=None, granted=False, at=NOON, source="call")
    assert books.ledger.record([line, line]) == 1
    assert books.ledger.record([line, replace(line, channel=SMS)]) == 1
    assert books.ledger.lines(ana) == [line, replace(line, channel=SMS)]
    assert books.kinds(ana) == [Kind.CONSENT_WITHDRAWN, Kind.CONSENT_WITHDRAWN]


def test_a_withdrawal_by_message_is_everybodys_who_shares_the_address(books: Books) -> None:
    ana, bor = books.add(external_id="ana", email="home@example.com"), books.add(external_id="bor", email="Home@example.com")
    key = books.row(ana)["email_key"]
    by_message = Consent(contact_id=ana, purpose="care", channel=EMAIL, granted=False, at=NOON, source="link", address_key=key)
    books.ledger.record([by_message, replace(by_message, granted=True, at=LATER)])
    assert books.ledger.lines(bor) == [by_message]


def test_a_suppressed_address_stays_under_its_hash_whoever_has_it(books: Books) -> None:
    suppressions = SqlSuppressions(books.database)
    books.add(external_id="ana", email="ana@example.com")
    assert suppressions.suppress(EMAIL, "Ana@Example.com ", reason="complaint", now=NOON)
    assert not suppressions.suppress(EMAIL, "ana@example.com", reason="manual", now=LATER)
    (found,) = suppressions.suppressed()
    assert (found.channel, found.reason, found.at, found.contacts) == (EMAIL, "complaint", NOON, ("ana",))
    assert "example.com" not in repr(found)
    assert suppressions.unsuppress(EMAIL, "ANA@example.com")
    assert not suppressions.unsuppress(EMAIL, "ana@example.com")


def test_two_imports_at_once_make_nobody_twice(books: Books) -> None:
    if books.database.in_memory:
        pytest.skip("a database in memory has one connection")
    persons = [Person(attributes={"email": f"p{number}@example.com"}, permissions=(granted(at=NOON),)) for number in range(50)]
    threads = [threading.Thread(target=books.people.upsert, args=(persons,), kwargs={"now": NOON}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with books.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(contacts)) == 50
    assert len(books.ledger.lines(1)) == 1


@pytest.fixture
def importing(books: Books, tmp_path: Path) -> Callable[..., Report]:
    def run(content: str, *, name: str = "people.csv", **options: object) -> Report:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return import_file(path, people=books.people, settings=books.workspace.settings, now=NOON, **options)  # type: ignore[arg-type]  # the test's own words

    return run


def test_a_file_imported_twice_is_imported_once(books: Books, importing: Callable[..., Report]) -> None:
    content = "external_id,email,consent.care.email\nana,ana@example.com,granted\nbor,,withdrawn @2025-01-01\n"
    first, second = importing(content), importing(content)
    assert (first.created, first.consents, first.refused) == (2, 2, 0)
    assert (second.created, second.changed, second.unchanged, second.consents) == (0, 0, 2, 0)


def test_refused_rows_can_be_mended_and_imported_without_a_mapping(importing: Callable[..., Report]) -> None:
    content = "id;Mail;city\nana;ana@example.com;Koper\nbor;bor.example.com;Piran\n"
    report = importing(content, told=Instructions(mapping={"id": "external_id", "Mail": "email"}))
    assert (report.created, report.refused) == (1, 1)
    assert report.refused_file is not None
    content = report.refused_file.read_text(encoding="utf-8-sig")
    assert content.splitlines()[0] == "external_id,email,city,refused_line,refused_reason"
    mended = importing(content.replace("bor.example.com,", "bor@example.com,"), name="mended.csv")
    assert (mended.created, mended.refused) == (1, 0)


def test_a_dry_run_tells_what_an_import_would_do_across_batches(
    books: Books, importing: Callable[..., Report], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engage.contacts.batches.BATCH", 2)
    content = "external_id,city\n" + "".join(f"p{number % 5},c{number}\n" for number in range(9)) + ",Koper\n"
    dry = importing(content, dry_run=True)
    assert (dry.rows, dry.created, dry.changed, dry.refused, dry.refused_file) == (10, 5, 4, 1, None)
    assert books.people.find("p1") is None
    wet = importing(content)
    assert (wet.created, wet.changed, wet.refused) == (5, 4, 1)


def test_json_lines_are_imported_alike(books: Books, importing: Callable[..., Report]) -> None:
    report = importing(
        '{"external_id": "ana", "tags": ["a"], "value": {"amount": "1.50", "currency": "EUR"}, "consent.care": true}\n'
        '{"external_id": "bor", "tags": "a; b", "score": "high"}\n', name="people.jsonl",
    )
    assert (report.created, report.refused, report.consents) == (1, 1, 1)
    assert report.refused_file is not None
    assert "bor,a; b,,,high" in report.refused_file.read_text(encoding="utf-8-sig")


def test_an_unknown_column_stops_the_import_before_its_first_row(books: Books, importing: Callable[..., Report]) -> None:
    with pytest.raises(InputError, match="unknown column 'shoe'"):
        importing("external_id,shoe\nana,42\n")
    assert books.people.find("ana") is None


@contextmanager
def writes(database: Database) -> Iterator[list[str]]:
    """The statements of the block that write."""
    found: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "COPY")):
            found.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)


def everybody(books: Books) -> list[tuple[object, ...]]:
    names = [contacts.c[name] for name in ("external_id", "email", "phone", "city", "tags", "attributes", "zone_key")]
    with books.database.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*names).order_by(contacts.c.external_id))]


PEOPLE = "external_id,email,city,tags,birth_date,consent.care.email\n" + "".join(
    f"p{number},p{number}@example.com,Koper,a; b,1990-01-{number + 1:02},granted @2025-01-01\n" for number in range(9)
)


def test_a_second_import_writes_nothing_at_all(books: Books, importing: Callable[..., Report]) -> None:
    importing(PEOPLE)
    with writes(books.database) as found:
        again = importing(PEOPLE)
    assert (again.unchanged, again.consents, found) == (9, 0, [])


def test_an_import_that_was_cut_short_ends_as_if_it_had_not_been(
    books: Books, importing: Callable[..., Report], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engage.contacts.batches.BATCH", 2)

    def cut(done: int, of: int | None) -> None:
        if len(everybody(books)) >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing(PEOPLE, progress=cut)
    assert len(everybody(books)) == 4
    after = importing(PEOPLE)
    assert (after.created, after.unchanged) == (5, 4)
    assert [row[0] for row in everybody(books)] == [f"p{number}" for number in range(9)]
    assert len(books.dates()) == 9
    assert all(len(books.ledger.lines(contact_id)) == 1 for contact_id in {row[0] for row in books.dates()})  # type: ignore[arg-type]  # an id


def test_a_row_that_means_two_people_makes_them_no_one(books: Books, importing: Callable[..., Report]) -> None:
    importing("external_id,email,phone\nana,ana@example.com,\n,bor@example.com,\n,,+38640123456\n")
    before = everybody(books)
    report = importing("external_id,email,phone\nana,bor@example.com,\nana,,+38640123456\n,bor@example.com,+38640123456\n")
    assert report.refused == 3
    assert report.refusals[0].reason.startswith("external_id ana is one contact, email bor@example.com another: mend the row")
    assert everybody(books) == before


def test_families_share_addresses(books: Books, importing: Callable[..., Report]) -> None:
    content = "external_id,email,phone\nana,home@example.com,+38640123456\nbor,home@example.com,+38640123456\n"
    assert importing(content).created == 2
    assert importing(content).unchanged == 2


def test_rows_have_what_the_user_says_of_all_of_them(books: Books, importing: Callable[..., Report]) -> None:
    told = Instructions(constants={"country": "SI", "city": "Koper"}, dates=("dd.mm.yyyy",))
    content = "external_id,phone,country,city,birth_date\nana,040 123 456,,,29.02.1992\nbor,067 123 4567,UA,Київ,1990-01-02\n"
    assert importing(content, told=told).refused == 0
    ana, bor = books.people.find("ana"), books.people.find("bor")
    assert ana is not None
    assert bor is not None
    assert (ana.attributes["phone"], ana.attributes["city"], ana.attributes["birth_date"]) == ("+38640123456", "Koper", date(1992, 2, 29))
    assert (bor.attributes["phone"], bor.attributes["city"], bor.attributes["birth_date"]) == ("+380671234567", "Київ", date(1990, 1, 2))


@pytest.mark.parametrize(("told", "why"), [
    (Instructions(constants={"shoe": "42"}), "there is no attribute 'shoe'"), (Instructions(constants={"country": "XX"}), "no country"),
    (Instructions(dates=("plan=dd.mm.yyyy",)), "'plan' is no date"), (Instructions(dates=("dd.mm.yy",)), "two do not tell the century"),
])
def test_what_is_said_of_a_file_must_make_sense(importing: Callable[..., Report], told: Instructions, why: str) -> None:
    with pytest.raises(InputError, match=why):
        importing("external_id\nana\n", told=told)


def test_a_dry_run_says_just_what_the_import_then_does(
    books: Books, importing: Callable[..., Report], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engage.contacts.batches.BATCH", 2)
    importing("external_id,email,consent.care.email\nana,ana@example.com,granted\nbor,bor@example.com,\n")
    content = (
        "external_id,email,city,consent.care.email\nana,new@example.com,,granted\n,new@example.com,Koper,\nmia,mia@example.com,,granted\n"
        ",ana@example.com,Piran,\nbor,mia@example.com,,no\n,mia@example.com,Koper,no\nana,bor@example.com,,\n"
    )
    before = everybody(books)
    dry = importing(content, dry_run=True)
    assert everybody(books) == before
    wet = importing(content)
    assert replace(wet, refused_file=None) == dry
    assert dry.created == 2


def test_the_ledger_keeps_how_an_imported_consent_was_given(books: Books, importing: Callable[..., Report]) -> None:
    names = "external_id,consent.care.email,consent_at,consent_proof,consent_basis,consent_wording,consent_language,consent_expires"
    content = f"{names}\nana,granted,2025-01-01,form 12,implied,Da!,sl,2028-01-01\nbor,no,2025-01-01,letter,implied,Da!,sl,2028-01-01\n"
    told = Instructions(constants={"consent_source": "the fair"})
    first, second = importing(content, told=told), importing(content, told=told)
    assert (first.consents, second.consents, second.unchanged) == (2, 0, 2)
    (granted,), (withdrawn,) = books.ledger.lines(1), books.ledger.lines(2)
    assert (granted.ground, granted.locale, granted.proof, granted.source) == (Ground.IMPLIED, "sl", "form 12", "the fair")
    assert granted.expires_at == datetime(2028, 1, 1, tzinfo=UTC)
    assert [each.text for each in books.ledger.wordings([granted.wording or ""]).values()] == ["Da!"]
    assert (withdrawn.ground, withdrawn.wording, withdrawn.expires_at, withdrawn.proof) == (None, None, None, "letter")


def test_a_proof_found_later_is_a_line_and_one_left_out_is_none(books: Books, importing: Callable[..., Report]) -> None:
    bare = "external_id,consent.care,consent_at\nana,granted,2025-01-01\n"
    proven = "external_id,consent.care,consent_at,consent_proof\nana,granted,2025-01-01,form 12\n"
    assert [importing(content).consents for content in (bare, proven, proven, bare)] == [1, 1, 0, 0]
    assert [line.proof for line in books.ledger.lines(1)] == [None, "form 12"]


def test_an_import_leaves_the_collecting_of_garbage_as_it_was(importing: Callable[..., Report]) -> None:
    before = gc.get_threshold()
    importing("external_id\nana\n")
    assert gc.get_threshold() == before
