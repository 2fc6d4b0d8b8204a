"""The short fault run, on both databases; `make chaos` is the long one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import pytest

from tests.chaos.plans import short
from tests.chaos.report import table
from tests.chaos.run import run
from workers.embedded import find_server

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(find_server(os.environ) is None and not os.environ.get("ENGAGE_CI"), reason="no Valkey binary fits this machine"),
]
SEEDS = {"sqlite": 11, "postgresql": 12}
"""Fixed: what is drawn is then the same each time, though what it meets is not."""


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_whatever_breaks_nothing_is_lost_and_nothing_goes_twice_that_may_not(
    database: Literal["sqlite", "postgresql"], tmp_path: Path
) -> None:
    result = run(tmp_path, short(database, seed=SEEDS[database]))
    assert result.finished, table([result])
    assert result.verdict.broken == [], table([result])
    assert result.kills.hits, "no kill hit work"
    assert result.verdict.messages >= 100
