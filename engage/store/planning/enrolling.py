"""What became of people who were named one by one; the planning port `Enrolments`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from engage.model.history import Kind
from engage.model.run import RunState
from engage.store.schema.tables import runs, touches
from engage.store.session import Session


class SqlEnrolments(Session):
    """What stands under a key, in one transaction."""

    def run_states(self, campaign: str, key: str, contact_ids: Sequence[int]) -> Mapping[int, RunState]:
        """The states of these contacts' runs under the key, by contact."""
        asked = sa.select(runs.c.contact_id, runs.c.state).where(
            runs.c.campaign == campaign, runs.c.key == key, runs.c.contact_id.in_(contact_ids)
        )
        return {contact_id: RunState(state) for contact_id, state in self._connection.execute(asked)}

    def kept_out(self, campaign: str, key: str, contact_ids: Sequence[int]) -> frozenset[int]:
        """Those of these contacts whom re-entry kept out under the key."""
        asked = sa.select(touches.c.contact_id).where(
            touches.c.contact_id.in_(contact_ids), touches.c.kind == Kind.NOT_ENTERED.value, touches.c.campaign == campaign,
            touches.c.detail["key"].as_string() == key,
        )
        return frozenset(self._connection.scalars(asked))
