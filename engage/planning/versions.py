"""Which campaigns are live at a moment, and the version of one that a run entered with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from engage.model.campaign import Campaign, Status
from engage.model.localtime import local_date, zone
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
