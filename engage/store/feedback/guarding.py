"""How a campaign's last messages did, in SQL; the port `engage.feedback.guarding.Tallies`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import final

import sqlalchemy as sa

from engage.feedback.guarding import Tally
from engage.model.history import Kind
from engage.store.campaigns import pausing
from engage.store.database import Database
from engage.store.schema.conditions import CAME_BACK, HANDED_OVER
from engage.store.schema.tables import campaign_states, pauses, touches

OVERLAP = 1_000
"""Touches whose ids are looked at again, as one with a lower id may be committed later."""


@final
class SqlTallies:
    """Counts over an index of what was sent, refused, bounced and complained of, in the order of writing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def campaigns_with_news(self, *, after: int) -> tuple[Sequence[str], int]:
        """Campaigns with a new bounce or complaint, but for paused ones; and the last such touch."""
        with self._database.read() as connection:
            rows = connection.execute(_NEWS, {"after": after - OVERLAP}).all()
        newest = max((touch for _, _, touch in rows), default=after)
        return [campaign for campaign, paused, touch in rows if touch > after and not paused], max(after, newest)

    def tally(self, campaign: str, *, last: int) -> Tally:
        """How its last messages did since people resumed it."""
        with self._database.read() as connection:
            begin = connection.scalar(sa.select(campaign_states.c.watched_from).where(campaign_states.c.campaign == campaign)) or 0
            sent = _sent(campaign, begin).limit(last).cte("sent")
            number, first = connection.execute(sa.select(sa.func.count(), sa.func.min(sent.c.id)).select_from(sent)).one()
            since = first - 1 if number >= last else begin
            of_these = (sa.text(CAME_BACK), touches.c.campaign == campaign, touches.c.id > since)
            theirs = touches.c.delivery_id.in_(sa.select(sent.c.delivery_id))
            refused = connection.scalar(_messages(*of_these, _REFUSED, ~theirs)) or 0
            bounced, complained = (
                connection.scalar(_messages(*of_these, touches.c.kind == kind.value, theirs)) or 0
                for kind in (Kind.BOUNCED, Kind.COMPLAINED)
            )
        return Tally(messages=number + refused, came_back={Kind.BOUNCED: bounced + refused, Kind.COMPLAINED: complained})

    def pause(self, campaign: str, *, reason: str, now: datetime) -> None:
        """Pause it; a pause of people's stays as it is."""
        with self._database.begin() as connection:
            pausing.pause(connection, scope="campaign", name=campaign, now=now, reason=reason)


def _sent(campaign: str, begin: int) -> sa.Select[int, int]:
    """Its messages, the last first. Asked as a range, since by equality PostgreSQL may rather go through all touches backwards."""
    mine = (sa.text(HANDED_OVER), touches.c.campaign.between(campaign, campaign), touches.c.id > begin)
    return sa.select(touches.c.id, touches.c.delivery_id).where(*mine).order_by(touches.c.campaign.desc(), touches.c.id.desc())


def _messages(*conditions: sa.ColumnElement[bool] | sa.TextClause) -> sa.Select[int]:
    return sa.select(sa.func.count(sa.distinct(touches.c.delivery_id))).where(*conditions)


_REFUSED = sa.and_(touches.c.kind.in_([Kind.FAILED.value, Kind.BOUNCED.value]), touches.c.reason == "rejected")
"""As it was handed over: for good, or at an address, so that the next channel is tried."""

_PAUSED = sa.exists().where(pauses.c.scope == "campaign", pauses.c.name == touches.c.campaign)
_NEWS = (
    sa.select(touches.c.campaign, _PAUSED, sa.func.max(touches.c.id))
    .where(
        sa.text(CAME_BACK), sa.or_(touches.c.kind != Kind.FAILED.value, _REFUSED), touches.c.id > sa.bindparam("after"),
        touches.c.campaign.is_not(None),
    )
    .group_by(touches.c.campaign)
)
