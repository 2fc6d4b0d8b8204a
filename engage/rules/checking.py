"""A workspace's files and its environment -> all of it that could be read, and everything that is wrong, of all files at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from engage.model.errors import Problem
from engage.model.workspace import Files, Workspace
from engage.rules.campaign_tests import CampaignTest, read_tests
from engage.rules.settings import read_settings
from engage.rules.workspace import read_workspace


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`problems` is in the order of places; where it is empty the workspace is whole. No workspace: engage.yaml cannot be read."""

    workspace: Workspace | None
    tests: tuple[CampaignTest, ...]
    problems: tuple[Problem, ...]


def check(files: Files, env: Mapping[str, str]) -> Checked:
    """Settings, campaigns, segments, tables and tests; what templates say of themselves is not asked here."""
    problems: list[Problem] = []
    settings = read_settings(files, env, problems)
    if settings is None:
        return Checked(workspace=None, tests=(), problems=tuple(sorted(problems)))
    workspace = read_workspace(files, settings, problems)
    tests = read_tests(files, settings, problems)
    return Checked(workspace=workspace, tests=tests, problems=tuple(sorted(set(problems))))
