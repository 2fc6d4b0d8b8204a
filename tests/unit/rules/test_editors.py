"""Every YAML file that comes with Engage tells editors its schema, in its first line; the schemas beside the demo's are those of today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engage.rules.editors import json_schema

ROOT = Path(__file__).parents[3]
KINDS = {"engage.yaml": "settings", "campaigns/*.yaml": "campaign", "segments/*.yaml": "segment", "tests/*.yaml": "test"}


@pytest.mark.parametrize("workspace", ["config", "engage/cli/starter"])
def test_every_file_names_the_schema_of_its_kind(workspace: str) -> None:
    files = [(file, kind, pattern) for pattern, kind in KINDS.items() for file in (ROOT / workspace).glob(pattern)]

    assert len(files) >= 5
    for file, kind, pattern in files:
        way = "../" * pattern.count("/")
        assert file.read_text("utf-8").startswith(f"# yaml-language-server: $schema={way}.schemas/{kind}.json\n"), file


@pytest.mark.parametrize("pattern", KINDS)
def test_the_demos_schemas_are_up_to_date(pattern: str) -> None:
    written = json.loads((ROOT / "config" / ".schemas" / f"{KINDS[pattern]}.json").read_text("utf-8"))

    assert written == json_schema()[pattern], "write them anew: engage schema --into config/.schemas"
