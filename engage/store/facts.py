"""All that the decision asks about a batch of deliveries, read in a few set-based queries: rows -> Candidates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, final

import sqlalchemy as sa

from engage.delivery.ports import Candidate
from engage.model.contact import ChannelKind, Consent
from engage.model.delivery import DeliveryState, Facts, HandOff, Intent
from engage.model.history import Kind
from engage.model.workspace import Settings, Workspace
from engage.planning.versions import Versions
from engage.store.campaigns import Edition, campaign_states_of, pauses_in
from engage.store.ledger_tables import consents, suppressions
from engage.store.lists import among
from engage.store.raw import moment, moment_or_none, raw_rows
from engage.store.recall import CONTACT, INTENT, Known, Recall
from engage.store.renaming import present_name
from engage.store.rows import KEY_COLUMNS
from engage.store.tables import contacts, deliveries, runs, touches

COPIES = (DeliveryState.SENDING.value, DeliveryState.SENT.value, DeliveryState.UNKNOWN.value)


def load_candidates(
    connection: sa.Connection, *, batch_id: int, now: datetime, workspace: Workspace, versions: Versions, recall: Recall,
    delivery_ids: Sequence[int] | None = None, lock_contacts: bool = False,
) -> list[Candidate]:
    """The batch's waiting deliveries with their facts, or those of them that are named, in the order of their ids.

    `recall` is what was read of the batch before: what says the same is not understood anew, but all of it is read.
    """
    rows = _rows(connection, batch_id, delivery_ids, lock_contacts=lock_contacts)
    recall.of_workspace(workspace)
    asked = [recall.asked(row) for row in rows]
    if not asked:
        return []
    facts = FactsOf(
        connection, [each.intent for each in asked], {each.intent.contact_id: each.contact for each in asked if each.contact is not None},
        now=now, workspace=workspace, versions=versions,
    )
    return [
        Candidate(intent=each.intent, facts=facts.of(each.intent, run_exited=each.run_exited), on_unknown=each.on_unknown)
        for each in asked
    ]


def _rows(
    connection: sa.Connection, batch_id: int, delivery_ids: Sequence[int] | None, *, lock_contacts: bool,
) -> Sequence[tuple[Any, ...]]:
    """Read after the contacts are locked: what another transaction did to them is then either seen or waits for this one."""
    if delivery_ids is None:
        return raw_rows(connection, _OF_BATCH, {"batch": batch_id})
    given = {"batch": batch_id, "named": delivery_ids}
    if lock_contacts:
        connection.execute(_LOCK_CONTACTS, given)
    return raw_rows(connection, _NAMED_OF_BATCH, given)


def looks_back(editions: Iterable[Edition], *, settings: Settings, versions: Versions) -> timedelta:
    """How far back any limit counts that holds for one of these; a run goes by the limits of the version that it entered with."""
    campaigns = [versions(campaign, version) for campaign, version in editions]
    limits = [*settings.limits, *(limit for purpose in settings.purposes.values() for limit in purpose.limits)]
    limits += [limit for campaign in campaigns if campaign is not None for limit in campaign.limits]
    return max((limit.looks_back for limit in limits), default=timedelta())


@final
class FactsOf:
    """The facts of a batch of intents, read at once, of contacts that are read already."""

    def __init__(
        self, connection: sa.Connection, intents: Sequence[Intent], known: Mapping[int, Known], *, now: datetime, workspace: Workspace,
        versions: Versions,
    ) -> None:
        self._connection = connection
        self._known = known
        ids, editions = {intent.contact_id for intent in intents}, {(intent.campaign, intent.version) for intent in intents}
        self._owners = _owners_of_keys(known)
        self._consents = self._load_consents(ids)
        self._suppressed = self._load_suppressed()
        self._copies = self._load_copies({intent.send_key for intent in intents if intent.send_key})
        back = looks_back(editions, settings=workspace.settings, versions=versions)
        self._hand_offs = self._load_hand_offs(ids, since=now - back) if back else {}
        paused = pauses_in(connection)
        self._paused_channels = frozenset(name for scope, name in paused if scope == "channel")
        self._campaigns = campaign_states_of(connection, editions, paused=paused, now=now)

    def of(self, intent: Intent, *, run_exited: bool = False) -> Facts:
        """The facts of one of them."""
        contact_id = intent.contact_id
        known, copies = self._known.get(contact_id), self._copies.get(intent.send_key) if self._copies else None
        return Facts(
            contact=None if known is None else known.contact, campaign=self._campaigns[intent.campaign, intent.version],
            run_exited=run_exited, paused_channels=self._paused_channels, consents=self._consents.get(contact_id, ()),
            suppressed=self._suppressed.get(contact_id, {}), hand_offs=self._hand_offs.get(contact_id, ()),
            duplicates=frozenset(kind for kind, key in known.keys.items() if key in copies) if known and copies else frozenset(),
        )

    def _load_consents(self, ids: set[int]) -> Mapping[int, tuple[Consent, ...]]:
        """The contacts' own lines, and the withdrawals by message of whoever shares an address, in the order of the ledger."""
        lines: dict[int, tuple[Consent, ...]] = {}
        for row in raw_rows(self._connection, _CONSENTS, {"ids": ids, "keys": self._owners}):
            line = _consent(row)
            sharing = self._owners.get(line.address_key, ()) if line.address_key and not line.granted else ()
            for contact_id in {line.contact_id, *sharing} if sharing else (line.contact_id,):
                lines[contact_id] = (*lines.get(contact_id, ()), line)
        return lines

    def _load_suppressed(self) -> Mapping[int, Mapping[ChannelKind, str]]:
        """The reason by contact and kind of address, of those few that are on the list."""
        listed: dict[int, dict[ChannelKind, str]] = defaultdict(dict)
        for key, reason in raw_rows(self._connection, _SUPPRESSED, {"keys": self._owners}):
            for contact_id in self._owners[key]:
                listed[contact_id] |= {kind: reason for kind, own in self._known[contact_id].keys.items() if own == key}
        return listed

    def _load_copies(self, send_keys: set[str]) -> Mapping[str, set[str]]:
        """The addresses that got, or are getting, the message of an occurrence."""
        copies: dict[str, set[str]] = defaultdict(set)
        if send_keys and self._owners:
            for send_key, address_key in raw_rows(self._connection, _COPIES, {"send_keys": send_keys, "keys": self._owners}):
                copies[send_key].add(address_key)
        return copies

    def _load_hand_offs(self, ids: set[int], *, since: datetime) -> Mapping[int, tuple[HandOff, ...]]:
        """What limits count: touches `sent` and `unknown`, and what is under way."""
        found: dict[int, tuple[HandOff, ...]] = {}
        rows = raw_rows(self._connection, _HAND_OFFS, {"ids": ids, "since": since})
        for contact_id, at, campaign, purpose, delivery_id, occasion in rows:
            hand_off = HandOff(
                at=moment(at), campaign=campaign or "", purpose=purpose or "", delivery_id=delivery_id, occasion=occasion,
            )
            found[contact_id] = (*found.get(contact_id, ()), hand_off)
        return found


def _owners_of_keys(known: Mapping[int, Known]) -> Mapping[str, list[int]]:
    owners: dict[str, list[int]] = defaultdict(list)
    for contact_id, each in known.items():
        for key in each.keys.values():
            owners[key].append(contact_id)
    return owners


_KINDS: Mapping[str | None, ChannelKind] = {kind.value: kind for kind in ChannelKind}  # to call the enum costs more than the rest


@lru_cache(maxsize=8192)  # each batch reads them twice
def _consent(row: tuple[Any, ...]) -> Consent:
    contact_id, purpose, channel, granted, at, source, proof, address_key, expires_at = row
    return Consent(
        contact_id=contact_id, purpose=purpose, channel=_KINDS.get(channel), granted=bool(granted), at=moment(at),
        source=source, proof=proof, address_key=address_key, expires_at=moment_or_none(expires_at),
    )


# Statements are made once, as every batch of every worker asks them twice.
_MINE = (deliveries.c.batch_id == sa.bindparam("batch"), deliveries.c.state == DeliveryState.WAITING.value)
_NAMED = (*_MINE, among(deliveries.c.id, "named"))
_ROWS = (
    sa.select(*INTENT, *CONTACT)
    .select_from(deliveries)
    .outerjoin(runs, runs.c.id == deliveries.c.run_id)
    .outerjoin(contacts, contacts.c.id == deliveries.c.contact_id)
    .order_by(deliveries.c.id)
)
_OF_BATCH, _NAMED_OF_BATCH = _ROWS.where(*_MINE), _ROWS.where(*_NAMED)
_CONSENTS = (
    sa.select(
        consents.c.contact_id, consents.c.purpose, consents.c.channel, consents.c.granted, consents.c.at, consents.c.source,
        consents.c.proof, consents.c.address_key, consents.c.expires_at,
    )
    .where(sa.or_(among(consents.c.contact_id, "ids"), sa.and_(among(consents.c.address_key, "keys"), ~consents.c.granted)))
    .order_by(consents.c.at, consents.c.id)
)
_SUPPRESSED = sa.select(suppressions.c.address_key, suppressions.c.reason).where(among(suppressions.c.address_key, "keys"))
_COPIES = sa.select(deliveries.c.send_key, deliveries.c.address_key).where(
    among(deliveries.c.send_key, "send_keys"), deliveries.c.send_key.is_not(None), among(deliveries.c.address_key, "keys"),
    deliveries.c.state.in_(COPIES),
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
        among(touches.c.contact_id, "ids"), touches.c.at >= sa.bindparam("since"),
        touches.c.kind.in_((Kind.SENT.value, Kind.UNKNOWN.value)),
    )
    under_way = sa.select(
        deliveries.c.contact_id, deliveries.c.sending_at, deliveries.c.campaign, deliveries.c.purpose, deliveries.c.id,
        deliveries.c.payload["occasion"].as_string().label("occasion"),
    ).where(sa.text("state = 'sending'"), among(deliveries.c.contact_id, "ids"))
    return sa.union_all(done, under_way).order_by("at", "delivery_id")


_LOCK_CONTACTS, _HAND_OFFS = _lock_contacts(), _hand_offs()
