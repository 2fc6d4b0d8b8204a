"""An expression has one meaning: in Python, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import accumulate

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, assume, example, given, settings

from engage.model.expression import Expression
from engage.rules.expressions import evaluate, holds, parse, sql_refusals
from engage.rules.expressions.refusing import MAX_LEVELS, levels
from engage.rules.expressions.syntax import MAX_BRACKETS
from engage.rules.expressions.wording import wording
from engage.store.engines import sqlite_engine
from engage.store.expressions.lowering import condition
from engage.store.schema.tables import contacts, metadata
from tests.builders import HERE
from tests.property.expression_sources import condition as any_condition
from tests.property.expression_world import KINDS, LOCAL_DATES, NAMES, NOW, PURPOSES, World, a_world, an_expression
from tests.servers.postgres import postgres

COMMON = {
    "deadline": None, "suppress_health_check": list(HealthCheck), "report_multiple_bugs": False,
    "phases": (Phase.explicit, Phase.generate),  # shrinking asks two databases hundreds of times: by hand it is faster
}
settings.register_profile("dev", settings(max_examples=60, **COMMON))
settings.register_profile("ci", settings(max_examples=2000, **COMMON))
PROFILE = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))  # noqa: TID251 - how long to try is the runner's to say


@pytest.fixture(scope="module")
def world() -> World:
    return a_world(people=60, seed=7)


@pytest.fixture(scope="module")
def databases(world: World) -> Iterator[dict[str, sa.Connection]]:
    with ExitStack() as stack:
        engines = {
            "sqlite": sqlite_engine(sa.make_url("sqlite://")),
            "postgresql": sa.create_engine(stack.enter_context(postgres())),
        }
        connections = {}
        for name, engine in engines.items():
            stack.callback(engine.dispose)
            connections[name] = stack.enter_context(engine.connect())
            metadata.create_all(connections[name])
            world.insert(connections[name])
        yield connections


def shallow(source: str) -> Expression:
    """The source, parsed, unless it is nested deeper than an audience may be; brackets of its negation and wording count too."""
    assume(_brackets(source) < MAX_BRACKETS - 2)
    expression = an_expression(source)
    assume(levels(expression.root) <= MAX_LEVELS and _brackets(wording(expression.root)) <= MAX_BRACKETS)
    return expression


def _brackets(source: str) -> int:
    return max(accumulate((letter in "([") - (letter in ")]") for letter in source), default=0)


def found(connection: sa.Connection, source: str, world: World) -> set[int]:
    asked = condition(
        an_expression(source), segments=world.segments, kinds=KINDS, purposes=PURPOSES, now=NOW, local_dates=LOCAL_DATES,
    )
    return set(connection.scalars(sa.select(contacts.c.id).where(asked)))


@pytest.mark.timeout(1800)  # thousands of examples, where they are asked for
@PROFILE
@given(source=any_condition)
@example(source="contact.birth_date in ['1992-02-29', contact.birth_date]")  # SQLite takes 30 February for a date
@example(source="contact.plan|lower < contact.first_name")  # PostgreSQL refuses two explicit collations
@example(source="days_since(contact.seen) == 1 or days_until(contact.seen) == -2")  # by the microsecond, rounded down
@example(source="contact.balance == contact.limit or contact.balance.amount > 12.3")  # 12.30 is 12.3, EUR is eur
def test_python_sqlite_and_postgresql_agree_on_who_is_meant_and_on_who_is_not(
    world: World, databases: dict[str, sa.Connection], source: str
) -> None:
    expression, opposite = shallow(source), f"not ({source})"
    assert sql_refusals(expression) == ()
    everybody = {contact.id for contact, _ in world.people}
    meant = {contact.id for contact, scope in world.people if holds(expression, scope)}
    for name, connection in databases.items():
        assert found(connection, source, world) == meant, name
        assert found(connection, opposite, world) == everybody - meant, name


@pytest.mark.timeout(1800)
@PROFILE
@given(source=any_condition)
def test_the_wording_of_an_expression_means_the_same_as_the_expression(world: World, source: str) -> None:
    expression = shallow(source)
    again = parse(wording(expression.root), place=HERE, names=NAMES)
    for _, scope in world.people:
        assert evaluate(again, scope) == evaluate(expression, scope)
