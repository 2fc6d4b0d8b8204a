"""A span of time is printed as people write it, and read back as the same."""

from __future__ import annotations

import pytest

from engage.model.campaign import Limit
from engage.model.time import Duration


@pytest.mark.parametrize("written", ["24h", "30m", "90s", "90m", "1mo", "3d", "-3d", "-24h", "1d12h", "-1mo2d30m", "0d"])
def test_a_duration_is_printed_as_it_is_written(written: str) -> None:
    assert str(Duration.parse(written)) == written


@pytest.mark.parametrize(("written", "printed"), [("2w", "14d"), ("1h30m", "90m"), ("3600s", "1h"), ("1m30s", "90s"), ("0h", "0d")])
def test_what_can_be_written_in_many_ways_is_printed_in_one(written: str, printed: str) -> None:
    assert str(Duration.parse(written)) == printed
    assert Duration.parse(printed) == Duration.parse(written)


def test_a_rolling_limit_reads_as_in_the_settings() -> None:
    assert str(Limit(count=3, within=Duration.parse("24h"))) == "3 per 24h"


@pytest.mark.parametrize("written", ["999999w", "5000mo", "-40000d", "100mo40000d"])
def test_a_span_that_would_leave_the_calendar_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="longer than a hundred years"):
        Duration.parse(written)
