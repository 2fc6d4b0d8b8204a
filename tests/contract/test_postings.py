"""Events out, on both databases: every touch once and in order, whatever commits when, whoever dies, and whatever is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from engage.delivery.posting import LEASE, Poster
from engage.delivery.retries import WEBHOOK_SCHEDULE
from engage.model.errors import InputError, Rejected, SendError, Unavailable, Unconfirmed
from engage.model.history import Kind, Touch
from engage.model.outlets import Outlet
from engage.store.database import Database
from engage.store.feedback import postings as module
from engage.store.feedback.horizon import Horizon
from engage.store.feedback.postings import SqlPostings
from engage.store.rows.rows import add_touches
from engage.store.schema.tables import postings, touches
from tests.builders import NOON, a_campaign, a_workspace
from tests.contract.store_benches import Bench
from tests.waiting import until

T = TypeVar("T")
CRM = Outlet(name="crm", url="https://crm.example.com/", secret="whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")


class Loop:
    """Runs what a test awaits."""

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return asyncio.run(coroutine)


class Crm:
    """A receiver that keeps what it is told; `errors` are raised first, after it was told where they say that it may have been."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.errors: list[SendError | BaseException] = []

    async def tell(self, body: str, *, key: str) -> None:
        error = self.errors.pop(0) if self.errors else None
        if not isinstance(error, Rejected | Unavailable):
            self.keys.append(key)
            self.bodies.append(json.loads(body))
        if error is not None:
            raise error

    @property
    def ids(self) -> list[int]:
        return [body["data"]["id"] for body in self.bodies]


class World:
    """A database, one webhook, and who tells it."""

    def __init__(self, database: Database, outlet: Outlet = CRM) -> None:
        self.database = database
        self.outlet = outlet
        self.crm = Crm()
        self.bench = Bench(database=database)
        workspace = a_workspace(a_campaign())
        self.workspace = replace(workspace, settings=replace(workspace.settings, webhooks={outlet.name: outlet}))
        self.postings = SqlPostings(database, workspace=lambda: self.workspace)
        self.poster = self.another()
        self.postings.begin([outlet.name])

    def another(self) -> Poster:
        return Poster(
            SqlPostings(self.database, workspace=lambda: self.workspace), outlets=lambda: self.workspace.settings.webhooks,
            receivers=lambda: {self.outlet.name: self.crm}, loop=Loop(), seconds=lambda: 0.0,
        )

    def add(self, number: int = 1, **changes: Any) -> list[int]:
        before = set(self.ids())
        with self.database.begin() as connection:
            add_touches(connection, [Touch(**{"at": NOON, "contact_id": None, "kind": Kind.SENT, **changes}) for _ in range(number)])
        return sorted(set(self.ids()) - before)

    def ids(self) -> list[int]:
        with self.database.read() as connection:
            return list(connection.scalars(sa.select(touches.c.id).order_by(touches.c.id)))

    def drain(self) -> list[int]:
        """What the webhook has been told by now."""
        self.poster.drain(self.outlet)
        return self.crm.ids

    def make_due(self) -> None:
        with self.database.begin() as connection:
            connection.execute(sa.update(postings).values(due_at=NOON - timedelta(days=3650)))

    def standing(self) -> dict[str, Any]:
        (row,) = self.postings.standings(now=NOON + timedelta(minutes=1))
        return dict(row)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


@pytest.fixture
def two_connections(postgres_url: str) -> Iterator[World]:
    database = Database.open(postgres_url)
    yield World(database)
    database.close()


def test_touches_are_told_once_and_in_order_from_when_the_webhook_came(database: Database) -> None:
    Bench(database=database)
    with database.begin() as connection:
        add_touches(connection, [Touch(at=NOON, contact_id=None, kind=Kind.SENT)])
    world = World(database)
    first = world.add(120)
    assert world.drain() == first
    assert world.drain() == first
    assert world.drain() + world.add() == world.drain()


def test_what_is_told_is_the_touch_under_a_name_of_its_own_and_nothing_private(world: World) -> None:
    (who,) = world.bench.add_contacts(1)
    detail = {"code": "250", "reply": "Hi c1@example.com"}
    (id_,) = world.add(contact_id=who, campaign="birthday", private={"address": "c1@example.com"}, detail=detail, provider_id="A1")
    world.drain()
    assert world.crm.keys == [f"touch_{id_}_{int(NOON.timestamp()) * 1_000_000}"]
    assert world.crm.bodies == [{
        "type": "touch.sent", "timestamp": NOON.isoformat().replace("+00:00", "Z"),
        "data": {
            "id": id_, "at": NOON.isoformat().replace("+00:00", "Z"), "kind": "sent", "campaign": "birthday", "detail": {"code": "250"},
            "contact": {"id": who},
        },
    }]


def test_only_the_fields_that_are_asked_for_are_told_along(database: Database) -> None:
    world = World(database, replace(CRM, fields=("external_id", "country", "locale")))
    (who,) = world.bench.add_contacts(1)
    world.add(contact_id=who)
    world.drain()
    assert world.crm.bodies[0]["data"]["contact"] == {"id": who, "external_id": "c1", "country": "SI"}


def test_what_a_webhook_does_not_want_is_passed_over_however_much_it_is(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEARCHED", 10)
    world = World(database, replace(CRM, kinds=frozenset({Kind.SENT}), campaigns=frozenset({"birthday"})))
    wanted = world.add(campaign="birthday")
    world.add(35, kind=Kind.DEFERRED, campaign="birthday")
    world.add(campaign="newsletter")
    wanted += world.add(campaign="birthday")
    world.add(12, kind=Kind.DEFERRED)
    assert world.drain() == wanted
    assert world.standing()["behind"] == 0.0


def test_a_touch_whose_transaction_commits_late_is_not_passed_over(two_connections: World) -> None:
    world = two_connections
    with world.database.engine.connect() as slow:
        late = slow.begin()
        add_touches(slow, [Touch(at=NOON, contact_id=None, kind=Kind.SENT)])
        early = world.add()
        assert world.drain() == []  # the lower id may still come
        late.commit()
    assert world.drain() == world.ids()
    assert world.ids()[1:] == early


def test_an_id_that_was_drawn_before_anything_was_written_is_waited_for_too(two_connections: World) -> None:
    world = two_connections
    with world.database.engine.connect() as slow:
        late = slow.begin()
        add_touches(slow, [Touch(at=NOON, contact_id=None, kind=Kind.SENT, private={"text": "x"})])
        drawn = slow.scalar(sa.text("SELECT nextval('touches_id_seq')"))
        world.add()
        assert world.drain() == []
        slow.execute(touches.insert().values(id=drawn, at=NOON, kind="sent", detail={}))
        late.commit()
    assert world.drain() == world.ids()


def test_what_is_rolled_back_keeps_nobody_waiting(two_connections: World) -> None:
    world = two_connections
    with world.database.engine.connect() as slow:
        late = slow.begin()
        add_touches(slow, [Touch(at=NOON, contact_id=None, kind=Kind.SENT)])
        early = world.add()
        late.rollback()
    assert world.drain() == early


def test_the_horizon_moves_on_though_somebody_is_always_writing(two_connections: World) -> None:
    horizon, engine = Horizon(two_connections.database), two_connections.database.engine
    with engine.connect() as one, engine.connect() as other:
        first = one.begin()
        add_touches(one, [Touch(at=NOON, contact_id=None, kind=Kind.SENT)])
        assert horizon.look() is None
        second = other.begin()
        add_touches(other, [Touch(at=NOON, contact_id=None, kind=Kind.SENT)])
        first.commit()
        assert horizon.look() == two_connections.ids()[-1]
        second.rollback()


def test_a_kill_between_the_answer_and_the_cursor_tells_the_same_again_under_the_same_name(world: World) -> None:
    told = world.add(3)
    world.crm.errors = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        world.drain()
    assert world.drain() == told[:1]  # the dead one's lease still lasts
    world.make_due()
    assert world.drain() == [told[0], *told]
    assert world.crm.keys[0] == world.crm.keys[1]


def test_a_hand_whose_lease_has_ended_writes_nothing(world: World) -> None:
    told = world.add(3)
    dead = world.postings.take(CRM, "", limit=1, lease=-LEASE)
    assert dead is not None
    assert world.drain() == told
    world.postings.settle(dead, position=0, failure=None)
    assert world.drain() == told


@pytest.mark.parametrize("error", [
    Unavailable("no connection"), Unconfirmed("no answer"), Rejected("the endpoint answers 400", code="400"),
])
def test_a_touch_that_is_not_taken_is_tried_again_before_any_later_one(world: World, error: SendError) -> None:
    told = world.add(3)
    world.crm.errors = [error]
    world.drain()
    assert world.standing() | {"since": None} == {
        "webhook": "crm", "state": "failing", "position": told[0] - 1, "attempts": 1, "behind": 60.0, "since": None,
        "reason": error.code or type(error).__name__, "replays": 0,
    }
    before = len(world.crm.ids)
    assert len(world.drain()) == before  # not before its time
    world.make_due()
    assert world.drain()[before:] == told
    assert world.standing()["state"] == "well"


def test_a_retry_waits_as_the_schedule_says_and_as_the_webhook_asks(world: World) -> None:
    world.add()
    world.crm.errors = [Unavailable("busy", code="429", retry_after=900.0)]
    world.drain()
    with world.database.read() as connection:
        later = sa.select(postings.c.due_at > sa.bindparam("then", type_=postings.c.due_at.type))
        now = connection.execute(sa.select(world.database.now)).scalar_one()
        assert connection.scalar(later, {"then": now + timedelta(seconds=850)})


def test_a_webhook_that_is_gone_is_told_nothing_more_until_people_say_so(world: World) -> None:
    told = world.add(2)
    world.crm.errors = [Rejected("the endpoint answers 410", code="410")]
    world.drain()
    world.make_due()
    assert world.drain() == []
    assert (world.standing()["state"], world.standing()["reason"]) == ("disabled", "410")
    with pytest.raises(InputError, match="disabled"):
        world.postings.replay("crm", since=NOON, before=None, now=NOON)
    assert world.postings.resume("crm", skip=False) == 1
    assert world.drain() == told
    assert world.postings.resume("crm", skip=False) == 0


def test_a_webhook_that_fails_for_days_is_disabled(world: World) -> None:
    world.add()
    world.crm.errors = [Unavailable("no connection") for _ in range(len(WEBHOOK_SCHEDULE) + 1)]
    for attempt in range(len(WEBHOOK_SCHEDULE) + 1):
        assert world.standing()["state"] != "disabled", attempt
        world.make_due()
        world.drain()
    assert world.standing()["state"] == "disabled"


def test_people_may_pass_over_what_is_never_taken(world: World) -> None:
    told = world.add(3)
    world.crm.errors = [Rejected("the endpoint answers 422", code="422")]
    world.drain()
    assert world.postings.resume("crm", skip=True) == 1
    assert world.drain() == told[1:]


def test_a_replay_tells_a_span_again_under_the_same_names_and_then_is_over(world: World) -> None:
    told = [id_ for day in range(4) for id_ in world.add(2, at=NOON + timedelta(days=day))]
    world.drain()
    keys = list(world.crm.keys)
    span = {"since": NOON + timedelta(days=1), "before": NOON + timedelta(days=3)}
    assert world.postings.replay("crm", **span, now=NOON) == 4
    assert world.standing()["replays"] == 1
    new = world.add()
    assert sorted(world.drain()[len(told):]) == sorted([*told[2:6], *new])
    assert set(world.crm.keys[len(told):]) >= set(keys[2:6])
    assert world.standing()["replays"] == 0
    assert world.postings.replay("crm", since=NOON + timedelta(days=30), before=None, now=NOON) == 0


def test_a_tick_sets_each_webhook_to_work_once_and_tells_what_broke_off(world: World) -> None:
    told = world.add(2)
    until(lambda: world.poster.look() or world.crm.ids == told)
    world.poster.stop()
    world.add()
    world.poster.look()
    assert world.crm.ids == told
    broken = world.another()
    world.crm.errors = [ZeroDivisionError()]
    broken.look()
    with pytest.raises(ZeroDivisionError):
        until(lambda: broken.look() is not None)
    broken.stop()
