"""Each test has a small company of its own, over a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from engage.store.database import Database
from tests.defects.company import Found, utc
from tests.engine import Works
from tests.small import small_workspace


@pytest.fixture
def found(sqlite_url: str) -> Iterator[Found]:
    """Makes the engine of a workspace of these files, at a moment; again: another process over the same database."""
    with ExitStack() as stack:

        def make(files: dict[str, str | None], at: str) -> Works:
            database = Database.open(sqlite_url)
            stack.callback(database.close)
            works = Works(database, small_workspace(**files), at=utc(at))
            stack.callback(works.close)
            return works

        yield make


