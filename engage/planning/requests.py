"""2b What a run asks for on its way: deliveries and calls to be made; and what it is told of those it asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import final

from engage.model.delivery import DeliveryState
from engage.model.quiet_hours import QuietHoursLayer


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A delivery to be made, WAITING, due at `due_at`. Made once per run, step, `intended_at` and `part`.

    `send_key` names the occurrence where one copy an address goes out (schedules); None where each contact has its own. `part` tells
    those apart that one step makes; those of one `occasion` count as one touch of every limit. Without a run, its campaign, version
    and step are empty: a single message that a program asked for.
    """

    run_id: int | None
    campaign: str
    version: str
    step: str
    message: str
    purpose: str
    contact_id: int
    queue: str
    channels: tuple[str, ...]
    intended_at: datetime
    due_at: datetime
    expires_at: datetime
    priority: int
    on_unknown: str
    to: str | None = None
    quiet_hours: tuple[QuietHoursLayer, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)
    send_key: str | None = None
    part: int = 0
    occasion: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NewCall:
    """A signed webhook to be made for a run, which waits for it. `step` is the id or path of its step, `data` JSON.

    Made once per run and step. Once it is answered, or has failed for good, the run becomes due with the outcome `answered` or
    `failed`; the JSON that came back stands in its variables as `call:<step>`, None where there is none.
    """

    run_id: int
    step: str
    contact_id: int
    endpoint: str
    data: Mapping[str, object]
    created_at: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the deliveries that a step of a run made, as it is now."""

    id: int
    step: str
    part: int
    channels: tuple[str, ...]
    state: DeliveryState
    expires_at: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ArmResult:
    """How an arm of a split does: to how many contacts it sent, and from how many of them the sign came."""

    sent: int = 0
    signs: int = 0
