"""`engage bounce`, as a mail server's pipe and as somebody at a shell calls it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.typed import Engage
from tests.unit.feedback.samples import HARD_BOUNCE, NO_BOUNCES


def test_it_shows_what_a_mail_says_and_needs_no_workspace_for_it(engage: Engage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mail.eml").write_bytes(HARD_BOUNCE)
    (tmp_path / "reply.eml").write_bytes(NO_BOUNCES["reply"])
    monkeypatch.chdir(tmp_path)
    shown = engage("bounce", "--look", "--json", "mail.eml", "reply.eml")
    assert shown.status == 0
    assert shown.json() == [
        {"mail": "mail.eml", "what": "bounced", "recipient": "ana@reader.example", "code": "5.1.1", "severity": "hard"},
        {"mail": "reply.eml", "what": "other", "recipient": None, "code": None, "severity": None},
    ]


def test_a_mail_of_nobodys_is_taken_and_one_that_cannot_be_taken_now_comes_again(
    engage: Engage, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(HARD_BOUNCE)))
    taken = engage("bounce", "--to", "bounces+d1.00000000000000000000@news.example")
    assert (taken.status, taken.out) == (0, "")
    Path("engage.yaml").write_text("company: [")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(HARD_BOUNCE)))
    again = engage("bounce")
    assert (again.status, again.err.startswith("not now: ")) == (75, True)
