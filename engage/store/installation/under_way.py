"""What is under way in a database, counted by where it stands: for `engage plan` and `engage status`. Only reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import sqlalchemy as sa

from engage.model.delivery import DeliveryState
from engage.model.under_way import Holding, Standing
from engage.store.database import Database
from engage.store.planning.open_runs import active_by
from engage.store.schema.tables import contacts, deliveries, runs


@final
class SqlUnderWay:
    """Runs, held messages, people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standings(self) -> Iterator[Standing]:
        """Active runs by campaign, version and position."""
        by = (runs.c.campaign, runs.c.version, runs.c.position)
        with self._database.read() as connection:
            found = active_by(connection, *by)
        for campaign, version, position, count in found:
            yield Standing(campaign=campaign, version=version, position=position, runs=count)

    def holdings(self) -> Iterator[Holding]:
        """Each message that waits for people."""
        asked = sa.select(deliveries.c.campaign, deliveries.c.message, deliveries.c.hold, deliveries.c.contact_id)
        held = (deliveries.c.state == DeliveryState.WAITING.value, sa.text("hold IS NOT NULL"))
        with self._database.read_slowly() as connection:
            for campaign, message, reason, contact_id in connection.execute(asked.where(*held)):
                yield Holding(campaign=campaign, message=message, reason=reason, contact_id=contact_id)

    def people(self) -> int:
        """How many contacts there are, less the erased."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(contacts).where(contacts.c.erased_at.is_(None))) or 0
