"""`engage plan` as somebody types it before a change is live."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.typed import Engage

BIRTHDAY = Path("campaigns/birthday.yaml")


@pytest.fixture
def engage(engage: Engage) -> Engage:
    """Types a command in a new workspace that runs, with its three contacts."""
    assert engage("import", "contacts.csv").status == 0
    return engage


def edit(old: str, new: str) -> None:
    text = BIRTHDAY.read_text()
    assert old in text
    BIRTHDAY.write_text(text.replace(old, new))


def git(*words: str) -> None:
    author = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")
    subprocess.run(["git", *author, *words], check=True, capture_output=True)


def test_an_edit_is_planned_and_not_accepted(engage: Engage) -> None:
    edit("09:00", "10:30")
    for _ in range(2):
        (plan,) = engage("plan", "--json", "--for", "1mo").json()
        (change,) = plan["campaigns"]  # type: ignore[misc]  # JSON
        assert (change["campaign"], change["change"]) == ("birthday", "changed")
        assert change["differences"] == [{"key": "trigger.at", "before": "09:00", "after": "10:30"}]
    assert engage("status").status == 0  # which accepts it, as every other command does
    assert engage("plan", "--json").json()[0]["campaigns"] == []


def test_the_plan_reads_well(engage: Engage) -> None:
    edit("09:00", "10:30")
    printed = engage("plan").out
    assert "Against what runs now, over 3 contacts (all looked at)" in printed
    assert "~ birthday  (live, on_edit: keep)" in printed
    assert "trigger.at: 09:00 → 10:30" in printed


def test_it_compares_with_a_git_ref_and_with_a_folder(engage: Engage, tmp_path: Path) -> None:
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    git("tag", "first")
    edit("09:00", "10:30")
    (against_ref,) = engage("plan", "--against", "first", "--json").json()
    assert [change["campaign"] for change in against_ref["campaigns"]] == ["birthday"]  # type: ignore[attr-defined]  # JSON
    (against_itself,) = engage("plan", "--against", str(tmp_path / "company"), "--json").json()
    assert against_itself["campaigns"] == []


@pytest.mark.parametrize(("words", "complaint"), [
    (("--against", "nowhere"), "is in no git repository"), (("--for", "soon"), "is not a duration"),
    (("--for", "-3d"), "does not lie ahead"),
])
def test_what_cannot_be_compared_is_said(engage: Engage, words: tuple[str, ...], complaint: str) -> None:
    ended = engage("plan", *words)
    assert ended.status == 1
    assert complaint in ended.err


def test_a_ref_that_does_not_exist_is_said(engage: Engage) -> None:
    git("init", "--quiet")
    ended = engage("plan", "--against", "nowhere")
    assert (ended.status, "is no commit, branch or tag" in ended.err) == (1, True)


def test_without_git_a_folder_is_asked_for(engage: Engage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ended = engage("plan", "--against", "main")
    assert (ended.status, "git is not installed" in ended.err) == (3, True)


def test_a_workspace_that_does_not_pass_is_not_planned(engage: Engage) -> None:
    edit("09:00", "25:00")
    ended = engage("plan")
    assert ended.status == 1
    assert ended.err.startswith("campaigns/birthday.yaml:")


def test_an_empty_database_is_told_that_everything_is_new(engage: Engage) -> None:
    Path("var/engage.db").unlink()
    (plan,) = engage("plan", "--json").json()
    assert {change["change"] for change in plan["campaigns"]} == {"added"}  # type: ignore[attr-defined]  # JSON
    assert plan["people"] == 0
