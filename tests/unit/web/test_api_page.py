"""docs/api.md: each of its examples, run in the order of the page, answers what the page says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from engage.model.access import Role, Task
from tests.small import small_workspace
from tests.unit.web.site import KEY, Visitor

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
TEMPLATE = "---\nsubject: Your code\n---\nYour code is {{ code }}.\n"
BASE = "http://127.0.0.1:8000"


def test_every_example_of_the_page_answers_what_it_says() -> None:
    visitor = Visitor(workspace=small_workspace(**{"templates/code/email.md": TEMPLATE}))
    examples = [each for block in BLOCK.findall(PAGE) for each in block.replace("\\\n", "").split("$ ") if each.startswith("curl")]
    assert len(examples) >= 11
    for example in examples:
        command, _, said = example.strip().partition("\n")
        assert _matches(json.loads(said), _run(visitor, command)), command


def _run(visitor: Visitor, command: str) -> Any:
    """What curl would get."""
    words = iter(shlex.split(command.replace("$KEY", KEY)))
    method, headers, body, url = None, {}, None, ""
    for word in words:
        match word:
            case "curl":
                pass
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                body = next(words)
            case _:
                url = word
    method = method or ("GET" if body is None else "POST")
    return visitor.client.request(method, url.removeprefix(BASE), headers=headers, content=body).json()


def _matches(said: Any, got: Any) -> bool:
    """Whether it is the same, but for what the page abbreviates."""
    if isinstance(said, dict) and isinstance(got, dict):
        return said.keys() == got.keys() and all(_matches(said[name], got[name]) for name in said)
    if isinstance(said, list) and isinstance(got, list):
        return len(said) == len(got) and all(map(_matches, said, got))
    if isinstance(said, str) and "…" in said:
        return re.fullmatch(".*".join(map(re.escape, said.split("…"))), str(got)) is not None
    return bool(said == got)


def test_the_page_names_every_role_and_every_path() -> None:
    assert all(f"`{role}`" in PAGE for role in Role)
    assert len(Task) == 6
    paths = Visitor().client.get("/openapi.json").json()["paths"]
    for path in paths:
        assert path.split("/{")[0] in PAGE or not path.startswith("/v1"), path
