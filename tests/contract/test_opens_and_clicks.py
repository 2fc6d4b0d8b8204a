"""What is opened and followed, once it is written: webhooks hear of it, reports count people and machines apart, retention ends it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engage.delivery.posting import Poster
from engage.history.report import campaign_json
from engage.model.history import Kind
from engage.model.retention import Retained
from engage.store.database import Database
from engage.store.feedback.postings import SqlPostings
from engage.store.history.reports import SqlReports
from engage.store.people.keeping import SqlKeeping
from engage.store.schema.tables import events
from tests.contract.test_postings import CRM, Crm, Loop
from tests.engine import MONDAY, Works
from tests.small import FILES, small_workspace

DAY = timedelta(days=1)
SHOP = "https://shop.example.com/?utm_source=engage"
SETTINGS = FILES["engage.yaml"] + (
    "retention: {opens_clicks: 2d}\n"
    f'webhooks:\n  crm: {{url: "{CRM.url}", secret: "{CRM.secret}", kinds: [opened, clicked]}}\n'
)


@pytest.fixture
def works(database: Database) -> Iterator[Works]:
    """Two people were asked how it was; ana opened the mail and followed two links, of bor's only a scanner did."""
    works = Works(database, small_workspace(**{"engage.yaml": SETTINGS}))
    postings(works).begin(["crm"])
    works.know("ana", "bor")
    for label in ("ana", "bor"):
        works.happen("ticket.closed", label, ticket_id=label)
    works.play(MONDAY + 2 * DAY)
    works.clock.move(MONDAY + 2 * DAY)
    works.respond(Kind.OPENED, "csat", "ana", source="link", id="1")
    works.respond(Kind.CLICKED, "csat", "ana", source="link", id="2", url=SHOP)
    works.respond(Kind.CLICKED, "csat", "ana", source="link", id="3", url=f"{SHOP}&more")
    works.respond(Kind.OPENED, "csat", "bor", source="link", id="4", machine=True, reason="proxy")
    works.respond(Kind.CLICKED, "csat", "bor", source="link", id="5", url=SHOP, machine=True, reason="scanner")
    works.settle()
    yield works
    works.close()


def postings(works: Works) -> SqlPostings:
    return SqlPostings(works.database, workspace=lambda: works.workspace)


def test_webhooks_hear_of_each_and_that_it_was_a_machine(works: Works) -> None:
    crm = Crm()
    outlets = works.workspace.settings.webhooks
    poster = Poster(postings(works), outlets=lambda: outlets, receivers=lambda: {"crm": crm}, loop=Loop(), seconds=lambda: 0.0)
    poster.drain(outlets["crm"])
    ana, bor = (contact.id for label in ("ana", "bor") if (contact := works.people.find(label)) is not None)
    told = [(body["type"], body["data"]["contact"]["id"], body["data"].get("detail", {}).get("machine", False)) for body in crm.bodies]
    assert told == [
        ("touch.opened", ana, False), ("touch.clicked", ana, False), ("touch.clicked", ana, False), ("touch.opened", bor, True),
        ("touch.clicked", bor, True),
    ]
    assert {body["data"]["message"] for body in crm.bodies} == {"csat"}
    assert "shop.example.com" not in str(crm.bodies)  # a template may put anything into a link


def test_the_report_counts_messages_of_people_and_machines_apart(works: Works) -> None:
    found = SqlReports(works.database, workspace=lambda: works.workspace).campaign("follow_up")
    assert {kind: found.total.counts[kind] for kind in (Kind.SENT, Kind.OPENED, Kind.CLICKED)} == {
        Kind.SENT: 2, Kind.OPENED: 1, Kind.CLICKED: 1,
    }
    assert found.total.machines == {Kind.OPENED: 1, Kind.CLICKED: 1}
    told = campaign_json(found, since=None, until=None)
    assert told["clicked"] == {"count": 1, "of": 2, "rate": 0.5}


def test_retention_ends_those_of_people_and_of_machines_and_their_events(works: Works) -> None:
    keeper = SqlKeeping(works.database, workspace=lambda: works.workspace, privacy=works.privacy)
    assert [(each.kind, each.rows) for each in keeper.expire(now=MONDAY + 3 * DAY)] == [(Retained.OPENS_CLICKS, 0)]
    assert [(each.kind, each.rows) for each in keeper.expire(now=MONDAY + 5 * DAY)] == [(Retained.OPENS_CLICKS, 5)]
    assert works.touches(Kind.OPENED, Kind.CLICKED) == []
    with works.database.read() as connection:
        left = connection.scalar(sa.select(sa.func.count()).where(events.c.type.in_(["message.opened", "message.clicked"])))
    assert left == 0
    assert len(works.touches(Kind.SENT)) == 2
