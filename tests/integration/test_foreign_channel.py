"""A package installed beside Engage adds a channel: the example of docs/channels.md, found by its entry point in a fresh process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "engage_file_channel"
SENDING = """
import asyncio, sys
from dataclasses import replace
from engage.channels import adapter_names, load_channels
from engage.model.errors import InputError, SendError
from tests.builders import a_channel, a_cleared, some_settings

assert "file" in adapter_names(), adapter_names()
options = dict(argument.split("=", 1) for argument in sys.argv[1:])
try:
    channel = load_channels(some_settings(channels={"sms": a_channel("sms", adapter="file", options=options)}))["sms"]
except InputError as error:
    sys.exit(str(error))

async def send():
    problems = await channel.check()
    try:
        await asyncio.gather(*(channel.send(replace(a_cleared(), idempotency_key=f"d{number}")) for number in range(20)))
    except SendError as error:
        return f"{type(error).__name__}: {error.detail} {problems}"
    finally:
        await channel.close()

sys.exit(asyncio.run(send()))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as an installer leaves it: its module, and its metadata with the entry points (PyPA's core metadata)."""
    site = tmp_path_factory.mktemp("site")
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8")
    groups = project["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))]
    (metadata / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    shutil.copy(EXAMPLE / "engage_file_channel.py", site)
    return site


def _send(site: Path, **options: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    arguments = [f"{name}={value}" for name, value in options.items()]
    return subprocess.run(
        [sys.executable, "-c", SENDING, *arguments], env=environment, cwd=site, capture_output=True, text=True, timeout=60, check=False,
    )


def test_messages_go_through_an_adapter_of_another_package(site: Path, tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"
    result = _send(site, path=str(outbox))
    assert result.returncode == 0, result.stderr
    messages = [json.loads(line) for line in outbox.read_text(encoding="utf-8").splitlines()]
    assert sorted(message["key"] for message in messages) == sorted(f"d{number}" for number in range(20))
    assert {(message["to"], message["subject"], message["locale"]) for message in messages} == {
        ("ana@example.com", "Vse najboljše, Ana!", "sl"),
    }


def test_what_it_cannot_do_is_said(site: Path, tmp_path: Path) -> None:
    missing = _send(site)
    assert missing.returncode == 1
    assert "the channel sms needs the option 'path'" in missing.stderr
    unknown = _send(site, path="x", colour="blue")
    assert "has no option 'colour'" in unknown.stderr
    nowhere = _send(site, path=str(tmp_path / "nowhere" / "outbox.jsonl"))
    assert "Unavailable: the file cannot be written" in nowhere.stderr
    assert "is not there" in nowhere.stderr
