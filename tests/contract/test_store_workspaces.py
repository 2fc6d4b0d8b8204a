"""Accepted workspaces and what operators do, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from engage.model.campaign import Status
from engage.model.delivery import CampaignState, DeliveryState
from engage.model.workspace import Workspace
from engage.store.campaigns.workspaces import SqlWorkspaces
from engage.store.database import Database
from engage.store.schema.tables import snapshots
from tests.builders import NOON, a_campaign, a_workspace
from tests.contract.store_benches import Bench, at_once, settled

FILES = {"engage.yaml": b"company: {}\n", "data/logo.png": b"\x89PNG\x00\xff"}


@pytest.fixture
def bench(database: Database) -> Bench:
    return Bench(database=database)


@pytest.fixture
def workspaces(database: Database) -> SqlWorkspaces:
    return SqlWorkspaces(database)


def a_version(number: int, **changes: object) -> Workspace:
    campaign = replace(a_campaign(), version=f"v{number}", **changes)  # type: ignore[arg-type]  # a builder's changes are the fields' own
    return replace(a_workspace(campaign), hash=f"w{number}", files={**FILES, "campaigns/birthday.yaml": f"v{number}".encode()})


def state(bench: Bench, now: datetime = NOON) -> CampaignState:
    """What the decision would be told about the campaign."""
    (candidate,) = bench.deliveries.load(bench.claimed(now=now), now=now)
    return replace(candidate.facts.campaign, since=None)


def test_nothing_is_newest_before_anything_was_accepted(workspaces: SqlWorkspaces) -> None:
    assert (workspaces.newest(), workspaces.newest_hash()) == (None, None)


def test_the_newest_snapshot_comes_back_byte_for_byte(workspaces: SqlWorkspaces) -> None:
    assert [workspaces.accept(a_version(1), now=NOON), workspaces.accept(a_version(1), now=NOON)] == [True, False]
    workspaces.accept(a_version(2), now=NOON)
    assert workspaces.newest() == ("w2", a_version(2).files)
    assert workspaces.newest_hash() == "w2"


def test_a_version_that_runs_entered_with_stays_readable(workspaces: SqlWorkspaces) -> None:
    for number in (1, 2, 3):
        workspaces.accept(a_version(number), now=NOON)
    assert workspaces.files_of_version("birthday", "v1") == a_version(1).files
    assert workspaces.files_of_version("birthday", "v9") is None


def test_processes_that_accept_the_same_at_once_make_one_snapshot(bench: Bench, workspaces: SqlWorkspaces) -> None:
    before = bench.count(snapshots)
    assert sum(at_once(8, lambda _: workspaces.accept(a_version(5), now=NOON))) == 1
    assert bench.count(snapshots) == before + 1


@pytest.mark.parametrize(("changes", "live", "paused"), [
    ({}, True, False), ({"status": Status.PAUSED}, True, True), ({"status": Status.DRAFT}, False, False),
])
def test_a_campaign_is_live_or_paused_as_the_newest_snapshot_says(
    bench: Bench, workspaces: SqlWorkspaces, changes: dict[str, object], live: bool, paused: bool
) -> None:
    bench.add_deliveries(1)
    workspaces.accept(a_version(2, **changes), now=NOON)
    assert state(bench) == CampaignState(live=live, paused=paused)


def test_a_campaign_that_was_taken_out_is_not_live(bench: Bench, workspaces: SqlWorkspaces) -> None:
    bench.add_deliveries(1)
    workspaces.accept(replace(a_workspace(), hash="none"), now=NOON)
    assert state(bench) == CampaignState(live=False)


@pytest.mark.parametrize(("hour", "ended"), [(22, False), (23, True)])
def test_a_campaign_has_ended_when_its_last_day_is_over_in_the_workspaces_zone(
    bench: Bench, workspaces: SqlWorkspaces, hour: int, ended: bool
) -> None:
    bench.add_deliveries(1)
    workspaces.accept(a_version(2, valid_until=date(2026, 2, 25)), now=NOON)
    assert state(bench, datetime(2026, 2, 25, hour, tzinfo=UTC)).ended is ended


def test_what_was_held_by_the_files_status_is_looked_at_again_when_the_file_changes(bench: Bench, workspaces: SqlWorkspaces) -> None:
    (delivery_id,) = bench.add_deliveries(1)
    workspaces.accept(a_version(2, status=Status.PAUSED), now=NOON)
    held = settled(delivery_id, DeliveryState.WAITING, due_at=NOON + timedelta(days=7), hold="paused")
    bench.deliveries.settle(bench.claimed(), [held])
    workspaces.accept(a_version(3), now=NOON)
    assert bench.claimed().delivery_ids == (delivery_id,)


def test_status_tells_what_waits_is_held_unknown_paused_and_refused(bench: Bench, workspaces: SqlWorkspaces) -> None:
    waiting, held, sending, unknown, later = bench.add_deliveries(5)
    lease = bench.claimed()
    far = NOON + timedelta(days=7)
    bench.hand_off(lease, sending)
    bench.deliveries.settle(
        lease,
        [
            settled(held, DeliveryState.WAITING, due_at=far, hold="zone"), settled(unknown, DeliveryState.UNKNOWN),
            settled(later, DeliveryState.WAITING, due_at=NOON, retry_in=60.0),
        ],
    )
    bench.deliveries.release(lease)
    bench.operations.pause("channel", "email", now=NOON, reason="token")
    workspaces.record_problems({"birthday": "birthday.yaml:3:1: what is wrong"})
    status = bench.operations.status(now=NOON)
    assert status["queues"] == {"bulk": {"waiting": 3, "due": 2, "oldest_due": NOON.isoformat()}}
    assert (status["sending"], status["unknown"], status["held"], status["retrying"]) == (1, 1, {"zone": 1}, 1)
    assert status["paused"] == [{"scope": "channel", "name": "email", "at": NOON.isoformat(), "reason": "token"}]
    assert status["campaigns"] == [
        {
            "campaign": "birthday", "status": "live", "version": "v1", "since": NOON.isoformat(), "ends_at": None, "active_runs": 5,
            "awaits_approval": False, "problem": "birthday.yaml:3:1: what is wrong",
        }
    ]
    assert status["workspace"] == {"snapshot": "w1", "accepted_at": NOON.isoformat(), "takes_turns": False}
    assert waiting
    assert bench.operations.work_left(now=NOON) == 4  # two that wait, one under way, and the run whose delivery is unknown


def test_status_tells_that_two_checkouts_take_turns(bench: Bench, workspaces: SqlWorkspaces) -> None:
    for number in (2, 3, 2):
        workspaces.accept(a_version(number), now=NOON)
    assert bench.operations.status(now=NOON)["workspace"]["takes_turns"] is False  # type: ignore[index]  # JSON values
    workspaces.accept(a_version(3), now=NOON)
    assert bench.operations.status(now=NOON)["workspace"]["takes_turns"] is True  # type: ignore[index]  # as above


def test_a_scope_that_does_not_exist_is_refused(bench: Bench) -> None:
    with pytest.raises(ValueError, match="not 'segment'"):
        bench.operations.pause("segment", "all", now=NOON)


def test_nobody_enters_a_paused_campaign_until_it_is_resumed(bench: Bench) -> None:
    paused = []
    for act in (bench.operations.pause, bench.operations.resume):
        act("campaign", "birthday", now=NOON)
        with bench.planning.transaction() as tx:
            paused.append((tx.is_paused("birthday"), tx.is_paused("newsletter")))
    assert paused == [(True, False), (False, False)]
