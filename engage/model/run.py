"""One contact's passage through one campaign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import final


class RunState(StrEnum):
    """ACTIVE runs go on when `due_at` comes; the others are final. RETURNED gave back its key and its re-entry; HELD_OUT never began."""

    ACTIVE = "active"
    FINISHED = "finished"
    EXITED = "exited"
    RETURNED = "returned"
    HELD_OUT = "held_out"


def has_left(state: RunState, *, apart: bool) -> bool:
    """Whether a run that is in this state takes its waiting deliveries with it.

    `apart`: people sent the delivery again after its run had gone on without it, maybe to its end; an exit still counts.
    """
    return state is not RunState.ACTIVE and not (apart and state is RunState.FINISHED)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """UNIQUE by campaign, contact and key (a RETURNED run's key is free again).

    `position` is the path of the step to take next, or that is being waited at. `due_at` is when to look again; None while
    the run waits for its delivery to become final. `since` is when the step before was final: what a wait counts from.
    `handed_off_at` is the last hand-off (for `wait_for`). `variables` are the names given by `as`; `trigger` what the trigger holds.
    Both hold JSON values (dates and money as `engage.model.values` writes them).
    `waiting_for` says what a step in progress waits for: an event's type, several with `|` between them, or words that are no type (a
    time, the winner of a split). `outcome` is the state in which the awaited delivery ended, or what came of a call, until it is read.
    `part` counts the channels of a `{first: …, fallback_after: …}` that were tried before at this position.
    """

    id: int
    campaign: str
    version: str
    contact_id: int
    key: str
    state: RunState
    entered_at: datetime
    intended_at: datetime
    position: str
    since: datetime
    due_at: datetime | None
    trigger: Mapping[str, object] = field(default_factory=dict)
    variables: Mapping[str, object] = field(default_factory=dict)
    handed_off_at: datetime | None = None
    waiting_for: str | None = None
    outcome: str | None = None
    part: int = 0
