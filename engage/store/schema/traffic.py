"""The tables of traffic: what workers tell each other of providers, and the planner of runs; buckets of rates, volumes of days."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.schema.columns import Id, Ids, Instant
from engage.store.schema.ledger import metadata

__all__ = ["buckets", "metadata", "notices", "questions", "run_outcomes", "volumes"]

notices = sa.Table(
    "notices", metadata,  # of providers, and of recipients' domains, that are left alone; by the machine clock
    sa.Column("provider", sa.String, primary_key=True),  # a channel, its provider; or a channel, a domain
    sa.Column("owner", sa.String, primary_key=True),  # which worker leaves it alone; "": every one
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
)

buckets = sa.Table(
    "buckets", metadata,  # of rates, for workers that share no Redis
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("paid", sa.Float, nullable=False),  # seconds since 1970, by the machine clock
)

volumes = sa.Table(
    "volumes", metadata,  # what each provider that is being warmed up was given on a day
    sa.Column("provider", sa.String, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("messages", sa.Integer, nullable=False),
)

run_outcomes = sa.Table(
    "run_outcomes", metadata,  # what the messages of a slice came to, for the runs that wait for them; gone once these are told
    sa.Column("id", Id, primary_key=True, autoincrement=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("outcome", sa.String, nullable=False),
    sa.Column("handed_off_at", Instant),
    sa.Column("run_ids", Ids, nullable=False),
    sqlite_autoincrement=True,
)

questions = sa.Table(
    "questions", metadata,  # to providers, about unknown deliveries
    sa.Column("delivery_id", Id, primary_key=True),
    sa.Column("ask_at", Instant),  # machine clock; of one in hand the end of its lease; NULL: not asked any more
    sa.Column("asked", sa.Integer, nullable=False),  # how often; of one in hand the fencing token
    sa.Column("answer", sa.String),  # the last one but "found": absent, or why nobody can know
)
