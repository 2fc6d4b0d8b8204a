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
    channels = counted("sent by channel", figures)
    assert set(counted("sent by locale", figures)) == {"ar", "en", "fil", "lv", "sl", "uk", "uz"}
    assert set(channels) >= {"email", "sms", "support_room"}
    assert f"messages in the inboxes: {sum(channels.values())}" in figures
    assert "quiet_hours" in figures
    assert "no_consent" in figures
    assert "ticket.reopened" in figures
    heard = dict(re.findall(r"touch\.(\w+) (\d+)", figures.partition("the CRM heard")[2]))
    followed = sum(map(int, re.findall(r"ticket_follow_up +clicked +(\d+)", figures)))
    assert followed > 0
    assert int(heard["clicked"]) == followed
    assert int(heard["sent"]) == sum(map(int, re.findall(r"ticket_follow_up +sent +(\d+)", figures)))


def counted(title: str, figures: str) -> dict[str, int]:
    """What the demo says after a title: `email 153, sms 3`."""
    return {name: int(number) for name, number in re.findall(r"(\w+) (\d+)", figures.partition(f"{title}: ")[2].splitlines()[0])}
