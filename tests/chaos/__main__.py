"""`make chaos`: fault runs on both databases; ends with 1 where an invariant is broken or something was left undone.

Options come from the environment, as make hands them on: SHORT=1, MESSAGES=, KILLS=, DATABASE=sqlite|postgresql, SEED=, WITHIN=
(seconds for each database), KEEP=1 (the logs).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.plans import plans_of
from tests.chaos.report import last_line, table
from tests.chaos.run import Result, run


def main() -> int:
    """Run, print, and say by the exit status whether all held."""
    results: list[Result] = []
    for plan in plans_of(os.environ):
        directory = Path(tempfile.mkdtemp(prefix="engage-chaos-"))
        _say(f"{plan.database}: {plan.messages} messages, {plan.kills} kills, seed {plan.seed}, logs in {directory}")
        results.append(run(directory, plan, told=_say))
        if not os.environ.get("KEEP") and results[-1].finished and not results[-1].verdict.broken:
            shutil.rmtree(directory, ignore_errors=True)
    _say(table(results))
    _say(last_line(results))
    return 1 if any(result.verdict.broken or not result.finished for result in results) else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
