"""What `engage plan --against` names: another workspace's folder, or this one as it is at a git ref."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from engage.model.errors import InputError, NotThereError
from engage.model.workspace import Files
from engage.settings import SETTINGS, read_folder

GIT_TAKES = 60.0
"""Seconds in which git must answer."""


def files_of(root: Path, against: str) -> Files:
    """The files there. Raises InputError for what is neither, NotThereError where git is needed and is not there."""
    folder = Path(against)
    if (folder / SETTINGS).is_file():
        return read_folder(folder)
    if folder.is_dir() and not _is_ref(root, against):
        raise InputError.of(f"there is no {SETTINGS} in {against!r}", file="<command line>")
    return _at_ref(root, against)


def _is_ref(root: Path, ref: str) -> bool:
    return _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").returncode == 0


def _at_ref(root: Path, ref: str) -> Files:
    if _git(root, "rev-parse", "--show-prefix").returncode != 0:
        what = f"{root} is in no git repository, so that {ref!r} can only be a folder, and there is none"
        raise InputError.of(what, file="<command line>")
    if not _is_ref(root, ref):
        raise InputError.of(f"{ref!r} is no commit, branch or tag of this repository, and no workspace's folder", file="<command line>")
    # Run in the workspace's own folder, so that only what stands below it is taken, by paths relative to it.
    archive = _git(root, "archive", "--format=tar", ref)
    if archive.returncode != 0:
        raise InputError.of(f"{ref!r} has no such folder: {archive.stderr.decode(errors='replace').strip()}", file="<command line>")
    with TemporaryDirectory() as scratch, tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(scratch, filter="data")
        if not (Path(scratch) / SETTINGS).is_file():
            raise InputError.of(f"there is no {SETTINGS} in {root.name} at {ref!r}", file="<command line>")
        return read_folder(Path(scratch))


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, timeout=GIT_TAKES, check=False)  # noqa: S603, S607  # no shell; git is looked for where people have it
    except FileNotFoundError:
        raise NotThereError("git is not installed, and `--against` a git ref needs it; give a folder instead") from None
    except subprocess.TimeoutExpired:
        raise NotThereError(f"git did not answer within {GIT_TAKES:.0f} seconds") from None
