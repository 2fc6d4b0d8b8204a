"""The journal: one line a yes, read back whatever a crash or a full disk left of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from engage.model.delivery import Cleared, Receipt
from tests.builders import a_cleared
from workers.journal import KEPT, FileJournal


def a_message(number: int) -> Cleared:
    cleared = a_cleared()
    approved = cleared.rendered.approved
    return replace(cleared, rendered=replace(cleared.rendered, approved=replace(approved, intent=replace(approved.intent, id=number))))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_another_process_reads_what_was_noted_under_a_lease_and_nothing_of_others(folder: Path) -> None:
    journal = FileJournal(folder, mark="here")
    journal.accepted(7, a_message(1), Receipt(provider_id='4A "B" č\n'))
    journal.accepted(7, a_message(2), Receipt())
    journal.accepted(8, a_message(3), Receipt(provider_id="x"))
    assert FileJournal(folder, mark="here").noted(7) == {1: '4A "B" č\n', 2: None}
    assert FileJournal(folder, mark="other database").noted(7) == {}
    assert journal.noted(9) == {}


def test_what_is_recorded_is_forgotten_and_what_is_not_is_kept(folder: Path) -> None:
    journal = FileJournal(folder, mark="here")
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
    journal = FileJournal(folder, mark="here")
    journal.accepted(7, a_message(1), Receipt(provider_id="x"))
    journal.ended(7, recorded=False)
    with (folder / "here-7").open("a") as lines:
        lines.write('+12+3 null\n+4 "torn\n+5 "torn+6 "followed"\n+8 "last"\n+9')
    assert journal.noted(7) == {1: "x", 8: "last"}


def test_a_disk_that_takes_nothing_stops_no_message(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    FileJournal(folder, mark="here").accepted(7, a_message(1), Receipt(provider_id="x"))


def test_files_that_nobody_asked_for_are_thrown_away_after_a_week(folder: Path) -> None:
    folder.mkdir()
    for name, age in (("here-1", KEPT + 60), ("here-2", KEPT - 60), ("there-1", KEPT + 60)):
        (folder / name).write_text("")
        then = os.stat(folder / name).st_mtime - age
        os.utime(folder / name, (then, then))
    FileJournal(folder, mark="here").accepted(7, a_message(1), Receipt())
    assert sorted(path.name for path in folder.iterdir()) == ["here-2", "here-7", "there-1"]
