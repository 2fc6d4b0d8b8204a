"""Accepted workspaces: what a running system uses, the same for all processes; every version that a run entered with stays readable."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, final

import sqlalchemy as sa

from engage.model.campaign import Campaign, Status
from engage.model.localtime import to_utc, zone
from engage.model.run import RunState
from engage.model.workspace import Files, Workspace
from engage.store.campaigns.releases import let_go
from engage.store.campaigns.renaming import carry_over
from engage.store.database import Database
from engage.store.schema.columns import Instant
from engage.store.schema.tables import campaign_states, campaign_versions, runs, snapshots
from engage.store.sql.inserts import insert_ignoring, upsert


@final
class SqlWorkspaces:
    """Snapshots of workspaces. Accepting one is safe to repeat, and where many processes do it at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accept(self, workspace: Workspace, *, now: datetime) -> bool:
        """Make this the newest snapshot; False where it is already. What was held because a campaign was paused is looked at again."""
        with self._database.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("LOCK TABLE snapshots IN SHARE ROW EXCLUSIVE MODE"))
            if connection.scalar(_NEWEST.with_only_columns(snapshots.c.hash)) == workspace.hash:
                return False
            _write(connection, workspace, now)
            let_go(connection, now=now, hold="paused")
            return True

    def newest_hash(self) -> str | None:
        """The hash of the newest snapshot; None where there is none. Cheap: for asking whether something new was accepted."""
        with self._database.read() as connection:
            return connection.scalar(_NEWEST.with_only_columns(snapshots.c.hash))

    def newest(self) -> tuple[str, Files] | None:
        """The newest snapshot's hash and files; None where there is none."""
        with self._database.read() as connection:
            row = connection.execute(_NEWEST).mappings().first()
        return None if row is None else (row["hash"], _decoded(row["files"]))

    def files_of_version(self, campaign: str, version: str) -> Files | None:
        """All files of the first snapshot that had this version of the campaign; None where no accepted one had."""
        asked = (
            sa.select(snapshots.c.files)
            .join(campaign_versions, campaign_versions.c.snapshot_id == snapshots.c.id)
            .where(campaign_versions.c.campaign == campaign, campaign_versions.c.version == version)
        )
        with self._database.read() as connection:
            files = connection.scalar(asked)
        return None if files is None else _decoded(files)

    def record_problems(self, problems: Mapping[str, str]) -> None:
        """Remember why what stands in the folder was not taken, by campaign or file; none: it was. Shown by `engage status`."""
        with self._database.begin() as connection:
            mended = sa.and_(campaign_states.c.problem.is_not(None), campaign_states.c.campaign.not_in(list(problems)))
            connection.execute(sa.update(campaign_states).where(mended).values(problem=None))
            for campaign, problem in problems.items():
                upsert(connection, campaign_states, {"campaign": campaign, "problem": problem}, {"problem": problem})


_NEWEST = sa.select(snapshots).order_by(snapshots.c.id.desc()).limit(1)


def _write(connection: sa.Connection, workspace: Workspace, now: datetime) -> None:
    row = {"hash": workspace.hash, "accepted_at": now, "files": _encoded(workspace.files)}
    snapshot_id = connection.execute(sa.insert(snapshots).values(row).returning(snapshots.c.id)).scalar_one()
    carry_over(connection, workspace)
    connection.execute(sa.update(campaign_states).where(_rests(now)).values(live_since=None, planned_until=None))
    gone = campaign_states.c.campaign.not_in(list(workspace.campaigns))
    connection.execute(sa.update(campaign_states).where(gone).values(status=None))
    connection.execute(sa.update(campaign_states).where(campaign_states.c.problem.is_not(None)).values(problem=None))
    for name, campaign in sorted(workspace.campaigns.items()):
        version = {"campaign": name, "version": campaign.version, "snapshot_id": snapshot_id, "accepted_at": now}
        connection.execute(insert_ignoring(connection, campaign_versions).values(version))
        ends_at = _ends_at(campaign, workspace.settings.timezone)
        state = {"status": campaign.status.value, "ends_at": ends_at, "version": campaign.version}
        upsert(connection, campaign_states, {"campaign": name, **state}, state)
        if campaign.takes_over:
            _wake(connection, campaign, now)


def _wake(connection: sa.Connection, campaign: Campaign, now: datetime) -> None:
    """Runs of its older versions that wait for a time or an event are looked at now, and go on in this one; others when they come due."""
    waiting = (runs.c.campaign == campaign.name, runs.c.state == RunState.ACTIVE.value, runs.c.due_at > now)
    due = {"due_at": sa.literal(now, Instant)}
    connection.execute(sa.update(runs).where(*waiting, runs.c.version != campaign.version).values(due))


def _rests(now: datetime) -> sa.ColumnElement[bool]:
    """Campaigns that were not live until now: where this makes one live again, what fell due meanwhile is not made up for."""
    is_live = campaign_states.c.status.in_((Status.LIVE.value, Status.PAUSED.value))
    return sa.or_(campaign_states.c.status.is_(None), ~is_live, campaign_states.c.ends_at <= now)


def _ends_at(campaign: Campaign, timezone: str) -> datetime | None:
    """The first moment after the campaign's last day, in the workspace's zone."""
    if campaign.valid_until is None:
        return None
    after = campaign.valid_until + timedelta(days=1)
    return to_utc(datetime(after.year, after.month, after.day), zone(timezone)).astimezone(UTC)  # noqa: DTZ001  # a wall time, as to_utc asks


def _encoded(files: Files) -> dict[str, str]:
    return {path: base64.b64encode(content).decode("ascii") for path, content in files.items()}


def _decoded(stored: Mapping[str, Any]) -> Files:
    return {path: base64.b64decode(content) for path, content in stored.items()}
