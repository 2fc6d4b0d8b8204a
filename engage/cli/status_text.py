"""The status as people read it: the workspace, each campaign with its runs and what is wrong with its file, then the figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from engage.cli.output import console, print_rows

LISTED = frozenset({"workspace", "campaigns", "paused", "providers", "webhooks", "now"})


def print_status(figures: Mapping[str, Any]) -> None:
    """All of it, on the standard output."""
    to = console()
    _print_workspace(figures, to)
    _print_campaigns(figures["campaigns"], to)
    for name, value in figures.items():
        if name not in LISTED:
            to.print(f"{name}: {_figures(value)}")
    _print_providers(figures["providers"], to)
    _print_webhooks(figures["webhooks"], to)
    if figures["paused"]:
        to.print("paused:")
        rows = ({**row, "at": _minute(row["at"])} for row in figures["paused"])
        print_rows(rows, as_json=False, columns=("scope", "name", "at", "reason"))


def _print_workspace(figures: Mapping[str, Any], to: Console) -> None:
    workspace = figures["workspace"]
    to.print(f"at {_minute(figures['now'])}: workspace {workspace['snapshot'][:8]}, accepted {_minute(workspace['accepted_at'])}")
    if workspace["takes_turns"]:
        to.print("  ! it and another one take turns: do two machines have different checkouts of it?", style="yellow")


def _print_providers(rows: list[Mapping[str, Any]], to: Console) -> None:
    table = Table("provider", "state", "until", "reason", "today", box=None, pad_edge=False)
    for row in rows:
        until = _minute(row["until"]) if row["state"] == "shut" else ""
        today = f"{row['today']} of {row['allowance']}" if row.get("allowance") is not None else ""
        table.add_row(row["provider"], row["state"], until, row["reason"] or "", today)
    to.print(table)


def _print_webhooks(rows: list[Mapping[str, Any]], to: Console) -> None:
    if not rows:
        return
    table = Table("webhook", "state", "since", "reason", "behind", "replays", box=None, pad_edge=False)
    for row in rows:
        since = _minute(row["since"]) if row["since"] else ""
        table.add_row(row["webhook"], row["state"], since, row["reason"] or "", f"{row['behind']:.0f} s", str(row["replays"] or ""))
    to.print(table)
    for row in rows:
        if row["state"] == "disabled":
            to.print(f"told nothing any more: see to it, then engage resume --webhook {row['webhook']}", style="red")


def _print_campaigns(rows: list[Mapping[str, Any]], to: Console) -> None:
    table = Table("campaign", "version", "state", "runs", box=None, pad_edge=False)
    table.columns[-1].justify = "right"
    for row in (row for row in rows if row["status"] or row["active_runs"]):
        table.add_row(row["campaign"], (row["version"] or "")[:8], row["state"], str(row["active_runs"] or ""))
        for step, runs in row["steps"].items():
            table.add_row("", "", f"  at step {step}", str(runs))
    to.print(table)
    for row in rows:
        if row["problem"]:
            to.print(f"not taken, the last good one goes on: {row['problem']}", style="red")


def _minute(moment: str) -> str:
    return f"{moment[:16].replace('T', ' ')} UTC"


def _figures(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_figure(each)}" for key, each in value.items()) or "none"
    return str(value)


def _figure(value: object) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return "(" + ", ".join(f"{key.replace('_', ' ')} {each}" for key, each in value.items() if each is not None) + ")"
