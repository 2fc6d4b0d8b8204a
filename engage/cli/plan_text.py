"""A plan as people read it: what changed, what becomes of the runs under way, who gets what and who is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import PurePosixPath

from rich.console import Console
from rich.table import Table

from engage.cli.output import console
from engage.planning.migration import Fate
from engage.simulation.comparing import CampaignChange, Change, StepChange
from engage.simulation.courses import Course
from engage.simulation.plan import Plan
from engage.simulation.tallying import Estimate, Outcome, Row
from engage.simulation.wording import Difference

SIGNS = {Change.ADDED: "+", Change.CHANGED: "~", Change.MOVED: "↕", Change.RENAMED: "»", Change.REMOVED: "-"}
COLOURS = {Change.ADDED: "green", Change.CHANGED: "yellow", Change.MOVED: "yellow", Change.RENAMED: "yellow", Change.REMOVED: "red"}
MOST_DAYS = 9
"""As many local days have a column of their own: a week anywhere."""

FEW_FILES = 3


def print_plan(plan: Plan) -> None:
    """All of it, on the standard output."""
    to = console()
    _print_head(plan, to)
    for title, lines in (("Campaigns", _campaigns(plan)), ("Settings", _settings(plan)), ("Other files", _files(plan))):
        _print_lines(title, list(lines), to)
    _print_lines("Runs under way", [(_course(each), None) for each in plan.courses], to)
    _print_table(f"Who enters, {_days(plan)}", _people(plan), to)
    _print_table(f"What goes, {_days(plan)}", _messages(plan), to)
    _print_table(f"Who is left out, {_days(plan)}", _left_out(plan), to)
    _print_lines("Notes", [(note, None) for note in plan.notes], to)
    _print_lines("Warnings", [(f"! {warning}", "yellow") for warning in plan.changes.warnings], to)


def _print_head(plan: Plan, to: Console) -> None:
    sample = plan.after.sample
    exact = "all looked at" if sample.is_whole else f"{sample.looked_at:,} of them, a random sample; with the 95 % interval (Wilson)"
    to.print(f"Against {plan.against}, over {_people_said(sample.people)} ({exact}), as of {plan.start:%Y-%m-%d %H:%M} UTC")
    if not plan.changes:
        to.print("Nothing changes.")


def _people_said(number: int) -> str:
    return f"{number:,} contact{'s' if number != 1 else ''}"


Lines = Iterator[tuple[str, str | None]]
"""Lines of text, each with its colour."""


def _print_lines(title: str, lines: Sequence[tuple[str, str | None]], to: Console) -> None:
    if lines:
        to.print(f"\n{title}", style="bold")
        for line, colour in lines:
            to.print(f"  {line}", style=colour)


def _campaigns(plan: Plan) -> Lines:
    for change in plan.changes.campaigns:
        former = f", renamed from {change.former}" if change.former else ""
        facts = f"  ({change.status}{former}{_runs_go(change)})" if change.status else ""
        yield f"{SIGNS[change.change]} {change.name}{facts}", COLOURS[change.change]
        yield from ((f"    {_difference(each)}", None) for each in change.differences)
        yield from ((f"    {line}", None) for step in change.steps for line in _step(step))


def _runs_go(change: CampaignChange) -> str:
    return "" if change.change is Change.ADDED else f", on_edit: {change.on_edit}"


def _step(change: StepChange) -> Iterator[str]:
    was = f", was {change.former}" if change.former else ""
    yield f"{SIGNS[change.change]} step {change.step} ({change.kind}{was})"
    yield from (f"    {_difference(each)}" for each in change.differences)


def _difference(each: Difference) -> str:
    return f"{each.key}: {each.before or '(none)'} → {each.after or '(none)'}"


def _settings(plan: Plan) -> Lines:
    yield from ((_difference(each), None) for each in plan.changes.settings)


def _files(plan: Plan) -> Lines:
    """Each file; where one folder has many that changed alike, the folder."""
    folders = Counter((change, PurePosixPath(file).parent) for change, file in plan.changes.files)
    for (change, folder), many in folders.items():
        if many > FEW_FILES:
            yield f"{SIGNS[change]} {folder}/ ({many} files)", COLOURS[change]
        else:
            alike = (file for each, file in plan.changes.files if (each, PurePosixPath(file).parent) == (change, folder))
            yield from ((f"{SIGNS[change]} {file}", COLOURS[change]) for file in alike)


def _course(course: Course) -> str:
    many = f"{course.runs:,} run{'s' if course.runs != 1 else ''} at step {course.step}"
    what = {
        Fate.STAYS: f"stay in the version that they entered with ({course.version[:8]})",
        Fate.MOVES: f"go on at step {course.to}",
        Fate.MOVES_ON: f"go on at step {course.to}: their step is gone",
        Fate.ENDS: "end: their step is gone, and all behind it",
        Fate.STOPS: "stop: what they would still send is cancelled",
    }
    return f"{course.campaign}: {many} {what[course.fate]}"


def _days(plan: Plan) -> str:
    return f"{plan.start:%a %d %b} to {plan.end:%a %d %b}"


def _people(plan: Plan) -> Table:
    return _table(plan, Outcome.ENTERS, "campaign")


def _messages(plan: Plan) -> Table:
    return _table(plan, Outcome.GOES, "campaign", "channel", "locale")


def _left_out(plan: Plan) -> Table:
    return _table(plan, Outcome.LEFT_OUT, "campaign", "why")


def _table(plan: Plan, outcome: Outcome, *keys: str) -> Table:
    """One line for each of the keys; its days where they are few, and all of them."""
    days = _columns(plan) if outcome is not Outcome.LEFT_OUT else []
    by_day = {tuple(row.keys.values()): row for row in plan.rows("outcome", *keys, "day")}
    table = Table(*keys, *(f"{day:%a %d}" for day in days), "all", "+/-", box=None, pad_edge=False)
    for column in table.columns[len(keys):]:
        column.justify = "right"
    for row in plan.rows("outcome", *keys):
        if row.keys["outcome"] is outcome:
            named = tuple(row.keys.values())
            cells = (_cell(by_day.get((*named, day))) for day in days)
            table.add_row(*map(str, named[1:]), *cells, _estimate(row.after), _signed(row.difference))
    return table


def _columns(plan: Plan) -> list[date]:
    """The local days of the recipients, where they are few."""
    seen = {row.keys["day"] for row in plan.rows("day", "outcome") if row.keys["outcome"] is not Outcome.LEFT_OUT}
    days = sorted(day for day in seen if isinstance(day, date))
    return days if len(days) <= MOST_DAYS else []


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    return f"{row.after.count:,}" + (f" ({row.difference:+,})" if row.difference else "")


def _estimate(estimate: Estimate) -> str:
    return f"{estimate.count:,}" if estimate.low == estimate.high else f"{estimate.count:,} ({estimate.low:,} to {estimate.high:,})"


def _signed(number: int) -> str:
    return f"{number:+,}" if number else "="


def _print_table(title: str, table: Table, to: Console) -> None:
    to.print(f"\n{title}", style="bold")
    if table.row_count:
        to.print(table)
    else:
        to.print("  nobody" if title.startswith("Who") else "  nothing")
