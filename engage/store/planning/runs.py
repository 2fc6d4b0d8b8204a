"""Runs as they come due, wait and go on, and the deliveries that they ask for; the planning ports `Runs` and `Conversions`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from engage.model.contact import Contact
from engage.model.delivery import DeliveryState
from engage.model.history import Kind
from engage.model.run import Run, RunState
from engage.planning.requests import NewDelivery
from engage.planning.run_ports import Heeding, RunInHand
from engage.store.rows.payloads import payload_of
from engage.store.rows.rows import RUN_FIELDS, run_of
from engage.store.schema.tables import contacts, deliveries, runs, touches
from engage.store.session import Session
from engage.store.sql.inserts import insert_ignoring
from engage.store.sql.lists import among

WRITTEN = tuple(name for name in RUN_FIELDS if name not in ("campaign", "contact_id", "key", "entered_at"))


class SqlRuns(Session):
    """Journeys, in one transaction. Rows are locked in one order everywhere: contacts, runs, deliveries."""

    def due_runs(self, *, now: datetime, limit: int) -> Sequence[RunInHand]:
        """Active runs whose `due_at` has come, oldest first, locked, none that another transaction holds."""
        due = self._connection.execute(_DUE, {"now": now, "most": limit}).mappings()
        return self._in_hand([run_of(row) for row in due])

    def runs_of_contact(self, contact_id: int, *, heeding: Heeding = lambda campaign, version: True) -> Sequence[RunInHand]:
        """The contact's active runs of campaigns that heed, locked; their contact row is locked first. Others are not even locked.

        They are locked by campaign alone: another transaction that moves a run on just now changes all else that is said of it.
        """
        self._connection.execute(_CONTACT, {"contact": contact_id})
        versions = self._connection.execute(_VERSIONS, {"contact": contact_id})
        heeded = {campaign for campaign, version in versions if heeding(campaign, version)}
        if not heeded:
            return []
        rows = self._connection.execute(_OF_CONTACT, {"contact": contact_id, "campaigns": heeded}).mappings()
        return self._in_hand([run_of(row) for row in rows])

    def _in_hand(self, locked: Sequence[Run]) -> Sequence[RunInHand]:
        known = self._contacts({run.contact_id for run in locked})
        return [RunInHand(run=run, contact=known.get(run.contact_id)) for run in locked]

    def _contacts(self, ids: set[int]) -> dict[int, Contact]:
        if not ids:
            return {}
        rows = self._connection.execute(_CONTACTS, {"ids": sorted(ids)}).mappings()
        return {row["id"]: self._contact_of(row) for row in rows}

    def save_runs(self, runs: Sequence[Run]) -> None:
        """Write what changed. A RETURNED run frees its key; one that is not active is never due."""
        if runs:
            self._connection.execute(_SAVE, [_saved(run) for run in runs])

    def add_deliveries(self, deliveries: Sequence[NewDelivery]) -> None:
        """Make the rows; one that is there already is left as it is."""
        if deliveries:
            self._connection.execute(insert_ignoring(self._connection, _DELIVERIES), [delivery_row(new) for new in deliveries])

    def recall_deliveries(self, run_ids: Sequence[int], *, now: datetime, needless: str | None = None) -> None:
        """Make the waiting deliveries of these runs due now, so that the decision cancels them: as their run ended, or as `needless`.

        That is the type of the event that says so.
        """
        if not run_ids:
            return
        waiting = (deliveries.c.run_id.in_(run_ids), deliveries.c.state == DeliveryState.WAITING.value)
        if needless is not None:
            rows = self._connection.execute(sa.select(deliveries.c.id, deliveries.c.payload).where(*waiting).with_for_update()).all()
            for id_, payload in rows:
                told = sa.update(deliveries).where(deliveries.c.id == id_)
                self._connection.execute(told.values(payload={**payload, "needless": needless}))
        self._connection.execute(sa.update(deliveries).where(*waiting).values(due_at=now, retry_at=None, hold=None))

    def hand_offs_started(self, run_ids: Sequence[int]) -> frozenset[int]:
        """Those of the runs of which any delivery is or was in `sending`."""
        asked = sa.select(deliveries.c.run_id).distinct().where(deliveries.c.run_id.in_(run_ids), deliveries.c.handed_over)
        return frozenset(self._connection.scalars(asked))

    def runs_since(self, contact_id: int, *, campaigns: Sequence[str], since: datetime) -> Sequence[Run]:
        """The contact's runs of these campaigns that fell due since then and were not returned, in their order."""
        asked = sa.select(runs).where(
            runs.c.contact_id == contact_id, runs.c.campaign.in_(campaigns), runs.c.intended_at >= since,
            runs.c.state != RunState.RETURNED.value,
        )
        return [run_of(row) for row in self._connection.execute(asked.order_by(runs.c.id)).mappings()]

    def converted(self, contact_id: int) -> frozenset[int]:
        """Those of the contact's runs that have reached their goal."""
        asked = sa.select(touches.c.run_id).where(touches.c.contact_id == contact_id, touches.c.kind == Kind.CONVERTED.value)
        return frozenset(self._connection.scalars(asked))


_CONTACT = sa.select(contacts.c.id).where(contacts.c.id == sa.bindparam("contact")).with_for_update()
_ACTIVE = (runs.c.contact_id == sa.bindparam("contact"), runs.c.state == RunState.ACTIVE.value)
_VERSIONS = sa.select(runs.c.campaign, runs.c.version).where(*_ACTIVE).distinct()
_OF_CONTACT = sa.select(runs).where(*_ACTIVE, among(runs.c.campaign, "campaigns")).order_by(runs.c.id).with_for_update()
_CONTACTS = sa.select(contacts).where(contacts.c.id.in_(sa.bindparam("ids", expanding=True)))
_DUE = (
    sa.select(runs)
    .where(runs.c.due_at <= sa.bindparam("now"), runs.c.state == RunState.ACTIVE.value)
    .order_by(runs.c.due_at, runs.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
    .with_for_update(skip_locked=True)
)
"""Made once, as every worker asks it every moment."""

_DELIVERIES = deliveries
_RETURNED = sa.bindparam("returned", type_=sa.Boolean)
_SAVE = (
    sa.update(runs)
    .where(runs.c.id == sa.bindparam("run"))
    .values(key=sa.case((_RETURNED, sa.bindparam("freed", type_=sa.String)), else_=runs.c.key))
)
"""The other columns are set from the parameters of the same name."""


def _saved(run: Run) -> dict[str, object]:
    row = {name: getattr(run, name) for name in WRITTEN}
    if run.state is not RunState.ACTIVE:
        row["due_at"] = None
    returned = run.state is RunState.RETURNED
    return {**row, "run": run.id, "state": run.state.value, "returned": returned, "freed": f"{run.key}#{run.id}"}


def delivery_row(new: NewDelivery) -> dict[str, object]:
    """The delivery as a row; columns that are not named take their defaults."""
    return {
        "run_id": new.run_id, "campaign": new.campaign, "version": new.version, "step": new.step, "message": new.message,
        "purpose": new.purpose, "contact_id": new.contact_id, "queue": new.queue, "priority": new.priority,
        "intended_at": new.intended_at, "due_at": new.due_at, "expires_at": new.expires_at, "state": DeliveryState.WAITING.value,
        "payload": payload_of(new), "tried": [], "send_key": new.send_key, "handed_over": False, "careful": False, "apart": False,
        "part": new.part, "attempts": 0, "resends": 0, "crashes": 0,
    }
