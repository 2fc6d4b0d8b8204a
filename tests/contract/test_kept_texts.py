"""Texts of a slice are kept together, and each is still its own: read, exported, erased, expired without the others; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from engage.history.timeline import Filter
from engage.model.history import Kind
from engage.model.retention import Retained
from engage.store.database import Database
from engage.store.feedback.letters import SqlLetters
from engage.store.history.touches import SqlHistory
from engage.store.people.exporting import Exporting
from engage.store.people.keeping import SqlKeeping
from engage.store.rows.kept_texts import letters_in
from engage.store.schema.tables import touches
from engage.store.schema.texts import kept_texts
from tests.engine import MONDAY, Works
from tests.small import FILES, small_workspace

PEOPLE = ("ana", "bor", "cene")


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    """Three wishes went out together."""
    files = {**FILES, "engage.yaml": FILES["engage.yaml"] + "\nretention: {texts: 30d}\n"}
    made = Works(database, small_workspace(**files), at=MONDAY.replace(hour=7))
    made.know(*PEOPLE, birth_date=date(1990, 2, 23))
    made.settle()
    made.clock.move(MONDAY.replace(hour=8))
    made.settle()
    assert sorted(made.sent()) == [f"{each}@example.com" for each in PEOPLE]
    yield made
    made.close()


def number(works: Works, label: str) -> int:
    contact = works.people.find(label)
    assert contact is not None
    return contact.id


def addresses(works: Works, contact_id: int | None = None) -> set[object]:
    """To whom the history says that messages went."""
    lines = SqlHistory(works.database).timeline(Filter(contact_id=contact_id, kinds=frozenset({Kind.SENT})))
    return {line.touch.private.get("address") for line in lines}


def kept(works: Works) -> str:
    with works.database.read() as connection:
        bodies = connection.scalars(sa.select(kept_texts.c.body)).all()
    return "".join(str(letter) for body in bodies for letter in letters_in(body).values())


def test_three_that_went_together_are_one_row_and_each_contact_s_history_has_its_own(works: Works) -> None:
    with works.database.read() as connection:
        assert connection.scalars(sa.select(kept_texts.c.letters)).all() == [3]
    for label in PEOPLE:
        assert addresses(works, number(works, label)) == {f"{label}@example.com"}
    assert addresses(works) == {f"{label}@example.com" for label in PEOPLE}


def test_the_page_of_a_message_and_an_export_have_the_text(works: Works) -> None:
    id_ = number(works, "bor")
    with works.database.read() as connection:
        told = Exporting(connection, id_, now=works.clock.now()).document()["history"]
        delivery_id = connection.scalar(sa.select(touches.c.delivery_id).where(touches.c.contact_id == id_, touches.c.kind == "sent"))
    assert isinstance(told, list)
    (exported,) = (each["private"] for each in told if each["kind"] == "sent")
    letter = SqlLetters(works.database, workspace=lambda: works.workspace).letter(delivery_id or 0)
    assert letter is not None
    assert exported == letter.private
    assert (letter.private["address"], bool(letter.private["text"])) == ("bor@example.com", True)


def test_erasing_one_takes_their_text_out_and_leaves_the_others(works: Works) -> None:
    works.privacy.erase(number(works, "bor"), now=works.clock.now(), by="tester")
    assert "bor@" not in kept(works)
    assert addresses(works) == {None, "ana@example.com", "cene@example.com"}
    with works.database.read() as connection:
        assert connection.scalars(sa.select(kept_texts.c.letters)).all() == [2]


def test_when_the_last_one_is_erased_the_row_goes(works: Works) -> None:
    for label in PEOPLE:
        works.privacy.erase(number(works, label), now=works.clock.now(), by="tester")
    with works.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(kept_texts)) == 0


def test_whoever_is_merged_into_another_brings_their_text_along(works: Works) -> None:
    works.merging.merge(number(works, "ana"), number(works, "bor"), now=works.clock.now(), by="tester")
    assert addresses(works, number(works, "ana")) == {"ana@example.com", "bor@example.com"}


def test_retention_counts_the_letters_and_removes_them_in_time(works: Works) -> None:
    keeping = SqlKeeping(works.database, workspace=lambda: works.workspace, privacy=works.privacy)
    early, late = works.clock.now() + timedelta(days=29), works.clock.now() + timedelta(days=31)
    assert [each.rows for each in keeping.expire(now=early)] == [0]
    assert addresses(works) == {f"{label}@example.com" for label in PEOPLE}
    assert [(each.kind, each.rows) for each in keeping.outdated(now=late)] == [(Retained.TEXTS, 3)]
    assert [each.rows for each in keeping.expire(now=late)] == [3]
    assert addresses(works) == {None}
