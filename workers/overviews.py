"""`engage status`, assembled: the figures of the database, and what each campaign's own file makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from engage.model.campaign import Status
from engage.model.localtime import zone
from engage.model.workspace import Settings
from engage.simulation.overview import Situation, by_step, state_of
from engage.store.database import Database
from engage.store.delivery.notices import Standing
from engage.store.delivery.standing import shut_domains, way_standings
from engage.store.installation.under_way import SqlUnderWay
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
    return {
        **figures, "campaigns": told, "providers": providers_of(wired.database, wired.workspace.settings, now),
        "webhooks": wired.postings.standings(now=now),
    }


def providers_of(database: Database, settings: Settings, now: datetime) -> Sequence[Mapping[str, Any]]:
    """Each provider of each channel, and each domain that is left alone, with its state in words and until when, as JSON values."""
    ways = [
        {
            "provider": each.way.key, "adapter": each.way.adapter, "rate": each.way.rate, **_told(each.said),
            "today": each.today if each.allowance is not None else None, "allowance": each.allowance,
        }
        for each in way_standings(database, settings, now=now)
    ]
    return [*ways, *({"provider": each.provider, **_told([each])} for each in shut_domains(database))]


def _told(said: Sequence[Standing]) -> Mapping[str, Any]:
    """`well`; `shut` with the latest moment until when, the reason, and how many workers say so (all: None); or `tried again`."""
    if not said:
        return {"state": "well", "until": None, "reason": None, "workers": 0}
    longest = max(said, key=lambda each: each.until)
    workers = None if any(each.worker is None for each in said) else len(said)
    state = "shut" if longest.lasts else "tried again"
    return {"state": state, "until": longest.until.isoformat(), "reason": longest.reason, "workers": workers}


def _situation(row: Mapping[str, Any], reasons: Mapping[str, str | None]) -> Situation:
    return Situation(
        status=None if row["status"] is None else Status(row["status"]), since=_moment(row["since"]), ends_at=_moment(row["ends_at"]),
        awaits_approval=row["awaits_approval"], paused=row["campaign"] in reasons, reason=reasons.get(row["campaign"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
