"""Rows of deliveries that are waiting, their runs and their contacts, as the nouns that they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from engage.contacts.zones import zones_from_key
from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind, ChannelKind, Contact, Value
from engage.model.delivery import Intent
from engage.model.making import made_often
from engage.model.run import RunState, has_left
from engage.model.time import Zones, ZoneSource
from engage.model.tracking import WISH
from engage.model.values import from_json
from engage.store.rows.payloads import quiet_hours_in
from engage.store.rows.rows import KEY_COLUMNS
from engage.store.schema.tables import contacts, deliveries, runs
from engage.store.sql.raw import Raw, as_text, json_of, moment

_JSON = frozenset({"payload", "tried", "trigger", "tags", "attributes"})
_OF_DELIVERY = (
    "id", "run_id", "campaign", "version", "step", "message", "purpose", "contact_id", "intended_at", "due_at", "expires_at", "priority",
    "attempts", "resends", "send_key", "payload", "provider", "tried",
)
_OF_CONTACT = (*BUILT_IN_ATTRIBUTES, "attributes", "zone_key", "zone_source", "erased_at", *KEY_COLUMNS.values())

INTENT = (
    *(as_text(deliveries.c[name]).label(name) if name in _JSON else deliveries.c[name] for name in _OF_DELIVERY),
    runs.c.trace, runs.c.entered_at, runs.c.intended_at.label("run_intended_at"),
    deliveries.c.apart, as_text(runs.c.trigger).label("trigger"), runs.c.state.label("run_state"),
)
"""The columns of an intent, those of its run at the end."""

CONTACT = (contacts.c.id.label("known_id"), *(as_text(contacts.c[name]) if name in _JSON else contacts.c[name] for name in _OF_CONTACT))
"""The columns of a contact; the first is NULL where it is gone."""


class Mark(FunctionElement[str]):
    """What changes with any change of the delivery's row, its run's or its contact's.

    PostgreSQL marks each version of a row by the transaction that wrote it. On SQLite, where rows cost no journey, they are compared.
    """

    type = sa.String()
    inherit_cache = True
    name = "mark"


@compiles(Mark, "postgresql")
def _postgresql(element: Mark, compiler: SQLCompiler, **kw: Any) -> str:
    return "concat(deliveries.xmin, ' ', runs.xmin, ' ', contacts.xmin)"


@compiles(Mark, "sqlite")
def _sqlite(element: Mark, compiler: SQLCompiler, **kw: Any) -> str:
    return "''"


MARK = Mark()
"""The last column of all, for statements over these three tables under their own names."""

WITH_THEIRS = deliveries.outerjoin(runs, runs.c.id == deliveries.c.run_id).outerjoin(contacts, contacts.c.id == deliveries.c.contact_id)
ROWS = sa.select(*INTENT, *CONTACT, MARK).select_from(WITH_THEIRS)
"""Deliveries with their runs and contacts, as `understood` takes them."""

_ACTIVE = RunState.ACTIVE.value


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A contact, and the hashes of its addresses."""

    contact: Contact
    keys: Mapping[ChannelKind, str]


@final
@made_often
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A row that is waiting, understood."""

    raw: Raw
    intent: Intent
    contact: Known | None
    run_exited: bool
    on_unknown: str


def understood(raw: Raw, kinds: Mapping[str, AttributeKind]) -> Asked:
    """What a row of INTENT, CONTACT and MARK says."""
    contact = raw[len(INTENT):-1]
    return Asked(
        raw=raw, intent=intent_in(raw), contact=None if contact[0] is None else contact_in(contact, kinds),
        run_exited=raw[1] is not None and _has_left(*raw[len(INTENT) - 3:len(INTENT):2]), on_unknown=json_of(raw[15])["on_unknown"],
    )


def _has_left(apart: object, state: str | None) -> bool:
    """Whether the delivery's run has left it, or is gone."""
    if state == _ACTIVE:
        return False
    return state is None or has_left(RunState(state), apart=bool(apart))


def intent_in(raw: Raw) -> Intent:
    """The intent in the columns INTENT of a row."""
    (
        id_, run_id, campaign, version, step, message, purpose, contact_id, intended_at, due_at, expires_at, priority, attempts, resends,
        send_key, payload_text, provider, tried, trace, entered_at, run_intended_at, _, trigger_text, _,
    ) = raw[:len(INTENT)]
    payload, trigger = json_of(payload_text), json_of(trigger_text) if trigger_text else {}
    by_event = intended_at == run_intended_at and "event_id" in trigger  # nothing was waited for since
    return Intent(
        id=id_, run_id=run_id, campaign=campaign, version=version, step=step, message=message, purpose=purpose, contact_id=contact_id,
        channels=tuple(payload["channels"]), intended_at=moment(intended_at), due_at=moment(due_at), expires_at=moment(expires_at),
        priority=priority, to=payload["to"], quiet_hours=quiet_hours_in(payload_text), trigger=trigger,
        values=payload["values"], tried=tuple(json_of(tried)), bound_to=provider, attempts=attempts, resends=resends,
        send_key=send_key or "", occasion=payload.get("occasion"), accepted_at=moment(entered_at) if by_event else None, trace=trace,
        needless=payload.get("needless"),
    )


def contact_in(raw: Raw, kinds: Mapping[str, AttributeKind]) -> Known:
    """The contact in the columns CONTACT of a row; what is not declared any more is left out."""
    attributes: dict[str, Value] = {name: value for name, value in zip(_BUILT_IN, raw[1:], strict=False) if value is not None}
    if "tags" in attributes:
        tags = json_of(raw[_TAGS])
        attributes["tags"] = None if tags is None else tuple(tags)
    if "created_at" in attributes:
        attributes["created_at"] = moment(raw[_CREATED_AT])
    if WISH in attributes:
        attributes[WISH] = bool(attributes[WISH])  # SQLite's are numbers
    declared, zone_key, zone_source, erased_at, *keys = raw[len(_BUILT_IN) + 1:]
    if declared != "{}":
        for name, value in json_of(declared).items():
            known = from_json(value, kinds[name]) if name in kinds else None
            if known is not None:
                attributes[name] = known
    return Known(
        contact=Contact(id=raw[0], attributes=attributes, zones=_zones(zone_key, zone_source), erased=erased_at is not None),
        keys={kind: key for kind, key in zip(KEY_COLUMNS, keys, strict=True) if key},
    )


_BUILT_IN = tuple(BUILT_IN_ATTRIBUTES)
_TAGS, _CREATED_AT = (1 + _BUILT_IN.index(name) for name in ("tags", "created_at"))


@cache
def _zones(key: str, source: str) -> Zones:
    return zones_from_key(key, ZoneSource(source))
