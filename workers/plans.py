"""`engage plan`, assembled: the workspace at hand and another, both played over the same people of the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from engage.model.localtime import add, zone
from engage.model.time import Duration
from engage.model.workspace import Workspace
from engage.planning.versions import Versions
from engage.simulation.comparing import compare
from engage.simulation.courses import courses
from engage.simulation.plan import Plan, notes_on
from engage.simulation.tallying import Sample, Tally
from engage.simulation.timeline import Script
from engage.store.database import Database
from engage.store.installation.copy import EVERYBODY, copy_into
from engage.store.installation.under_way import SqlUnderWay
from workers.stage import Stage

EXACT_UP_TO = 50_000
"""So many people are all looked at; of more a random sample of about as many."""

Progress = Callable[[float], None]
"""Told how far it is, from 0 to 1."""


def plan(
    database: Database, edited: Workspace, *, running: Workspace | None, versions: Versions, start: datetime, span: Duration,
    against: tuple[str, Workspace] | None = None, exact_up_to: int = EXACT_UP_TO, progress: Progress = lambda done: None,
) -> Plan:
    """What accepting `edited` would do to what is `running` (None: nothing yet); compared with `against` where that is given.

    The database is only read. `against` is named as its user named it.
    """
    running = running or _empty(edited)
    label, before = against or ("what runs now", running)
    end = add(start, span, zone(edited.settings.timezone))
    changes = compare(before, edited)
    names = {change.former: change.name for change in changes.campaigns if change.former is not None}
    sides = [(edited, {})] if before.hash == edited.hash else [(edited, {}), (before, names)]
    tallies = _played(database, sides, start=start, end=end, exact_up_to=exact_up_to, progress=progress)
    touched = {change.name for change in changes.campaigns}
    return Plan(
        against=label, start=start, end=end, changes=changes, before=tallies[-1], after=tallies[0],
        courses=tuple(courses(SqlUnderWay(database).standings(), running, edited, versions)),
        notes=tuple(notes_on({name: each for name, each in edited.campaigns.items() if name in touched})),
    )


def _played(
    database: Database, sides: Sequence[tuple[Workspace, Mapping[str, str]]], *, start: datetime, end: datetime, exact_up_to: int,
    progress: Progress,
) -> list[Tally]:
    """What each workspace does in `[start, end)` over the database's people, or over a share of them, counted.

    All are given the people before the first is played, so that they are given the same ones. Each side comes with what its
    campaigns are called on the other.
    """
    people = SqlUnderWay(database).people()
    share = EVERYBODY if people <= exact_up_to else Fraction(exact_up_to, people)
    with ExitStack() as open_stages:
        stages = [open_stages.enter_context(Stage(_for_share(each, share), start=start)) for each, _ in sides]
        for stage in stages:
            copy_into(database, stage.database, as_of=start, share=share)
        return [
            _tally(stage, people, names, start=start, end=end, progress=_part(progress, number, len(stages)))
            for number, (stage, (_, names)) in enumerate(zip(stages, sides, strict=True))
        ]


def _part(progress: Progress, number: int, of: int) -> Progress:
    return lambda done: progress((number + done) / of)


def _tally(stage: Stage, people: int, names: Mapping[str, str], *, start: datetime, end: datetime, progress: Progress) -> Tally:
    looked_at = SqlUnderWay(stage.database)
    tally = Tally(sample=Sample(looked_at=looked_at.people(), people=people), names=names)
    for line in stage.play(start=start, end=end, script=Script(), reached=lambda moment: progress((moment - start) / (end - start))):
        tally.add(line)
    for held in looked_at.holdings():
        tally.hold(held)
    progress(1.0)
    return tally


def _for_share(workspace: Workspace, share: Fraction) -> Workspace:
    """With the guard against large audiences made as much smaller as the audiences are."""
    guards = workspace.settings.guards
    if share == EVERYBODY or guards.max_audience is None:
        return workspace
    return replace(workspace, settings=replace(workspace.settings, guards=replace(guards, max_audience=int(guards.max_audience * share))))


def _empty(edited: Workspace) -> Workspace:
    """Nothing runs yet: everything is new."""
    return replace(edited, hash="", files={}, campaigns={}, segments={})
