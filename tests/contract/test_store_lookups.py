"""What expressions ask about one contact, on both databases: as the audience's SQL would answer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from engage.model.contact import ChannelKind, Consent
from engage.model.history import Kind, Touch
from engage.model.time import Duration
from engage.model.workspace import Basis, Segment
from engage.rules.expressions import Lookup
from engage.store.database import Database
from engage.store.people.ledger import SqlLedger
from tests.builders import NOON, a_campaign, a_purpose, a_workspace, an_event, some_settings
from tests.contract.store_benches import Bench

DAY = timedelta(days=1)
PURPOSES = {
    "news": a_purpose("news", consent=dict.fromkeys(ChannelKind, Basis.OPT_IN)), "care": a_purpose(),
    "service": a_purpose("service", consent=dict.fromkeys(ChannelKind, Basis.NONE)),
}


@pytest.fixture
def bench(database: Database) -> Bench:
    segments = {"friends": Segment(name="friends", members=frozenset({"c2", "c1@example.com"}))}
    return Bench(database=database, workspace=a_workspace(a_campaign(), settings=some_settings(purposes=PURPOSES), segments=segments))


def ask(bench: Bench, contact_id: int = 1) -> Lookup:
    return bench.deliveries.lookup(contact_id, now=NOON)


def record(
    bench: Bench, purpose: str, *, granted: bool, channel: ChannelKind | None = None, ago: timedelta = DAY, until: timedelta | None = None,
) -> None:
    ends = None if until is None else NOON + until
    line = Consent(contact_id=1, purpose=purpose, channel=channel, granted=granted, at=NOON - ago, source="test", expires_at=ends)
    SqlLedger(bench.database).record([line])


@pytest.mark.parametrize(("purpose", "before", "after_grant", "after_withdrawal"), [
    ("news", False, True, False), ("care", True, True, False), ("service", True, True, True), ("nothing", False, False, False),
])
def test_consent_goes_by_the_purposes_basis_and_the_latest_line(
    bench: Bench, purpose: str, before: bool, after_grant: bool, after_withdrawal: bool
) -> None:
    bench.add_contacts(1)
    assert ask(bench).has_consent(purpose, "email") is before
    record(bench, purpose, granted=True, channel=ChannelKind.EMAIL)
    assert ask(bench).has_consent(purpose, "email") is after_grant
    record(bench, purpose, granted=False, ago=DAY / 2)
    assert ask(bench).has_consent(purpose, "email") is after_withdrawal


def test_a_consent_that_has_expired_is_none_and_the_line_before_it_counts_again(bench: Bench) -> None:
    bench.add_contacts(1)
    record(bench, "news", granted=True, until=timedelta())
    record(bench, "care", granted=False, until=timedelta())
    assert not ask(bench).has_consent("news", "email")
    assert ask(bench).has_consent("care", "email")
    record(bench, "news", granted=True, until=DAY)
    record(bench, "care", granted=False, until=DAY)
    assert ask(bench).has_consent("news", "email")
    assert not ask(bench).has_consent("care", "email")


def test_a_grant_for_mail_is_none_for_sms_and_what_comes_later_does_not_count(bench: Bench) -> None:
    bench.add_contacts(1)
    record(bench, "news", granted=True, channel=ChannelKind.EMAIL)
    record(bench, "news", granted=False, ago=-DAY)
    assert ask(bench).has_consent("news", "email")
    assert not ask(bench).has_consent("news", "sms")
    assert not ask(bench).has_consent("news", "pigeon")


@pytest.mark.parametrize(
    ("contact_id", "segment", "member"), [(1, "friends", True), (2, "friends", True), (3, "friends", False), (1, "no", False)]
)
def test_a_list_has_its_members_by_any_of_their_names(bench: Bench, contact_id: int, segment: str, member: bool) -> None:
    bench.add_contacts(3)
    assert ask(bench, contact_id).in_segment(segment) is member


def test_touches_are_found_by_campaign_message_kind_and_time(bench: Bench) -> None:
    bench.add_contacts(1)
    touch = Touch(at=NOON - 2 * DAY, contact_id=1, kind=Kind.SENT, campaign="birthday", message="wish")
    with bench.planning.transaction() as tx:
        tx.add_touches([touch])
        within = tx.lookup(1, now=NOON)
        assert within.touched(campaign="birthday", message="wish", kind="sent", within=Duration(days=2))
        assert within.touched(campaign=None, message=None, kind=None, within=None)
        assert not within.touched(campaign="newsletter", message=None, kind=None, within=None)
        assert not within.touched(campaign=None, message=None, kind="delivered", within=None)
        assert not within.touched(campaign=None, message=None, kind=None, within=Duration(days=1))
    assert not bench.deliveries.lookup(1, now=NOON - 3 * DAY).touched(campaign=None, message=None, kind=None, within=None)


def test_events_are_counted_by_type_fields_and_time(bench: Bench) -> None:
    bench.add_contacts(1)
    with bench.planning.transaction() as tx:
        for number, ticket in enumerate(("T-1", "T-1", "T-2")):
            tx.add_event(an_event(id=f"e{number}", at=NOON - number * DAY, data={"ticket_id": ticket, "score": 2}, contact_id=1))
    asked = ask(bench)
    assert asked.events("ticket.closed", within=None, fields={}) == 3
    assert asked.events("ticket.closed", within=Duration(days=1), fields={}) == 2
    assert asked.events("ticket.closed", within=None, fields={"ticket_id": "T-1"}) == 2
    assert asked.events("ticket.closed", within=None, fields={"score": Decimal(2)}) == 3
    assert asked.events("ticket.closed", within=None, fields={"ticket_id": None}) == 0
    assert asked.events("ticket.reopened", within=None, fields={}) == 0
