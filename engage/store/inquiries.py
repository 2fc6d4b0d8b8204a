"""What `engage explain` reads: a contact's runs, and the facts about a delivery that has no row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.model.delivery import Facts, Intent
from engage.model.run import Run
from engage.planning.versions import Versions
from engage.rules.expressions import Lookup
from engage.store.database import Database
from engage.store.facts import FactsOf
from engage.store.lookups import SqlLookup
from engage.store.rows import run_of
from engage.store.session import WorkspaceNow
from engage.store.tables import runs


@final
class SqlInquiry:
    """Reads only."""

    def __init__(self, database: Database, *, workspace: WorkspaceNow, versions: Versions) -> None:
        self._database = database
        self._workspace = workspace
        self._versions = versions

    def runs(self, campaign: str, contact_id: int) -> Sequence[Run]:
        """The contact's runs of the campaign, newest first."""
        asked = sa.select(runs).where(runs.c.campaign == campaign, runs.c.contact_id == contact_id).order_by(runs.c.id.desc())
        with self._database.read() as connection:
            return [run_of(row) for row in connection.execute(asked).mappings()]

    def facts(self, intent: Intent, *, now: datetime) -> Facts:
        """What the decision would be told about a delivery that has no row."""
        with self._database.read() as connection:
            return FactsOf(connection, [intent], now=now, workspace=self._workspace(), versions=self._versions).of(intent)

    def lookup(self, contact_id: int, *, now: datetime) -> Lookup:
        """Answers the questions of expressions."""
        return SqlLookup(self._database.read, workspace=self._workspace(), contact_id=contact_id, now=now)
