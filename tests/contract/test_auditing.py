"""The audit finds what is wrong with records, on both databases alike, and nobody else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engage.contacts.auditing import Check, Finding
from engage.contacts.ports import Permission, Person
from engage.model.contact import AttributeKind, ChannelKind, Value
from engage.model.history import Kind, Touch
from engage.model.workspace import Basis
from engage.store.database import Database
from engage.store.people.auditing import SqlAudit
from engage.store.people.contacts import SqlPeople
from engage.store.people.ledger import SqlSuppressions
from engage.store.rows.rows import add_touches
from tests.builders import NOON, a_purpose, a_workspace, some_settings

SINCE, LONG_AGO = NOON - timedelta(days=365), NOON - timedelta(days=500)
ASKED, UNASKED = (dict.fromkeys(ChannelKind, basis) for basis in (Basis.OPT_IN, Basis.NONE))
WORKSPACE = a_workspace(settings=some_settings(
    attributes={"birth_date": AttributeKind.DATE},
    purposes={"marketing": a_purpose("marketing", consent=ASKED), "service": a_purpose("service", consent=UNASKED)},
))


class Records:
    """People in a database, and the audit over it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.people = SqlPeople(database, workspace=lambda: WORKSPACE)
        self.audit = SqlAudit(database, workspace=lambda: WORKSPACE)

    def know(self, label: str, *permissions: Permission, **attributes: Value) -> int:
        told = {"external_id": label, "email": f"{label}@example.com", "timezone": "Europe/Riga", **attributes}
        person = Person(attributes={name: value for name, value in told.items() if value is not None}, permissions=permissions)
        (stored,) = self.people.upsert([person], now=LONG_AGO)
        assert stored.contact_id is not None, stored.reason
        return stored.contact_id

    def happened(self, contact_id: int, kind: Kind, **detail: object) -> None:
        with self.database.begin() as connection:
            add_touches(connection, [Touch(at=NOON - timedelta(days=9), contact_id=contact_id, kind=kind, detail=detail)])

    def found(self, check: Check) -> list[Finding]:
        return list(self.audit.findings(check, since=SINCE, now=NOON))

    def names(self, check: Check) -> list[str]:
        return [finding.contacts[0] for finding in self.found(check)]


@pytest.fixture
def records(database: Database) -> Records:
    return Records(database)


def granted(channel: ChannelKind | None = None) -> Permission:
    return Permission(purpose="marketing", channel=channel, granted=True, at=LONG_AGO, source="form")


def test_whoever_was_written_to_and_never_answered_is_found_and_a_machines_opening_is_no_answer(records: Records) -> None:
    silent, open_, scanned, unwritten = (records.know(label) for label in ("silent", "open", "scanned", "unwritten"))
    for contact_id in (silent, open_, scanned):
        records.happened(contact_id, Kind.SENT)
    records.happened(open_, Kind.OPENED)
    records.happened(scanned, Kind.OPENED, machine=True)
    records.happened(unwritten, Kind.DEFERRED)
    assert records.names(Check.UNANSWERED) == ["silent", "scanned"]


def test_addresses_that_bounce_are_found(records: Records) -> None:
    records.know("dead")
    records.know("complained")
    records.happened(records.know("shaky"), Kind.BOUNCED)
    suppressions = SqlSuppressions(records.database)
    suppressions.suppress(ChannelKind.EMAIL, "dead@example.com", reason="hard_bounce", now=LONG_AGO)
    suppressions.suppress(ChannelKind.EMAIL, "complained@example.com", reason="complaint", now=LONG_AGO)
    found = {finding.contacts[0]: finding.why for finding in records.found(Check.BOUNCING)}
    assert found == {"dead": "an address does not work any more", "shaky": "something bounced since then"}


def test_whose_time_nobody_knows_is_found_with_the_reason(records: Records) -> None:
    records.know("known")
    records.know("nowhere", timezone=None)
    records.know("wide", timezone=None, country="US")
    records.know("broken", timezone="Mars/Olympus")
    records.know("only", timezone=None, country="SI")
    assert {finding.contacts[0]: finding.why.split(":")[0] for finding in records.found(Check.NO_ZONE)} == {
        "nowhere": "nothing tells its time zone", "wide": "its country has several time zones, and which is not known",
        "broken": "its time zone does not exist",
    }


def test_whom_no_purpose_may_write_to_is_found_by_the_addresses_that_there_are(records: Records) -> None:
    records.know("asked", granted())
    records.know("never")
    records.know("elsewhere", granted(ChannelKind.SMS))
    records.know("numbered", granted(ChannelKind.SMS), phone="+38640123456")
    assert records.names(Check.NO_CONSENT) == ["never", "elsewhere"]
    records.know("mute", email=None)
    assert records.names(Check.NO_ADDRESS) == ["mute"]


def test_two_records_of_one_person_are_found_by_number_mailbox_and_name(records: Records) -> None:
    records.know("ana", first_name="Ana", last_name="Novak", birth_date=date(1990, 1, 2), email="ana.novak@gmail.com")
    records.know("a2", first_name="Ana", last_name="Other", email="ananovak+x@googlemail.com", birth_date=date(1990, 1, 2))
    records.know("b1", first_name="Оксана", last_name="Шевченко", birth_date=date(1980, 5, 5), phone="+380671234567")
    records.know("b2", first_name="Oksana", last_name="Shevchenko", birth_date=date(1980, 5, 5))
    records.know("b3", first_name="Oksana", last_name="Shevchenko", birth_date=date(1981, 5, 5), phone="+380671234567")
    records.know("c1", first_name="Oksana", last_name="Shevchenko")
    assert {(finding.contacts, finding.why) for finding in records.found(Check.DUPLICATES)} == {
        (("ana", "a2"), "the same mailbox"), (("b1", "b2"), "the same name and birthday"), (("b1", "b3"), "the same telephone number"),
    }


def test_of_many_who_share_a_number_some_are_named_and_all_counted(records: Records) -> None:
    for place in range(25):
        records.know(f"p{place:02}", phone="+38640123456")
    (finding,) = records.found(Check.DUPLICATES)
    assert (finding.number, len(finding.contacts), finding.contacts[0]) == (25, 20, "p00")
