"""The embedded Valkey: private, shared by a workspace's processes, brought back when it dies, gone with its last process."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.waiting import until
from workers.embedded import Embedded, find_server, socket_directory

OWNER = """
import os, sys
from pathlib import Path
from workers.embedded import Embedded, find_server
valkey = Embedded(Path(sys.argv[1]), find_server(os.environ))
valkey.start()
print(valkey.process.pid, flush=True)
sys.stdin.read()
"""

SERVER = find_server(os.environ)

pytestmark = pytest.mark.skipif(SERVER is None and not os.environ.get("ENGAGE_CI"), reason="no Valkey binary fits this machine")


@pytest.fixture
def embedded(tmp_path: Path):
    assert SERVER is not None
    valkey = Embedded(tmp_path / "valkey", SERVER)
    valkey.start()
    yield valkey
    valkey.stop()


def client_of(valkey: Embedded) -> redis.Redis:
    return redis.Redis.from_url(valkey.url)


def answers(valkey: Embedded) -> bool:
    try:
        return bool(client_of(valkey).ping())
    except redis.RedisError:
        return False


def test_it_answers_on_a_socket_that_nobody_else_can_reach(embedded: Embedded) -> None:
    assert answers(embedded)
    folder = socket_directory(embedded.directory)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert client_of(embedded).config_get("port") == {"port": "0"}


def test_it_comes_back_after_a_kill_with_what_was_written(embedded: Embedded) -> None:
    client_of(embedded).set("kept", "yes")
    client_of(embedded).execute_command("WAITAOF", 1, 0, 2000)
    assert embedded.process is not None
    killed = embedded.process.pid
    os.kill(killed, signal.SIGKILL)
    until(lambda: embedded.process is not None and embedded.process.pid != killed and answers(embedded))
    assert client_of(embedded).get("kept") == b"yes"


def test_a_second_process_of_the_workspace_shares_it_and_takes_over(embedded: Embedded) -> None:
    assert SERVER is not None
    second = Embedded(embedded.directory, SERVER)
    second.start()
    try:
        client_of(embedded).set("seen", "by both")
        assert client_of(second).get("seen") == b"by both"
        assert second.process is None
        embedded.stop()
        until(lambda: second.process is not None and answers(second))
    finally:
        second.stop()


def test_it_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path / "v")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    valkey = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    until(lambda: not Path(f"/proc/{valkey}/exe").exists() or not _runs(valkey))


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_path_too_long_for_a_socket_is_met_with_a_short_one_of_our_own(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 25)
    assert SERVER is not None
    valkey = Embedded(deep, SERVER)
    valkey.start()
    try:
        assert answers(valkey)
        assert len(valkey.url) < 107 + len("unix://?db=0")
    finally:
        valkey.stop()


def test_the_environment_names_the_binary_first(tmp_path: Path) -> None:
    named = tmp_path / "my-valkey"
    named.write_text("#!/bin/sh\n")
    named.chmod(0o755)
    assert find_server({"ENGAGE_VALKEY": str(named)}) == named
