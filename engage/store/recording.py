"""What most of a slice comes to: `sent`. On PostgreSQL one statement writes it all: rows, runs, touches and their texts.

It says what `engage.store.outcomes` says in more, and leaves to that whatever is not as plain: a failure, a retry, an address to be
suppressed. The same order of locks holds: the lease's row, runs, deliveries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

import sqlalchemy as sa
from psycopg.types.json import Jsonb

from engage.delivery.ports import Lease, LeaseLost, Settlement
from engage.model.delivery import DeliveryState
from engage.model.history import Kind, Touch
from engage.store.documents import json_text, quoted_json
from engage.store.leases import hold
from engage.store.lists import among
from engage.store.outcomes import move_runs
from engage.store.raw import as_text, moment_or_none, raw_rows
from engage.store.rows import add_touches
from engage.store.tables import deliveries


def is_plain(new: Settlement) -> bool:
    """Whether the message was sent, and nothing else is to be told of it."""
    touch = new.touch
    return (
        new.state is DeliveryState.SENT and touch is not None and touch.kind is Kind.SENT and touch.reason is None
        and not (new.attempt or new.resend or new.tried or new.suppress_address)
    )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """How many rows were written, and whether the lease is over, as nothing of it is left."""

    ended: int
    is_over: bool


def record_sent(connection: sa.Connection, lease: Lease, sent: Sequence[Settlement]) -> Recorded:
    """Write them, as far as they are the lease's and in `sending`. Raises LeaseLost."""
    record = _at_once if connection.dialect.name == "postgresql" else _in_turn
    return record(connection, lease, sent)


def _in_turn(connection: sa.Connection, lease: Lease, sent: Sequence[Settlement]) -> Recorded:
    """On SQLite, where nobody else writes meanwhile and a statement costs no journey."""
    hold(connection, lease)
    touches = {new.delivery_id: new.touch for new in sent if new.touch is not None}
    ended = sorted(raw_rows(connection, _END, {"ids": touches, "batch": lease.id}))
    alike: dict[tuple[datetime, str | None], list[int]] = defaultdict(list)
    for delivery_id, run_id, apart, sending_at in ended:
        if run_id is not None and not apart:
            alike[touches[delivery_id].at, sending_at].append(run_id)
    for (at, sending_at), run_ids in alike.items():
        move_runs(connection, run_ids, at=at, outcome=DeliveryState.SENT, handed_off_at=moment_or_none(sending_at))
    add_touches(connection, [touches[row[0]] for row in ended])
    return Recorded(ended=len(ended), is_over=False)


def _at_once(connection: sa.Connection, lease: Lease, sent: Sequence[Settlement]) -> Recorded:
    alike: dict[tuple[datetime, str | None, str | None], list[Touch]] = defaultdict(list)
    for new in sent:
        if new.touch is not None:
            alike[new.touch.at, new.touch.channel, new.touch.provider].append(new.touch)
    written, is_over = 0, False
    for (at, channel, provider), touches in alike.items():
        rows = Jsonb(b"[" + b",".join(map(_row, touches)) + b"]", dumps=_as_it_is)
        given = {"batch": lease.id, "rows": rows, "at": at, "channel": channel, "provider": provider}
        held, ended, is_over = connection.exec_driver_sql(_RECORD, given).one()
        if not held:
            raise LeaseLost(f"lease {lease.id} has ended")
        written += ended
    return Recorded(ended=written, is_over=is_over)


def _as_it_is(document: bytes) -> bytes:
    """What the driver is given is JSON, and no text any more: a slice has megabytes, and each look at all of them shows."""
    return document


def _row(touch: Touch) -> bytes:
    """As `given` below takes it apart."""
    private = f',"private":{json_text(touch.private)}' if touch.private else ""
    return (
        f'{{"id":{touch.delivery_id},"locale":{quoted_json(touch.locale)},"provider_id":{quoted_json(touch.provider_id)},'
        f'"detail":{json_text(touch.detail)}{private}}}'
    ).encode()


_END = (
    sa.update(deliveries)
    .where(among(deliveries.c.id, "ids"), deliveries.c.batch_id == sa.bindparam("batch"), deliveries.c.state == DeliveryState.SENDING.value)
    .values(state=DeliveryState.SENT.value, batch_id=sa.null(), careful=False, retry_at=sa.null(), hold=sa.null())
    .returning(deliveries.c.id, deliveries.c.run_id, deliveries.c.apart, as_text(deliveries.c.sending_at))
)

_RECORD = """\
WITH held AS MATERIALIZED (SELECT id FROM batches WHERE id = %(batch)s FOR UPDATE),
given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(CAST(%(rows)s AS jsonb))
    AS given(id bigint, locale text, provider_id text, detail jsonb, private jsonb)
),
locked AS MATERIALIZED (
    SELECT runs.id FROM runs
    WHERE runs.id IN (SELECT deliveries.run_id FROM deliveries JOIN given ON deliveries.id = given.id) ORDER BY runs.id FOR UPDATE
),
ended AS (
    UPDATE deliveries SET state = 'sent', batch_id = NULL, careful = false, retry_at = NULL, hold = NULL
    FROM given
    WHERE (SELECT count(*) FROM locked) >= 0 AND deliveries.id = given.id AND deliveries.batch_id = (SELECT id FROM held)
        AND deliveries.state = 'sending'
    RETURNING deliveries.id, deliveries.run_id, deliveries.apart, deliveries.sending_at, deliveries.contact_id, deliveries.campaign,
        deliveries.version, deliveries.step, deliveries.message, deliveries.purpose, given.locale, given.provider_id, given.detail
),
moved AS (
    UPDATE runs SET since = %(at)s, due_at = %(at)s, outcome = 'sent', handed_off_at = coalesce(ended.sending_at, runs.handed_off_at)
    FROM ended WHERE runs.id = ended.run_id AND NOT ended.apart AND runs.state = 'active'
),
told AS (
    INSERT INTO touches (
        at, contact_id, kind, campaign, version, run_id, delivery_id, step, message, purpose, channel, provider, locale, provider_id,
        detail
    )
    SELECT %(at)s, contact_id, 'sent', nullif(campaign, ''), nullif(version, ''), run_id, id, nullif(step, ''), message, purpose,
        CAST(%(channel)s AS text), CAST(%(provider)s AS text), locale, provider_id, detail
    FROM ended ORDER BY id
    RETURNING id, delivery_id
),
kept AS (
    INSERT INTO touch_details (touch_id, private)
    SELECT told.id, given.private FROM told JOIN given ON given.id = told.delivery_id WHERE given.private IS NOT NULL
),
done AS (
    DELETE FROM batches
    WHERE id = (SELECT id FROM held)
        AND (SELECT count(*) FROM deliveries WHERE batch_id = %(batch)s) = (SELECT count(*) FROM ended)
    RETURNING id
)
SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM ended), EXISTS (SELECT FROM done)
"""
