"""All that the decision asks about a batch of deliveries, read in a few set-based queries: rows -> Candidates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, final

import sqlalchemy as sa

from engage.delivery.ports import Candidate
from engage.model.contact import ChannelKind, Consent, Contact
from engage.model.delivery import DeliveryState, Facts, HandOff, Intent
from engage.model.history import Kind
from engage.model.run import RunState, has_left
from engage.model.workspace import Settings, Workspace
from engage.planning.versions import Versions
from engage.store.campaigns import campaign_states_of, pauses_in
from engage.store.payloads import quiet_hours_of
from engage.store.renaming import present_name
from engage.store.rows import KEY_COLUMNS, Row, consent_of, contact_of
from engage.store.tables import consents, contacts, deliveries, runs, suppressions, touches

COPIES = (DeliveryState.SENDING.value, DeliveryState.SENT.value, DeliveryState.UNKNOWN.value)


def load_candidates(
    connection: sa.Connection, *, batch_id: int, now: datetime, workspace: Workspace, versions: Versions,
    delivery_ids: Sequence[int] | None = None, lock_contacts: bool = False,
) -> list[Candidate]:
    """The batch's waiting deliveries with their facts, or those of them that are named, in the order of their ids."""
    rows = _delivery_rows(connection, batch_id, delivery_ids, lock_contacts=lock_contacts)
    if not rows:
        return []
    intents = [intent_of(row) for row in rows]
    facts = FactsOf(connection, intents, now=now, workspace=workspace, versions=versions)
    return [
        Candidate(
            intent=intent, facts=facts.of(intent, run_exited=_run_exited(row)),
            on_unknown=row["payload"]["on_unknown"],
        )
        for intent, row in zip(intents, rows, strict=True)
    ]


def _run_exited(row: Row) -> bool:
    return row["run_id"] is not None and (row["run_state"] is None or has_left(RunState(row["run_state"]), apart=row["apart"]))


def _delivery_rows(connection: sa.Connection, batch_id: int, delivery_ids: Sequence[int] | None, *, lock_contacts: bool) -> Sequence[Row]:
    """Read after the contacts are locked: what another transaction did to them is then either seen or waits for this one."""
    if delivery_ids is None:
        return connection.execute(_OF_BATCH, {"batch": batch_id}).mappings().all()
    given = {"batch": batch_id, "named": delivery_ids}
    if lock_contacts:
        connection.execute(_LOCK_CONTACTS, given)
    return connection.execute(_NAMED_OF_BATCH, given).mappings().all()


def intent_of(row: Row) -> Intent:
    """The intent in a row of `deliveries` joined with its run's trigger."""
    payload = row["payload"]
    return Intent(
        id=row["id"], run_id=row["run_id"], campaign=row["campaign"], version=row["version"], step=row["step"], message=row["message"],
        purpose=row["purpose"], contact_id=row["contact_id"], channels=tuple(payload["channels"]), intended_at=row["intended_at"],
        due_at=row["due_at"], expires_at=row["expires_at"], priority=row["priority"], to=payload["to"],
        quiet_hours=quiet_hours_of(payload), trigger=row["trigger"] or {}, values=payload["values"], tried=tuple(row["tried"]),
        bound_to=row["provider"], attempts=row["attempts"], resends=row["resends"], send_key=row["send_key"] or "",
        occasion=payload.get("occasion"),
    )


def looks_back(intents: Iterable[Intent], *, settings: Settings, versions: Versions) -> timedelta:
    """How far back any limit counts that holds for one of these; a run goes by the limits of the version that it entered with."""
    campaigns = [versions(campaign, version) for campaign, version in {(intent.campaign, intent.version) for intent in intents}]
    limits = [*settings.limits, *(limit for purpose in settings.purposes.values() for limit in purpose.limits)]
    limits += [limit for campaign in campaigns if campaign is not None for limit in campaign.limits]
    return max((limit.looks_back for limit in limits), default=timedelta())


@final
class FactsOf:
    """The facts of a batch of intents, read at once."""

    def __init__(
        self, connection: sa.Connection, intents: Sequence[Intent], *, now: datetime, workspace: Workspace, versions: Versions
    ) -> None:
        self._connection = connection
        ids = sorted({intent.contact_id for intent in intents})
        self._contacts, self._keys = self._load_contacts(ids, workspace)
        self._owners = self._owners_of_keys()
        self._consents = self._load_consents(ids)
        self._suppressed = self._load_suppressed()
        self._copies = self._load_copies({intent.send_key for intent in intents if intent.send_key})
        back = looks_back(intents, settings=workspace.settings, versions=versions)
        self._hand_offs = self._load_hand_offs(ids, since=now - back) if back else {}
        paused, editions = pauses_in(connection), {(intent.campaign, intent.version) for intent in intents}
        self._paused_channels = frozenset(name for scope, name in paused if scope == "channel")
        self._campaigns = campaign_states_of(connection, editions, paused=paused, now=now)

    def of(self, intent: Intent, *, run_exited: bool = False) -> Facts:
        """The facts of one of them."""
        contact_id, keys = intent.contact_id, self._keys.get(intent.contact_id, {})
        copies = self._copies.get(intent.send_key, frozenset())
        return Facts(
            contact=self._contacts.get(contact_id), campaign=self._campaigns[intent.campaign, intent.version], run_exited=run_exited,
            paused_channels=self._paused_channels, consents=tuple(self._consents.get(contact_id, ())),
            suppressed={kind: self._suppressed[key] for kind, key in keys.items() if key in self._suppressed},
            duplicates=frozenset(kind for kind, key in keys.items() if key in copies),
            hand_offs=tuple(self._hand_offs.get(contact_id, ())),
        )

    def _rows(self, asked: sa.Select[Any] | sa.CompoundSelect[Any], **given: object) -> Iterable[Row]:
        return self._connection.execute(asked, given).mappings()

    def _load_contacts(self, ids: Sequence[int], workspace: Workspace) -> tuple[dict[int, Contact], dict[int, dict[ChannelKind, str]]]:
        known, keys = {}, {}
        for row in self._rows(_CONTACTS, ids=ids):
            known[row["id"]] = contact_of(row, workspace.settings.attributes)
            keys[row["id"]] = {kind: row[column] for kind, column in KEY_COLUMNS.items() if row[column]}
        return known, keys

    def _owners_of_keys(self) -> Mapping[str, list[int]]:
        owners = defaultdict(list)
        for contact_id, keys in self._keys.items():
            for key in keys.values():
                owners[key].append(contact_id)
        return owners

    def _load_consents(self, ids: Sequence[int]) -> Mapping[int, list[Consent]]:
        """The contacts' own lines, and the withdrawals by message of whoever shares an address, in the order of the ledger."""
        lines: dict[int, list[Consent]] = defaultdict(list)
        for row in self._rows(_CONSENTS, ids=ids, keys=sorted(self._owners)):
            sharing = self._owners.get(row["address_key"] or "", []) if not row["granted"] else []
            for contact_id in {row["contact_id"], *sharing}:
                lines[contact_id].append(consent_of(row))
        return lines

    def _load_suppressed(self) -> Mapping[str, str]:
        return {row["address_key"]: row["reason"] for row in self._rows(_SUPPRESSED, keys=sorted(self._owners))}

    def _load_copies(self, send_keys: set[str]) -> Mapping[str, frozenset[str]]:
        """The addresses that got, or are getting, the message of an occurrence."""
        if not send_keys:
            return {}
        copies: dict[str, set[str]] = defaultdict(set)
        for row in self._rows(_COPIES, send_keys=sorted(send_keys), keys=sorted(self._owners)):
            copies[row["send_key"]].add(row["address_key"])
        return {send_key: frozenset(addresses) for send_key, addresses in copies.items()}

    def _load_hand_offs(self, ids: Sequence[int], *, since: datetime) -> Mapping[int, list[HandOff]]:
        """What limits count: touches `sent` and `unknown`, and what is under way."""
        found: dict[int, list[HandOff]] = defaultdict(list)
        for row in self._rows(_HAND_OFFS, ids=ids, since=since):
            found[row["contact_id"]].append(
                HandOff(
                    at=row["at"], campaign=row["campaign"] or "", purpose=row["purpose"] or "", delivery_id=row["delivery_id"],
                    occasion=row["occasion"],
                )
            )
        return found


# Statements are made once, as every batch of every worker asks them twice.
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_KEYS: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)
_MINE = (deliveries.c.batch_id == sa.bindparam("batch"), deliveries.c.state == DeliveryState.WAITING.value)
_NAMED = (*_MINE, deliveries.c.id.in_(sa.bindparam("named", expanding=True)))
_ROWS = (
    sa.select(deliveries, runs.c.trigger, runs.c.state.label("run_state"))
    .outerjoin(runs, runs.c.id == deliveries.c.run_id)
    .order_by(deliveries.c.id)
)
_OF_BATCH, _NAMED_OF_BATCH = _ROWS.where(*_MINE), _ROWS.where(*_NAMED)
_CONTACTS = sa.select(contacts).where(contacts.c.id.in_(_IDS))
_CONSENTS = (
    sa.select(consents)
    .where(sa.or_(consents.c.contact_id.in_(_IDS), sa.and_(consents.c.address_key.in_(_KEYS), ~consents.c.granted)))
    .order_by(consents.c.at, consents.c.id)
)
_SUPPRESSED = sa.select(suppressions.c.address_key, suppressions.c.reason).where(suppressions.c.address_key.in_(_KEYS))
_COPIES = sa.select(deliveries.c.send_key, deliveries.c.address_key).where(
    deliveries.c.send_key.in_(sa.bindparam("send_keys", expanding=True)), deliveries.c.send_key.is_not(None),
    deliveries.c.address_key.in_(_KEYS), deliveries.c.state.in_(COPIES),
)


def _mates() -> Iterator[sa.Select[int]]:
    """Whoever shares an address with one of them, where one copy an address goes out: of two slices at once one sees the other's."""
    other = contacts.alias("mate")
    for column in KEY_COLUMNS.values():
        yield (
            sa.select(other.c.id)
            .select_from(deliveries.join(contacts, contacts.c.id == deliveries.c.contact_id))
            .join(other, other.c[column] == contacts.c[column])
            .where(*_NAMED, deliveries.c.send_key.is_not(None))
        )


def _lock_contacts() -> sa.Select[int]:
    theirs = sa.union(sa.select(deliveries.c.contact_id).where(*_NAMED), *_mates())
    return sa.select(contacts.c.id).where(contacts.c.id.in_(theirs)).order_by(contacts.c.id).with_for_update()


def _hand_offs() -> sa.CompoundSelect[Any]:
    done = sa.select(
        touches.c.contact_id, touches.c.at, present_name(touches.c.campaign).label("campaign"), touches.c.purpose, touches.c.delivery_id,
        touches.c.detail["occasion"].as_string().label("occasion"),
    ).where(
        touches.c.contact_id.in_(_IDS), touches.c.at >= sa.bindparam("since"),
        touches.c.kind.in_((Kind.SENT.value, Kind.UNKNOWN.value)),
    )
    under_way = sa.select(
        deliveries.c.contact_id, deliveries.c.sending_at, deliveries.c.campaign, deliveries.c.purpose, deliveries.c.id,
        deliveries.c.payload["occasion"].as_string().label("occasion"),
    ).where(sa.text("state = 'sending'"), deliveries.c.contact_id.in_(_IDS))
    return sa.union_all(done, under_way).order_by("at", "delivery_id")


_LOCK_CONTACTS, _HAND_OFFS = _lock_contacts(), _hand_offs()
