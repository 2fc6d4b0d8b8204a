"""Which campaigns are live at a moment, and the version of one that a run entered with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, time

from engage.model.campaign import Campaign, Status
from engage.model.localtime import local_date, to_utc, zone
from engage.model.workspace import Workspace

Versions = Callable[[str, str], Campaign | None]
"""Campaign name and version -> that campaign as it was, None where it is not kept any more."""


def live_campaigns(workspace: Workspace, now: datetime) -> Iterator[Campaign]:
    """The campaigns that may be entered: live, and valid on this day of the workspace's zone; in the order of their names."""
    today = local_date(now, zone(workspace.settings.timezone))
    for _, campaign in sorted(workspace.campaigns.items()):
        begun = campaign.valid_from is None or campaign.valid_from <= today
        over = campaign.valid_until is not None and campaign.valid_until < today
        if campaign.status is Status.LIVE and begun and not over:
            yield campaign


def beginnings(workspace: Workspace, *, after: datetime) -> Iterator[datetime]:
    """The moments after that at which the first day of a campaign begins, from which on it may be entered."""
    for campaign in workspace.campaigns.values():
        moment = begins(campaign, workspace.settings.timezone)
        if campaign.status is Status.LIVE and moment is not None and moment > after:
            yield moment


def begins(campaign: Campaign, home: str) -> datetime | None:
    """When its first day begins in the workspace's zone; None where it has none."""
    return None if campaign.valid_from is None else to_utc(datetime.combine(campaign.valid_from, time()), zone(home))


def version_in(workspace: Workspace, name: str, version: str) -> Campaign | None:
    """The campaign as it stands in a workspace of then, under its name of now where it was renamed since; None where it does not."""
    own = workspace.campaigns.get(name)
    if own is not None and own.version == version:
        return own
    then = next((each for each in workspace.campaigns.values() if each.version == version), None)
    return None if then is None else replace(then, name=name, renamed_from=then.salt)
