"""House rules that no linter knows: who may make what, how long a thing may be, and that every exception says why."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
MAKERS = {"Approved": "engage/policy", "Rendered": "engage/templates", "Cleared": "engage/delivery"}
ODD_IMPORT = re.compile(r"^[ \t]+(?:from|import)\b|[:;][ \t]*(?:from|import)\b|^from[ \t]+\.", re.MULTILINE)
"""A line that may hold an import within a function or a relative one: only its file needs to be read as a tree."""

EXCEPTION = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma)\b(?P<codes>[^#]*)(?P<reason>#.*)?$")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def constructions(path: Path, name: str) -> Iterator[int]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = node.func
            if (isinstance(called, ast.Name) and called.id == name) or (isinstance(called, ast.Attribute) and called.attr == name):
                yield node.lineno


@pytest.mark.parametrize(("stage", "home"), MAKERS.items())
def test_a_stage_is_made_in_one_package_only(stage: str, home: str) -> None:
    made = {f"{name_of(path)}:{line}" for path in sources("engage", "workers") for line in constructions(path, stage)}
    assert made, f"nothing makes {stage}: has it been renamed?"
    assert {place for place in made if not place.startswith(f"{home}/")} == set()


def test_a_file_stays_short_enough_to_know_ones_way_in_it() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources("engage", "workers")}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_a_function_fits_on_a_screen() -> None:
    found = {
        f"{name_of(path)}:{function.lineno} {function.name}": length
        for path in sources("engage", "workers")
        for function in functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    }
    assert found == {}


def test_imports_stand_at_the_top_and_are_absolute() -> None:
    suspects = [path for path in sources("engage", "workers", "tests") if ODD_IMPORT.search(path.read_text(encoding="utf-8"))]
    nested = {
        f"{name_of(path)}:{node.lineno}"
        for path in suspects
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    relative = {
        f"{name_of(path)}:{node.lineno}"
        for path in suspects
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.level
    }
    assert nested | relative == set()


def test_every_module_says_where_it_stands_in_the_flow() -> None:
    silent = {name_of(path) for path in sources("engage", "workers") if tree(path).body and not ast.get_docstring(tree(path))}
    assert silent == set()


def test_public_classes_and_functions_say_what_the_types_cannot() -> None:
    silent = {
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in sources("engage", "workers")
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    }
    assert silent == set()


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert {name_of(path) for path in sources("engage", "workers") if path.stem in EMPTY_NAMES or path.parent.name in EMPTY_NAMES} == set()


def test_the_nouns_are_frozen_slotted_and_named_by_keyword() -> None:
    loose = {
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in sources("engage/model")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if "dataclass" in ast.unparse(decorator)
        and not {"frozen=True", "slots=True", "kw_only=True"} <= set(re.findall(r"\w+=True", ast.unparse(decorator)))
    }
    assert loose == set()


def test_every_silenced_check_says_why_on_its_line() -> None:
    bare = set()
    for path in sources("engage", "workers", "tests"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            match = EXCEPTION.search(line)
            if match and "EXCEPTION" not in line and not (match["reason"] or "").strip("# ") and " - " not in match["codes"]:
                bare.add(f"{name_of(path)}:{number}")
    assert bare == set()
