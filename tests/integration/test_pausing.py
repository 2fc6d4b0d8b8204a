"""A pause under load: two workers with batches in hand, in the middle of waiting for the provider's rate."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from engage.model.contact import Event
from engage.store.schema.tables import batches, deliveries
from tests.integration.ticket_desk import SETTINGS, make_desk
from tests.servers.processes import Ground, ground
from tests.servers.smtp import SmtpServer
from tests.waiting import until
from workers.embedded import find_server
from workers.office import OnDisk
from workers.wiring import Wired

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_server(os.environ) is None and not os.environ.get("ENGAGE_CI"), reason="no Valkey binary fits this machine"),
]
SLOW = SETTINGS.replace('aurora.example>"}', 'aurora.example>", rate: 40/s}')
PEOPLE, WAVE, WAVES = 600, 60, 10


@pytest.fixture
def desk(tmp_path: Path, smtp: SmtpServer) -> Iterator[Ground]:
    root = make_desk(tmp_path / "desk", contacts=PEOPLE, smtp_url=smtp.url)
    (root / "engage.yaml").write_text(SLOW)
    with ground(root) as made:
        yield made


def close(wired: Wired, numbers: range) -> None:
    now = wired.clock.now()
    for number in numbers:
        event = Event(id=f"closed-{number}", type="ticket.closed", at=now, data={"ticket_id": f"T-{number}"}, contact_ref=f"c{number}")
        wired.planner.happen(event, now=now)
    wired.nudge()


def at_work(wired: Wired) -> int:
    """How many processes have a batch in hand."""
    with wired.database.read() as connection:
        owners = connection.scalars(sa.select(batches.c.owner)).all()
    return len({":".join(owner.split(":")[:2]) for owner in owners})


def states(wired: Wired) -> Counter[tuple[str, str | None]]:
    with wired.database.read() as connection:
        return Counter({(state, hold): number for state, hold, number in connection.execute(_STATES)})


_STATES = sa.select(deliveries.c.state, deliveries.c.hold, sa.func.count()).group_by(deliveries.c.state, deliveries.c.hold)


def test_no_hand_off_begins_after_a_pause_and_after_it_everything_goes_once(desk: Ground, smtp: SmtpServer) -> None:
    workers = [desk.start("worker").started() for _ in range(2)]
    with OnDisk(desk.root).engaged() as wired:
        waves, closed = count(), 0

        def both_are_at_work() -> bool:
            nonlocal closed
            if closed < PEOPLE and states(wired)["waiting", None] < WAVES * WAVE // 4:
                start = WAVE * next(waves)
                close(wired, range(start, start + WAVE))
                closed = start + WAVE
            return at_work(wired) == 2 and len(smtp.messages) > 0 and states(wired)["waiting", None] > WAVE

        until(both_are_at_work, seconds=60)
        wired.operations.pause("all", "", now=wired.clock.now())
        paused_at = datetime.now(UTC)
        until(lambda: not states(wired)["sending", None] and not states(wired)["waiting", None], seconds=60)
        held = states(wired)["waiting", "paused"]
        with wired.database.read() as connection:
            last: datetime | None = connection.scalar(sa.select(sa.func.max(deliveries.c.sending_at)))
        assert last is not None
        assert last <= paused_at
        assert held > 0
        assert len(smtp.messages) == closed - held
        wired.operations.resume("all", "", now=wired.clock.now())
        wired.nudge()
        until(lambda: states(wired) == {("sent", None): closed}, seconds=60)
    sent = Counter(recipient for message in smtp.messages for recipient in message.recipients)
    assert sent == Counter(f"c{number}@example.com" for number in range(closed))
    assert [worker.stop() for worker in workers] == [0, 0]
