"""All files of a workspace and its settings -> Workspace, or everything that is wrong with it at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from engage.model.errors import InputError, Place, Problem
from engage.model.workspace import Files, Settings, Workspace
from engage.rules import scalars
from engage.rules.campaigns import read_campaign
from engage.rules.known import Known, templates_of
from engage.rules.retention import refused_retention
from engage.rules.segments import FOLDER as SEGMENTS
from engage.rules.segments import read_segments
from engage.rules.tables import columns_of, read_tables
from engage.rules.webhooks import refused_webhooks

CAMPAIGNS = "campaigns/"
DATA = "data/"


def load(files: Files, settings: Settings) -> Workspace:
    """The workspace. Raises InputError with everything that is wrong with its campaigns, segments and tables.

    Also rebuilds a campaign as a run entered with it: from the files of the snapshot that was accepted then.
    """
    problems: list[Problem] = []
    workspace = read_workspace(files, settings, problems)
    if problems:
        raise InputError(set(problems))
    return workspace


def read_workspace(files: Files, settings: Settings, problems: list[Problem]) -> Workspace:
    """The workspace as far as it can be read; what is wrong is added to `problems`."""
    campaign_files = named_files(files, CAMPAIGNS, ".yaml", problems)
    segment_files = named_files(files, SEGMENTS, ".yaml", problems, beside=".csv")
    tables = read_tables(files, named_files(files, DATA, ".csv", problems), problems)
    known = Known(
        settings=settings,
        segments=frozenset(segment_files),
        campaigns=frozenset(campaign_files),
        columns=columns_of(tables),
        messages=templates_of(files),
    )
    campaigns = {name: read_campaign(name, file, files[file], known, problems) for name, file in campaign_files.items()}
    workspace = Workspace(
        hash=hash_of(files),
        files=files,
        settings=settings,
        campaigns={name: campaign for name, campaign in campaigns.items() if campaign is not None},
        segments=read_segments(files, segment_files, known, problems),
        data=tables,
    )
    problems.extend(refused_retention(workspace))
    problems.extend(refused_webhooks(settings, campaign_files))
    return workspace


def hash_of(files: Files) -> str:
    """The SHA-256 of all paths and contents, in hexadecimal."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode())
        digest.update(files[path])
    return digest.hexdigest()


def named_files(files: Files, folder: str, suffix: str, problems: list[Problem], beside: str | None = None) -> Mapping[str, str]:
    """The files of a folder by their names; one that would be passed over in silence is told."""
    found: dict[str, str] = {}
    for path in sorted(path for path in files if path.startswith(folder)):
        file = PurePosixPath(path)
        if file.suffix == beside or file.name.lower().startswith("readme"):
            continue
        try:
            if path.count("/") > 1 or file.suffix != suffix:
                raise ValueError(f"is not taken: files here are {folder}<name>{suffix}")
            found[scalars.name(file.stem)] = path
        except ValueError as error:
            problems.append(Problem(place=Place(file=path), what=f"`{path.removeprefix(folder)}` {error}"))
    return found
