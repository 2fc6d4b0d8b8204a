"""Where an error came from: our own frames and the innermost of all, never its words."""

from __future__ import annotations

import json

import pytest

from engage.delivery.judging import Judge
from engage.model.places import MOST, places_of
from engage.store.engines import _read_json

ADDRESS = "ana@example.com"


def raised(work: object, *given: object) -> BaseException:
    with pytest.raises(Exception) as told:  # noqa: PT011  # whatever it is, its places are asked for
        work(*given)  # type: ignore[operator]  # each case hands over what it calls
    return told.value


def test_an_error_of_a_library_shows_our_frame_and_the_innermost_of_all() -> None:
    places = places_of(raised(_read_json, f"{ADDRESS} is no JSON"))
    assert [place.split(":")[0] for place in places] == ["store/engines.py", "json/decoder.py"]
    assert [place.split()[-1] for place in places] == ["_read_json", "raw_decode"]
    assert ADDRESS not in str(places)


def test_an_error_of_ours_shows_its_own_frame_last_and_once() -> None:
    places = places_of(raised(Judge.decide, None, None))
    assert [place.split()[-1] for place in places] == ["decide"]


def test_an_error_that_never_was_in_our_code_shows_its_last_frames() -> None:
    places = places_of(raised(json.loads, ADDRESS))
    assert places[-1].startswith("json/decoder.py:")
    assert 1 < len(places) <= MOST
    assert ADDRESS not in str(places)
