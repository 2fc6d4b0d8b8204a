"""`engage test`: the workspace's campaign tests, and what of its campaigns they never went through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from engage.cli.app import JsonOption, WorkspaceOption, app_of
from engage.cli.output import console, print_json
from engage.model.errors import InputError, nearest
from engage.rules.campaign_tests import CampaignTest
from engage.simulation.coverage import Coverage, Walked, coverage
from engage.simulation.junit import junit
from engage.simulation.rehearsing import Verdict, judge


def run_tests(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="Names of files in tests/, without .yaml; default all.")] = None,
    junit_file: Annotated[Path | None, typer.Option("--junit", help="Write the results there as JUnit XML too.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the campaign tests of the workspace's tests/ folder; say which steps and branches no test went through.

    Example: engage test birthday
    """
    office = app_of(context).open(workspace)
    tests, whole = _chosen(office.campaign_tests(), names or []), office.workspace()
    verdicts, been = list[Verdict](), Walked()
    for test in tests:
        rehearsal = office.rehearse(test, whole)
        been |= rehearsal.walked
        verdicts.append(judge(test, rehearsal))
        _print_verdict(verdicts[-1], as_json=as_json)
    if junit_file is not None:
        junit_file.write_text(junit(verdicts), encoding="utf-8")
    covered = coverage(whole.campaigns, been)
    _print_coverage([each for each in covered if each.tested or not names], as_json=as_json)
    failed = sum(not verdict.passed for verdict in verdicts)
    if not as_json:
        console().print(f"{len(verdicts) - failed} passed, {failed} failed")
    if failed:
        raise typer.Exit(1)


def _chosen(tests: Sequence[CampaignTest], names: Sequence[str]) -> Sequence[CampaignTest]:
    known = {test.name: test for test in tests}
    for name in names:
        if name not in known:
            there_are = ", ".join(sorted(known)) or "none"
            raise InputError.of(
                f"there is no test {name!r}; there are: {there_are}", file="<command line>", suggestion=nearest(name, known)
            )
    return [known[name] for name in names] if names else tests


def _print_verdict(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        print_json({"test": verdict.name, "passed": verdict.passed, "complaints": verdict.complaints})
        return
    console().print(Text.assemble(("PASS", "green") if verdict.passed else ("FAIL", "bold red"), f" {verdict.name}"))
    for complaint in verdict.complaints:
        for line in complaint.splitlines():
            console().print(Text(line, style=_style(line)))


def _style(line: str) -> str:
    """As a diff is coloured: what was expected red, what came green; a check that stood in the way yellow."""
    return {"-": "red", "+": "green", "✗": "yellow"}.get(line.strip()[:1], "")


def _print_coverage(covered: Sequence[Coverage], *, as_json: bool) -> None:
    if as_json:
        for each in covered:
            print_json(_as_json(each))
    elif covered:
        console().print(_table(covered))
        for each in covered:
            for place, what in _missed(each):
                console().print(Text(f"{place}: no test came to {what}", style="yellow"))


def _table(covered: Iterable[Coverage]) -> Table:
    table = Table("campaign", "steps", "branches", "entered", box=None, pad_edge=False, header_style="bold")
    for each in covered:
        share = f"{each.percent} %" if each.tested else "no test"
        style = "green" if each.percent == 100 else "yellow" if each.tested else "red"
        table.add_row(each.campaign, _of(each.figures(steps=True)), _of(each.figures(steps=False)), Text(share, style=style))
    return table


def _of(figures: tuple[int, int]) -> str:
    return f"{figures[0]} of {figures[1]}" if figures[1] else "none"


def _missed(each: Coverage) -> Iterable[tuple[str, str]]:
    """What was missed of a campaign that was tested: of one that was not it would be everything."""
    file = f"campaigns/{each.campaign}.yaml"
    return [(str(point.place or file), point.what) for point in each.missed] if each.tested else [(file, "this campaign")]


def _as_json(each: Coverage) -> Mapping[str, object]:
    steps, branches = each.figures(steps=True), each.figures(steps=False)
    return {
        "campaign": each.campaign, "tested": each.tested, "percent": each.percent,
        "steps": {"entered": steps[0], "of": steps[1]}, "branches": {"entered": branches[0], "of": branches[1]},
        "missed": [{"place": str(point.place) if point.place else None, "path": point.told, "what": point.what} for point in each.missed],
    }
