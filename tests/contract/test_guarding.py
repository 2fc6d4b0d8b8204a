"""`guards.stop_at`, on both databases: a campaign that does badly pauses by itself, and counts afresh once people resume it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engage.feedback.guarding import Guard
from engage.model.history import Kind, Touch
from engage.store.database import Database
from engage.store.feedback.guarding import SqlTallies
from engage.store.rows.rows import add_touches
from tests.builders import NOON
from tests.contract.store_benches import Bench
from tests.engine import Works
from tests.small import SETTINGS, small_workspace

GUARDED = f"{SETTINGS}guards: {{stop_at: {{bounces: 5%, complaints: 0.3%}}}}\n"


class Post:
    """A campaign's messages and what came back of them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.tallies = SqlTallies(bench.database)
        workspace = small_workspace(None, **{"engage.yaml": GUARDED})
        self.guard = Guard(self.tallies, workspace=lambda: workspace)
        self._last = 0

    def send(self, number: int, *, campaign: str = "birthday") -> list[int]:
        """So many messages; their deliveries."""
        ids = list(range(self._last + 1, self._last + number + 1))
        self._last += number
        self.tell(Kind.SENT, ids, campaign=campaign)
        return ids

    def tell(self, kind: Kind, deliveries: list[int], *, campaign: str = "birthday", reason: str | None = None) -> None:
        """What came of these deliveries."""
        with self.bench.database.begin() as connection:
            add_touches(connection, [
                Touch(at=NOON, contact_id=1, kind=kind, campaign=campaign, delivery_id=each, reason=reason) for each in deliveries
            ])

    def stopped(self) -> list[tuple[str, str]]:
        """What the guard stops now, and why."""
        return [(each.campaign, each.reason) for each in self.guard.look(now=NOON)]


@pytest.fixture
def post(database: Database) -> Post:
    return Post(Bench(database=database))


def test_a_campaign_of_which_too_many_bounced_is_paused_and_the_others_go_on(post: Post) -> None:
    sent = post.send(100)
    post.send(100, campaign="news")
    post.tell(Kind.BOUNCED, sent[:4])
    assert post.stopped() == []
    post.tell(Kind.BOUNCED, [sent[4], sent[4]])
    reason = "stop_at: 5 of its last 100 messages bounced (5% or more)"
    assert post.stopped() == [("birthday", reason)]
    assert [(row["scope"], row["name"], row["reason"]) for row in post.bench.operations.pauses()] == [("campaign", "birthday", reason)]
    post.tell(Kind.BOUNCED, [sent[6]])
    assert post.stopped() == []


def test_only_the_last_thousand_count(post: Post) -> None:
    early = post.send(200)
    post.send(1000)
    post.tell(Kind.BOUNCED, early)
    assert post.stopped() == []
    assert post.tallies.tally("birthday", last=1000).messages == 1000


def test_what_is_refused_at_its_hand_off_bounced(post: Post) -> None:
    post.send(95)
    post.tell(Kind.FAILED, [901, 902, 903, 904, 905], reason="rejected")
    post.tell(Kind.FAILED, [906, 907], reason="render")
    assert [reason for _, reason in post.stopped()] == ["stop_at: 5 of its last 100 messages bounced (5% or more)"]


def test_what_an_address_refused_bounced_whatever_comes_of_it_by_the_next_channel(post: Post) -> None:
    gone_on = post.send(95)[:2]
    post.tell(Kind.BOUNCED, gone_on, reason="rejected")
    post.tell(Kind.BOUNCED, [901, 902, 903, 904, 905], reason="rejected")
    post.tell(Kind.SUPPRESSED, [901, 902, 903, 904, 905], reason="no_address")
    assert [reason for _, reason in post.stopped()] == ["stop_at: 7 of its last 100 messages bounced (5% or more)"]


def test_resumed_it_counts_afresh(post: Post) -> None:
    post.tell(Kind.COMPLAINED, post.send(100)[:9])
    assert len(post.stopped()) == 1
    post.bench.operations.resume("campaign", "birthday", now=NOON)
    assert post.stopped() == []
    again = post.send(100)
    post.tell(Kind.COMPLAINED, [1, again[0]])
    assert post.stopped() == []
    post.tell(Kind.COMPLAINED, [again[1]])
    assert [reason for _, reason in post.stopped()] == ["stop_at: 2 of its last 100 messages were complained of (0.3% or more)"]


def test_a_look_is_one_query_where_nothing_came_back(post: Post) -> None:
    post.tell(Kind.BOUNCED, post.send(10)[:1])
    post.stopped()
    with post.bench.counting() as made:
        post.stopped()
    assert len([statement for statement in made if statement.startswith("SELECT touches")]) == len(made) == 1


def test_in_a_simulation_a_campaign_stops_too(database: Database) -> None:
    works = Works(database, small_workspace(None, **{"engage.yaml": GUARDED.replace("quiet_hours: {from: 21:00, to: 08:00}\n", "")}))
    works.know("ana")
    with database.begin() as connection:
        told = [(Kind.SENT, 1000 + each) for each in range(100)] + [(Kind.BOUNCED, 1000 + each) for each in range(9)]
        add_touches(connection, [Touch(at=NOON, contact_id=1, kind=kind, campaign="follow_up", delivery_id=each) for kind, each in told])
    works.settle()
    works.happen("ticket.closed", "ana", ticket_id="T-1")
    works.play(works.clock.now() + timedelta(days=3))
    assert works.sent() == []
    assert [row["name"] for row in works.operations.pauses()] == ["follow_up"]
    works.close()
