"""What delivering asks of the database, on both: as many statements for a thousand mails as for a hundred, each row written once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from engage.store.database import Database
from engage.store.schema.recording import TRIGGER
from engage.store.schema.texts import kept_texts
from tests.engine import MONDAY, Works
from tests.small import FILES, small_workspace

CLEARING, ELSE = "clearing", "else"


@dataclass
class Asked:
    """What was asked within the clearing transactions and outside them."""

    statements: dict[str, list[str]] = field(default_factory=lambda: {CLEARING: [], ELSE: []})
    commits: int = 0

    @property
    def written(self) -> list[str]:
        """The tables that are written, outside clearing, each as often as it is, but for the lease's own."""
        said = "\n".join(TRIGGER if "INTO recording" in each else each for each in self.statements[ELSE])
        return sorted(name for name in re.findall(r"(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)(?: SET| ?\()", said) if name != "batches")


@contextmanager
def asking(works: Works) -> Iterator[Asked]:
    """Count what the block asks."""
    asked, where, seen = Asked(), [ELSE], [0]

    def note(*arguments: Any) -> None:
        if arguments[2].startswith("UPDATE batches SET") and "rendered" in arguments[2]:  # with this clearing begins
            where[0] = CLEARING
        asked.statements[where[0]].append(arguments[2])

    def committed(_: Any) -> None:
        written = any(not each.lstrip().startswith("SELECT") for each in asked.statements[ELSE][seen[0]:])
        asked.commits += where[0] == ELSE and written  # of what only reads nothing is kept
        where[0], seen[0] = ELSE, len(asked.statements[ELSE])

    engine = works.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    sa.event.listen(engine, "commit", committed)
    yield asked
    sa.event.remove(engine, "before_cursor_execute", note)
    sa.event.remove(engine, "commit", committed)


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    files = {"engage.yaml": FILES["engage.yaml"].replace("consent: opt_out}", "consent: opt_out, limit: 2 per week}")}
    made = Works(database, small_workspace(**files), at=MONDAY.replace(hour=7))
    yield made
    made.close()


def send(works: Works, number: int, *, day: int) -> Asked:
    """So many birthday wishes, all at once; what it asked of the database."""
    works.clock.move(MONDAY.replace(hour=7, day=day))
    works.know(*(f"d{day}-{each}" for each in range(number)), birth_date=date(1990, 2, day))
    works.planner.tick(now=works.clock.now())
    works.clock.move(MONDAY.replace(hour=8, day=day))
    works.planner.tick(now=works.clock.now())
    works.planner.advance(now=works.clock.now())
    before = len(works.sent())
    with asking(works) as asked:
        works.conductor.work("bulk")
    assert len(works.sent()) - before == number
    return asked


MOST = 5
"""One claims, one reads the rows, one reads facts, and one records each of two slices. On PostgreSQL the first waits for the claim's turn,
and the claim brings the rows along."""


def test_a_thousand_mails_cost_a_few_statements_and_four_commits_beside_clearing(works: Works) -> None:
    asked = send(works, 1000, day=23)
    assert asked.commits <= 4, "one to claim, one for the answers of each slice, one to let go where that is not done with the last"
    assert len(asked.statements[CLEARING]) <= 2 * 6
    assert len(asked.statements[ELSE]) <= MOST


def test_a_slice_of_five_hundred_asks_no_more_than_one_of_fifty(works: Works) -> None:
    few, many = send(works, 50, day=23), send(works, 500, day=24)
    assert [len(few.statements[where]) for where in (CLEARING, ELSE)] == [len(many.statements[where]) for where in (CLEARING, ELSE)]
    assert few.commits == many.commits


def test_beside_clearing_a_mail_is_written_to_its_row_its_run_and_the_history(works: Works) -> None:
    asked = send(works, 100, day=23)
    assert asked.written == ["deliveries", "kept_texts", "run_outcomes", "touches"], (
        "final; the touch; of all together which runs go on, and of fifty what was sent"
    )
    with works.database.read() as connection:
        assert connection.scalars(sa.select(kept_texts.c.letters)).all() == [50, 50]
