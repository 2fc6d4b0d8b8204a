"""What runs ask and write on their way beside their deliveries; the planning ports `Progressing` and `Acting`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa

from engage.contacts.places import Unusable
from engage.model.contact import Consent, Contact, Event, Value
from engage.model.delivery import DeliveryState
from engage.model.history import Kind
from engage.model.responses import SHOWN_BY
from engage.model.steps import Sign
from engage.model.values import instant_text
from engage.planning.requests import ArmResult, Part
from engage.store.people.batch import PeopleBatch
from engage.store.rows.rows import Row, consent_row, event_of
from engage.store.schema.columns import Id, Instant
from engage.store.schema.conditions import TALLIED
from engage.store.schema.ledger import consents
from engage.store.schema.tables import contacts, deliveries, events, touches
from engage.store.session import Session
from engage.store.sql.json_tables import json_table


class SqlProgressing(Session):
    """How runs progress, in one transaction. A contact is written only after `hold_contacts` gave it."""

    def parts(self, run_ids: Sequence[int]) -> Mapping[int, Sequence[Part]]:
        """The deliveries of these runs, in the order in which they were made."""
        asked = sa.select(deliveries).where(deliveries.c.run_id.in_(run_ids)).order_by(deliveries.c.id)
        found: defaultdict[int, list[Part]] = defaultdict(list)
        for row in self._connection.execute(asked).mappings():
            found[row["run_id"]].append(part_of(row))
        return found

    def arm_results(self, campaign: str, version: str, arms: Sequence[Sequence[str]], sign: Sign) -> Sequence[ArmResult]:
        """How the arms of a split do: one query over the touches of their sends. Signs that a machine made do not count."""
        whens = [(touches.c.step.in_(names), number) for number, names in enumerate(arms) if names]
        if not whens:
            return [ArmResult() for _ in arms]
        arm = sa.case(*whens).label("arm")
        kinds = (Kind.SENT.value, *(kind.value for kind in SHOWN_BY[sign]))
        counted = [_runs(Kind.SENT.value), _runs(*kinds[1:])]
        asked = (
            sa.select(arm, *counted)
            .where(
                sa.text(TALLIED), touches.c.campaign == campaign, touches.c.version == version, touches.c.kind.in_(kinds),
                touches.c.step.in_([name for names in arms for name in names]),
                sa.func.coalesce(touches.c.detail["machine"].as_boolean(), sa.false()).is_(sa.false()),
            )
            .group_by(arm)
        )
        found = {number: ArmResult(sent=sent, signs=signs) for number, sent, signs in self._connection.execute(asked)}
        return [found.get(number, ArmResult()) for number in range(len(arms))]

    def events_since(self, since: Mapping[int, datetime], *, types: Sequence[str]) -> Mapping[int, Sequence[Event]]:
        """The events of these types of each contact with `at` not before its moment, in the order of `at`."""
        looked_for = [{"contact_id": contact_id, "since": instant_text(moment)} for contact_id, moment in since.items()]
        wanted = json_table(self._connection, "wanted", {"contact_id": Id, "since": Instant()}, looked_for)
        asked = (
            sa.select(events)
            .join(wanted, sa.and_(events.c.contact_id == wanted.c.contact_id, events.c.at >= wanted.c.since))
            .where(events.c.type.in_(types))
            .order_by(events.c.at, events.c.id)
        )
        kinds = self._workspace().settings.events
        found: defaultdict[int, list[Event]] = defaultdict(list)
        for row in self._connection.execute(asked).mappings():
            found[row["contact_id"]].append(event_of(row, kinds))
        return found

    def hold_contacts(self, contact_ids: Sequence[int]) -> frozenset[int]:
        """Lock these contacts, but for those that another transaction holds."""
        asked = sa.select(contacts.c.id).where(contacts.c.id.in_(contact_ids)).order_by(contacts.c.id)
        return frozenset(self._connection.scalars(asked.with_for_update(skip_locked=True)))

    def change_contacts(self, changes: Sequence[tuple[int, Mapping[str, Value]]], *, now: datetime) -> Mapping[int, Contact]:
        """Set attributes (None clears) of contacts that are held, as an import would; the contacts as they are now."""
        batch = PeopleBatch(self._connection, self._workspace().settings, secret=self._secret, now=now)
        ids = sorted({contact_id for contact_id, _ in changes})
        members = {member.id: member for member in batch.load(ids)}
        for contact_id, told in changes:
            with suppress(KeyError, Unusable):  # erased, or left without an identity, by somebody a moment before
                members[contact_id].take(told)
        batch.write(silent=False)
        rows = self._connection.execute(sa.select(contacts).where(contacts.c.id.in_(ids))).mappings()
        return {row["id"]: self._contact_of(row) for row in rows}

    def record_consents(self, lines: Sequence[Consent]) -> None:
        """Append to the ledger; their touches are the runs' own."""
        if lines:
            self._connection.execute(consents.insert(), [consent_row(line) for line in lines])


def _runs(*kinds: str) -> sa.ColumnElement[int]:
    """How many runs have a touch of these kinds."""
    return sa.func.count(sa.distinct(sa.case((touches.c.kind.in_(kinds), touches.c.run_id))))


def part_of(row: Row) -> Part:
    """The delivery in a row of `deliveries`, as its run is told of it."""
    return Part(
        id=row["id"], step=row["step"], part=row["part"], channels=tuple(row["payload"]["channels"]), state=DeliveryState(row["state"]),
        expires_at=row["expires_at"],
    )
