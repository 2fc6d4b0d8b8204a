"""The journal: what is in hand, and one line a yes, read back whatever a crash or a full disk left of it."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from engage.delivery.ports import NOBODY
from engage.model.delivery import Cleared, Receipt
from tests.builders import a_cleared
from tests.servers.racing import FORKS
from workers.journal import KEPT, FileJournal


def a_message(number: int) -> Cleared:
    cleared = a_cleared()
    approved = cleared.rendered.approved
    return replace(cleared, rendered=replace(cleared.rendered, approved=replace(approved, intent=replace(approved.intent, id=number))))


def begun(folder: Path, *leases: int) -> FileJournal:
    journal = FileJournal(folder, mark="here")
    for lease in leases:
        journal.begun(lease)
    return journal


def _die_with(folder: Path, delivery_id: int) -> None:
    in_hand = FileJournal(folder, mark="here").begun(7)
    for each in (1, 2, delivery_id):
        in_hand(each)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_another_process_reads_what_was_noted_under_a_lease_and_nothing_of_others(folder: Path) -> None:
    journal = begun(folder, 7, 8)
    journal.accepted(7, a_message(1), Receipt(provider_id='4A "B" č\n'))
    journal.accepted(7, a_message(2), Receipt())
    journal.accepted(8, a_message(3), Receipt(provider_id="x"))
    assert FileJournal(folder, mark="here").noted(7) == {1: '4A "B" č\n', 2: None}
    assert FileJournal(folder, mark="other database").noted(7) == {}
    assert journal.noted(9) == {}


def test_what_is_recorded_is_forgotten_and_what_is_not_is_kept(folder: Path) -> None:
    journal = begun(folder, 1, 2)
    for lease in (1, 2):
        journal.accepted(lease, a_message(5), Receipt(provider_id="x"))
    journal.ended(1, recorded=True)
    journal.ended(2, recorded=False)
    journal.ended(3, recorded=True)
    assert (journal.noted(1), journal.noted(2)) == ({}, {5: "x"})
    journal.forget(2)
    journal.forget(2)
    assert list(folder.iterdir()) == []


def test_a_line_that_was_cut_off_is_nobodys(folder: Path) -> None:
    journal = begun(folder, 7)
    journal.accepted(7, a_message(1), Receipt(provider_id="x"))
    journal.ended(7, recorded=False)
    with (folder / "here-7").open("a") as lines:
        lines.write('+12+3 null\n+4 "torn\n+5 "torn+6 "followed"\n+8 "last"\n+9')
    assert journal.noted(7) == {1: "x", 8: "last"}


def test_a_disk_that_takes_nothing_stops_no_message(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    journal = begun(folder, 7)
    journal.begun(7)(1)
    journal.accepted(7, a_message(1), Receipt(provider_id="x"))
    assert (journal.held(7), journal.noted(7)) == (None, {})
    journal.ended(7, recorded=True)


def test_where_what_is_in_hand_could_not_be_noted_nobody_takes_that_for_nothing_in_hand(folder: Path) -> None:
    folder.mkdir()
    (folder / "here-7").write_bytes(b"\xff" * 8)  # as `begun` leaves it on a file system that shares no memory
    (folder / "here-8").write_bytes(b"\0" * 7)  # and on a disk that was full in the middle
    journal = FileJournal(folder, mark="here")
    assert (journal.held(7), journal.held(8)) == (None, None)


def test_files_that_nobody_asked_for_are_thrown_away_after_a_week(folder: Path) -> None:
    folder.mkdir()
    for name, age in (("here-1", KEPT + 60), ("here-2", KEPT - 60), ("there-1", KEPT + 60)):
        (folder / name).write_text("")
        then = os.stat(folder / name).st_mtime - age
        os.utime(folder / name, (then, then))
    begun(folder, 7)
    assert sorted(path.name for path in folder.iterdir()) == ["here-2", "here-7", "there-1"]


def test_what_was_in_hand_last_is_known_to_another_process_also_where_its_own_was_killed(folder: Path) -> None:
    worker = FORKS.Process(target=_die_with, args=(folder, 2**40))
    worker.start()
    worker.join(60)
    assert worker.exitcode == -signal.SIGKILL
    assert FileJournal(folder, mark="here").held(7) == 2**40
    assert FileJournal(folder, mark="other database").held(7) is None


def test_nothing_is_in_hand_at_first_and_once_it_was_put_down(folder: Path) -> None:
    journal = FileJournal(folder, mark="here")
    in_hand = journal.begun(7)
    assert journal.held(7) == NOBODY
    in_hand(3)
    journal.accepted(7, a_message(3), Receipt(provider_id="x"))
    assert (journal.held(7), journal.noted(7)) == (3, {3: "x"})
    in_hand(NOBODY)
    assert journal.held(7) == NOBODY
    journal.ended(7, recorded=True)
    in_hand(4)  # by whoever has not heard of it
    assert journal.held(7) is None


def test_a_yes_that_comes_after_its_lease_is_noted_until_that_was_swept_up_and_brings_no_file_back(folder: Path) -> None:
    journal = begun(folder, 7)
    journal.ended(7, recorded=False)
    journal.accepted(7, a_message(1), Receipt(provider_id="x"))
    assert journal.noted(7) == {1: "x"}
    journal.forget(7)
    journal.accepted(7, a_message(2), Receipt(provider_id="y"))
    assert list(folder.iterdir()) == []
