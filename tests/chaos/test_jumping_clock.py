"""A business clock that jumps ahead and back under running processes: each occurrence happens once, whatever the clock says next."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.ticket_desk import kinds, make_desk
from tests.servers.processes import ground
from tests.servers.smtp import SmtpServer
from tests.waiting import until
from workers.embedded import find_server
from workers.office import OnDisk

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_server(os.environ) is None and not os.environ.get("ENGAGE_CI"), reason="no Valkey binary fits this machine"),
]
CONTACTS = 5
BEFORE = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
"""Half past nine in Ljubljana."""

DAILY = """
title: Good morning
purpose: service
status: live
trigger: {schedule: "0 10 * * *"}
send: morning
channels: [email]
"""
JUMPS = (
    (timedelta(hours=2), 1), (timedelta(hours=-3), 1), (timedelta(hours=2), 1), (timedelta(days=1), 2), (timedelta(days=-1), 2),
    (timedelta(days=1, hours=3), 2), (timedelta(days=1), 3),
)
"""By how much the clock jumps, and how many mornings everybody has been wished after that."""


def test_a_clock_that_jumps_ahead_and_back_wishes_each_morning_once(tmp_path: Path) -> None:
    with SmtpServer() as smtp:
        root = make_desk(tmp_path / "desk", contacts=CONTACTS, smtp_url=smtp.url)
        (root / "campaigns" / "morning.yaml").write_text(DAILY)
        (root / "templates" / "morning").mkdir()
        (root / "templates" / "morning" / "email.md").write_text("---\nsubject: Morning\n---\nGood morning.\n")
        with OnDisk(root).engaged() as wired, ground(root) as desk:
            wired.stored_clock.set(BEFORE)
            wired.planner.tick(now=BEFORE)
            process, moment = desk.start("run", "--port", "0").started(), BEFORE
            for jump, mornings in JUMPS:
                moment += jump
                wired.stored_clock.set(moment)
                until(lambda wanted=mornings: len(smtp.messages) >= CONTACTS * wanted, seconds=60)
            assert process.stop() == 0
        wished = Counter(message.recipients for message in smtp.messages)
        assert wished == Counter({(f"c{number}@example.com",): JUMPS[-1][1] for number in range(CONTACTS)})
        assert len(kinds(root, "sent")) == CONTACTS * JUMPS[-1][1]
