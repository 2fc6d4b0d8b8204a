"""The edge to the folder and the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.model.errors import InputError, NotThereError
from engage.settings import MAX_FILE, environment, find_workspace, load_settings, read_folder
from tests.workspaces import SETTINGS


def a_workspace(root: Path, **files: str) -> Path:
    for name, text in {"engage.yaml": SETTINGS, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def test_the_workspace_is_that_of_the_nearest_engage_yaml(tmp_path: Path) -> None:
    root = a_workspace(tmp_path / "w", **{"campaigns/c.yaml": "x"})

    assert find_workspace(root / "campaigns") == root
    assert find_workspace(root) == root


def test_without_a_start_the_environment_names_the_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = a_workspace(tmp_path)
    monkeypatch.setenv("ENGAGE_WORKSPACE", str(root))

    assert find_workspace() == root


def test_where_there_is_no_workspace_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotThereError, match="engage init DIR"):
        find_workspace(tmp_path)


def test_the_folder_is_read_without_what_is_hidden_or_not_its_own(tmp_path: Path) -> None:
    more = {"campaigns/c.yaml": "č", ".env": "A=1", ".git/config": "x", "var/engage.db": "x", "contacts.csv": "x", "data/.swp": "x"}

    assert read_folder(a_workspace(tmp_path, **more)) == {"campaigns/c.yaml": "č".encode(), "engage.yaml": SETTINGS.encode()}


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    root = a_workspace(tmp_path)
    (root / "data").mkdir()
    with (root / "data" / "big.csv").open("wb") as file:
        file.truncate(MAX_FILE + 1)

    with pytest.raises(InputError, match=r"data/big\.csv:0:0: .*larger than 20 MB"):
        read_folder(root)


def test_links_to_other_folders_are_not_followed(tmp_path: Path) -> None:
    root = a_workspace(tmp_path / "w")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "f").write_text("x")
    (root / "templates").mkdir()
    (root / "templates" / "folder").symlink_to(tmp_path / "folder")

    assert list(read_folder(root)) == ["engage.yaml"]


def test_the_processs_environment_comes_before_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("# secrets\nONE=1\nexport TWO='2 # two'\nTHREE = three # a comment\nFOUR=\n\nnonsense\n", "utf-8")
    monkeypatch.setenv("ONE", "from outside")
    found = environment(tmp_path)

    assert (found["ONE"], found["TWO"], found["THREE"], found["FOUR"]) == ("from outside", "2 # two", "three", "")


@pytest.mark.parametrize(("url", "expected"), [
    ("sqlite:///var/engage.db", "sqlite:///{root}/var/engage.db"),
    ("sqlite:////abs/engage.db", "sqlite:////abs/engage.db"),
    ("sqlite:///:memory:", "sqlite:///:memory:"),
    ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
])
def test_a_relative_database_is_a_file_below_the_workspace(tmp_path: Path, url: str, expected: str) -> None:
    files = {"engage.yaml": (SETTINGS + f"database: '{url}'\n").encode()}

    assert load_settings(files, {}).database == url
    assert load_settings(files, {}, root=tmp_path).database == expected.format(root=tmp_path)
