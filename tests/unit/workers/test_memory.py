"""How a process looks after its memory."""

import gc

from workers.memory import ALLOCATED, collect_rarely


def test_garbage_in_circles_is_looked_for_once_a_batch_and_not_among_what_was_there_before() -> None:
    before = gc.get_threshold()
    gc.unfreeze()
    try:
        collect_rarely()
        assert gc.get_threshold()[0] == ALLOCATED
        assert gc.get_freeze_count() > 0
    finally:
        gc.set_threshold(*before)  # what is frozen stays so, as the test run has it (tests/conftest.py)
