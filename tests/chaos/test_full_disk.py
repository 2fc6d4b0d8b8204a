"""A disk of 32 MB that fills up while messages go out: what was accepted stays accepted, and goes once there is room."""

from __future__ import annotations

import os
import subprocess
import urllib.error
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.integration.ticket_desk import closed, make_desk
from tests.servers.processes import Process, ground
from tests.servers.smtp import SmtpServer
from tests.waiting import until
from workers.embedded import find_server

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_server(os.environ) is None and not os.environ.get("ENGAGE_CI"), reason="no Valkey binary fits this machine"),
]
CONTACTS = 6


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own; the kernel lets none but root mount one, and in some containers nobody."""
    if os.getuid() != 0:
        pytest.skip("only root may mount a disk of 32 MB")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no disk of 32 MB can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 65536):
                pass
        except OSError:
            return ballast
    raise AssertionError("the disk has no end")


def test_a_full_disk_loses_nothing_and_work_goes_on_once_there_is_room(disk: Path, tmp_path: Path) -> None:
    with SmtpServer() as smtp:
        root = make_desk(tmp_path / "desk", contacts=CONTACTS, smtp_url=smtp.url, database=f"sqlite:///{disk / 'engage.db'}")
        with ground(root) as desk:
            process = desk.start("run", "--port", "0").started()
            process.post("/v1/events", [closed(number) for number in range(3)])
            until(lambda: len(smtp.messages) == 3, seconds=60)
            ballast = fill(disk)
            until(lambda: _refused(process, closed(3)), seconds=60)
            assert process.popen.poll() is None, process.log.read_text()
            ballast.unlink()
            until(lambda: not _refused(process, [closed(number) for number in range(CONTACTS)]), seconds=60)
            until(lambda: len({message.recipients for message in smtp.messages}) == CONTACTS, seconds=60)
            assert process.stop() == 0
        assert Counter(message.recipients for message in smtp.messages).total() == CONTACTS
    assert _is_whole(disk / "engage.db")


def _refused(process: Process, body: object) -> bool:
    """Whether it was answered that the database is away."""
    try:
        process.post("/v1/events", body)
    except urllib.error.HTTPError as error:
        return error.code == 503
    return False


def _is_whole(path: Path) -> bool:
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        checked = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
        left = connection.exec_driver_sql("SELECT count(*) FROM deliveries WHERE state != 'sent'").scalar()
    engine.dispose()
    return (checked, left) == ("ok", 0)
