"""Makes docs/commands.md of the commands themselves: `python -m tools.make_commands`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from workers import console

TARGET = Path("docs/commands.md")
HEAD = """\
# Commands

Made of the commands themselves by `python -m tools.make_commands`; a test keeps it true.

Every command about a workspace takes `--workspace DIR` (or the environment's `ENGAGE_WORKSPACE`); default is the folder of the nearest
`engage.yaml`, upwards from here. `--json` prints JSON, one object a line for lists.

| exit status | |
| --- | --- |
| 0 | good |
| 1 | the input is wrong; standard error has `FILE:LINE:COLUMN: what is wrong; did you mean …?` |
| 2 | usage |
| 3 | something that it needs is not there, with what to do |
"""
EVERYWHERE = {"help", "workspace", "as_json"}


def main() -> None:
    """Write the file."""
    TARGET.write_text(made(), encoding="utf-8")


def made() -> str:
    """The whole page."""
    root = typer.main.get_command(console.app)
    return HEAD + "".join(_section(name, command) for name, command in sorted(_walk(root, "engage")))


def _walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
    for child in (children or {}).values():
        yield from _walk(child, f"{name} {child.name}")


def _section(name: str, command: Any) -> str:
    about, _, example = (command.help or "").partition("Example:")
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    usage = " ".join([name, *map(_placeholder, arguments)])
    lines = ["", f"## `{usage}`", "", " ".join(about.split()), "", "```console", f"$ {' '.join(example.split())}", "```", ""]
    rows = [_row(each) for each in command.params if each.name not in EVERYWHERE]
    if rows:
        lines += ["| | |", "| --- | --- |", *rows, ""]
    return "\n".join(lines)


def _row(parameter: Any) -> str:
    words = f"`{_word(parameter)}`" if parameter.param_type_name == "argument" else ", ".join(f"`{word}`" for word in parameter.opts)
    return f"| {words} | {parameter.help or ''} |".replace("\n", " ")


def _placeholder(argument: Any) -> str:
    word = _word(argument) + ("…" if argument.nargs == -1 else "")
    return word if argument.required else f"[{word}]"


def _word(argument: Any) -> str:
    return str(argument.metavar or argument.name).upper()


if __name__ == "__main__":
    main()
