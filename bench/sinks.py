"""Mail servers to measure against: Postfix's `smtp-sink`, which takes mail and throws it away, and `smtp-source`, which makes it.

They are found on the PATH, or in the package `postfix`, unpacked into a temporary folder (nothing is installed).
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import final

READY_WITHIN = 10.0
_COUNTED = re.compile(rb"mesg=(\d+)\r")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    """Its two test programs, and where their libraries are."""

    binaries: Path
    libraries: Path

    def run(self, program: str, *arguments: str, **how: object) -> subprocess.Popen[bytes]:
        """Start one of them."""
        environment = {**os.environ, "LD_LIBRARY_PATH": str(self.libraries)}
        return subprocess.Popen([self.binaries / program, *arguments], env=environment, **how)


def find_postfix(folder: Path) -> Postfix | None:
    """The programs; None where they cannot be had."""
    installed = shutil.which("smtp-sink") or shutil.which("/usr/sbin/smtp-sink")
    if installed:
        return Postfix(binaries=Path(installed).parent, libraries=Path("/usr/lib/postfix"))
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return None
    quiet = {"cwd": folder, "capture_output": True, "check": False}
    subprocess.run(["apt-get", "download", "postfix"], **quiet)
    for package in folder.glob("postfix_*.deb"):
        subprocess.run(["dpkg", "-x", package.name, "."], **quiet)
        return Postfix(binaries=folder / "usr/sbin", libraries=folder / "usr/lib/postfix")
    return None


@final
class Sink:
    """A running `smtp-sink`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, told: Path) -> None:
        self._process = process
        self._told = told
        self.port = port

    def count(self) -> int:
        """How many messages it took, by its own counter."""
        found = _COUNTED.findall(self._told.read_bytes()[-4096:])
        return int(found[-1]) if found else 0


@contextmanager
def sink(postfix: Postfix, folder: Path, *, pipelining: bool, dump: Path | None = None) -> Iterator[Sink]:
    """A server for as long as the block runs. `dump`: a folder in which it leaves each mail in a file of its own."""
    port, told = _free_port(), folder / f"sink-{time.monotonic_ns()}.txt"
    arguments = ["-u", "nobody"] if os.getuid() == 0 else []
    if dump is not None:
        shutil.chown(dump, "nobody") if os.getuid() == 0 else None
        arguments += ["-d", f"{dump}/m."]
    if not pipelining:
        arguments.append("-p")
    with told.open("wb") as out:
        process = postfix.run("smtp-sink", *arguments, "-c", "-m", "1000", f"127.0.0.1:{port}", "1000", stdout=out, stderr=out)
    try:
        _wait_for(port)
        yield Sink(process, port, told)
    finally:
        process.kill()
        process.wait()


def source(postfix: Postfix, port: int, *, mails: int, size: int, sessions: int) -> float:
    """Mails a second that `smtp-source` hands over, each connection kept."""
    began = time.perf_counter()
    process = postfix.run("smtp-source", "-d", "-s", str(sessions), "-m", str(mails), "-l", str(size), f"127.0.0.1:{port}")
    if process.wait() != 0:
        return 0.0
    return mails / (time.perf_counter() - began)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)  # another process's socket tells nobody that it is there
        else:
            return
