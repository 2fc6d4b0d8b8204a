"""The decisions of one moment over many deliveries: Candidate -> Decision, plainly where it can be, else with the whole trail. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import final

from engage.delivery.ports import Candidate
from engage.model.campaign import Campaign
from engage.model.delivery import Decision, Given, Intent, ProviderState
from engage.model.making import changed
from engage.model.triggers import trigger_kinds
from engage.model.values import unpack
from engage.model.workspace import Workspace
from engage.policy import Approver, decide
from engage.rules.scopes import typed


@final
class Judge:
    """Asks the policy, and finds out only once what many deliveries share. Not for two threads at once."""

    def __init__(
        self, workspace: Workspace, *, now: datetime, versions: Callable[[str, str], Campaign | None],
        providers: Mapping[str, ProviderState],
    ) -> None:
        self._workspace = workspace
        self._now = now
        self._versions = versions
        self._providers = providers
        self._campaigns: dict[tuple[str, str], Campaign | None] = {}
        self._approver = Approver(workspace.settings, now=now, providers=providers)
        self._given: dict[tuple[str, str, int, int], tuple[Given, Intent]] = {}

    def decide(self, candidate: Candidate) -> Decision:
        """The decision about one of them."""
        intent, facts = candidate.intent, candidate.facts
        campaign = self._campaign(intent)
        approved = self._approver.approve(intent, facts, campaign)
        if approved is not None:
            return approved
        informed = changed(facts, providers=self._providers)
        return decide(intent, informed, now=self._now, settings=self._workspace.settings, campaign=campaign)

    def given(self, intent: Intent) -> Given:
        """Its trigger and values as their types, which the database holds as JSON."""
        key = (intent.campaign, intent.version, id(intent.trigger), id(intent.values))
        known = self._given.get(key)
        if known is None:
            known = self._given[key] = (self._types(intent), intent)  # the intent is kept, so that these ids are nobody else's
        return known[0]

    def _types(self, intent: Intent) -> Given:
        campaign = self._campaign(intent)
        kinds = trigger_kinds(campaign.trigger, self._workspace.settings.events) if campaign is not None else None
        trigger = typed(intent.trigger, kinds) if kinds is not None else intent.trigger
        return Given(trigger=trigger, values={name: unpack(raw) for name, raw in intent.values.items()})

    def _campaign(self, intent: Intent) -> Campaign | None:
        key = (intent.campaign, intent.version)
        if key not in self._campaigns:
            self._campaigns[key] = self._versions(*key)
        return self._campaigns[key]
