"""What a delivery was made with and nobody asks in SQL: its column `payload`, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from functools import lru_cache
from typing import Any

from engage.model.quiet_hours import CountryHours, QuietHours, QuietHoursLayer
from engage.planning.requests import NewDelivery
from engage.store.sql.raw import json_of


def payload_of(new: NewDelivery) -> dict[str, object]:
    """The payload of a delivery that is being made. `values` holds JSON values."""
    return {
        "channels": list(new.channels), "to": new.to, "on_unknown": new.on_unknown, "values": dict(new.values),
        "quiet_hours": [_layer_json(layer) for layer in new.quiet_hours], "occasion": new.occasion,
    }


@lru_cache(maxsize=1024)
def quiet_hours_in(payload: str) -> tuple[QuietHoursLayer, ...]:
    """The layers of quiet hours, as they were, in a payload's text; the same tuple for the same text."""
    return tuple(_layer(raw) for raw in json_of(payload)["quiet_hours"])


def _layer_json(layer: QuietHoursLayer) -> object:
    if not isinstance(layer, QuietHours):
        return layer
    return {**_hours_json(layer), "by_country": {country: _hours_json(hours) for country, hours in layer.by_country.items()}}


def _hours_json(hours: QuietHours | CountryHours) -> dict[str, object]:
    return {
        "start": None if hours.start is None else hours.start.isoformat(),
        "end": None if hours.end is None else hours.end.isoformat(),
        "days_off": sorted(hours.days_off) if isinstance(hours.days_off, frozenset) else hours.days_off,
        "holidays": hours.holidays,
    }


def _layer(raw: Any) -> QuietHoursLayer:
    if not isinstance(raw, dict):
        return "ignore" if raw == "ignore" else None
    by_country = {country: CountryHours(**_hours(hours)) for country, hours in raw["by_country"].items()}
    return QuietHours(**_hours(raw), by_country=by_country)


def _hours(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "start": None if raw["start"] is None else time.fromisoformat(raw["start"]),
        "end": None if raw["end"] is None else time.fromisoformat(raw["end"]),
        "days_off": frozenset(raw["days_off"]) if isinstance(raw["days_off"], list) else raw["days_off"],
        "holidays": raw["holidays"],
    }
