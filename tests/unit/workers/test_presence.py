"""A process is told from every other one, and said to be gone only by those who can know."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from workers.presence import is_gone, owner

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")

FORKS = multiprocessing.get_context("fork")


def test_two_names_of_one_process_differ_and_it_is_not_gone() -> None:
    first, second = owner(), owner()
    assert first != second
    assert not is_gone(first)
    assert not is_gone(second)


def test_a_process_that_was_killed_is_gone_even_while_nobody_has_asked_how_it_ended() -> None:
    names: multiprocessing.SimpleQueue[str] = FORKS.SimpleQueue()
    process = FORKS.Process(target=lambda: (names.put(owner()), signal.pause()))
    process.start()
    name = names.get()
    assert not is_gone(name)
    os.kill(process.pid or 0, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid or 0, os.WEXITED | os.WNOWAIT)
    assert is_gone(name)
    process.join()
    assert is_gone(name)


def test_another_process_with_the_same_number_is_another_one() -> None:
    host, pid, token, machine, started = owner().split(":")
    assert is_gone(":".join((host, pid, token, machine, str(int(started) - 1))))


def test_a_process_that_proc_hides_is_not_gone(tmp_path: Path) -> None:
    name = owner()
    machine = tmp_path / "sys/kernel/random"
    machine.mkdir(parents=True)
    (machine / "boot_id").write_text(Path("/proc/sys/kernel/random/boot_id").read_text())
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to(Path("/proc/self/ns/pid").readlink())
    assert not is_gone(name, tmp_path), "as with hidepid"
    assert is_gone(name.replace(f":{os.getpid()}:", ":99999999:"), tmp_path)


@pytest.mark.parametrize("machine", ["0123456789ab", "-"])
def test_of_a_process_elsewhere_nobody_says_that_it_is_gone(machine: str) -> None:
    assert not is_gone(f"host:999999999:abcdef:{machine}:1")


def test_of_a_name_that_is_none_of_ours_nobody_says_that_it_is_gone() -> None:
    assert not is_gone("worker 1")


def test_where_the_system_does_not_tell_nobody_is_gone(tmp_path: Path) -> None:
    name = owner(tmp_path)
    assert name.endswith(":-:-")
    assert not is_gone(name, tmp_path)
