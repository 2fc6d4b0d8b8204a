"""Events out in batches, on both databases: all of a batch is taken or none, and nothing is lost or told out of order by it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engage.model.errors import Unavailable
from engage.model.outlets import Format
from engage.store.database import Database
from tests.contract.test_postings import CRM, World


def told(world: World) -> list[list[int]]:
    bodies: list[Any] = world.crm.bodies
    return [[event["data"]["id"] for event in batch] for batch in bodies]


def test_a_batch_that_is_not_taken_is_told_again_with_what_has_come_since(database: Database) -> None:
    world = World(database, replace(CRM, format=Format.CLOUDEVENTS, batch=3))
    ids = world.add(4)
    world.crm.errors = [Unavailable("busy", code="503")]
    world.poster.drain(world.outlet)
    assert told(world) == []
    ids += world.add(3)
    world.make_due()
    world.poster.drain(world.outlet)
    assert told(world) == [ids[:3], ids[3:6], ids[6:]]
    assert world.standing()["state"] == "well"
