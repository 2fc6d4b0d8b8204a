"""The edge between a workspace's folder, the process's environment and the rest: folder -> Files, environment -> Settings.

Nothing else reads engage.yaml's environment or `os.environ`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engage.model.errors import InputError, NotThereError, Place, Problem
from engage.model.workspace import Files, Settings
from engage.rules import settings as rules

SETTINGS = "engage.yaml"
WORKSPACE_VARIABLE = "ENGAGE_WORKSPACE"
MAX_FILE = 20 * 1024 * 1024
MAX_FOLDER = 200 * 1024 * 1024
FOLDERS = ("campaigns", "data", "locales", "segments", "templates", "tests")
"""What belongs to a workspace beside engage.yaml; lists to import, notes and databases may stand there too and are left alone."""

_SQLITE = "sqlite:///"


def find_workspace(start: Path | None = None) -> Path:
    """The folder of the nearest engage.yaml from `start` upwards; without `start` ENGAGE_WORKSPACE, else the working directory.

    Raises NotThereError.
    """
    named = os.environ.get(WORKSPACE_VARIABLE) if start is None else None
    folder = (Path(named) if named else start or Path.cwd()).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / SETTINGS).is_file():
            return candidate
    remedy = "make a workspace with `engage init DIR`, or name one with --workspace"
    raise NotThereError(f"there is no {SETTINGS} in {folder} or above it; {remedy}")


def read_folder(root: Path) -> Files:
    """engage.yaml and the files of the workspace's folders, in the order of their paths. Raises InputError where one is too large."""
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    total = 0
    for path in workspace_files(root):
        name, size = path.relative_to(root).as_posix(), path.stat().st_size
        total += size
        if size > MAX_FILE or total > MAX_FOLDER:
            what = f"is larger than {MAX_FILE >> 20} MB" if size > MAX_FILE else f"the workspace is larger than {MAX_FOLDER >> 20} MB"
            problems.append(Problem(place=Place(file=name), what=what))
            break
        files[name] = path.read_bytes()
    if problems:
        raise InputError(problems)
    return files


def environment(root: Path) -> Mapping[str, str]:
    """What `${NAME}` is filled in from: `.env` beside engage.yaml, overridden by the process's own environment."""
    file = root / ".env"
    written = dict(_assignments(file.read_text("utf-8"))) if file.is_file() else {}
    return {**written, **os.environ}


def load_settings(files: Files, env: Mapping[str, str], *, root: Path | None = None) -> Settings:
    """engage.yaml as Settings. Raises InputError with everything that is wrong with it.

    With `root` a relative SQLite path (`sqlite:///var/engage.db`) becomes that file below the workspace, wherever the process
    was started; without it the URL stays as written.
    """
    settings = rules.load_settings(files, env)
    return settings if root is None else replace(settings, database=database_below(settings.database, root))


def database_below(url: str, root: Path) -> str:
    """The URL with a relative SQLite path made absolute; any other as it is."""
    path = url.removeprefix(_SQLITE)
    if path == url or path.startswith(("/", ":memory:", "file:")) or not path:
        return url
    return f"{_SQLITE}{(root / path).resolve()}"


def workspace_files(root: Path) -> Sequence[Path]:
    """The files that belong to the workspace, sorted."""
    return sorted(_files(root))


def _files(root: Path) -> Iterator[Path]:
    """Every file that belongs to the workspace; hidden ones do not, and symbolic links to folders are not followed."""
    if (root / SETTINGS).is_file():
        yield root / SETTINGS
    for folder, names, file_names in (found for name in FOLDERS for found in os.walk(root / name)):
        names[:] = [name for name in names if not name.startswith(".")]
        yield from (Path(folder) / name for name in file_names if not name.startswith(".") and (Path(folder) / name).is_file())


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    """`NAME=value` lines; `export`, comments and one pair of quotes around the value are allowed."""
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name.strip().isidentifier():
            yield name.strip(), _unquoted(value.strip())


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value.split(" #", 1)[0].rstrip()
