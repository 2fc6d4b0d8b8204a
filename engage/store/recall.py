"""What a worker has read of a batch: raw rows, and the nouns that they were understood as.

Every clearing reads all of a slice's rows again. A row that says what it said before means what it meant before, so that most of what
is read a second time is only compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from engage.model.contact import BUILT_IN_ATTRIBUTES, AttributeKind, ChannelKind, Contact
from engage.model.delivery import Intent
from engage.model.run import RunState, has_left
from engage.model.workspace import Workspace
from engage.store.payloads import quiet_hours_in
from engage.store.raw import Raw, as_text, json_of, moment, moment_or_none
from engage.store.rows import KEY_COLUMNS, contact_of
from engage.store.tables import contacts, deliveries, runs

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


_ACTIVE = RunState.ACTIVE.value


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A contact, and the hashes of its addresses."""

    contact: Contact
    keys: Mapping[ChannelKind, str]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A row that is waiting, understood."""

    raw: Raw
    intent: Intent
    contact: Known | None
    run_exited: bool
    on_unknown: str


@final
class Recall:
    """What one batch said so far. Not for two threads at once."""

    def __init__(self) -> None:
        self._kinds: Mapping[str, AttributeKind] = {}
        self._asked: dict[int, Asked] = {}

    def of_workspace(self, workspace: Workspace) -> None:
        """Forget all where attributes are declared otherwise now: the same row then means another contact."""
        if workspace.settings.attributes is not self._kinds:
            self._kinds = workspace.settings.attributes
            self._asked.clear()

    def asked(self, raw: Raw) -> Asked:
        """What the row of INTENT and CONTACT says."""
        known = self._asked.get(raw[0])
        if known is None or known.raw != raw:
            contact = raw[len(INTENT):]
            self._asked[raw[0]] = known = Asked(
                raw=raw, intent=intent_in(raw), contact=None if contact[0] is None else contact_in(contact, self._kinds),
                run_exited=raw[1] is not None and _has_left(*raw[len(INTENT) - 3:len(INTENT):2]), on_unknown=json_of(raw[15])["on_unknown"],
            )
        return known

    def key_of(self, delivery_id: int, kind: ChannelKind, address: str) -> str | None:
        """The hash of an address, where it is the contact's own as it was read."""
        known = self._asked.get(delivery_id)
        if known is None or known.contact is None or known.contact.contact.address(kind) != address:
            return None
        return known.contact.keys.get(kind)


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
    )


def contact_in(raw: Raw, kinds: Mapping[str, AttributeKind]) -> Known:
    """The contact in the columns CONTACT of a row; what is not declared any more is left out."""
    row: dict[str, Any] = dict(zip(_OF_CONTACT, raw[1:], strict=True))
    row |= {"id": raw[0], "tags": json_of(row["tags"] or "null"), "attributes": json_of(row["attributes"])}
    row["created_at"] = moment_or_none(row["created_at"])
    keys = {kind: row[column] for kind, column in KEY_COLUMNS.items() if row[column]}
    return Known(contact=contact_of(row, kinds), keys=keys)
