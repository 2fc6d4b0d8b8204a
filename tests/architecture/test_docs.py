"""Pages that are made are as their makers would make them now."""

from pathlib import Path

from tools import make_commands

ROOT = Path(__file__).parents[2]


def test_the_page_of_commands_is_that_of_the_commands() -> None:
    written = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert written == make_commands.made(), "run python -m tools.make_commands"
