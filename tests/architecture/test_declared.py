"""Nothing undeclared: every channel, trigger, step, command and process is in the docs and has a test."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import typer.main

from engage.model import campaign
from workers import console

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def channels() -> list[str]:
    return sorted(PROJECT["entry-points"]["engage.channels"])


WRITTEN = {"segment": "enters", "consenting": "consent"}
"""Kinds that a campaign writes by another word than the model."""


def triggers() -> list[str]:
    words = [kind.__name__.removesuffix("Trigger").lower() for kind in get_args(campaign.Trigger)]
    return sorted(WRITTEN.get(word, word) for word in words)


def steps() -> list[str]:
    words = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower() for kind in get_args(campaign.Step)}
    return sorted({"wait" if word.startswith("wait_until") else WRITTEN.get(word, word) for word in words})


def commands() -> list[str]:
    return sorted(_walk(typer.main.get_command(console.app), ()))


def _walk(command: object, path: tuple[str, ...]) -> Iterator[str]:
    children: dict[str, object] = getattr(command, "commands", {})
    if not children:
        yield " ".join(path)
    for name, child in children.items():
        yield from _walk(child, (*path, name))


def processes() -> list[str]:
    return [line.split(":", 1)[1].strip() for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines() if line.strip()]


def docs() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))])


def all_tests() -> str:
    files = [path for path in (ROOT / "tests").rglob("*.py") if path.parent.name != "architecture"]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def is_documented(pattern: str) -> bool:
    """Whether a page of docs/ or the README has it. A bare bool, so that a failure does not print all of them."""
    return re.search(pattern, docs()) is not None


def is_tested(pattern: str) -> bool:
    """Whether a test has it."""
    return re.search(pattern, all_tests()) is not None


@pytest.mark.parametrize("name", channels())
def test_an_adapter_is_documented_and_tested(name: str) -> None:
    assert is_documented(f"`{name}`"), "no page of docs/ names it"
    assert is_tested(rf"\b{name}\b"), "no test names it"


@pytest.mark.parametrize("name", triggers())
def test_a_trigger_is_documented_and_tested(name: str) -> None:
    assert is_documented(rf"\b{name}: "), "no page of docs/ shows it"
    assert is_tested(rf"\b{name}: |{name.capitalize()}Trigger"), "no test uses it"


@pytest.mark.parametrize("name", steps())
def test_a_step_is_documented_and_tested(name: str) -> None:
    assert is_documented(rf"\b{name}:\s"), "no page of docs/ shows it"
    assert is_tested(rf"\b{name}: |\b{name.title().replace('_', '')}\("), "no test uses it"


@pytest.mark.parametrize("name", commands())
def test_a_command_is_documented_and_tested(name: str) -> None:
    assert is_documented(rf"engage {re.escape(name)}\b"), "no page of docs/ names it"
    words = r"""["'],?\s*["']""".join(map(re.escape, name.split()))
    assert is_tested(rf"""["']{words}["']|engage {re.escape(name)}\b"""), "no test runs it"


@pytest.mark.parametrize("line", processes())
def test_a_process_is_a_command_that_is_documented(line: str) -> None:
    assert line.startswith("engage ")
    assert line.removeprefix("engage ") in commands()
    assert is_documented(re.escape(line))
