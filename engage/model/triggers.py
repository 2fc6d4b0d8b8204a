"""What `trigger` holds in expressions and templates: its fields, by the kind of trigger that let the contact in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from engage.model.campaign import DateTrigger, EventTrigger, ScheduleTrigger, Trigger
from engage.model.contact import AttributeKind

Kinds = Mapping[str, AttributeKind]
"""Names of fields, and of which kind each is."""

OF_DATE: Kinds = {"date": AttributeKind.DATE, "years": AttributeKind.NUMBER}

OF_SCHEDULE: Kinds = {"at": AttributeKind.TEXT}
"""The occurrence's local date and time, `2026-03-02T10:00:00`: a wall time is no instant, so that it stays text."""

OF_EVENT: Kinds = {"event_id": AttributeKind.TEXT, "event_type": AttributeKind.TEXT, "event_at": AttributeKind.DATETIME}
"""What every event has beside its own fields."""


def trigger_kinds(trigger: Trigger, events: Mapping[str, Kinds]) -> Kinds:
    """The fields that `trigger` has; `events` are those declared in engage.yaml."""
    match trigger:
        case DateTrigger():
            return OF_DATE
        case ScheduleTrigger():
            return OF_SCHEDULE
        case EventTrigger(event=event):
            return {**events.get(event, {}), **OF_EVENT}
        case _ as never:
            assert_never(never)
