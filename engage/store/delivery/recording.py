"""What most of a slice comes to: `sent`. On PostgreSQL one statement writes it all: rows, touches and, packed together, their texts and
which runs go on; the runs themselves are written once, by the planner, as it moves or ends them.

It says what `outcomes` beside it says in more, and leaves to that whatever is not as plain: a failure, a retry, an address to be
suppressed. The same order of locks holds: the lease's row, deliveries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from psycopg.types.json import Jsonb

from engage.delivery.ports import Lease, LeaseLost, Settlement
from engage.model.delivery import DeliveryState
from engage.model.history import Kind, Touch
from engage.model.values import instant_text
from engage.store.delivery.leases import forget, hold
from engage.store.rows.bulk import BulkInsert
from engage.store.rows.documents import json_text, quoted_json
from engage.store.rows.kept_texts import packed
from engage.store.rows.rows import TOUCH_FIELDS, touch_row
from engage.store.schema.tables import deliveries, touches
from engage.store.schema.texts import kept_texts
from engage.store.schema.traffic import run_outcomes
from engage.store.sql.lists import among
from engage.store.sql.loading import reserve_ids
from engage.store.sql.raw import as_text, moment_or_none, raw_rows


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
    record = _at_once if connection.dialect.name == "postgresql" else _in_turn
    return record(connection, lease, sent, all_left)


def _in_turn(connection: sa.Connection, lease: Lease, sent: Sequence[Settlement], all_left: bool) -> bool:
    """On SQLite, where nobody else writes meanwhile and a statement costs no journey."""
    hold(connection, lease)
    told = {new.delivery_id: new.touch for new in sent if new.touch is not None}
    ended = sorted(raw_rows(connection, _END, {"ids": told, "batch": lease.id}))
    if len(ended) < len(told):
        raise NotAllInHand
    alike: dict[tuple[datetime, str | None], list[int]] = defaultdict(list)
    for delivery_id, run_id, apart, sending_at in ended:
        if run_id is not None and not apart:
            alike[told[delivery_id].at, sending_at].append(run_id)
    told_runs = [
        {"at": at, "outcome": DeliveryState.SENT.value, "handed_off_at": moment_or_none(sending_at), "run_ids": sorted(run_ids)}
        for (at, sending_at), run_ids in alike.items()
    ]
    if told_runs:
        connection.execute(_GO_ON, told_runs)
    _tell(connection, [told[row[0]] for row in ended])
    return all_left and forget(connection, lease)


def _tell(connection: sa.Connection, told: Sequence[Touch]) -> None:
    by_moment: dict[datetime, list[Touch]] = defaultdict(list)
    for touch in told:
        by_moment[touch.at].append(touch)
    for at, touches_then in by_moment.items():
        texts = list(packed(touches_then))
        numbered = list(zip(reserve_ids(connection, kept_texts, len(texts)), texts, strict=True)) if texts else []
        if numbered:
            rows = [(id_, instant_text(at), len(each.delivery_ids), each.body) for id_, each in numbered]
            connection.exec_driver_sql("INSERT INTO kept_texts (id, at, letters, body) VALUES (?, ?, ?, ?)", rows)
        places: dict[int | None, int] = {delivery_id: id_ for id_, each in numbered for delivery_id in each.delivery_ids}
        _TOUCHES.write(connection, [(*touch_row(touch), places.get(touch.delivery_id)) for touch in touches_then])


_GO_ON = sa.insert(run_outcomes)
_TOUCHES = BulkInsert(touches, ("kind", *TOUCH_FIELDS, "texts_id"))


def _at_once(connection: sa.Connection, lease: Lease, sent: Sequence[Settlement], all_left: bool) -> bool:
    alike: dict[tuple[datetime, str | None, str | None], list[Touch]] = defaultdict(list)
    for new in sent:
        if new.touch is not None:
            alike[new.touch.at, new.touch.channel, new.touch.provider].append(new.touch)
    is_over, groups = False, len(alike)
    for (at, channel, provider), told in alike.items():
        groups -= 1
        texts = list(packed(told))
        place: dict[int | None, int] = {delivery_id: number for number, each in enumerate(texts, 1) for delivery_id in each.delivery_ids}
        rows = Jsonb(b"[" + b",".join([_row(touch, place.get(touch.delivery_id)) for touch in told]) + b"]", dumps=_as_it_is)
        given = {
            "batch": lease.id, "all_left": all_left and not groups, "rows": rows, "at": at, "channel": channel, "provider": provider,
            "texts": [each.body for each in texts], "letters": [len(each.delivery_ids) for each in texts],
        }
        held, ended, is_over = connection.exec_driver_sql(_RECORD, given).one()
        if not held:
            raise LeaseLost(f"lease {lease.id} has ended")
        if ended < len(told):
            raise NotAllInHand
    return is_over


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
