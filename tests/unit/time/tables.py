"""Tables of cases as people read them: one row a case, columns between bars, `why` the last and the case's name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engage.model.localtime import zone
from engage.model.triggers import DateTrigger, ScheduleTrigger
from tests.small import small_workspace


def table(text: str) -> Any:
    """The rows below the table's heads as the parameters of a test, which takes every column but `why` as text."""
    heads, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    assert all(len(row) == len(heads) for row in rows), [row for row in rows if len(row) != len(heads)]
    return pytest.mark.parametrize(heads[:-1], [pytest.param(*row[:-1], id=row[-1]) for row in rows])


def utc(text: str) -> datetime:
    """An instant as tables write it: `2026-03-29 01:30`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def stretch(text: str) -> tuple[datetime, datetime]:
    """A stretch of time as tables write it: `2027`, `2026 to 2028` (years as a whole), `2026-03-28 to 03-30`, with hours or without."""
    first, _, last = text.partition(" to ")
    if len(first) == 4:
        return utc(f"{first}-01-01"), utc(f"{int(last or first) + 1}-01-01")
    return utc(first), utc(last if last[4] == "-" else f"{first[:5]}{last}")


def shown(moment: datetime | None, like: str = "%Y-%m-%d %H:%M") -> str:
    """The instant as tables write it; `never` where there is none."""
    if moment is None:
        return "never"
    assert moment.utcoffset() == UTC.utcoffset(None)
    return moment.strftime(like)


def places(names: str) -> tuple[Any, ...]:
    """The zones of a cell, between commas."""
    return tuple(zone(name.strip()) for name in names.split(","))


def date_trigger(settings: str) -> DateTrigger:
    """The trigger on `birth_date` that a campaign file with these settings has (at 09:00 unless they say otherwise)."""
    at = "" if "at:" in settings else ", at: 09:00"
    made = _trigger(f"{{date: birth_date{at}{', ' if settings else ''}{settings}}}")
    assert isinstance(made, DateTrigger)
    return made


def schedule_trigger(settings: str) -> ScheduleTrigger:
    """The trigger that a campaign file with these settings has."""
    made = _trigger(f"{{schedule: {settings}}}")
    assert isinstance(made, ScheduleTrigger)
    return made


def _trigger(text: str) -> Any:
    file = f"title: A case\npurpose: care\nstatus: live\ntrigger: {text}\nsend: birthday\nchannels: [email]\n"
    return small_workspace(**{"campaigns/birthday.yaml": file}).campaigns["birthday"].trigger
