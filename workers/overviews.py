"""`engage status`, assembled: the figures of the database, and what each campaign's own file makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engage.model.campaign import Status
from engage.model.localtime import zone
from engage.simulation.overview import Situation, by_step, state_of
from engage.store.under_way import SqlUnderWay
from workers.wiring import Wired


def status_of(wired: Wired) -> Mapping[str, Any]:
    """The figures as JSON values; each campaign with its `state` in words and its runs by step."""
    now = wired.clock.now()
    figures: Mapping[str, Any] = wired.operations.status(now=now)
    rows = figures["campaigns"]
    newest = {row["campaign"]: row["version"] for row in rows}
    steps = by_step(SqlUnderWay(wired.database).standings(), newest, wired.accepted.version)
    reasons = {row["name"]: row["reason"] for row in figures["paused"] if row["scope"] == "campaign"}
    campaigns, home = wired.workspace.campaigns, zone(wired.workspace.settings.timezone)
    told = [
        {
            **row, "steps": steps.get(row["campaign"], {}),
            "state": state_of(_situation(row, reasons), campaigns.get(row["campaign"]), now=now, zone=home),
        }
        for row in rows
    ]
    return {**figures, "campaigns": told}


def _situation(row: Mapping[str, Any], reasons: Mapping[str, str | None]) -> Situation:
    return Situation(
        status=None if row["status"] is None else Status(row["status"]), since=_moment(row["since"]), ends_at=_moment(row["ends_at"]),
        awaits_approval=row["awaits_approval"], paused=row["campaign"] in reasons, reason=reasons.get(row["campaign"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
