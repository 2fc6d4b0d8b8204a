"""What is kept of a person can be had by them, and erased: nothing that says who they were is left in any table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.contacts.ports import Fate, Identity, Permission, Person
from engage.contacts.privacy import ErasedWhy
from engage.model.contact import ChannelKind, Value
from engage.model.errors import InputError
from engage.model.history import Kind
from engage.planning.messages import AskedMessage, RequestName, delivery_of_message
from engage.store.database import Database
from engage.store.planning.messages import SqlMessages
from engage.store.rows.kept_texts import letters_in
from engage.store.schema.api import metadata
from engage.store.schema.ledger import consents, suppressions
from engage.store.schema.people import barred
from engage.store.schema.tables import deliveries, events, runs, touches
from tests.engine import MONDAY, Works
from tests.small import FILES, small_workspace

CANARY = "kanarek"
HOUR = timedelta(hours=1)
PHONE = "+38640777666"
SETTINGS = FILES["engage.yaml"].replace("ticket.closed: {ticket_id: text}", "ticket.closed: {ticket_id: text, note: text}").replace(
    "channels:\n", "endpoints:\n  gifts: {url: \"https://gifts.example.com/v1\", secret: \"whsec_c2VjcmV0c2VjcmV0c2VjcmV0\"}\nchannels:\n"
)
CALLING = (
    "title: Gift\npurpose: care\nstatus: live\ntrigger: {event: ticket.closed, key: event.note}\n"
    "steps: [{call: gifts, data: {who: '{{ contact.email }}'}, as: gift}, {send: csat, channels: [email]}]\n"
)

NOTING = (
    "title: Note\npurpose: care\nstatus: live\ntrigger: {event: ticket.closed, key: event.note}\n"
    "steps: [{send: csat, channels: [email], with: {note: '{{ trigger.note }}'}}]\n"
)


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    files = {"engage.yaml": SETTINGS, "campaigns/gift.yaml": CALLING, "campaigns/note.yaml": NOTING,
             "segments/pros.yaml": "audience: contact.plan == 'pro'\n",
             "campaigns/joined.yaml": "title: J\npurpose: care\nstatus: live\ntrigger: {enters: pros}\nsend: birthday\nchannels: [email]\n"}
    works = Works(database, small_workspace(**files))
    yield works
    works.close()


def number(works: Works, label: str) -> int:
    found = works.people.find(label)
    assert found is not None
    return found.id


def live(works: Works) -> int:
    """A life of which every table has something, the canary in all that somebody could write."""
    told = {
        "external_id": f"{CANARY}-1", "email": f"{CANARY}@example.com", "phone": PHONE, "chat_id": f"U{CANARY}", "first_name": CANARY,
        "last_name": CANARY, "city": CANARY, "company": CANARY, "tags": (CANARY,), "plan": "pro", "country": "SI",
        "timezone": "Europe/Ljubljana",
    }
    proven = Permission(
        purpose="marketing", channel=None, granted=True, at=MONDAY - HOUR, source=f"call with {CANARY}", proof=f"{CANARY}'s own",
    )
    born = (MONDAY + 24 * HOUR).date().replace(year=1990)
    works.people.upsert([Person(attributes={**told, "birth_date": born}, permissions=(proven,))], now=MONDAY)
    works.know("bor")
    id_ = number(works, f"{CANARY}-1")
    others = [
        Identity(name="email", value=f"{CANARY}@work.example", source=CANARY),
        Identity(name="external_id", value=f"crm-{CANARY}", source="x"),
    ]
    works.people.change(id_, {}, now=MONDAY, added=others)
    works.know(f"{CANARY}-2", phone="+38640777665")
    works.merging.merge(id_, number(works, f"{CANARY}-2"), now=MONDAY, by="tester")
    works.planner.tick(now=MONDAY)
    works.happen("ticket.closed", f"{CANARY}-1", id=f"zendesk-{CANARY}", ticket_id=f"T-{CANARY}", note=f"{CANARY} was angry")
    works.happen("ticket.reopened", f"later-{CANARY}", id="kept", ticket_id="x")
    ask_for_later(works)
    works.play(MONDAY + 26 * HOUR)
    works.clock.move(MONDAY + 26 * HOUR)
    works.respond(Kind.BOUNCED, "csat", f"{CANARY}-1", reason=f"550 no {CANARY}@example.com here", text=f"no {CANARY}")
    works.happen("ticket.closed", f"{CANARY}-1", id=f"again-{CANARY}", ticket_id=f"T2-{CANARY}", note="other")
    works.planner.advance(now=works.clock.now())
    return id_


def ask_for_later(works: Works) -> None:
    """As a program does that has the canary in its key, and in what it hands to the template."""
    contact = works.people.find(f"{CANARY}-1")
    assert contact is not None
    asked = AskedMessage(
        contact=contact, message="birthday", purpose="care", channels=("email",), values={"note": CANARY}, send_at=MONDAY + 99 * HOUR,
    )
    new = delivery_of_message(asked, settings=works.workspace.settings, now=works.clock.now())
    SqlMessages(works.database).ask(new, request=RequestName(key_id=1, name=f"for-{CANARY}", fingerprint="f"))


def _unpacked(value: object) -> object:
    """What a row of texts says, its letters packed together; all else as text."""
    return dict(letters_in(value)) if isinstance(value, bytes) else str(value)


def found_in(database: Database, *words: str) -> dict[str, int]:
    """In which columns of which tables one of the words stands, in whatever case, and in how many rows."""
    found: dict[str, int] = {}
    with database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                for name, value in row.items():
                    text = json.dumps(value, default=_unpacked, ensure_ascii=False).casefold()
                    if any(word.casefold() in text for word in words):
                        found[f"{table.name}.{name}"] = found.get(f"{table.name}.{name}", 0) + 1
    return found


def test_nothing_that_says_who_it_was_is_left_in_any_column_of_any_table(works: Works) -> None:
    id_ = live(works)
    before = found_in(works.database, CANARY, PHONE)
    assert {name.split(".")[0] for name in before} >= {
        "contacts", "identities", "merges", "consents", "events", "runs", "deliveries", "touches", "touch_details", "calls",
        "requests", "kept_texts",
    }
    works.privacy.erase(id_, now=works.clock.now(), by="tester")
    assert set(found_in(works.database, CANARY, PHONE)) <= {"events.contact_ref"}  # of `later-kanarek`, whom nobody knows
    works.settle()
    works.play(works.clock.now() + 400 * HOUR)
    works.privacy.erase_late(now=works.clock.now())
    assert set(found_in(works.database, CANARY, PHONE)) <= {"events.contact_ref"}


def test_nothing_goes_to_whom_was_erased_and_every_run_and_message_ends(works: Works) -> None:
    id_ = live(works)
    sent = works.sent()
    works.privacy.erase(id_, now=works.clock.now(), by="tester")
    works.play(works.clock.now() + 400 * HOUR)
    assert [address for address in works.sent() if CANARY in address] == [address for address in sent if CANARY in address]
    with works.database.read() as connection:
        states = connection.scalars(sa.select(runs.c.state).where(runs.c.contact_id == id_)).all()
        waiting = connection.scalar(sa.select(sa.func.count()).where(deliveries.c.contact_id == id_, deliveries.c.state == "waiting"))
    assert "active" not in states
    assert waiting == 0
    assert works.touches(Kind.ERASED)[0].contact_id == id_


def test_what_happened_stays_without_whom_it_happened_to(works: Works) -> None:
    id_ = live(works)
    before = [(touch.kind, touch.at, touch.message) for touch in works.touches() if touch.contact_id == id_]
    works.privacy.erase(id_, now=works.clock.now(), by="tester")
    after = [(touch.kind, touch.at, touch.message) for touch in works.touches() if touch.contact_id == id_]
    assert after == [*before, (Kind.ERASED, works.clock.now(), None)]
    with works.database.read() as connection:
        lines = connection.execute(sa.select(consents.c.granted, consents.c.proof)).all()
    assert any(line.granted and str(line.proof).startswith("erased:") for line in lines)


def test_whoever_was_erased_is_not_taken_in_again_and_the_row_says_why(works: Works) -> None:
    works.privacy.erase(live(works), now=works.clock.now(), by="tester")
    told: list[dict[str, Value]] = [
        {"email": f"{CANARY}@EXAMPLE.com"}, {"external_id": f"{CANARY}-1", "email": "new@example.com"},
        {"phone": PHONE, "external_id": "other"}, {"email": f"{CANARY}@work.example"}, {"external_id": f"crm-{CANARY}"},
        {"external_id": f"{CANARY}-2"},
    ]
    stored = works.people.upsert([Person(attributes=each) for each in told], now=works.clock.now())
    assert {each.fate for each in stored} == {Fate.REFUSED}
    assert all("erased at the person's request on 2026-02-24" in str(each.reason) for each in stored)


def test_an_address_that_is_readmitted_is_taken_in_and_written_to(works: Works) -> None:
    works.privacy.erase(live(works), now=works.clock.now(), by="tester")
    with pytest.raises(InputError, match="contact readmit"):
        works.suppressions.unsuppress(ChannelKind.EMAIL, f"{CANARY}@example.com")
    assert works.people.readmit(f"{CANARY}@example.com", now=works.clock.now())
    assert not works.people.readmit(f"{CANARY}@example.com", now=works.clock.now())
    (stored,) = works.people.upsert([Person(attributes={"email": f"{CANARY}@example.com"})], now=works.clock.now())
    assert stored.fate is Fate.CREATED
    works.happen("ticket.closed", f"{CANARY}@example.com", id="new", ticket_id="1", note="new")
    works.play(works.clock.now() + 48 * HOUR)
    assert works.sent()[-1] == f"{CANARY}@example.com"


def test_events_about_whom_was_erased_are_not_kept(works: Works) -> None:
    works.privacy.erase(live(works), now=works.clock.now(), by="tester")
    for reference in (f"{CANARY}-1", f"{CANARY}@example.com", f"crm-{CANARY}", PHONE):
        assert works.happen("ticket.closed", reference, id=f"e-{reference}", ticket_id="1", note="x") is False
    with works.database.read() as connection:
        assert connection.scalars(sa.select(events.c.id)).all() == ["kept"]


def test_events_that_waited_for_whom_was_erased_go_too(works: Works) -> None:
    works.happen("ticket.reopened", f"{CANARY}@example.com", id="waiting", ticket_id="x")
    works.privacy.erase(live(works), now=works.clock.now(), by="tester")
    with works.database.read() as connection:
        assert "waiting" not in connection.scalars(sa.select(events.c.id)).all()


def test_an_address_that_somebody_else_has_too_stays_theirs(works: Works) -> None:
    works.know("bor", "cene", email="family@example.com")
    done = works.privacy.erase(number(works, "bor"), now=MONDAY, by="tester")
    assert (done.shared, done.barred) == (1, 1)
    works.happen("ticket.closed", "cene", ticket_id="1", note="c")
    works.play(MONDAY + 30 * HOUR)
    assert "family@example.com" in works.sent()
    (stored,) = works.people.upsert([Person(attributes={"external_id": "bor", "email": "family@example.com"})], now=MONDAY)
    assert stored.fate is Fate.REFUSED


def test_whoever_has_the_proof_can_show_that_it_was_on_record(works: Works) -> None:
    works.privacy.erase(live(works), now=works.clock.now(), by="tester")
    for reference in (f"{CANARY}@example.com", f"crm-{CANARY}"):
        found = works.privacy.proof(reference, text=f"{CANARY}'s own")
        assert [(each.line.purpose, each.line.granted) for each in found if each.matches] == [("marketing", True)]
    assert works.privacy.proof("bor") == []


def test_the_records_of_whom_a_merged_one_had_come_of_are_erased_too(works: Works) -> None:
    works.know(f"{CANARY}-3", "dora", "eva", last_name=CANARY)
    eva, dora, third = (number(works, label) for label in ("eva", "dora", f"{CANARY}-3"))
    works.merging.merge(dora, third, now=MONDAY, by="tester")
    works.merging.merge(eva, dora, now=MONDAY, by="tester")
    assert len(works.privacy.export(eva, now=MONDAY)["merges"]) == 2  # type: ignore[arg-type]  # a list in JSON
    works.privacy.erase(eva, now=MONDAY, by="tester")
    assert found_in(works.database, CANARY) == {}


def test_who_was_erased_for_being_away_may_come_back(works: Works) -> None:
    works.know("bor")
    works.privacy.erase(number(works, "bor"), now=MONDAY, by="retention", why=ErasedWhy.INACTIVE)
    works.know("bor")
    assert number(works, "bor")
    with works.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(barred)) == 0
        assert connection.scalar(sa.select(sa.func.count()).select_from(suppressions)) == 0


def test_whoever_is_erased_is_nobody_any_more(works: Works) -> None:
    works.know("bor")
    id_ = number(works, "bor")
    works.privacy.erase(id_, now=MONDAY, by="tester")
    assert works.people.find("bor") is None
    assert works.people.find(f"#{id_}") is None
    with pytest.raises(InputError, match="no contact"):
        works.privacy.erase(id_, now=MONDAY, by="tester")


def test_what_somebody_followed_is_theirs_to_have_and_goes_with_them(works: Works) -> None:
    works.know("bor")
    works.happen("ticket.closed", "bor", ticket_id="1", note="x")
    works.play(MONDAY + 30 * HOUR)
    works.clock.move(MONDAY + 30 * HOUR)
    link = f"https://shop.example.com/?who={CANARY}"
    works.respond(Kind.OPENED, "csat", "bor", source="link", id=f"open-{CANARY}")
    works.respond(Kind.CLICKED, "csat", "bor", source="link", id="click", url=link)
    works.respond(Kind.CLICKED, "csat", "bor", source="link", id="scan", url=f"{link}&too", machine=True, reason="scanner")
    works.settle()
    told = json.loads(json.dumps(works.privacy.export(number(works, "bor"), now=works.clock.now())))
    assert [each["detail"]["url"] for each in told["history"] if each["kind"] == "clicked"] == [link, f"{link}&too"]
    assert [each["data"]["url"] for each in told["events"] if each["type"] == "message.clicked"] == [link]
    works.privacy.erase(number(works, "bor"), now=works.clock.now(), by="tester")
    assert found_in(works.database, CANARY) == {}
    seen = [(touch.kind, touch.detail, touch.reason) for touch in works.touches(Kind.OPENED, Kind.CLICKED)]
    assert seen == [(Kind.OPENED, {}, None), (Kind.CLICKED, {}, None), (Kind.CLICKED, {"machine": True}, None)]


def test_an_export_has_all_that_is_kept(works: Works) -> None:
    id_ = live(works)
    told = json.loads(json.dumps(works.privacy.export(id_, now=works.clock.now())))
    assert (told["format"], told["version"]) == ("engage.person", 1)
    assert told["contact"]["attributes"]["first_name"] == CANARY
    assert {each["value"] for each in told["addresses"]} >= {f"{CANARY}@example.com", f"{CANARY}@work.example", f"U{CANARY}", PHONE}
    assert any(each["proof"] == f"{CANARY}'s own" for each in told["consents"])
    assert any(each["data"].get("ticket_id") == f"T-{CANARY}" for each in told["events"])
    assert any(each["trigger"].get("note") == f"{CANARY} was angry" for each in told["runs"])
    assert any(each["private"].get("address") == f"{CANARY}@example.com" for each in told["history"])
    assert [each["data"] for each in told["calls"]] != []
    assert told["segments"] == [{"segment": "pros", "inside": True, "moved_at": None}]
    assert told["merges"][0]["merged"]["external_id"] == f"{CANARY}-2"
    for table, ids in ((touches, "history"), (runs, "runs"), (deliveries, "messages"), (events, "events")):
        with works.database.read() as connection:
            rows = connection.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.contact_id == id_))
        assert len(told[ids]) == rows


@pytest.mark.parametrize("told", [
    {"external_id": "bor"}, {"external_id": "another", "chat_id": "U4711"}, {"email": "new@example.com", "chat_id": "U4711"},
])
def test_no_import_takes_in_an_id_of_whom_was_erased(works: Works, told: Mapping[str, str]) -> None:
    works.know("bor", chat_id="U4711")
    works.privacy.erase(number(works, "bor"), now=MONDAY, by="tester")
    (stored,) = works.people.upsert([Person(attributes=told)], now=MONDAY)
    assert stored.fate is Fate.REFUSED
    assert "erased at the person's request" in (stored.reason or "")
