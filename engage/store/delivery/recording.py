"""What most of a slice comes to: `sent`. One statement writes it all: rows, touches and, packed together, their texts and which runs go on;
the runs themselves are written once, by the planner, as it moves or ends them.

It says what `outcomes` beside it says in more, and leaves to that whatever is not as plain: a failure, a retry, an address to be
suppressed. The same order of locks holds: the lease's row, deliveries.
"""

from __future__ import annotations

import json
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
from engage.model.values import instant_text
from engage.store.rows.documents import json_text, quoted_json
from engage.store.rows.kept_texts import Packed, packed
from engage.store.schema.recording import LOST, NOT_ALL


def is_plain(new: Settlement) -> bool:
    """Whether the message was sent, and nothing else is to be told of it."""
    touch = new.touch
    return (
        new.state is DeliveryState.SENT and touch is not None and touch.kind is Kind.SENT and touch.reason is None
        and not (new.attempt or new.resend or new.tried or new.suppress_address)
    )


class NotAllInHand(Exception):
    """Some of them are not the lease's, or not in `sending`: all that was written must be taken back, as it tells of all of them."""


def record_sent(connection: sa.Connection, lease: Lease, sent: Sequence[Settlement], *, all_left: bool) -> bool:
    """Write them; whether the lease is over. Raises LeaseLost and NotAllInHand. `all_left`: nothing else of the lease waits."""
    record = _record_on_sqlite if connection.dialect.name == "sqlite" else _record_on_postgresql
    alike: dict[tuple[datetime, str | None, str | None], list[Touch]] = defaultdict(list)
    for new in sent:
        if new.touch is not None:
            alike[new.touch.at, new.touch.channel, new.touch.provider].append(new.touch)
    is_over, left = False, len(alike)
    for (at, channel, provider), told in alike.items():
        left -= 1
        texts = list(packed(told))
        place: dict[int | None, int] = {delivery_id: number for number, each in enumerate(texts, 1) for delivery_id in each.delivery_ids}
        rows = b"[" + b",".join([_row(touch, place.get(touch.delivery_id)) for touch in told]) + b"]"
        slice_ = Slice(lease=lease, at=at, channel=channel, provider=provider, rows=rows, texts=texts, all_left=all_left and not left)
        is_over = record(connection, slice_, len(told))
    return is_over


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What was sent by one way at one moment; `rows` are JSON."""

    lease: Lease
    at: datetime
    channel: str | None
    provider: str | None
    rows: bytes
    texts: Sequence[Packed]
    all_left: bool


def _record_on_sqlite(connection: sa.Connection, slice_: Slice, number: int) -> bool:
    """A trigger does what the statement of PostgreSQL does (`store/schema/recording.py`)."""
    letters, begins = [], 1
    for each in slice_.texts:
        letters.append((len(each.delivery_ids), begins, len(each.body)))
        begins += len(each.body)
    batch = slice_.lease.id
    given = (
        batch, slice_.rows.decode(), instant_text(slice_.at), slice_.channel, slice_.provider, json.dumps(letters),
        b"".join([each.body for each in slice_.texts]), slice_.all_left, batch,
    )
    try:
        return not connection.exec_driver_sql(_INTO_VIEW, given).scalar_one()
    except sa.exc.IntegrityError as error:
        if LOST in str(error.orig):
            raise LeaseLost(f"lease {batch} has ended") from error
        if NOT_ALL in str(error.orig):
            raise NotAllInHand from error
        raise


def _record_on_postgresql(connection: sa.Connection, slice_: Slice, number: int) -> bool:
    given = {
        "batch": slice_.lease.id, "all_left": slice_.all_left, "rows": Jsonb(slice_.rows, dumps=_as_it_is), "at": slice_.at,
        "channel": slice_.channel, "provider": slice_.provider, "texts": [each.body for each in slice_.texts],
        "letters": [len(each.delivery_ids) for each in slice_.texts],
    }
    held, ended, is_over = connection.exec_driver_sql(_RECORD, given).one()
    if not held:
        raise LeaseLost(f"lease {slice_.lease.id} has ended")
    if ended < number:
        raise NotAllInHand
    return bool(is_over)


def _as_it_is(document: bytes) -> bytes:
    """What the driver is given is JSON, and no text any more."""
    return document


def _row(touch: Touch, place: int | None) -> bytes:
    """As `given` below takes it apart. `place`: among which of the texts that are given along its own is."""
    texts = f',"texts":{place}' if place is not None else ""
    return (
        f'{{"id":{touch.delivery_id},"locale":{quoted_json(touch.locale)},"provider_id":{quoted_json(touch.provider_id)},'
        f'"detail":{json_text(touch.detail)}{texts}}}'
    ).encode()


_INTO_VIEW = (
    "INSERT INTO recording (batch, rows, at, channel, provider, letters, bodies, all_left) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
    "RETURNING EXISTS (SELECT 1 FROM batches WHERE id = ?)"
)

_RECORD = """\
WITH held AS MATERIALIZED (SELECT id FROM batches WHERE id = %(batch)s FOR UPDATE),
given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(CAST(%(rows)s AS jsonb))
    AS given(id bigint, locale text, provider_id text, detail jsonb, texts integer)
),
packed AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('kept_texts', 'id')) AS id, place, letters, body
    FROM unnest(CAST(%(texts)b AS bytea[]), CAST(%(letters)b AS integer[])) WITH ORDINALITY AS each(body, letters, place)
),
ended AS (
    UPDATE deliveries SET state = 'sent', batch_id = NULL, careful = false, retry_at = NULL, hold = NULL
    FROM given
    WHERE deliveries.id = given.id AND deliveries.batch_id = (SELECT id FROM held)
        AND deliveries.state = 'sending'
    RETURNING deliveries.id, deliveries.run_id, deliveries.apart, deliveries.sending_at, deliveries.contact_id, deliveries.campaign,
        deliveries.version, deliveries.step, deliveries.message, deliveries.purpose, given.locale, given.provider_id, given.detail,
        given.texts
),
gone_on AS (
    INSERT INTO run_outcomes (at, outcome, handed_off_at, run_ids)
    SELECT %(at)s, 'sent', sending_at, array_agg(run_id ORDER BY run_id) FROM ended WHERE run_id IS NOT NULL AND NOT apart
    GROUP BY sending_at
),
told AS (
    INSERT INTO touches (
        at, contact_id, kind, campaign, version, run_id, delivery_id, step, message, purpose, channel, provider, locale, provider_id,
        detail, texts_id
    )
    SELECT %(at)s, contact_id, 'sent', nullif(campaign, ''), nullif(version, ''), run_id, ended.id, nullif(step, ''), message, purpose,
        CAST(%(channel)s AS text), CAST(%(provider)s AS text), locale, provider_id, detail, packed.id
    FROM ended LEFT JOIN packed ON packed.place = ended.texts ORDER BY ended.id
),
kept AS (
    INSERT INTO kept_texts (id, at, letters, body) SELECT id, %(at)s, letters, body FROM packed
),
done AS (
    DELETE FROM batches
    WHERE %(all_left)s AND id = (SELECT id FROM held)
        AND (SELECT count(*) FROM deliveries WHERE batch_id = %(batch)s) = (SELECT count(*) FROM ended)
    RETURNING id
)
SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM ended), EXISTS (SELECT FROM done)
"""
