"""How far each campaign is planned, since when it is live, whom it reached; and where contacts live. Part of the port `Entries`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from engage.model.values import instant_text
from engage.planning.slots import Residence, Slot
from engage.store.rows.rows import earliest
from engage.store.schema.columns import Instant
from engage.store.schema.tables import campaign_states, contact_dates, contacts, former_names, pauses
from engage.store.session import Session
from engage.store.sql.inserts import insert_of, upsert
from engage.store.sql.json_tables import json_source
from engage.store.sql.zones import zone_keys

GUARDED_SPAN = timedelta(days=1)


class SqlPlanned(Session):
    """What stands about campaigns, in one transaction."""

    def planned_until(self, campaign: str) -> datetime | None:
        """Up to when the campaign's entries are planned; None where it was never live. Others wait until this transaction ends."""
        return self._state(_PLANNED_UNTIL, campaign)

    def went_live(self, campaign: str) -> datetime | None:
        """When the campaign went live."""
        return self._state(_LIVE_SINCE, campaign)

    def existing_entered(self, campaign: str) -> datetime | None:
        """When those entered the campaign who were in its segment already; None where they have not."""
        return self._state(_EXISTING_AT, campaign)

    def is_paused(self, campaign: str) -> bool:
        """Whether people paused the campaign, or everything; or it goes by another name now, which not every process may know yet."""
        return bool(self._connection.scalar(_IS_PAUSED, {"campaign": campaign}))

    def move_planned_until(self, campaign: str, to: datetime) -> None:
        """Remember it, unless it is planned further already; the first call also remembers that the campaign went live then."""
        moved = _moved(self._connection.dialect.name)
        self._connection.execute(moved, {"campaign": campaign, "live_since": to, "planned_until": to})

    def mark_existing_entered(self, campaign: str, *, now: datetime) -> None:
        """Remember that those entered who were in its segment already."""
        upsert(self._connection, campaign_states, {"campaign": campaign, "existing_at": now}, {"existing_at": now})

    def guard(self, campaign: str, *, entered: int, most: int, now: datetime) -> None:
        """Count who entered; hold the campaign, unless it is approved, once more than `most` did within a day."""
        asked = sa.select(campaign_states.c.reached, campaign_states.c.reached_since).where(campaign_states.c.campaign == campaign)
        row = self._connection.execute(asked.with_for_update()).first()
        goes_on = row is not None and row.reached_since is not None and now - row.reached_since < GUARDED_SPAN
        reached = entered + (row.reached if row is not None and goes_on else 0)
        counted = {"reached": reached, "reached_since": row.reached_since if row is not None and goes_on else now}
        held = {"needs_approval": True} if reached > most else {}
        upsert(self._connection, campaign_states, {"campaign": campaign, **counted, **held}, {**counted, **held})

    def any_changed(self, *, since: datetime) -> bool:
        """Whether any contact was imported or corrected after that moment."""
        return bool(self._connection.scalar(_ANY_CHANGED, {"since": since}))

    def first_dated(self, slots: Sequence[Slot]) -> datetime | None:
        """The first moment of these slots of dates whose day is anybody's date, whether or not they will enter; None: nobody's."""
        names = {slot.match.attribute for slot in slots if slot.match is not None}
        rows = json.dumps([_dated(slot) for slot in slots])
        asked = _first_dated(self._connection.dialect.name)
        return earliest([self._connection.scalar(asked, {"rows": rows, "name": name}) for name in sorted(names)])

    def residences(self, *, by_country: bool) -> Sequence[Residence]:
        """Where contacts live."""
        if by_country:
            rows = self._connection.execute(sa.select(contacts.c.zone_key, contacts.c.country).distinct()).all()
            return [Residence(zone_key=zone_key, country=country, by_country=True) for zone_key, country in rows]
        return [Residence(zone_key=zone_key) for zone_key in zone_keys(self._connection)]

    def _state(self, asked: sa.Select[datetime], campaign: str) -> datetime | None:
        return self._connection.scalar(asked, {"campaign": campaign})


def _dated(slot: Slot) -> dict[str, object]:
    residence, match = slot.residence, slot.match
    return {
        "at": instant_text(slot.at), "zone_key": residence.zone_key if residence else None, "day": match.day if match else None,
        "month": match.month if match else None, "year": match.year if match else None,
    }


@cache
def _first_dated(dialect: str) -> sa.Select[datetime]:
    kinds = {"at": Instant(), "zone_key": sa.String(), "day": sa.Integer(), "month": sa.Integer(), "year": sa.Integer()}
    slot, dates = json_source(dialect, "slot", kinds), contact_dates.c
    theirs = sa.exists().where(
        dates.name == sa.bindparam("name"), dates.month == slot.c.month, dates.day == slot.c.day, dates.zone_key == slot.c.zone_key,
        sa.or_(slot.c.year.is_(None), dates.year == slot.c.year),
    )
    return sa.select(sa.type_coerce(sa.func.min(slot.c.at), Instant)).where(theirs)


@cache
def _moved(dialect: str) -> Any:
    """It is never moved back, and what went live stays live."""
    known, new = campaign_states.c, insert_of(dialect, campaign_states)
    further = sa.case((known.planned_until > new.excluded.planned_until, known.planned_until), else_=new.excluded.planned_until)
    live_since = sa.func.coalesce(known.live_since, new.excluded.live_since)
    return new.on_conflict_do_update(index_elements=[known.campaign], set_={"planned_until": further, "live_since": live_since})


# Statements are made once, as every look at the clock asks them.
_THIS = campaign_states.c.campaign == sa.bindparam("campaign")
_PLANNED_UNTIL = sa.select(campaign_states.c.planned_until).where(_THIS).with_for_update()
_LIVE_SINCE = sa.select(campaign_states.c.live_since).where(_THIS)
_EXISTING_AT = sa.select(campaign_states.c.existing_at).where(_THIS)
_OF_THIS = sa.and_(pauses.c.scope == "campaign", pauses.c.name == sa.bindparam("campaign"))
_LIVES_ON = sa.exists().where(campaign_states.c.campaign == sa.bindparam("campaign"), campaign_states.c.status.is_not(None))
_RENAMED = sa.and_(sa.exists().where(former_names.c.former == sa.bindparam("campaign")), ~_LIVES_ON)
_IS_PAUSED = sa.select(sa.or_(sa.exists().where(sa.or_(pauses.c.scope == "all", _OF_THIS)), _RENAMED))
_ANY_CHANGED = sa.select(sa.exists().where(contacts.c.changed_at > sa.bindparam("since")))
