"""Faults of the fault suite happen at the passage that is meant, and in no process that does not allow them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from engage.delivery.points import Point, unheard
from engage.model.errors import InputError
from workers.faults import Fault, armed, reached_by


def test_a_process_without_faults_pays_nothing_at_a_point() -> None:
    assert reached_by({"ENGAGE_FAULTS": "allowed"}) is unheard


@pytest.mark.parametrize("allowed", [{}, {"ENGAGE_FAULTS": "yes"}])
def test_a_fault_is_refused_where_nobody_allowed_it(allowed: dict[str, str]) -> None:
    with pytest.raises(InputError, match="ENGAGE_FAULTS=allowed"):
        reached_by({"ENGAGE_FAULT": "claimed:kill:1", **allowed})


@pytest.mark.parametrize("text", ["claimed", "nowhere:kill:1", "claimed:explode:1", "claimed:kill:0", "claimed:kill:soon", "claimed:kill"])
def test_a_fault_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="POINT:ACTION:PASSAGE"):
        reached_by({"ENGAGE_FAULT": text, "ENGAGE_FAULTS": "allowed"})


def test_it_happens_once_at_the_passage_that_is_meant_and_is_written_down_before(tmp_path: Path) -> None:
    log, done = tmp_path / "faults", []
    fault = Fault(point=Point.ACCEPTED, action="stop", passage=2)
    reached = armed(fault, log=str(log), act=lambda pid, number: done.append((pid, number, log.read_text())))
    for point in (Point.ACCEPTED, Point.RECORDED, Point.ACCEPTED, Point.ACCEPTED):
        reached(point)
    ((pid, number, written),) = done
    assert (pid, number) == (os.getpid(), signal.SIGSTOP)
    assert json.loads(written) | {"at": 0} == {"pid": os.getpid(), "point": "accepted", "action": "stop", "at": 0}
