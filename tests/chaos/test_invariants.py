"""The invariant checker itself: each thing that may go wrong, made up, is found; and what went right is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from tests.chaos.evidence import Evidence, Mark, Row, Withdrawal
from tests.chaos.invariants import judge
from tests.chaos.received import Taken

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUIET = (time(21), time(8))
ROW = Row(
    id=1, contact="c1", zone="Africa/Lagos", campaign="held", channel="email", state="sent", on_unknown="hold", resends=0, sending_at=NOON,
    run_key="wave-1",
)
COPY = Taken(at=NOON.timestamp() + 0.1, channel="smtp", key="<d1.abc@x>", address="c1@example.com", told=True)
SENT = Mark(delivery_id=1, kind="sent", reason=None, at=NOON)
GOOD = Evidence(
    taken=[COPY], rows={1: ROW}, marks=[SENT], expected=frozenset({("held", "c1", "wave-1")}), keys={1: frozenset({"<d1.abc@x>"})}
)
NIGHT = replace(ROW, sending_at=NOON.replace(hour=20))
"""In Lagos it is nine in the evening."""

RESENT = replace(ROW, on_unknown="resend", resends=1)
UNKNOWN = Mark(delivery_id=1, kind="unknown", reason="crash", at=NOON)


def found(**changed: object) -> str:
    return "\n".join(judge(replace(GOOD, **changed), quiet=QUIET).broken)


def test_a_run_in_which_all_went_well_is_not_found_fault_with() -> None:
    assert found() == ""
    assert found(rows={1: RESENT}, marks=[UNKNOWN, SENT], taken=[COPY, COPY]) == ""
    assert found(withdrawals=[Withdrawal(contact="c1", delivery_id=1, answered=NOON.timestamp() + 1)],
                 withdrawn_in_ledger=frozenset({("c1", "held")})) == ""


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rows": {}, "marks": [], "taken": []}, "accepted and no row"),
        ({"rows": {1: ROW, 2: replace(ROW, id=2)}, "taken": [COPY, replace(COPY, key="<d2.abc@x>")],
          "marks": [SENT, replace(SENT, delivery_id=2)]}, "more rows than one"),
        ({"expected": frozenset()}, "nobody asked for"),
        ({"taken": []}, "nobody took it"),
        ({"taken": [replace(COPY, key="<d1.other@x>")]}, "under a key"),
        ({"rows": {1: replace(ROW, state="failed")}, "marks": [replace(SENT, kind="failed")]}, "its row says otherwise"),
        ({"taken": [COPY, COPY]}, "more copies"),
        ({"rows": {1: RESENT}, "marks": [UNKNOWN, SENT], "taken": [COPY] * 3}, "more copies"),
        ({"rows": {1: replace(RESENT, resends=2)}, "marks": [UNKNOWN, UNKNOWN, SENT]}, "resent more than once"),
        ({"marks": []}, "the history of 1"),
        ({"marks": [SENT, SENT]}, "the history of 1"),
        ({"rows": {1: NIGHT}}, "cleared in quiet hours"),
        ({"taken": [replace(COPY, at=NOON.replace(hour=20, minute=5).timestamp())]}, "taken in quiet hours"),
        ({"withdrawals": [Withdrawal(contact="c1", delivery_id=1, answered=NOON.timestamp() - 1)],
          "withdrawn_in_ledger": frozenset({("c1", "held")})}, "after its withdrawal"),
        ({"withdrawals": [Withdrawal(contact="c1", delivery_id=1, answered=NOON.timestamp() + 1)]}, "not in the ledger"),
        ({"rows": {1: replace(ROW, state="waiting")}, "marks": []}, "not final"),
        ({"leases": 1}, "1 leases are left"),
        ({"pending_events": 2}, "never drawn"),
    ],
)
def test_what_went_wrong_is_found(changed: dict[str, object], said: str) -> None:
    assert said in found(**changed)


def test_the_second_of_a_day_is_over_the_limit() -> None:
    rows = {number: replace(ROW, id=number, campaign="capped", run_key=f"wave-{number}") for number in (1, 2)}
    copies = [replace(COPY, key=f"<d{number}.abc@x>") for number in rows]
    assert "more than the limit: 1, as c1: 2" in found(rows=rows, taken=copies)


def test_a_message_that_was_frozen_on_its_way_into_the_night_is_not_held_against_anybody() -> None:
    late = NOON.replace(hour=20, minute=0, second=20).timestamp()
    assert "taken in quiet hours" in found(taken=[replace(COPY, at=late)])
    assert "taken in quiet hours" not in found(taken=[replace(COPY, at=late)], frozen=[(late - 40, late - 1)])
