"""What comes back of a message comes to the same in whatever order, and however often, it is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.feedback import Feedback, Response
from engage.model.history import Kind
from engage.model.responses import RESPONSES
from engage.store.database import Database
from engage.store.feedback.responses import SqlFeedback
from engage.store.schema.ledger import suppressions
from engage.store.schema.tables import deliveries, events, touches
from tests.builders import NOON
from tests.contract.store_benches import Bench

HOUR = timedelta(hours=1)
REPEATED = (Kind.OPENED, Kind.CLICKED, Kind.REPLIED)


@st.composite
def responses(draw: st.DrawFn) -> Response:
    """Something that came back of the message."""
    kind = draw(st.sampled_from(sorted(RESPONSES)))
    return Response(
        kind=kind, delivery_id=1, at=NOON + draw(st.integers(-2, 5)) * HOUR, machine=kind in REPEATED and draw(st.booleans()),
        url=draw(st.sampled_from([None, "https://a.example/x", "https://a.example/y"])) if kind is Kind.CLICKED else None,
        reason=draw(st.sampled_from([None, "soft", "4.2.2", "5.1.1", "5.7.1"])) if kind is Kind.BOUNCED else None,
    )


def told(bench: Bench, batches: Sequence[Sequence[Response]]) -> tuple[object, ...]:
    """Tell all of it; what is written then, but for which of the doubled reports was the first."""
    feedback = Feedback(SqlFeedback(bench.database, workspace=lambda: bench.workspace), workspace=lambda: bench.workspace)
    for batch in batches:
        feedback.take(batch, now=NOON + 24 * HOUR)
    with bench.database.begin() as connection:
        rows = connection.execute(sa.select(touches).where(touches.c.kind.in_(list(RESPONSES)))).mappings().all()
        known = sorted({  # a worse bounce stands beside the one before it, and a lesser one that comes later does not
            (row["kind"], str(row["at"]) if row["kind"] in REPEATED else "", *(str(row["detail"].get(key)) for key in ("url", "machine")))
            for row in rows
        })
        kinds = sorted(connection.scalars(sa.select(events.c.type)))
        blocked = connection.scalar(sa.select(sa.func.count()).select_from(suppressions))
        for table in (events, suppressions):
            connection.execute(table.delete())
        connection.execute(touches.delete())
        connection.execute(sa.text("DELETE FROM consents"))
    return known, kinds, blocked


@pytest.fixture(scope="module")
def bench() -> Bench:
    """Somebody who was sent one message."""
    database = Database.open("sqlite://")
    database.migrate()
    bench = Bench(database=database)
    (delivery_id,) = bench.add_deliveries(1)
    lease = bench.claimed()
    bench.hand_off(lease, delivery_id)
    with database.begin() as connection:
        connection.execute(sa.update(deliveries).values(state="sent", batch_id=None))
    return bench


@settings(max_examples=30)
@given(st.data())
def test_the_order_and_the_number_of_reports_change_nothing(bench: Bench, data: st.DataObject) -> None:
    apart = lambda each: each if each.kind in REPEATED else (each.kind, each.reason)  # noqa: E731  # what makes it another report
    single = data.draw(st.lists(responses(), max_size=6, unique_by=apart))
    again = data.draw(st.permutations([*single, *single]))
    assert told(bench, [single]) == told(bench, [again[:5], again[5:]])
