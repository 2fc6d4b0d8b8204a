"""Check 1, the ramp: when a version of a campaign, that reaches few first, is open to a contact."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from engage.model.campaign import Campaign
from engage.model.localtime import add
from engage.model.shares import RAMP, is_in


def opens_at(campaign: Campaign, contact_id: int, *, since: datetime, zone: ZoneInfo) -> datetime:
    """From when on the contact is in the ramp's share; `since` where it always was.

    `since` is when the version was accepted, `zone` the workspace's, by which stages of days go. The shares of one ramp grow into each
    other: who is in an earlier one is in all that follow, and after the last stage everybody is.
    """
    moment = since
    for stage in campaign.ramp:
        if is_in(contact_id, stage.share, campaign.salt, RAMP):
            return moment
        moment = add(moment, stage.duration, zone)
    return moment
