"""An event's trace is kept with it and with the run that it begins."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from engage.contacts.zones import names_behind
from engage.model.contact import Event
from engage.model.triggers import EventTrigger
from engage.planning.planner import Planner
from engage.store.database import Database
from engage.store.schema.tables import events, runs
from tests.builders import NOON, a_campaign, a_workspace
from tests.contract.store_benches import Bench
from tests.spans import TRACEPARENT


def test_a_run_keeps_the_trace_of_the_event_by_which_it_began(database: Database) -> None:
    bench = Bench(database=database, workspace=a_workspace(a_campaign(trigger=EventTrigger(event="ticket.closed"))))
    bench.add_contacts(2)
    planner = Planner(bench.planning, workspace=lambda: bench.workspace, versions=lambda name, version: None, zones_of=names_behind)
    for number, trace in enumerate([TRACEPARENT, None], start=1):
        told = Event(id=f"e{number}", type="ticket.closed", at=NOON, data={}, contact_ref=f"c{number}", received_at=NOON, trace=trace)
        planner.happen(told, now=NOON + timedelta(seconds=1))
    with database.read() as connection:
        assert connection.scalars(sa.select(events.c.trace).order_by(events.c.id)).all() == [TRACEPARENT, None]
        assert connection.scalars(sa.select(runs.c.trace).order_by(runs.c.id)).all() == [TRACEPARENT, None]
