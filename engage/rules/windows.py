"""Layers of quiet hours as written -> layers of the model, and the check that what they come to together is a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Literal

from engage.model.errors import Place, Problem
from engage.model.quiet_hours import CountryHours, QuietHours, QuietHoursLayer
from engage.rules.schema.quiet_hours import CountryWindow, QuietHoursField, QuietHoursMap, Window


def layer(written: QuietHoursField | None) -> QuietHoursLayer:
    """The layer that stands there."""
    return quiet_hours(written) if isinstance(written, QuietHoursMap) else written


def quiet_hours(written: QuietHoursMap) -> QuietHours:
    """The map as one layer; what was not written stays None."""
    return QuietHours(
        start=written.start, end=written.end, days_off=_days(written), holidays=written.holidays,
        by_country={code: _country(window) for code, window in written.by_country.items()},
    )


def refuse_no_window(layers: Sequence[QuietHoursLayer], place: Place, problems: list[Problem]) -> None:
    """Layers override each other key by key, so that only together they tell whether `from` and `to` make a window."""
    start: time | None = None
    end: time | None = None
    for one in layers:
        if one == "ignore":
            start = end = None
        elif isinstance(one, QuietHours):
            start, end = one.start or start, one.end or end
    if (start is None) != (end is None):
        missing = "from" if start is None else "to"
        problems.append(Problem(place=place, what=f"quiet hours need `{missing}` too: neither these nor the ones they override have it"))
    elif start is not None and start == end:
        problems.append(Problem(place=place, what=f"with the quiet hours that these override they run from {start:%H:%M} to {end:%H:%M}"))


def _days(window: Window) -> frozenset[int] | Literal["weekend"] | None:
    return frozenset(window.days_off) if isinstance(window.days_off, list) else window.days_off


def _country(window: CountryWindow) -> CountryHours:
    return CountryHours(start=window.start, end=window.end, days_off=_days(window), holidays=window.holidays)
