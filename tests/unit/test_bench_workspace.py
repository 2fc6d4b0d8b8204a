"""The measurements' workspace is the demo's with other campaigns, so that what the demo's settings name must not be missing in it."""

from __future__ import annotations

from pathlib import Path

from bench.mailing import read, workspace_files


def test_the_demo_with_the_bench_s_campaign_alone_can_be_read() -> None:
    files = workspace_files(Path(__file__).parents[2] / "config", channel='{adapter: console, kind: email, from: "Aurora <a@example.com>"}')
    assert set(read(files).campaigns) == {"newsletter"}
