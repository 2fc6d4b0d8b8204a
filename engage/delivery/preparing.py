"""A batch before anything of it is let go: Candidates -> what is rendered, and what became of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, final

import structlog

from engage.delivery.equipment import Equipment
from engage.delivery.judging import Judge
from engage.delivery.ports import NOBODY, Candidate, InHand, Lease, LeaseLost, Settlement, unnoted
from engage.delivery.settling import settle_decision, settle_mistake, settle_render_error
from engage.delivery.traffic import Traffic
from engage.model.delivery import Approved, Intent, Rendered
from engage.model.errors import RenderError
from engage.model.places import places_of
from engage.model.workspace import Settings
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

    def __init__(self, lease: Lease, equipment: Equipment, judge: Judge, rows: Rows, *, now: datetime, in_hand: InHand = unnoted) -> None:
        self._lease = lease
        self._in_hand = in_hand
        self._renderer = equipment.renderer
        self._judge = judge
        self._rows = rows
        self._now = now
        self.approved: Sequence[Approved] = []
        self.rendered: list[Rendered] = []
        self.settlements: list[Settlement] = []

    def decide(self, candidates: Iterable[Candidate]) -> None:
        """Ask of each whether it may go."""
        approved: list[Approved] = []
        for candidate in candidates:
            self._in_hand(candidate.intent.id)
            try:
                decision = self._judge.decide(candidate)
                if isinstance(decision, Approved):
                    approved.append(decision)
                else:
                    self.settlements.append(settle_decision(decision, now=self._now))
            except Exception as error:  # noqa: BLE001  # as the class says
                self.settlements.append(stumbled(candidate.intent, error, self._now))
        self._in_hand(NOBODY)
        self.approved = approved

    def put_back(self, traffic: Traffic, settings: Settings) -> None:
        """Let those go back whose domains may not be given more: they are not even rendered."""
        self.approved, back = traffic.sift(self.approved, settings)
        self.settlements += back

    def render(self, approved: Approved) -> None:
        """Render one of those that are left. Raises LeaseLost."""
        self._in_hand(approved.intent.id)
        try:
            self._render(approved)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001  # likewise
            self.settlements.append(stumbled(approved.intent, error, self._now))
        finally:
            self._in_hand(NOBODY)

    def _render(self, approved: Approved) -> None:
        intent = approved.intent
        if self._lease.careful:
            self._rows.take_in_hand(self._lease, intent.id)
        lookup = self._rows.lookup(approved.contact.id, now=self._now)
        try:
            self.rendered.append(self._renderer.render(approved, given=self._judge.given(intent), now=self._now, lookup=lookup))
        except RenderError as error:
            log.warning("delivery.render_failed", delivery_id=intent.id, campaign=intent.campaign, message=intent.message)
            self.settlements.append(settle_render_error(approved, error, now=self._now))


def stumbled(intent: Intent, error: Exception, now: datetime) -> Settlement:
    """What becomes of a delivery that an error of ours stopped."""
    log.error(
        "delivery.stumbled", delivery_id=intent.id, campaign=intent.campaign, message=intent.message, error=type(error).__name__,
        at=places_of(error),
    )
    return settle_mistake(intent, error, now=now)
