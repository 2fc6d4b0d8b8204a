"""What `engage explain` reads: a contact's runs, and the facts about a delivery that has no row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.model.campaign import Campaign
from engage.model.contact import Event
from engage.model.delivery import CampaignState, DeliveryState, Facts, Intent, ProviderState
from engage.model.run import Run
from engage.planning.requests import Part
from engage.planning.segments import Membership
from engage.planning.versions import Versions
from engage.rules.expressions import Lookup
from engage.store.campaigns.changing import campaign_state_of
from engage.store.database import Database
from engage.store.delivery.facts import FactsOf
from engage.store.delivery.recall import CONTACT, INTENT, contact_in, intent_in
from engage.store.expressions.lookups import SqlLookup
from engage.store.planning.progress import part_of
from engage.store.rows.rows import event_of, run_of
from engage.store.schema.tables import campaign_states, contacts, deliveries, events, runs, segment_members
from engage.store.session import WorkspaceNow
from engage.store.sql.raw import raw_rows

Providers = Callable[[datetime], Mapping[str, ProviderState]]
"""What is known of the channels' providers at a moment."""


@final
class SqlInquiry:
    """Reads only."""

    def __init__(
        self, database: Database, *, workspace: WorkspaceNow, versions: Versions, providers: Providers = lambda now: {}
    ) -> None:
        self._database = database
        self._providers = providers
        self._workspace = workspace
        self._versions = versions

    def runs(self, campaign: str, contact_id: int) -> Sequence[Run]:
        """The contact's runs of the campaign, newest first."""
        asked = sa.select(runs).where(runs.c.campaign == campaign, runs.c.contact_id == contact_id).order_by(runs.c.id.desc())
        with self._database.read() as connection:
            return [run_of(row) for row in connection.execute(asked).mappings()]

    def events(self, contact_id: int, types: Sequence[str], *, since: datetime | None = None, until: datetime) -> Sequence[Event]:
        """The contact's events of these types with `at` within these moments, both included, in the order of `at`."""
        asked = sa.select(events).where(events.c.contact_id == contact_id, events.c.type.in_(types), events.c.at <= until)
        if since is not None:
            asked = asked.where(events.c.at >= since)
        kinds = self._workspace().settings.events
        with self._database.read() as connection:
            return [event_of(row, kinds) for row in connection.execute(asked.order_by(events.c.at, events.c.id)).mappings()]

    def membership(self, segment: str, contact_id: int) -> Membership | None:
        """What was seen of the contact at the last look at the segment; None where it was never inside, or nobody looked."""
        member = segment_members
        asked = sa.select(member.c.inside, member.c.moved_at).where(member.c.segment == segment, member.c.contact_id == contact_id)
        with self._database.read() as connection:
            row = connection.execute(asked).first()
        return None if row is None else Membership(inside=row.inside, moved_at=row.moved_at)

    def went_live(self, campaign: str) -> datetime | None:
        """When the campaign went live; None where it never did."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(campaign_states.c.live_since).where(campaign_states.c.campaign == campaign))

    def campaign_state(self, campaign: str, version: str, *, now: datetime) -> CampaignState:
        """Paused, approved, ended; since when the version is there."""
        with self._database.read() as connection:
            return campaign_state_of(connection, (campaign, version), now=now)

    def version(self, name: str, version: str) -> Campaign | None:
        """The campaign as a run entered with it; None where it cannot be read any more."""
        return self._versions(name, version)

    def waiting(self, run_id: int) -> Sequence[Intent]:
        """The run's deliveries that wait to be handed over, the oldest first."""
        asked = (
            sa.select(*INTENT).join(runs, runs.c.id == deliveries.c.run_id)
            .where(deliveries.c.run_id == run_id, deliveries.c.state == DeliveryState.WAITING.value).order_by(deliveries.c.id)
        )
        with self._database.read() as connection:
            return [intent_in(row) for row in raw_rows(connection, asked, {})]

    def parts(self, run_id: int) -> Sequence[Part]:
        """The deliveries that the run has asked for, as they are now."""
        asked = sa.select(deliveries).where(deliveries.c.run_id == run_id).order_by(deliveries.c.id)
        with self._database.read() as connection:
            return [part_of(row) for row in connection.execute(asked).mappings()]

    def facts(self, intent: Intent, *, now: datetime) -> Facts:
        """What the decision would be told about a delivery that has no row."""
        with self._database.read() as connection:
            workspace, asked = self._workspace(), sa.select(*CONTACT).where(contacts.c.id == intent.contact_id)
            known = {row[0]: contact_in(row, workspace.settings.attributes) for row in raw_rows(connection, asked, {})}
            facts = FactsOf(connection, [intent], known, now=now, workspace=workspace, versions=self._versions).of(intent)
        hand_offs = tuple(each for each in facts.hand_offs if each.at <= now)  # of a moment that has passed
        return replace(facts, hand_offs=hand_offs, providers=self._providers(now))

    def lookup(self, contact_id: int, *, now: datetime) -> Lookup:
        """Answers the questions of expressions."""
        return SqlLookup(self._database.read, workspace=self._workspace(), contact_id=contact_id, now=now)
