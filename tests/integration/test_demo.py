"""`engage demo --once`: the demo company's week, on real parts, from the first command to the last figure."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from workers.embedded import find_server

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(400)
@pytest.mark.skipif(find_server(os.environ) is None and not os.environ.get("ENGAGE_CI"), reason="no Valkey binary fits this machine")
def test_the_demos_week_ends_by_itself_and_shows_every_language_channel_and_answer() -> None:
    command = [sys.executable, "-m", "workers.console", "demo", "--once"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=380, check=False)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    figures = ended.stdout.partition("The week in figures")[2]
    locales = re.search(r"sent by locale: (.*)", figures)
    channels = re.search(r"sent by channel: (.*)", figures)
    inboxes = re.search(r"messages in the inboxes: (\d+)", figures)
    assert locales and channels and inboxes
    assert {pair.split()[0] for pair in locales[1].split(",")} == {"ar", "en", "fil", "lv", "sl", "uk", "uz"}
    assert {pair.split()[0] for pair in channels[1].split(",")} >= {"email", "sms", "support_room"}
    assert int(inboxes[1]) == sum(int(pair.split()[1]) for pair in channels[1].split(","))
    assert "quiet_hours" in figures
    assert "no_consent" in figures
    assert "ticket.reopened" in figures
