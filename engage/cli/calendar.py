"""A simulation's days, for people: by campaign, in the recipients' own time; names where they are few, figures where they are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engage.cli.output import counted
from engage.model.history import Kind
from engage.simulation.calendar import Chapter, Day, Group, Total
from engage.simulation.lines import Line

GOOD = frozenset({Kind.SENT, Kind.DELIVERED, Kind.OPENED, Kind.CLICKED, Kind.REPLIED, Kind.CONVERTED})
LATER = frozenset({Kind.DEFERRED, Kind.HELD_OUT, Kind.NOT_ENTERED, Kind.EXITED})
QUIET = frozenset({Kind.ENTERED, Kind.FINISHED, Kind.EVENT, Kind.CONSENT_GRANTED, Kind.CONSENT_WITHDRAWN, Kind.NOTE})
MOST_LOCALES = 6
"""So many languages are named; the rest is counted."""


def print_day(day: Day, *, to: Console) -> None:
    """One day with all its campaigns."""
    to.print(Text(_day(day.day), style="bold"))
    for chapter in day.in_order():
        to.print(_indented(_heading(chapter), 2))
        if chapter.groups:
            to.print(_indented(_few(chapter) if chapter.is_few else _many(chapter), 4))
    to.print()


def print_totals(totals: Mapping[str, Total], *, to: Console) -> None:
    """What each campaign came to, and why what was not sent was not."""
    to.print(Text("In all", style="bold") if totals else "Nothing would happen.")
    for campaign, total in sorted(totals.items(), key=lambda each: (not each[0], each[0])):
        people = f"; {counted(len(total.reached), 'contact')} reached" if total.reached else ""
        to.print(_indented(Text.assemble((campaign or "(no campaign)", "cyan"), f"  {_kinds(total.kinds)}{people}"), 2))
        for (kind, reason), number in sorted(total.reasons.items(), key=lambda each: (-each[1], each[0])):
            to.print(_indented(Text(f"{number:,} {_said(kind)}: {reason}", style=_style(kind)), 4))


def _indented(shown: Text | Table, by: int) -> Padding:
    return Padding(shown, (0, 0, 0, by), expand=False)


def _day(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"


def _heading(chapter: Chapter) -> Text:
    return Text.assemble((chapter.campaign or "(no campaign)", "cyan"), f"  {_kinds(chapter.kinds)}")


def _few(chapter: Chapter) -> Table:
    grid = Table.grid(padding=(0, 2))
    for line in sorted(chapter.lines, key=lambda line: line.local.time()):
        grid.add_row(f"{line.local:%H:%M}", line.label, Text(_what(line), style=_style(line.touch.kind)), *_how(line), line.zone)
    return grid


def _what(line: Line) -> str:
    touch = line.touch
    if touch.kind is Kind.EVENT:
        return f"event {touch.detail.get('event', '')}".rstrip()
    return _said(touch.kind) + (f": {touch.reason}" if touch.reason is not None else "")


def _how(line: Line) -> Iterator[str]:
    touch = line.touch
    subject = touch.private.get("subject")
    yield touch.message or ""
    yield touch.channel or ""
    yield touch.locale or ""
    yield f"“{subject}”" if subject else ""


def _many(chapter: Chapter) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right")
    for group in sorted(chapter.groups.values(), key=lambda group: (list(Kind).index(group.kind), -group.touches)):
        what = _said(group.kind) + (f": {group.reason}" if group.reason is not None else "")
        style = _style(group.kind)
        grid.add_row(_span(group), Text(f"{group.touches:,}", style=style), Text(what, style=style), group.message or "",
                     group.channel or "", _locales(group.locales))
    return grid


def _span(group: Group) -> str:
    first, last = f"{group.first:%H:%M}", f"{group.last:%H:%M}"
    return first if first == last else f"{first}–{last}"


def _locales(locales: Counter[str]) -> str:
    named = [f"{locale} {number:,}" for locale, number in sorted(locales.items(), key=lambda each: (-each[1], each[0]))]
    rest = len(named) - MOST_LOCALES
    return " · ".join([*named[:MOST_LOCALES], f"{rest} languages more"] if rest > 1 else named)


def _kinds(kinds: Counter[Kind]) -> str:
    return ", ".join(f"{kinds[kind]:,} {_said(kind)}" for kind in _in_order(kinds))


def _in_order(kinds: Iterable[Kind]) -> list[Kind]:
    return sorted(kinds, key=list(Kind).index)


def _said(kind: Kind) -> str:
    return kind.value.replace("_", " ")


def _style(kind: Kind) -> str:
    if kind in GOOD:
        return "green"
    if kind in LATER:
        return "yellow"
    return "dim" if kind in QUIET else "red"
