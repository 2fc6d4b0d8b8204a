"""A batch before anything of it is let go: Candidates -> what is rendered, and what became of the rest."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, final

import structlog

from engage.delivery.equipment import Equipment
from engage.delivery.judging import Judge
from engage.delivery.ports import Candidate, Lease, LeaseLost, Settlement
from engage.delivery.settling import settle_decision, settle_mistake, settle_render_error
from engage.model.delivery import Approved, Rendered
from engage.model.errors import RenderError
from engage.rules.expressions import Lookup

log = structlog.get_logger()


class Rows(Protocol):
    """What preparing asks of the delivery rows."""

    def take_in_hand(self, lease: Lease, delivery_id: int) -> None:
        """Remember, committed, that this row is about to be rendered (careful batches only)."""
        ...

    def lookup(self, contact_id: int, *, now: datetime) -> Lookup:
        """Answers the questions of templates about one contact; asks nothing before it is asked."""
        ...


@final
class Preparing:
    """Decides and renders one by one; one message with which we make a mistake stops no other."""

    def __init__(self, lease: Lease, equipment: Equipment, judge: Judge, rows: Rows, *, now: datetime) -> None:
        self._lease = lease
        self._renderer = equipment.renderer
        self._judge = judge
        self._rows = rows
        self._now = now
        self.rendered: list[Rendered] = []
        self.settlements: list[Settlement] = []

    def prepare(self, candidate: Candidate) -> None:
        """Decide, and render what is approved. Raises LeaseLost."""
        try:
            decision = self._judge.decide(candidate)
            if isinstance(decision, Approved):
                self._render(decision)
            else:
                self.settlements.append(settle_decision(decision, now=self._now))
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001  # as the class says
            self.settlements.append(stumbled(candidate, error, self._now))

    def _render(self, approved: Approved) -> None:
        intent = approved.intent
        if self._lease.careful:
            self._rows.take_in_hand(self._lease, intent.id)
        lookup = self._rows.lookup(approved.contact.id, now=self._now)
        try:
            self.rendered.append(self._renderer.render(self._judge.with_values(approved), now=self._now, lookup=lookup))
        except RenderError as error:
            log.warning("delivery.render_failed", delivery_id=intent.id, campaign=intent.campaign, message=intent.message)
            self.settlements.append(settle_render_error(approved, error, now=self._now))


def stumbled(candidate: Candidate, error: Exception, now: datetime) -> Settlement:
    """What becomes of a delivery that an error of ours stopped."""
    intent = candidate.intent
    log.error("delivery.stumbled", delivery_id=intent.id, campaign=intent.campaign, message=intent.message, error=type(error).__name__)
    return settle_mistake(intent, error, now=now)
