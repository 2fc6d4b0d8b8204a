"""What a simulation asks of its database goes straight to the driver: SQLAlchemy is asked no more for a month than for a week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engage.contacts.ports import Person
from engage.model.history import Kind
from engage.model.workspace import Workspace
from engage.simulation.timeline import Script
from tests.small import small_workspace
from workers.simulations import only
from workers.stage import Stage

START = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = [
    Person(attributes={
        "external_id": f"c{day}", "email": f"c{day}@example.com", "birth_date": date(1990, 3, day), "country": "SI", "status": "active",
        "timezone": "Europe/Ljubljana" if day % 2 else "Asia/Manila",
    })
    for day in range(1, 29)
]
CAMPAIGN = "purpose: care\nstatus: live\ntrigger: {date: birth_date, at: 09:00}\nchannels: [email]\n"
STEPS = "steps:\n  - send: birthday\n  - wait: 1h\n  - {send: birthday, when: contact.country == 'SI'}\n"


def played(workspace: Workspace, *, days: int) -> tuple[int, int]:
    """How many messages were sent, and how many statements went SQLAlchemy's way."""
    asked: list[str] = []

    def note(*arguments: Any) -> None:
        asked.append(arguments[2])

    with Stage(workspace, start=START) as stage:
        stage.people.upsert(PEOPLE, now=START - timedelta(days=2))
        sa.event.listen(stage.database.engine, "before_cursor_execute", note)
        lines = list(stage.play(start=START, end=START + timedelta(days=days), script=Script()))
    return sum(line.touch.kind is Kind.SENT for line in lines), len(asked)


def test_a_month_asks_no_more_of_sqlalchemy_than_a_week() -> None:
    workspace = only(small_workspace(**{"campaigns/birthday.yaml": CAMPAIGN + STEPS}), "birthday")
    played(workspace, days=28)  # each statement is known from the second time on
    week, month = played(workspace, days=7), played(workspace, days=28)
    assert (week[0], month[0]) == (14, 56)
    assert week[1] == month[1]
