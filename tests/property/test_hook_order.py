"""What a help desk tells of a ticket comes to the same in whatever order, and however often, it is posted."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.store.database import Database
from engage.store.schema.tables import events, runs
from tests.engine import MONDAY, Works
from tests.hooking import Front
from tests.small import FILES, small_workspace
from tests.unit.hooks.desk import SECRET, zendesk

STATUSES = ("OPEN", "PENDING", "SOLVED", "CLOSED", "HOLD")
SETTINGS = FILES["engage.yaml"] + f"hooks: {{zendesk: {{secret: {SECRET}}}}}\n"


def told_in(works: Works, bodies: list[bytes]) -> tuple[object, ...]:
    """Post all of it, let two weeks go by, and tell what went out and how the runs ended."""
    front = Front(works)
    for body in bodies:
        front.post(zendesk(body, at=works.clock.now()))
    works.settle()
    with works.database.begin() as connection:
        stored = sorted(map(tuple, connection.execute(sa.select(events.c.id, events.c.type, events.c.at))))
        begun = sorted(map(tuple, connection.execute(sa.select(runs.c.key, runs.c.intended_at).where(runs.c.state == "active"))))
    return stored, begun


@st.composite
def histories(draw: st.DrawFn) -> list[bytes]:
    """A ticket's changes of status, an hour apart."""
    statuses = ["OPEN", *draw(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=5))]
    return [
        json.dumps({
            "type": "zen:event-type:ticket.status_changed", "id": f"e{hour}", "time": (MONDAY - timedelta(hours=9 - hour)).isoformat(),
            "detail": {"id": "7", "requester_id": "ana", "tags": [], "via": {"channel": "web"}},
            "event": {"previous": before, "current": after},
        }).encode()
        for hour, (before, after) in enumerate(pairwise(statuses)) if before != after
    ]


def works_anew() -> Works:
    database = Database.open("sqlite://")
    database.migrate()
    works = Works(database, small_workspace(**{"engage.yaml": SETTINGS}))
    works.know("ana")
    return works


@settings(max_examples=12)
@given(st.data())
def test_the_order_and_the_number_of_posts_change_nothing(data: st.DataObject) -> None:
    bodies = data.draw(histories())
    again = data.draw(st.permutations([*bodies, *bodies]))
    one, other = works_anew(), works_anew()
    try:
        assert told_in(one, bodies) == told_in(other, list(again))
    finally:
        one.close()
        other.close()
