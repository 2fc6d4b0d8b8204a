"""Commands, as somebody types them: of no workspace yet, and in a new one; and a mail server for what they send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.smtp import SmtpServer
from tests.typed import Ended, Engage
from workers.console import main


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Engage:
    """Types a command wherever the test stands."""

    def run(*words: str) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main(words)
        printed = capsys.readouterr()
        return Ended(status=int(ended.value.code or 0), out=printed.out, err=printed.err)

    return run


@pytest.fixture
def engage(typed: Engage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engage:
    """Types a command in a new workspace, with its three contacts on file `contacts.csv`."""
    workspace = tmp_path / "company"
    assert typed("init", str(workspace)).status == 0
    monkeypatch.chdir(workspace)
    return typed


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server
