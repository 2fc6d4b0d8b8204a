"""`engage check`, `engage schema`, `engage init`: a workspace before anything runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, counted, print_json, print_rows
from engage.model.errors import InputError, Problem
from engage.rules.editors import json_schema

RENAMED = {"gitignore.txt": ".gitignore", "env.txt": ".env.example"}
"""Files of the starter that packaging would leave out under their own names."""

SCHEMAS = ".schemas"
"""Where editors find the schemas of a workspace: a folder of it that Engage itself does not read."""


class FileKind(StrEnum):
    """The kinds of YAML file in a workspace."""

    SETTINGS = "settings"
    CAMPAIGN = "campaign"
    SEGMENT = "segment"
    TEST = "test"


PATTERNS = {
    FileKind.SETTINGS: "engage.yaml", FileKind.CAMPAIGN: "campaigns/*.yaml",
    FileKind.SEGMENT: "segments/*.yaml", FileKind.TEST: "tests/*.yaml",
}


def check(
    context: typer.Context,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Let translations lack keys, placeholders or plural forms.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check all of a workspace: settings, campaigns, segments, tests, every template in every language. All errors at once.

    Warns of quiet hours that are never over somewhere, of promotional mail without the postal address, and of very long texts;
    a warning is no error.

    Example: engage check --workspace config
    """
    findings = app_of(context).open(workspace).findings(allow_missing=allow_missing)
    problems = findings.problems
    for warning in findings.warnings:
        typer.echo(f"{warning.place}: warning: {warning.what}", err=True)
    if as_json:
        print_rows((_as_json(problem) for problem in problems), as_json=True, columns=())
    elif (checked := findings.workspace) is None or problems:
        raise InputError(problems)
    else:
        live = sum(campaign.status == "live" for campaign in checked.campaigns.values())
        console().print(f"good: {counted(len(checked.campaigns), 'campaign')} ({live} live), {counted(len(checked.segments), 'segment')}")
    if problems:
        raise typer.Exit(1)


def _as_json(problem: Problem) -> dict[str, object]:
    place = problem.place
    return {"file": place.file, "line": place.line, "column": place.column, "what": problem.what, "suggestion": problem.suggestion}


def schema(
    kind: Annotated[FileKind | None, typer.Argument(help="One kind of file; default: all, by the pattern of their paths.")] = None,
    into: Annotated[Path | None, typer.Option("--into", help="Write them to this folder instead, a file for each kind.")] = None,
) -> None:
    """Print the JSON Schema of the YAML files, or write them where the first lines of the files point editors to (`.schemas`).

    Example: engage schema --into config/.schemas
    """
    if into is not None:
        _write_schemas(into, [kind] if kind is not None else list(FileKind))
    else:
        print_json(json_schema() if kind is None else json_schema()[PATTERNS[kind]])


def _write_schemas(folder: Path, kinds: Sequence[FileKind]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind in kinds:
        text = json.dumps(json_schema()[PATTERNS[kind]], indent=1, ensure_ascii=False)
        (folder / f"{kind}.json").write_text(f"{text}\n", encoding="utf-8")


def init(directory: Annotated[Path, typer.Argument(help="A folder that is empty, or not there yet.")]) -> None:
    """Write a new workspace with two working campaigns, their templates and tests.

    Example: engage init ~/campaigns
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InputError.of("there is something here already; name a new folder", file=str(directory))
    for name, source in _files(resources.files("engage.cli").joinpath("starter"), ""):
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    _write_schemas(directory / SCHEMAS, list(FileKind))
    console().print(f"A workspace is in {directory}. Next:")
    for command in ("engage check", "engage test", "engage import contacts.csv", "engage run"):
        console().print(f"  cd {directory} && {command}" if command == "engage check" else f"  {command}")


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        elif not entry.name.endswith((".py", ".pyc")):
            yield prefix + RENAMED.get(entry.name, entry.name), entry
