"""A RabbitMQ of the tests' own: its own node, port and folder, ended with the session."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

import pika
import pytest
from pika.exceptions import AMQPError

INSTALLED = ("/usr/lib/rabbitmq/bin/rabbitmq-server", shutil.which("rabbitmq-server"))
"""Debian's program of that name in PATH insists on a user of its own; the one behind it does not."""

PROGRAM = next((path for path in INSTALLED if path and Path(path).exists()), None)


ATTEMPTS = 3
ANSWERS_WITHIN = 40.0
"""Seconds; it takes four on an idle machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitMq:
    """A server that answers at `url`."""

    url: str


def rabbitmq(folder: Path) -> Iterator[RabbitMq]:
    """Start one, and end it when the generator is closed. Skips where RabbitMQ is not installed; fails there under ENGAGE_CI."""
    if PROGRAM is None:
        if os.environ.get("ENGAGE_CI"):
            pytest.fail("RabbitMQ is not installed (apt install rabbitmq-server), and ENGAGE_CI asks for every test")
        pytest.skip("RabbitMQ is not installed (apt install rabbitmq-server)")
    for attempt in range(ATTEMPTS):
        with _node(folder / str(attempt)) as server:
            if server is not None:
                yield server
                return
    pytest.fail(f"RabbitMQ did not answer within {ANSWERS_WITHIN:.0f} s, {ATTEMPTS} times")


@contextmanager
def _node(folder: Path) -> Iterator[RabbitMq | None]:
    """One try of starting it: somebody else may take one of its ports before it does. None where it does not answer."""
    port, distribution, epmd = _free_port(), _free_port(), _free_port()
    # Erlang's port mapper would start itself as a daemon and outlive the tests: this one is ours to end.
    mapper = subprocess.Popen(["epmd", "-port", str(epmd), "-address", "127.0.0.1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process = subprocess.Popen(
        [PROGRAM or ""], env=_environment(folder, port=port, distribution=distribution, epmd=epmd),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )
    url = f"amqp://guest:guest@127.0.0.1:{port}/"
    try:
        yield RabbitMq(url=url) if _comes_up(process, port, url) else None
    finally:
        _end(process)
        mapper.terminate()
        mapper.wait()


def _comes_up(process: subprocess.Popen[bytes], port: int, url: str) -> bool:
    pause, deadline = Event(), monotonic() + ANSWERS_WITHIN
    while process.poll() is None and monotonic() < deadline:
        if _listens(port) and _answers(url):
            return True
        pause.wait(0.2)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _environment(folder: Path, *, port: int, distribution: int, epmd: int) -> dict[str, str]:
    home = folder / "home"
    home.mkdir(parents=True)
    (folder / "enabled_plugins").write_text("[].")
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = false\n")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "USER": pwd.getpwuid(os.getuid()).pw_name,
        "ERL_EPMD_PORT": str(epmd),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"engage-{secrets.token_hex(4)}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
    }


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _answers(url: str) -> bool:
    try:
        pika.BlockingConnection(pika.URLParameters(url)).close()
    except (AMQPError, OSError):
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
