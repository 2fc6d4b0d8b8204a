"""Two workspaces -> what changed from the one to the other, as their authors would tell it. Pure.

Campaigns key by key, their steps by `engage.planning.correspondence`, which is also how runs find their way; settings key by key;
other files by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from engage.model.campaign import Campaign
from engage.model.steps import Step, branches_of, every_step
from engage.model.workspace import Files, Workspace
from engage.planning.correspondence import correspondence, said
from engage.planning.positions import name_of
from engage.simulation.wording import Difference, differences, said_by

CAMPAIGNS, SETTINGS = "campaigns/", "engage.yaml"
STEPS = frozenset({"steps", "renamed_from"})
BRANCHES = frozenset({"then", "otherwise", "arms"})
IDENTITY = frozenset({"name", "version", "title", "renamed_from", "path", "place"})


class Change(StrEnum):
    """What happened to a campaign, a step or a file."""

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    RENAMED = "renamed"
    REMOVED = "removed"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """A step by its `id`, else its path in the version that has it; `former` is what it was called before where that is another name."""

    change: Change
    step: str
    kind: str
    former: str | None = None
    differences: tuple[Difference, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignChange:
    """A campaign. `former` is its name before where it was renamed; `versions` are the hashes of its files, before and after."""

    change: Change
    name: str
    former: str | None = None
    versions: tuple[str | None, str | None] = (None, None)
    status: str | None = None
    on_edit: str = "keep"
    differences: tuple[Difference, ...] = ()
    steps: tuple[StepChange, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All of it. `files` are the others that changed, `warnings` what its author may not have meant."""

    campaigns: tuple[CampaignChange, ...] = ()
    settings: tuple[Difference, ...] = ()
    files: tuple[tuple[Change, str], ...] = ()
    warnings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.campaigns or self.settings or self.files)


def compare(before: Workspace, after: Workspace) -> Changes:
    """What changed."""
    return Changes(
        campaigns=tuple(_campaigns(before, after)),
        settings=differences(said_by(before.settings), said_by(after.settings)),
        files=tuple(_files(before.files, after.files)),
        warnings=tuple(_warnings(before, after)),
    )


def former_name(campaign: Campaign, before: Mapping[str, Campaign], after: Mapping[str, Campaign]) -> str | None:
    """What the campaign was called before; None for one that is new."""
    if campaign.name in before:
        return campaign.name
    former = campaign.renamed_from
    return former if former in before and former not in after else None


def _campaigns(before: Workspace, after: Workspace) -> Iterator[CampaignChange]:
    formers = {name: former_name(each, before.campaigns, after.campaigns) for name, each in after.campaigns.items()}
    for name, campaign in sorted(after.campaigns.items()):
        former = formers[name]
        if former is None:
            yield CampaignChange(
                change=Change.ADDED, name=name, versions=(None, campaign.version), status=campaign.status.value, on_edit=_on_edit(campaign)
            )
        elif former != name or before.campaigns[former].version != campaign.version:
            yield _changed(before.campaigns[former], campaign)
    for name, campaign in sorted(before.campaigns.items()):
        if name not in formers.values():
            yield CampaignChange(change=Change.REMOVED, name=name, versions=(campaign.version, None))


def _on_edit(campaign: Campaign) -> str:
    return "migrate" if campaign.takes_over else "keep"


def _changed(before: Campaign, after: Campaign) -> CampaignChange:
    renamed = before.name != after.name
    own = differences(said_by(before, without=STEPS), said_by(after, without=STEPS))
    return CampaignChange(
        change=Change.RENAMED if renamed else Change.CHANGED, name=after.name, former=before.name if renamed else None,
        versions=(before.version, after.version), status=after.status.value, on_edit=_on_edit(after), differences=own,
        steps=tuple(_steps(before, after, told=frozenset(each.key for each in own))),
    )


def _steps(before: Campaign, after: Campaign, *, told: frozenset[str]) -> Iterator[StepChange]:
    """The steps in the order of the new version, then those that are gone. What the campaign's own keys `told` is not told again."""
    old = {step.path: step for step in every_step(before.steps)}
    new = {step.path: step for step in every_step(after.steps)}
    pairs = correspondence(before.steps, after.steps)
    came_from = {target: source for source, target in pairs.items()}
    moved = _moved(pairs)
    for path, step in new.items():
        if path not in came_from:
            yield StepChange(change=Change.ADDED, step=name_of(step), kind=kind_of(step))
            continue
        source = old[came_from[path]]
        found = tuple(each for each in _step_differences(source, step) if each.key.split(".")[0] not in told)
        if found or came_from[path] in moved or (source.id != step.id):
            what = Change.CHANGED if found else Change.MOVED if came_from[path] in moved else Change.RENAMED
            former = name_of(source) if name_of(source) != name_of(step) else None
            yield StepChange(change=what, step=name_of(step), kind=kind_of(step), former=former, differences=found)
    gone = (step for path, step in old.items() if path not in pairs)
    yield from (StepChange(change=Change.REMOVED, step=name_of(step), kind=kind_of(step)) for step in gone)


def _moved(pairs: Mapping[str, str]) -> frozenset[str]:
    """The old paths of the steps that stand in another branch or another order now; those that others only pushed on do not."""
    moved = set()
    last: dict[str, int] = {}
    for source, target in pairs.items():
        parent, _, number = target.rpartition(".")
        home = source.rpartition(".")[0]
        if pairs.get(home.rpartition(".")[0], "") != parent.rpartition(".")[0] or int(number) < last.get(parent, 0):
            moved.add(source)
        last[parent] = max(int(number), last.get(parent, 0))
    return frozenset(moved)


def _step_differences(before: Step, after: Step) -> tuple[Difference, ...]:
    if type(before) is not type(after):
        return (Difference(key="kind", before=kind_of(before), after=kind_of(after)),)
    own = differences(said_by(before, without=BRANCHES), said_by(after, without=BRANCHES))
    ways = (tuple(branches_of(before)), tuple(branches_of(after)))
    return own if ways[0] == ways[1] else (*own, Difference(key="arms", before=str(len(ways[0])), after=str(len(ways[1]))))


def kind_of(step: Step) -> str:
    """What a step does, in the words of the language."""
    return {"WaitUntilTime": "wait", "WaitUntilMoment": "wait", "WaitFor": "wait_for", "Consenting": "consent"}.get(
        type(step).__name__, type(step).__name__.lower()
    )


def _files(before: Files, after: Files) -> Iterator[tuple[Change, str]]:
    for path in sorted(before.keys() | after.keys()):
        if path == SETTINGS or path.startswith(CAMPAIGNS) or before.get(path) == after.get(path):
            continue
        yield Change.ADDED if path not in before else Change.REMOVED if path not in after else Change.CHANGED, path


def _warnings(before: Workspace, after: Workspace) -> Iterator[str]:
    formers = {former_name(each, before.campaigns, after.campaigns) for each in after.campaigns.values()}
    gone = [each for name, each in sorted(before.campaigns.items()) if name not in formers]
    new = [each for name, each in sorted(after.campaigns.items()) if former_name(each, before.campaigns, after.campaigns) is None]
    for campaign in new:
        yield from _same_under_another_name(campaign, gone)
        if campaign.renamed_from is not None and campaign.renamed_from not in before.campaigns:
            yield f"{campaign.name}: there is no campaign {campaign.renamed_from!r} whose state it could carry on: it begins anew"
    for campaign in after.campaigns.values():
        former = before.campaigns.get(former_name(campaign, before.campaigns, after.campaigns) or "")
        if former is not None and former.salt != campaign.salt:
            yield f"{campaign.name}: its shares (holdout, split, ramp) were drawn as those of {former.salt} and will be drawn anew"


def _same_under_another_name(campaign: Campaign, gone: Iterable[Campaign]) -> Iterator[str]:
    for former in gone:
        if said(former, without=IDENTITY) == said(campaign, without=IDENTITY):
            yield (
                f"{campaign.name} says what {former.name} said: a new name makes another campaign, which everybody may enter again; "
                f"write `renamed_from: {former.name}` to carry that one on"
            )
