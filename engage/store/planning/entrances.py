"""The statements by which an audience enters, each made once: what differs from one entry to the next are its parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any, final

import sqlalchemy as sa

from engage.model.history import Kind
from engage.model.run import RunState
from engage.model.shares import HOLDOUT
from engage.planning.slots import Entry, Opening, Slot
from engage.store.planning.meant import CAMPAIGN, entered_after, people_meant
from engage.store.planning.openings import OPENING_COLUMNS, alike, insert_openings, opening_json
from engage.store.planning.slots import SLOT_COLUMNS, Shape, slot_json
from engage.store.schema.columns import Instant, Json
from engage.store.schema.tables import contact_dates, contacts, runs, touches
from engage.store.sql.inserts import insert_of
from engage.store.sql.json_tables import json_source
from engage.store.sql.shares import is_in_share

ENTERED = (
    "campaign", "version", "contact_id", "key", "state", "entered_at", "intended_at", "position", "since", "due_at", "trigger", "variables",
    "part",
)
NEW = ("id", "contact_id", "key", "state", "intended_at", "due_at")
TOLD = ("at", "contact_id", "kind", "campaign", "version", "run_id", "purpose", "reason", "detail")
HELD_OUT, ACTIVE = RunState.HELD_OUT.value, RunState.ACTIVE.value

_VERSION, _PURPOSE = sa.bindparam("of_version", type_=sa.String), sa.bindparam("for_purpose", type_=sa.String)
_POSITION, _NOW = sa.bindparam("first_position", type_=sa.String), sa.bindparam("this_moment", type_=Instant)
_BEFORE = sa.bindparam("last_before", type_=sa.BigInteger)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the text of the statements goes by. `opening` names what first deliveries have in common; without any there are none."""

    dialect: str
    shape: Shape
    one_slot: bool
    opening: tuple[str, ...]
    one_opening: bool
    named: bool
    excluded: frozenset[date]
    asks_last: bool
    holdout: Fraction
    salt: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """The statements of a form. `kept_out` is there where the last entry is asked for; those of one database alone are all there."""

    kept_out: sa.Insert | None
    at_once: sa.Select[int]
    enter: Any
    tell: sa.Insert
    open: sa.Insert | None
    began: sa.Select[int]


def form_of(dialect: str, entry: Entry, shape: Shape, slots: Sequence[Slot], openings: Sequence[Opening]) -> Form:
    """What the statements of an entry go by. PostgreSQL is told of a single row, as it guesses a set to be a hundred."""
    campaign, tells = entry.campaign, dialect == "postgresql"
    return Form(
        dialect=dialect, shape=shape, one_slot=tells and len(slots) == 1, opening=tuple(alike(openings[0])) if openings else (),
        one_opening=tells and len(openings) == 1, named=entry.only is not None, excluded=entry.excluded_dates,
        asks_last=asks_re_entry(entry), holdout=campaign.holdout, salt=campaign.salt if campaign.holdout else "",
    )


def asks_re_entry(entry: Entry) -> bool:
    """Whether it matters when a contact entered last."""
    return not entry.campaign.re_entry.allowed or entry.campaign.re_entry.after is not None


def given(form: Form, entry: Entry, slots: Sequence[Slot], openings: Sequence[Opening]) -> Mapping[str, object]:
    """The parameters of the form's statements."""
    campaign = entry.campaign
    made: dict[str, object] = {
        CAMPAIGN.key: campaign.name, _VERSION.key: campaign.version, _PURPOSE.key: campaign.purpose, _POSITION.key: entry.position,
        _NOW.key: entry.now, "slot_rows": _rows([slot_json(slot, campaign.re_entry) for slot in slots], single=form.one_slot),
    }
    if entry.only is not None:
        made["named_ids"] = sorted(entry.only)
    if openings:
        made["opening_rows"] = _rows([opening_json(opening) for opening in openings], single=form.one_opening)
        made |= {f"given_{name}": value for name, value in alike(openings[0]).items()}
    return made


def _rows(rows: Sequence[Mapping[str, object]], *, single: bool) -> str:
    return json.dumps(rows[0] if single else rows)


@lru_cache(maxsize=128)
def entrance(form: Form, audience: sa.ColumnElement[bool] | None) -> Entrance:
    """The statements of a form. `audience` is a condition on `contacts`, and the very same object where it is the same."""
    slot = json_source(form.dialect, "slot", SLOT_COLUMNS, rows="slot_rows", single=form.one_slot)
    asked, kept_out = matching(form, slot, audience), None
    if form.asks_last:
        again = entered_after(CAMPAIGN, contacts.c.id, slot.c.not_since)
        asked, kept_out = asked.where(~again), _telling_kept_out(form, slot, asked.where(again))
    opening = json_source(form.dialect, "opening", OPENING_COLUMNS, rows="opening_rows", single=form.one_opening)
    chosen = _chosen(form, slot, opening, asked)
    return Entrance(
        kept_out=kept_out, at_once=_at_once(form, chosen), enter=_inserting(form, chosen),
        tell=_telling_entered(form, runs.c, runs.c.id > _BEFORE), open=_opening(form, opening) if form.opening else None,
        began=sa.select(sa.func.count()).where(runs.c.id > _BEFORE, runs.c.state == ACTIVE),
    )


def matching(form: Form, slot: sa.FromClause, audience: sa.ColumnElement[bool] | None) -> sa.Select[int]:
    """The contacts of the audience whom the slots mean, less those who have a run under its slot's key."""
    asked = people_meant(form.shape, slot, form.excluded)
    if form.named:
        asked = asked.where(contacts.c.id.in_(sa.bindparam("named_ids", expanding=True)))
    return asked if audience is None else asked.where(audience)


def _chosen(form: Form, slot: sa.FromClause, opening: sa.FromClause, asked: sa.Select[int]) -> sa.CTE:
    """Those who match, as what their runs hold; each is due now, but the held-out and those for whom there is a first delivery."""
    waits, says = list[sa.ColumnElement[bool]](), list[sa.ColumnElement[Any]]()
    state: sa.ColumnElement[str] = sa.literal(ACTIVE)
    if form.holdout:
        held_out = is_in_share(contacts.c.id, form.holdout, form.salt, HOLDOUT)
        state, waits = sa.case((held_out, HELD_OUT), else_=ACTIVE), [held_out]
    if form.opening:
        here = (opening.c.at == slot.c.at, opening.c.key == slot.c.key, opening.c.zone_key == contacts.c.zone_key)
        asked = asked.outerjoin(opening, sa.and_(*here))
        expires_at = sa.case((sa.or_(*waits), sa.null()), else_=opening.c.expires_at) if waits else opening.c.expires_at
        says = [opening.c.first_due_at, expires_at.label("expires_at"), opening.c.send_key]
        waits = [*waits, opening.c.zone_key.is_not(None)]
    due_at = sa.case((sa.or_(*waits), sa.null()), else_=_NOW) if waits else _NOW
    return asked.with_only_columns(
        contacts.c.id.label("contact_id"), slot.c.key, slot.c.at, state.label("state"), due_at.label("due_at"),
        _trigger(form, slot).label("trigger"), *says,
    ).cte("chosen")


def _trigger(form: Form, slot: sa.FromClause) -> sa.ColumnElement[object]:
    """What the run's trigger holds: the slot's, and with a date the years that have passed."""
    if form.shape.attribute is None:
        return slot.c.trigger
    years = slot.c.base_year - contact_dates.c.year
    if form.dialect == "postgresql":
        return slot.c.trigger.op("||")(sa.func.jsonb_build_object("years", years))
    return sa.type_coerce(sa.func.json_set(slot.c.trigger, "$.years", years), Json)


def _at_once(form: Form, chosen: sa.CTE) -> sa.Select[int]:
    """On PostgreSQL all is one statement: the runs, and the touches and first deliveries of the very rows that were inserted."""
    new = _inserting(form, chosen).returning(*(runs.c[name] for name in NEW)).cte("new")
    drawn = [_telling_entered(form, new.c, new.c.id.is_not(None))]
    if form.opening:
        both = new.join(chosen, sa.and_(new.c.contact_id == chosen.c.contact_id, new.c.key == chosen.c.key))
        drawn.append(insert_openings(form.opening, new.c, chosen.c, both))
    began = sa.select(sa.func.count()).select_from(new).where(new.c.state == ACTIVE)
    return began.add_cte(*(each.cte(f"drawn_{number}") for number, each in enumerate(drawn)))


def _opening(form: Form, opening: sa.FromClause) -> sa.Insert:
    """On SQLite: the first deliveries of the new runs."""
    here = (opening.c.at == runs.c.intended_at, opening.c.key == runs.c.key, opening.c.zone_key == contacts.c.zone_key)
    places = runs.outerjoin(contacts, contacts.c.id == runs.c.contact_id).outerjoin(opening, sa.and_(*here))  # in this order
    return insert_openings(form.opening, runs.c, opening.c, places, runs.c.id > _BEFORE, runs.c.state == ACTIVE)


def _inserting(form: Form, chosen: sa.CTE) -> Any:
    """The runs of those who were chosen, in an order that gives the same ids everywhere."""
    new = chosen.c
    made = sa.select(
        CAMPAIGN, _VERSION, new.contact_id, new.key, new.state, _NOW, new.at, _POSITION, new.at, new.due_at, new.trigger,
        sa.literal({}, Json), sa.literal(0),
    ).order_by(new.at, new.contact_id)
    return insert_of(form.dialect, runs).on_conflict_do_nothing().from_select(list(ENTERED), made)


def _telling_entered(form: Form, new: Any, condition: sa.ColumnElement[bool]) -> sa.Insert:
    """A touch for each new run: that its contact entered, or was held out."""
    kind: sa.ColumnElement[str] = sa.literal(Kind.ENTERED.value)
    if form.holdout:
        kind = sa.case((new["state"] == HELD_OUT, Kind.HELD_OUT.value), else_=Kind.ENTERED.value)
    return _telling(form, kind, new, new["id"], condition)


def _telling_kept_out(form: Form, slot: sa.FromClause, kept_out: sa.Select[int]) -> sa.Insert:
    """The touch `not_entered`, once for each contact and key."""
    told = sa.exists().where(
        touches.c.contact_id == contacts.c.id, touches.c.kind == Kind.NOT_ENTERED.value, touches.c.campaign == CAMPAIGN,
        touches.c.detail["key"].as_string() == slot.c.key,
    )
    who = kept_out.where(~told).with_only_columns(contacts.c.id.label("contact_id"), slot.c.key.label("key")).subquery("who")
    return _telling(form, sa.literal(Kind.NOT_ENTERED.value), who.c, sa.cast(sa.null(), sa.BigInteger), reason="re_entry")


def _telling(
    form: Form, kind: sa.ColumnElement[str], who: Any, run_id: sa.ColumnElement[int], *conditions: sa.ColumnElement[bool],
    reason: str | None = None,
) -> sa.Insert:
    """INSERT … SELECT of one touch for each row of `who`, which has `contact_id` and `key`."""
    build = sa.func.jsonb_build_object if form.dialect == "postgresql" else sa.func.json_object
    told = sa.select(
        _NOW, who["contact_id"], kind, CAMPAIGN, _VERSION, run_id, _PURPOSE, sa.literal(reason, sa.String),
        sa.type_coerce(build("key", who["key"]), Json),
    ).where(*conditions)
    return sa.insert(touches).from_select(list(TOLD), told)
