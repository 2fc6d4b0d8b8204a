"""Expressions that once meant two things, or might: each in Python, on SQLite and on PostgreSQL, and its negation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from engage.rules.expressions import holds, sql_refusals
from engage.store.engines import sqlite_engine
from engage.store.expressions.lowering import condition
from engage.store.schema.tables import contacts, metadata
from tests.property.expression_world import KINDS, LOCAL_DATES, NOW, PURPOSES, World, a_world, an_expression
from tests.servers.postgres import postgres

NESTED = {
    "comparisons": "(contact.vip == " * 11 + "true" + ")" * 11,
    "choices": "(contact.plan if contact.vip else " * 11 + "'b'" + ")" * 11 + " == 'a'",
    "conditions": "(contact.vip if " * 12 + "contact.vip" + " else contact.vip)" * 12,
    "defaults": "(contact.plan|default(" * 11 + "'b'" + ", true))" * 11 + " == 'a'",
    "ands": "(contact.plan and " * 11 + "'b'" + ")" * 11 + " == 'b'",
    "ors and ands": "".join(f"(contact.vip {'and' if level % 2 else 'or'} " for level in range(12)) + "contact.vip" + ")" * 12,
    "nots": "not " * 30 + "contact.vip",
    "a chain": " or ".join(["contact.vip"] * 480),
    "a sum": "+".join(["(contact.plan|length)"] * 35) + " > 3",
}

LENGTH, DAYS = "(contact.plan|length)", "days_since(contact.created_at)"
COMPUTED = (
    f"{LENGTH} % 2 == 0", f"({LENGTH} % 0) is none", f"({LENGTH} // 0) is none", f"(0 - {LENGTH}) // 2 == -1", f"(0 - {LENGTH}) % 3 == 2",
    f"{LENGTH} % -3 == -2", f"(0 - {LENGTH}) // -2 == 0", f"{DAYS} % 7 == {LENGTH}", f"-{DAYS} % 30 == 3", f"{DAYS} // {LENGTH} > 3",
    "contact.score|abs == 1", "(days_until(contact.birth_date)|abs) % 365 < 40", "events('order.placed') % (contact.tags|length) == 1",
    "contact.tags|first == 'a'", "contact.tags|last|lower in contact.interests", "contact.tags|first is none",
)

NASTY = (
    "contact.plan == '%' or contact.plan == '_'", "'%' in contact.plan", "'_' in contact.first_name", "'' in contact.plan",
    "'\\\\' in contact.plan", "contact.plan == 'z\\\\z'", "contact.plan == \"it's\"", "\"it's\" in contact.tags",
    "'' in contact.interests", "contact.plan < 'a'", "contact.plan > 'z'", "contact.plan >= 'ž'", "contact.plan < '😀'",
    "contact.plan > '\\uffff'", "contact.plan|lower == 'ž'", "contact.plan|lower == 'ß'", "contact.plan|lower == 'i'",
    "contact.plan|lower == 'ας'", "contact.plan|lower in contact.tags", "contact.plan|trim == 'a'", "contact.plan|trim|length == 1",
    "contact.plan|length == 1", "contact.score == 1 or contact.score == 1.0", "contact.score == 0.1", "contact.score == 9007199254740993",
    "contact.score == 9007199254740992", "contact.score > 9007199254740992", "contact.score == 9223372036854775807",
    "contact.score == -0.0", "contact.score < 1e300", "contact.score > 1e-300", "contact.score != 2.5", "not contact.score",
    "contact.score == 'abc'", "contact.score != 'abc'", "contact.plan == 3", "contact.plan < 3", "contact.vip > false",
    "contact.tracking", "not contact.tracking", "contact.tracking == true", "contact.tracking != true", "contact.tracking is none",
    "contact.tracking == contact.vip", "contact.tracking > false", "contact.tracking != 'a'", "contact.tracking or contact.vip",
    "contact.vip != 'a'", "contact.birth_date == 'gold'", "contact.birth_date != contact.seen", "contact.plan == contact.birth_date",
    "today in contact.tags", "contact.balance > 5", "contact.tags == 'a'", "contact.plan in ['a', 3, none]", "3 in contact.tags",
    "contact.score in contact.plan", "'a' in contact.score", "contact.tags in ['a']", "events('order.placed', sku=3) == 0",
    "contact.plan is eq none", "contact.balance == contact.limit", "contact.balance != contact.limit", "contact.balance >= contact.limit",
    "contact.balance in [contact.limit]", "contact.balance.amount == 12.3", "contact.balance.currency == 'EUR'",
    "contact.balance is none", "contact.balance.amount in [5, 12.3]", "contact.birth_date == '1992-02-29'",
    "contact.birth_date >= '0001-01-01'", "days_since(contact.birth_date) > 700000", "days_until(contact.birth_date) > 2900000",
    "days_since(contact.seen) == 0", "days_until(contact.seen) == 0", "days_since(none) > 0", "contact.seen == '2026-02-27T22:30'",
    "contact.seen <= '1969-12-31T23:59:59.999999Z'", "contact.seen in [now, '2024-02-29T01:00+01:00']",
    "contact.seen == '2026-02-28T23:30+01:00'", "today == '2026-02-28'", "contact.birth_date == today", "none is none", "not none",
    "contact.plan or none", "none or contact.vip", "(contact.plan if contact.vip) is none", "contact.plan|default(none) is none",
    "(contact.score or none or 3) > 2", "contact.score|default(0, true) == 0", "contact.tags|length", "not contact.tags",
    "contact.tags is none", "contact.interests|length == contact.tags|length", "1 < contact.score < 3", "contact.score < contact.score",
    "'a' < contact.plan < 'b' <= contact.first_name", "1 < 2 < 3", "1 if 0 else 0", "has_consent('news', 'email') == contact.vip",
    "in_segment('both') in [true]", "touched() == false", "touched(within='100mo')", "events('order.placed', within='999mo') >= 1",
    "events('order.placed', total=contact.balance) > 0",
    "events('order.placed', items=1) + contact.tags|length * 2 - days_since(today) > 1",
    "contact.external_id in ['p1', 'p2'] and contact.locale == 'sl'", "contact.timezone is none and contact.phone is not none",
)


@pytest.fixture(scope="module")
def world() -> World:
    return a_world(people=60, seed=11)


@pytest.fixture(scope="module")
def databases(world: World) -> Iterator[dict[str, sa.Connection]]:
    with ExitStack() as stack:
        engines = {"sqlite": sqlite_engine(sa.make_url("sqlite://")), "postgresql": sa.create_engine(stack.enter_context(postgres()))}
        connections = {}
        for name, engine in engines.items():
            stack.callback(engine.dispose)
            connections[name] = stack.enter_context(engine.connect())
            metadata.create_all(connections[name])
            world.insert(connections[name])
            connections[name].commit()
        yield connections


@pytest.mark.parametrize("source", [*NASTY, *COMPUTED, *NESTED.values()], ids=[*NASTY, *COMPUTED, *NESTED])
def test_an_expression_and_its_negation_mean_the_same_everywhere(world: World, databases: dict[str, sa.Connection], source: str) -> None:
    everybody = {contact.id for contact, _ in world.people}
    meant = {contact.id for contact, scope in world.people if holds(an_expression(source), scope)}
    for asked, wanted in ((source, meant), (f"not ({source})", everybody - meant)):
        expression = an_expression(asked)
        assert sql_refusals(expression) == ()
        for name, connection in databases.items():
            found = condition(
                expression, segments=world.segments, kinds=KINDS, purposes=PURPOSES, now=NOW, local_dates=LOCAL_DATES
            )
            assert set(connection.scalars(sa.select(contacts.c.id).where(found))) == wanted, name
