"""What happened: one touch is one line of a contact's history, written once and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import final

from engage.model.making import made_often


class Kind(StrEnum):
    """The kinds of touch: what can stand in a history, those that only a later release writes among them."""

    ENTERED = "entered"
    NOT_ENTERED = "not_entered"
    HELD_OUT = "held_out"
    EXITED = "exited"
    FINISHED = "finished"
    SENT = "sent"
    UNKNOWN = "unknown"
    DEFERRED = "deferred"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    UNSUBSCRIBED = "unsubscribed"
    CONVERTED = "converted"
    CONSENT_GRANTED = "consent_granted"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    EVENT = "event"
    NOTE = "note"
    MERGED = "merged"
    ERASED = "erased"


BY_PEOPLE = frozenset({Kind.NOTE, Kind.MERGED, Kind.ERASED})
"""Kinds that only people's commands write: no simulation and no campaign test sees one."""


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One row of the history. Nothing personal stands in it: `private` (address, subject, text) is stored apart.

    `detail` and `private` hold JSON values only. `purpose` serves the limits.
    """

    at: datetime
    contact_id: int | None
    kind: Kind
    campaign: str | None = None
    version: str | None = None
    run_id: int | None = None
    delivery_id: int | None = None
    step: str | None = None
    message: str | None = None
    purpose: str | None = None
    channel: str | None = None
    provider: str | None = None
    reason: str | None = None
    locale: str | None = None
    provider_id: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    private: Mapping[str, object] = field(default_factory=dict, repr=False)
