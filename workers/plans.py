"""`engage plan`, assembled: the workspace at hand and another, both played over the same people of the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from engage.model.localtime import add, zone
from engage.model.time import Duration
from engage.model.workspace import Workspace
from engage.simulation.comparing import compare
from engage.simulation.courses import courses
from engage.simulation.plan import Plan, notes_on
from engage.simulation.tallying import Sample, Tally
from engage.simulation.timeline import Script
from engage.store.copy import EVERYBODY, copy_into
from engage.store.database import Database
from engage.store.under_way import SqlUnderWay
from workers.stage import Stage
from workers.wiring import Wired

EXACT_UP_TO = 50_000
"""So many people are all looked at; of more a random sample of about as many."""

Progress = Callable[[float], None]
"""Told how far it is, from 0 to 1."""


def plan(
    wired: Wired, edited: Workspace, base: Workspace | None, *, against: str | None, span: Duration, progress: Progress = lambda done: None,
) -> Plan:
    """What accepting `edited` would do, against `base` or what runs now. The database is only read."""
    running = wired.accepted.workspace() if wired.workspaces.newest_hash() is not None else _empty(edited)
    start = wired.clock.now()
    end = add(start, span, zone(edited.settings.timezone))
    before = running if base is None else base
    changes = compare(before, edited)
    under_way = SqlUnderWay(wired.database)
    halves = 2 if before.hash != edited.hash else 1
    after_tally = played(wired.database, edited, start=start, end=end, progress=lambda done: progress(done / halves))
    before_tally = after_tally if halves == 1 else played(
        wired.database, before, start=start, end=end, progress=lambda done: progress((1 + done) / halves)
    )
    touched = {change.name for change in changes.campaigns}
    return Plan(
        against=against or "what runs now", start=start, end=end, changes=changes,
        courses=tuple(courses(under_way.standings(), running, edited, wired.accepted.version)),
        before=before_tally, after=after_tally,
        notes=tuple(notes_on({name: each for name, each in edited.campaigns.items() if name in touched})),
    )


def played(
    database: Database, workspace: Workspace, *, start: datetime, end: datetime, progress: Progress = lambda done: None,
    exact_up_to: int = EXACT_UP_TO,
) -> Tally:
    """What the workspace does in `[start, end)` over the database's people, or over a share of them, counted."""
    people = SqlUnderWay(database).people()
    share = EVERYBODY if people <= exact_up_to else Fraction(exact_up_to, people)
    with Stage(_for_share(workspace, share), start=start) as stage:
        copy_into(database, stage.database, as_of=start, share=share)
        looked_at = SqlUnderWay(stage.database)
        tally = Tally(sample=Sample(looked_at=looked_at.people(), people=people))
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
