"""What most of a slice comes to, on PostgreSQL: `sent`. One statement writes it all: rows, runs, touches and their texts.

It says what `engage.store.outcomes` says in many, and leaves to that whatever is not as plain: a failure, a retry, an address to be
suppressed. The same order of locks holds: the lease's row, runs, deliveries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.delivery.ports import Lease, LeaseLost, Settlement
from engage.model.delivery import DeliveryState
from engage.model.history import Kind, Touch
from engage.store.bulk import json_text, quoted_json


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
    alike: dict[tuple[datetime, str | None, str | None], list[Touch]] = defaultdict(list)
    for new in sent:
        if new.touch is not None:
            alike[new.touch.at, new.touch.channel, new.touch.provider].append(new.touch)
    written, is_over = 0, False
    for (at, channel, provider), touches in alike.items():
        rows = "[" + ",".join(map(_row, touches)) + "]"
        given = {"batch": lease.id, "rows": rows, "at": at, "channel": channel, "provider": provider}
        held, ended, is_over = connection.exec_driver_sql(_RECORD, given).one()
        if not held:
            raise LeaseLost(f"lease {lease.id} has ended")
        written += ended
    return Recorded(ended=written, is_over=is_over)


def _row(touch: Touch) -> str:
    """As `given` below takes it apart."""
    private = f',"private":{json_text(touch.private)}' if touch.private else ""
    return (
        f'{{"id":{touch.delivery_id},"locale":{quoted_json(touch.locale)},"provider_id":{quoted_json(touch.provider_id)},'
        f'"detail":{json_text(touch.detail)}{private}}}'
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
