"""A long file is read by another process: what comes of it is what would come of it here."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Sequence, Set
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.contacts import apart
from engage.contacts.apart import batches_of
from engage.contacts.batches import Batch, LaidBatch, Work
from engage.contacts.columns import is_known, understand
from engage.contacts.packing import Packer, Unpacker
from engage.contacts.ports import Brought, Permission, Person
from engage.contacts.reading import Row, look_at
from engage.contacts.sending import Sender
from engage.contacts.telling import Reading, RowReader, Told
from engage.model.consent import Wording
from engage.model.contact import ChannelKind, Ground, Money, Value
from engage.model.errors import InputError, NotThereError
from tests.builders import NOON, some_settings

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the reader does nothing that another thread could hold up
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(fold=0))  # UTC has nothing to fold
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.dates(), MOMENTS,
    st.decimals(allow_nan=False), st.builds(Money, amount=st.decimals(allow_nan=False), currency=st.just("EUR")),
    st.lists(st.text()).map(tuple),
)
PERMISSIONS = st.builds(
    Permission, purpose=st.sampled_from(["care", "marketing"]), channel=st.sampled_from([None, *ChannelKind]), granted=st.booleans(),
    at=st.none() | MOMENTS, source=st.text(), proof=st.none() | st.text(), ground=st.sampled_from([None, *Ground]),
    wording=st.none() | st.builds(Wording, purpose=st.text(), locale=st.text(), text=st.text()), locale=st.none() | st.text(),
    expires_at=st.none() | MOMENTS,
)
TOLD = st.builds(
    Told, person=st.builds(
        Person, attributes=st.dictionaries(st.text(), VALUES), permissions=st.lists(PERMISSIONS, max_size=3).map(tuple),
    ),
    troubles=st.lists(st.text(), max_size=2).map(tuple), notes=st.lists(st.text(), max_size=2).map(tuple),
)
ROWS = [
    "external_id,email,birth_date,consent.care", "a,a@example.com,1990-01-02,granted @2025-11-03", "b,b@,,", "c,c@example.com,,perhaps",
    "d,'",
]


def work_on(path: Path) -> Work:
    settings = some_settings()
    source = look_at(path, is_known=lambda name: is_known(name, settings))
    columns = understand(source.columns, {}, settings, file=str(path))
    return Work(source=source, reader=RowReader(columns, Reading(source="import:people.csv"), now=NOON))


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def spelled(batches: Iterable[Batch | LaidBatch]) -> list[tuple[str, Row]]:
    """What they say, to the letter: equal amounts may be written unlike. None of them is laid out."""
    return [(repr(told), batch.row(place)) for batch in batches if isinstance(batch, Batch) for place, told in enumerate(batch.told)]


@given(st.lists(st.lists(TOLD, min_size=1, max_size=4), max_size=3), st.sampled_from([1, 100]))
def test_what_is_packed_is_unpacked_to_the_letter(told: list[list[Told]], remembered: int) -> None:
    batches = [Batch(told=each, row=lambda place: Row(line=place, values={"a": "ü", "b": [1, None]}, trouble="x")) for each in told]
    packer, unpacker = Packer(), Unpacker()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engage.contacts.packing.REMEMBERED", remembered)
        assert spelled([unpacker.unpack(packer.pack(each)) for each in batches]) == spelled(batches)


def test_amounts_that_are_equal_keep_how_they_are_written() -> None:
    attributes: dict[str, Value] = {"one": Decimal("1.0"), "two": Decimal("1.00"), "day": date(2000, 1, 1)}
    told = Told(person=Person(attributes=attributes))
    packed = Packer().pack(Batch(told=[told], row=lambda place: Row(line=place)))
    assert repr(Unpacker().unpack(packed).told[0]) == repr(told)


def test_another_process_reads_as_this_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = work_on(written(tmp_path / "people.csv", ROWS))
    here = spelled(work.batches())
    assert [row.line for _, row in here] == [2, 3, 4, 5]
    monkeypatch.setattr(apart, "FROM", 0)
    with batches_of(work) as batches:
        assert spelled(batches) == here


class AllButSome:
    """Takes batches of people, but for those who are `known`; who is `odd` is never laid out."""

    def __init__(self, known: Set[str], odd: Set[str] = frozenset()) -> None:
        self._known, self._odd = known, odd

    def lay_out(self, persons: Sequence[Person]) -> bytes | None:
        names = [str(person.attributes["external_id"]) for person in persons]
        return None if self._odd.intersection(names) else " ".join(names).encode()

    def bring_in(self, laid: bytes) -> Brought | None:
        names = laid.decode().split()
        return None if self._known.intersection(names) else Brought(created=len(names), consents=0, passed_over=0)


@pytest.mark.parametrize(("known", "odd", "looked_at"), [
    ("", "", ""), ("abcdefgh", "", "abcdefgh"), ("a", "", "ac"), ("ab", "", "abcef"), ("h", "", "h"), ("aeg", "", "aceg"), ("b", "b", "bc"),
    ("c", "ae", "abcef"),
], ids=["nobody", "all", "the first", "two", "the last", "now and then", "odd", "between odd ones"])
def test_batches_that_are_not_taken_come_as_they_were_read_in_their_turn(
    known: str, odd: str, looked_at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After one that is not taken, or odd, the next that is read is not laid out, after a second in a row the next two are not ..."""
    work = work_on(written(tmp_path / "people.csv", ["external_id,email", *(f"{name}," for name in "abcdefgh"), "x,x@"]))
    monkeypatch.setattr(apart, "FROM", 0)
    monkeypatch.setattr("engage.contacts.batches.BATCH", 1)
    newcomers = AllButSome(set(known), set(odd))
    came, looked = "", ""
    with batches_of(work, newcomers) as batches:
        for batch in batches:
            if isinstance(batch, LaidBatch):
                if newcomers.bring_in(batch.people):
                    came += batch.people.decode() or batch.refused[0][1][:5]
                    continue
                batch = batch.whole()
            names = "".join(str(told.person.attributes["external_id"]) for told in batch.told)
            came, looked = came + names, looked + names
    assert (came.removesuffix("email").removesuffix("x"), looked.removesuffix("x")) == ("abcdefgh", looked_at)


def test_what_ends_the_reading_is_told_as_it_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = work_on(written(tmp_path / "people.csv", ROWS))
    written(tmp_path / "people.csv", [*ROWS, "x" * (5 << 20)])
    monkeypatch.setattr(apart, "FROM", 0)
    with batches_of(work) as batches, pytest.raises(InputError, match=r"people.csv:6:0: the line is longer than"):
        list(batches)


def test_a_reader_that_ends_is_no_end_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "FROM", 0)
    monkeypatch.setattr(Sender, "send", lambda self: os._exit(1))
    work = work_on(written(tmp_path / "people.csv", ROWS))
    with batches_of(work) as batches, pytest.raises(NotThereError, match="ended by itself"):
        list(batches)


def test_who_stops_early_leaves_no_process_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    fork = os.fork

    def remembered() -> int:
        begun.append(fork())
        return begun[-1]

    monkeypatch.setattr(apart, "FROM", 0)
    monkeypatch.setattr(Sender, "send", lambda self: signal.pause())
    monkeypatch.setattr(os, "fork", remembered)
    with pytest.raises(KeyboardInterrupt), batches_of(work_on(written(tmp_path / "people.csv", ROWS))):
        raise KeyboardInterrupt
    with pytest.raises(ChildProcessError):
        os.waitpid(begun[0], 0)
