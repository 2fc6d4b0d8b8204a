"""A past by the million, straight in the database: messages of a year with their runs, deliveries and touches, the same every time.

Each message is what the engine leaves of one that was sent: a run that is finished, a delivery, and five touches (entered, sent,
delivered, opened, finished), with its text among those of some fifty. They are spread over all contacts and twenty campaigns, in the
order of time, as they would have been written. One contact, the `regular`, has the same past whatever the size: as many messages, of
the same campaigns, at the same moments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from bench.crowd import NUMBERS
from engage.model.history import Kind, Touch
from engage.model.stretches import Stretches
from engage.model.values import instant_text
from engage.store.database import Database
from engage.store.rows.kept_texts import LETTERS, packed
from engage.store.schema.texts import kept_texts

YEAR = 365 * 86_400
TOUCHES_EACH = 5
REGULAR_MESSAGES = 24
REGULAR = 1
CHUNK = 200_000
WRITTEN = ("touches", "kept_texts", "deliveries", "runs")

MOMENT = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%S.000000Z', :began, '+' || CAST(place * {step} AS integer) || ' seconds')",
    "postgresql": "CAST(:began AS timestamptz) + place * CAST({step} AS double precision) * interval '1 second'",
}
STEP = "CASE WHEN regular THEN :regular_step ELSE :step END"
EMPTY = {"sqlite": "'{}'", "postgresql": "CAST('{}' AS jsonb)"}
NONE = {"sqlite": "'[]'", "postgresql": "CAST('[]' AS jsonb)"}
FALSE = {"sqlite": "0", "postgresql": "false"}

MESSAGES = """, placed AS (
    SELECT n, n % :every = 0 AS regular, CASE WHEN n % :every = 0 THEN n / :every ELSE n END AS place FROM numbers), of_them AS (
    SELECT n, {moment} AS at, CASE WHEN place % 20 = 0 THEN 'newsletter' ELSE 'former' || place % 20 END AS campaign,
           CASE WHEN regular THEN :regular ELSE :first_contact + n * 7919 % :contacts END AS contact_id
    FROM placed)"""
RUNS = """
    INSERT INTO runs (id, campaign, version, contact_id, key, state, entered_at, intended_at, position, since, trigger, variables, outcome,
                      handed_off_at, part)
    {messages} SELECT n, campaign, '{version}', contact_id, 'past' || n, 'finished', at, at, '', at, {empty}, {empty}, 'sent', at, 0
    FROM of_them"""
DELIVERIES = """
    INSERT INTO deliveries (id, run_id, campaign, version, step, message, purpose, contact_id, queue, priority, intended_at, due_at,
                            expires_at, state, payload, tried, channel, provider, address_key, part, send_key, sending_at, handed_over,
                            attempts, resends, crashes, careful, apart)
    {messages} SELECT n, n, campaign, '{version}', '0', 'newsletter', 'marketing', contact_id, 'bulk', 2, at, at, at, 'sent', {empty},
        {none}, 'email', 'email', 'past' || contact_id, 0, campaign || n / 1000, at, {true}, 1, 0, 0, {false}, {false} FROM of_them"""
TOUCHES = """
    INSERT INTO touches (at, contact_id, kind, campaign, version, run_id, delivery_id, step, message, purpose, channel, provider, locale,
                         provider_id, detail, texts_id)
    {messages} SELECT at, contact_id, kind, campaign, '{version}', n, CASE WHEN mail THEN n END, '0', CASE WHEN mail THEN 'newsletter' END,
        'marketing', CASE WHEN mail THEN 'email' END, CASE WHEN kind = 'sent' THEN 'email' END, CASE WHEN mail THEN 'sl' END,
        CASE WHEN kind = 'sent' THEN 'past-' || n END, {empty}, CASE WHEN kind = 'sent' THEN (n - 1) / {letters} + 1 END
    FROM of_them CROSS JOIN (SELECT 1 AS place, 'entered' AS kind, {false} AS mail UNION ALL SELECT 2, 'sent', {true}
        UNION ALL SELECT 3, 'delivered', {true} UNION ALL SELECT 4, 'opened', {true} UNION ALL SELECT 5, 'finished', {false}) AS kinds
    ORDER BY n, place"""

SUBJECT = "What is on the trail this week"
PARAGRAPHS = tuple(
    f"In week {week} we walk from hut {week * 3} to hut {week * 5}, {week * 7} kilometres, and are back before dark. "
    for week in range(1, 18)
)
"""Some 1,500 characters, of which a letter has two forms: text and page."""


def add_history(database: Database, touches: int, *, contacts: int, first_contact: int, until: datetime) -> None:
    """Write so many touches of the year before `until`, over so many contacts from that id on; then do what autovacuum would."""
    messages, dialect = touches // TOUCHES_EACH, database.dialect
    given: Mapping[str, object] = {
        "began": instant_text(until - timedelta(seconds=YEAR)), "step": YEAR / (messages + 1), "regular": REGULAR,
        "regular_step": YEAR / (REGULAR_MESSAGES + 1), "every": max(1, messages // REGULAR_MESSAGES), "contacts": contacts,
        "first_contact": first_contact,
    }
    true = "1" if dialect == "sqlite" else "true"
    words = {"empty": EMPTY[dialect], "none": NONE[dialect], "false": FALSE[dialect], "true": true, "version": "0" * 64, "letters": LETTERS}
    of_them = NUMBERS[dialect] + MESSAGES.format(moment=MOMENT[dialect].format(step=STEP))
    for first in range(1, messages + 1, CHUNK):
        some = {**given, "first": first, "last": min(first + CHUNK - 1, messages)}
        with database.begin() as connection:
            for statement in (RUNS, DELIVERIES, TOUCHES):
                connection.execute(sa.text(statement.format(messages=of_them, **words)), some)
            connection.execute(kept_texts.insert(), list(_texts(first, min(first + CHUNK - 1, messages), at=until)))
    with database.begin() as connection:
        for table, last in (("deliveries", messages), ("runs", messages), ("kept_texts", messages // LETTERS + 1)):
            _go_on_after(connection, table, last)
    _vacuumed(database)


def _texts(first: int, last: int, *, at: datetime) -> Iterator[Mapping[str, object]]:
    """Rows of what was sent, as many letters in each as the engine would keep together."""
    for start in range(first, last + 1, LETTERS):
        for row in packed([_sent(n, at) for n in range(start, min(start + LETTERS, last + 1))]):
            yield {"id": start // LETTERS + 1, "at": at, "letters": len(row.delivery_ids), "body": row.body}


def _sent(n: int, at: datetime) -> Touch:
    """What went out, of which only the texts matter here."""
    address = f"c{n}@example.com"
    letter = [f"Dear {address}, you have {n} points. ", *PARAGRAPHS]
    page = ["<html><body>", *letter, f"<a href='https://go.example/{n * 7919:x}'>More</a></body></html>"]
    private = {"address": address, "subject": SUBJECT, "text": Stretches.joined(letter), "html": Stretches.joined(page)}
    return Touch(at=at, contact_id=None, kind=Kind.SENT, delivery_id=n, message="newsletter", locale="sl", private=private)


def _go_on_after(connection: sa.Connection, table: str, last: int) -> None:
    """The next id that the database gives comes after these; SQLite sees to it by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), :last)"), {"last": last})


def _vacuumed(database: Database) -> None:
    """What PostgreSQL would do by itself, and `PRAGMA optimize` on SQLite."""
    words = ("ANALYZE",) if database.dialect == "sqlite" else ("VACUUM ANALYZE", "CHECKPOINT")
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for word in words:
            connection.exec_driver_sql(word)


def size_of(database: Database) -> Mapping[str, int]:
    """Bytes of each table that grows, its indexes among them; of SQLite all of them together."""
    with database.read() as connection:
        if database.dialect == "sqlite":
            pages, page = (connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size"))
            return {"all": pages * page}
        asked = sa.text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
        return {name: connection.scalar(asked, {"name": name}) or 0 for name in WRITTEN}
