"""Two contacts who are one person: nothing of either is lost, nothing is allowed that one of them forbade, and it can be taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engage.contacts.ports import Identity
from engage.history.timeline import Filter
from engage.model.contact import ChannelKind, Consent, Event
from engage.model.errors import InputError
from engage.model.history import Kind
from engage.model.run import RunState
from engage.store.database import Database
from engage.store.people.merging import SqlMerging
from engage.store.schema.people import merges, metadata
from engage.store.schema.tables import contacts, deliveries, runs
from tests.engine import MONDAY, Works
from tests.small import small_workspace

DAY = timedelta(days=1)
CHANGED_ANYWAY = {("contacts", "written_at"), ("contacts", "quietly")}


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    works = Works(database, small_workspace())
    works.know("ana", phone="+38640123456", tags=("a",), city="Koper")
    works.know("ani", email="ani@example.com", tags=("b",), city="Piran", last_name="Novak", chat_id="U7")
    yield works
    works.close()


def number(works: Works, label: str) -> int:
    found = works.people.find(label)
    assert found is not None
    return found.id


def merge(works: Works, kept: str = "ana", merged: str = "ani") -> int:
    merging = SqlMerging(works.database, workspace=lambda: works.workspace)
    return merging.merge(number(works, kept), number(works, merged), now=works.clock.now(), by="tester").id


def undo(works: Works, kept: str = "ana") -> None:
    SqlMerging(works.database, workspace=lambda: works.workspace).undo(number(works, kept), now=works.clock.now(), by="tester")


def consent(works: Works, label: str, purpose: str, *, granted: bool, channel: ChannelKind | None = None, days_ago: int = 0) -> None:
    at = works.clock.now() - days_ago * DAY
    works.ledger.record([
        Consent(contact_id=number(works, label), purpose=purpose, channel=channel, granted=granted, at=at, source="form", proof="box 3")
    ])


def may(works: Works, label: str, purpose: str, channel: str = "email") -> bool:
    return works.deliveries.lookup(number(works, label), now=works.clock.now()).has_consent(purpose, channel)


def everything(database: Database) -> Mapping[str, Any]:
    """All rows of all tables but those that say what was done."""
    with database.read() as connection:
        return {
            table.name: sorted(
                (
                    tuple((name, str(value)) for name, value in row.items() if (table.name, name) not in CHANGED_ANYWAY)
                    for row in connection.execute(sa.select(table)).mappings()
                ),
            )
            for table in metadata.sorted_tables if table.name not in (merges.name, "touches", "touch_details")
        }


def test_what_either_was_known_by_names_the_one_that_is_left(works: Works) -> None:
    kept, merged = number(works, "ana"), number(works, "ani")
    merge(works)
    for reference in ("ana", "ani", "ana@example.com", "ANI@example.com", "+38640123456", f"#{kept}", f"#{merged}"):
        assert number(works, reference) == kept, reference
    found = works.people.find("ana")
    assert found is not None
    told = {name: found.attributes[name] for name in ("external_id", "email", "city", "last_name", "chat_id", "tags")}
    assert told == {
        "external_id": "ana", "email": "ana@example.com", "city": "Koper", "last_name": "Novak", "chat_id": "U7", "tags": ("a", "b"),
    }


def test_both_pasts_are_in_one_history_with_the_merge(works: Works) -> None:
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.happen("ticket.closed", "ani", ticket_id="2")
    merge(works)
    lines = works.history.timeline(Filter(contact_id=number(works, "ana")))
    told = [line.touch.detail.get("event_id") for line in lines if line.touch.kind is Kind.EVENT]
    assert len(told) == 2
    assert lines[0].touch.kind is Kind.MERGED


@pytest.mark.parametrize(("mine", "theirs", "email"), [
    (True, True, True), (True, None, False), (None, True, False), (True, False, False), (False, True, False), (None, None, False),
])
def test_the_strictest_consent_counts(works: Works, mine: bool | None, theirs: bool | None, email: bool) -> None:
    for label, granted, days in (("ana", mine, 1), ("ani", theirs, 2)):
        if granted is not None:
            consent(works, label, "marketing", granted=granted, days_ago=days)
    merge(works)
    assert may(works, "ana", "marketing") is email


def test_a_purpose_that_heeds_withdrawals_heeds_those_of_both(works: Works) -> None:
    consent(works, "ani", "care", granted=False, channel=ChannelKind.EMAIL, days_ago=30)
    consent(works, "ana", "care", granted=True, days_ago=1)
    merge(works)
    assert [may(works, "ana", "care", channel) for channel in ("email", "sms")] == [False, True]


def test_a_grant_for_all_channels_stays_for_those_where_nothing_speaks_against_it(works: Works) -> None:
    consent(works, "ana", "marketing", granted=True)
    consent(works, "ani", "marketing", granted=True, channel=ChannelKind.SMS)
    merge(works)
    assert [may(works, "ana", "marketing", channel) for channel in ("email", "sms")] == [False, True]


def test_what_is_absent_by_a_merge_can_be_granted_again(works: Works) -> None:
    consent(works, "ana", "marketing", granted=True, days_ago=1)
    merge(works)
    works.clock.move(MONDAY + DAY)
    consent(works, "ana", "marketing", granted=True)
    assert may(works, "ana", "marketing")


def test_an_objection_by_one_address_holds_for_the_one_that_is_written_to(works: Works) -> None:
    works.suppressions.suppress(ChannelKind.EMAIL, "ani@example.com", reason="complaint", now=MONDAY)
    merge(works)
    assert {(each.reason, each.contacts) for each in works.suppressions.suppressed()} >= {("complaint", ("ana",))}
    undo(works)
    assert [each.contacts for each in works.suppressions.suppressed()] == [("ani",)]


def test_a_mailbox_that_does_not_exist_says_nothing_of_the_other(works: Works) -> None:
    works.suppressions.suppress(ChannelKind.EMAIL, "ani@example.com", reason="hard_bounce", now=MONDAY)
    merge(works)
    assert [each.contacts for each in works.suppressions.suppressed()] == [()]


def birthdays(works: Works) -> None:
    """Both enter the birthday campaign, under the same key, and nothing is sent yet."""
    for label in ("ana", "ani"):
        works.people.change(number(works, label), {"birth_date": date(1990, 2, 24)}, now=works.clock.now())
    works.planner.tick(now=MONDAY)
    works.clock.move(MONDAY + DAY - timedelta(hours=4))
    works.planner.tick(now=works.clock.now())
    works.planner.advance(now=works.clock.now())


def test_of_two_runs_under_the_same_key_one_goes_on_and_one_message_goes(works: Works) -> None:
    birthdays(works)
    merge(works)
    works.settle()
    assert works.sent() == ["ana@example.com"]
    (exited,) = works.touches(Kind.EXITED)
    assert (exited.reason, exited.contact_id) == ("merged", number(works, "ana"))
    assert [touch.reason for touch in works.touches(Kind.CANCELLED)] == ["exited"]


def test_who_was_sent_it_already_is_not_sent_it_again_as_the_other(works: Works) -> None:
    birthdays(works)
    with works.database.begin() as connection:
        late = sa.update(deliveries).where(deliveries.c.contact_id == number(works, "ana"))
        connection.execute(late.values(due_at=MONDAY + 2 * DAY, expires_at=MONDAY + 3 * DAY))
    works.settle()
    assert works.sent() == ["ani@example.com"]
    merge(works)
    works.clock.move(MONDAY + 2 * DAY)
    works.settle()
    assert works.sent() == ["ani@example.com"]


def test_runs_under_other_keys_all_go_on(works: Works) -> None:
    works.happen("ticket.closed", "ana", ticket_id="1")
    works.happen("ticket.closed", "ani", ticket_id="2")
    merge(works)
    works.play(MONDAY + 2 * DAY)
    assert works.sent() == ["ana@example.com"] * 2


def test_what_comes_late_for_the_merged_one_is_gathered(works: Works) -> None:
    merged = number(works, "ani")
    merge(works)
    with works.database.begin() as connection:
        connection.execute(sa.text("INSERT INTO touches (at, contact_id, kind, detail) SELECT at, :id, 'note', '{}' FROM touches LIMIT 1"),
                           {"id": merged})
    merging = SqlMerging(works.database, workspace=lambda: works.workspace)
    assert merging.gather(now=MONDAY) == 1
    assert [touch.contact_id for touch in works.touches(Kind.NOTE)] == [number(works, "ana")]
    undo(works)
    assert [touch.contact_id for touch in works.touches(Kind.NOTE)] == [merged]


def test_an_event_that_was_just_coming_in_for_the_merged_one_brings_about_what_it_asks(works: Works) -> None:
    merged = number(works, "ani")
    merge(works)
    event = Event(id="late", type="ticket.closed", at=MONDAY, data={"ticket_id": "1"}, contact_id=merged)
    assert works.planner.happen(event, now=MONDAY)
    works.play(MONDAY + 2 * DAY)
    assert works.sent() == []
    assert works.merging.gather(now=MONDAY) == 1
    works.clock.move(MONDAY)
    works.play(MONDAY + 2 * DAY)
    assert works.sent() == ["ana@example.com"]


def test_a_merge_that_is_undone_leaves_both_as_they_were(works: Works) -> None:
    consent(works, "ana", "marketing", granted=True, days_ago=3)
    consent(works, "ani", "care", granted=False, channel=ChannelKind.SMS, days_ago=2)
    works.people.change(number(works, "ani"), {}, now=MONDAY, added=[Identity(name="email", value="ani@work.example", source="x")])
    works.suppressions.suppress(ChannelKind.EMAIL, "ani@work.example", reason="manual", now=MONDAY)
    works.happen("ticket.closed", "ani", ticket_id="2")
    birthdays(works)
    before, touched = everything(works.database), works.touches()
    merge(works)
    assert everything(works.database) != before
    undo(works)
    after = everything(works.database)
    lines = {name: rows for name, rows in after.items() if name == "consents"}
    assert {name: rows for name, rows in after.items() if name != "consents"} == {
        name: rows for name, rows in before.items() if name != "consents"
    }
    assert [row for row in lines["consents"] if not dict(row)["contact_id"].startswith("-")] == before["consents"]
    kept = [touch for touch in works.touches() if touch.kind not in (Kind.MERGED, Kind.CONSENT_WITHDRAWN) and touch.reason != "merged"]
    assert kept == [touch for touch in touched if touch.kind is not Kind.CONSENT_WITHDRAWN]
    works.settle()
    assert sorted(works.sent()) == ["ana@example.com", "ani@example.com"]


def test_what_happened_since_stays_and_a_withdrawal_counts_for_both(works: Works) -> None:
    merge(works)
    works.clock.move(MONDAY + DAY)
    consent(works, "ana", "care", granted=False)
    works.people.change(number(works, "ana"), {"city": "Izola", "last_name": "Kos"}, now=works.clock.now())
    works.happen("ticket.closed", "ani", ticket_id="9")
    undo(works)
    ana, ani = works.people.find("ana"), works.people.find("ani")
    assert ana is not None
    assert ani is not None
    assert (ana.text("city"), ana.text("last_name"), ani.text("city"), ani.text("last_name")) == ("Izola", "Kos", "Piran", "Novak")
    assert [may(works, label, "care") for label in ("ana", "ani")] == [False, False]
    assert [touch.contact_id for touch in works.touches(Kind.EVENT)] == [ana.id]


def test_identities_that_changed_places_since_go_back_where_they_were(works: Works) -> None:
    merge(works)
    works.people.change(number(works, "ana"), {"external_id": "ani", "email": "ani@example.com"}, now=MONDAY)
    undo(works)
    ana, ani = number(works, "ana"), number(works, "ani")
    assert ana != ani
    known = {label: {each.value for each in works.people.identities(id_)} for label, id_ in (("ana", ana), ("ani", ani))}
    assert known == {"ana": {"ana", "ana@example.com", "+38640123456"}, "ani": {"ani", "ani@example.com", "U7"}}


def test_a_merge_is_not_undone_where_somebody_else_has_the_external_id_by_now(works: Works) -> None:
    merge(works)
    works.people.change(number(works, "ana"), {}, now=MONDAY, removed=[Identity(name="external_id", value="ani")])
    works.know("ani")
    with pytest.raises(InputError, match="another contact has"):
        undo(works)


def test_merges_are_undone_in_the_order_opposite_to_that_in_which_they_were_made(works: Works) -> None:
    works.know("bor")
    merge(works, "ana", "ani")
    merge(works, "bor", "ana")
    assert number(works, "ani") == number(works, "bor")
    undo(works, "bor")
    assert number(works, "ani") == number(works, "ana") != number(works, "bor")
    undo(works, "ana")
    assert len({number(works, label) for label in ("ana", "ani", "bor")}) == 3
    with pytest.raises(InputError, match="nobody was merged"):
        undo(works, "ana")


def test_a_contact_is_not_merged_with_itself_or_with_nobody(works: Works) -> None:
    merging = SqlMerging(works.database, workspace=lambda: works.workspace)
    with pytest.raises(InputError, match="with itself"):
        merging.merge(1, 1, now=MONDAY, by="tester")
    with pytest.raises(InputError, match="no contact #77"):
        merging.merge(number(works, "ana"), 77, now=MONDAY, by="tester")


def test_the_merged_one_enters_nothing_and_is_counted_no_more(works: Works) -> None:
    merge(works)
    birthdays_of = works.people.find("ana")
    assert birthdays_of is not None
    works.people.change(birthdays_of.id, {"birth_date": date(1990, 2, 24)}, now=MONDAY)
    works.play(MONDAY + 2 * DAY)
    assert works.sent() == ["ana@example.com"]
    with works.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).where(contacts.c.erased_at.is_(None))) == 1
        assert set(connection.scalars(sa.select(runs.c.state))) == {RunState.FINISHED.value}
