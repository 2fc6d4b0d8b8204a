"""The port `engage.web.ports.Steering`: what programs do with campaigns, done as the commands do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

from engage.model.campaign import Campaign
from engage.model.time import Clock
from engage.planning.enrolling import Fate
from engage.planning.planner import Planner
from engage.store.installation.operating import SqlOperations


@final
class Steering:
    """On the business clock."""

    def __init__(self, planner: Planner, operations: SqlOperations, *, clock: Clock) -> None:
        self._planner = planner
        self._operations = operations
        self._clock = clock

    def enroll(self, campaign: Campaign, contact_ids: Sequence[int], *, data: Mapping[str, object], key: str) -> Mapping[int, Fate]:
        """Let those named enter, under the key; what became of each."""
        return self._planner.enroll(campaign, contact_ids, data=data, key=key, now=self._clock.now())

    def pause(self, campaign: str) -> None:
        """Stop its entries and hand-offs."""
        self._operations.pause("campaign", campaign, now=self._clock.now(), reason=None)

    def resume(self, campaign: str) -> None:
        """Take a pause back."""
        self._operations.resume("campaign", campaign, now=self._clock.now())

    def approve(self, campaign: str) -> None:
        """Let it go though it reached more people than `guards.max_audience`."""
        self._operations.approve(campaign, now=self._clock.now())
