"""The ledger and the suppression list on both databases: what is kept of a consent, and files of addresses."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from engage.contacts.ports import Blocked
from engage.contacts.suppressing import read_addresses, row_of
from engage.history.timeline import Filter
from engage.model.consent import Wording
from engage.model.contact import ChannelKind, Consent, Ground
from engage.model.errors import InputError
from engage.model.history import Kind
from engage.store.database import Database
from engage.store.history.touches import SqlHistory
from engage.store.people.ledger import SqlLedger, SqlSuppressions
from tests.builders import NOON
from tests.contract.store_benches import Bench

DAY = timedelta(days=1)
READ = Wording(purpose="care", locale="sl", text="Želim prejemati novice.")
GRANT = Consent(
    contact_id=1, purpose="care", channel=ChannelKind.EMAIL, granted=True, at=NOON, source="form", proof="ticket 1", ground=Ground.IMPLIED,
    expires_at=NOON + DAY, wording=READ.hash, locale="sl",
)


@pytest.fixture
def bench(database: Database) -> Bench:
    bench = Bench(database=database)
    bench.add_contacts(2)
    return bench


def test_all_that_a_line_says_is_kept_and_what_was_read_is_kept_once(bench: Bench) -> None:
    ledger = SqlLedger(bench.database)
    assert [ledger.record([GRANT], wordings=[READ]), ledger.record([GRANT], wordings=[READ])] == [1, 0]
    assert list(ledger.lines(1)) == [GRANT]
    assert ledger.wordings([READ.hash, "f" * 64]) == {READ.hash: READ}


def test_the_touch_of_a_line_tells_what_is_not_personal(bench: Bench) -> None:
    SqlLedger(bench.database).record([GRANT], wordings=[READ])
    (line,) = SqlHistory(bench.database).timeline(Filter(contact_id=1, kinds=frozenset({Kind.CONSENT_GRANTED})), limit=5)
    assert line.touch.detail == {"source": "form", "ground": "implied", "wording": READ.hash, "expires_at": "2026-02-26T12:00:00Z"}
    assert line.touch.private == {"proof": "ticket 1"}


def test_a_file_of_addresses_goes_on_the_list_and_comes_out_again(bench: Bench) -> None:
    listed = SqlSuppressions(bench.database)
    text = "email,reason\nC1@example.com,letter\nnobody,\n+386 40 123 456,\n\nc1@example.com,again\n"
    ((entries, wrong),) = read_addresses(io.StringIO(text), reason="old tool", keys=False)
    assert wrong == [(3, "'nobody' is neither a mail address nor a phone number")]
    assert [listed.take(entries, now=NOON), listed.take(entries, now=NOON + DAY)] == [2, 0]
    rows = {row["channel"]: row for row in map(row_of, listed.with_addresses())}
    assert (rows["email"]["address"], rows["email"]["reason"]) == ("c1@example.com", "letter")
    assert (rows["sms"]["address"], rows["sms"]["reason"]) == ("", "old tool")


def test_hashes_without_their_addresses_are_taken_where_they_are_asked_for(bench: Bench) -> None:
    listed = SqlSuppressions(bench.database)
    listed.suppress(ChannelKind.SMS, "+38640123456", reason="STOP", now=NOON)
    ((row,),) = [[row_of(one) for one in listed.with_addresses()]]
    text = "address,channel,reason,key\n" + f",sms,STOP,{row['key']}\n,post,x,{'a' * 64}\n"
    ((entries, wrong),) = read_addresses(io.StringIO(text), reason="x", keys=True)
    assert entries == [Blocked(kind=ChannelKind.SMS, key=str(row["key"]), reason="STOP")]
    assert [line for line, _ in wrong] == [3]
    listed.unsuppress(ChannelKind.SMS, "+38640123456")
    assert listed.take(entries, now=NOON) == 1
    assert not listed.suppress(ChannelKind.SMS, "+386 40 123456", reason="again", now=NOON)
    ((refused, why),) = read_addresses(io.StringIO(text), reason="x", keys=False)
    assert (refused, len(why)) == ([], 2)


def test_an_address_a_line_needs_no_names_of_columns_and_other_columns_are_no_addresses() -> None:
    ((entries, _),) = read_addresses(io.StringIO("ana@example.com\nben@example.com\n"), reason="x", keys=False)
    assert [entry.address for entry in entries] == ["ana@example.com", "ben@example.com"]
    with pytest.raises(InputError, match="none of the columns"):
        list(read_addresses(io.StringIO("name,city\nAna,Celje\n"), reason="x", keys=False))
