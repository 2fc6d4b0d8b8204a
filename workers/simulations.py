"""Simulations and rehearsals: a stage with people, a script and a stretch of time -> every touch that would be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from engage.contacts.ports import Person
from engage.model.campaign import Campaign, Status
from engage.model.workspace import Workspace
from engage.rules.answers import Answer
from engage.rules.campaign_tests import CampaignTest
from engage.rules.hindsight import hindsight
from engage.simulation.coverage import walked
from engage.simulation.lines import Line
from engage.simulation.rehearsing import Rehearsal
from engage.store.database import Database
from engage.store.installation.copy import copy_into
from engage.store.installation.under_way import SqlUnderWay
from workers.stage import Stage


def simulate(
    source: Database, workspace: Workspace, *, start: datetime, end: datetime, campaign: str | None = None, contact: str | None = None,
    people: Path | None = None, answers: Sequence[Answer] = (), reached: Callable[[datetime], None] = lambda moment: None,
) -> Iterator[Line]:
    """Every touch that would be written in `[start, end)` over a copy of the source's data, in order. The source is only read.

    With `people`, over those of a contacts file instead, as if they had been imported the day before. `contact` shows one's
    touches alone. `answers` are what providers, people and endpoints do; `reached` is told how far it is. Raises InputError where
    the file cannot be used or nobody is that contact.
    """
    with Stage(only(workspace, campaign), start=start) as stage:
        if people is None:
            copy_into(source, stage.database, as_of=start, look_back=_look_back(source, workspace))
        else:
            stage.settle(people, now=start - timedelta(days=1))
        shown = None if contact is None else stage.contact_named(contact).id
        for line in stage.play(start=start, end=end, script=stage.script(answers), reached=reached):
            if shown in (None, line.touch.contact_id):
                yield line


def _look_back(source: Database, workspace: Workspace) -> timedelta | None:
    """All of the history where runs go on by versions that are not here to be asked how much of it they need."""
    known = {(campaign.name, campaign.version) for campaign in workspace.campaigns.values()}
    under_way = {(standing.campaign, standing.version) for standing in SqlUnderWay(source).standings()}
    return None if under_way - known else hindsight(workspace)


def rehearse(workspace: Workspace, test: CampaignTest, persons: Sequence[Person]) -> Rehearsal:
    """The same over these people alone; drafts run too. Raises InputError where the test names somebody who is none of them."""
    told: set[tuple[str, str]] = set()
    chosen = only(awake(workspace), test.campaign)
    with Stage(chosen, start=test.clock_from, seen=lambda campaign, path: told.add((campaign, path))) as stage:
        stage.people.upsert(persons, now=test.clock_from - timedelta(days=1))
        script = stage.script_of(test)
        lines = tuple(stage.play(start=test.clock_from, end=test.clock_to, script=script))
    left = tuple(answer for answering in script.answering for answer in answering.left())
    return Rehearsal(lines=lines, left=left, walked=walked(told, lines))


def only(workspace: Workspace, campaign: str | None) -> Workspace:
    """The workspace with one campaign alone: the others are there, so that expressions may name them, and sleep."""
    if campaign is None:
        return workspace
    campaigns = {
        name: each if name == campaign else replace(each, status=Status.DRAFT) for name, each in workspace.campaigns.items()
    }
    return replace(workspace, campaigns=campaigns)


def awake(workspace: Workspace) -> Workspace:
    """The workspace with its drafts live: every campaign that is not paused."""
    def woken(campaign: Campaign) -> Campaign:
        return campaign if campaign.status is Status.PAUSED else replace(campaign, status=Status.LIVE)

    return replace(workspace, campaigns={name: woken(each) for name, each in workspace.campaigns.items()})
