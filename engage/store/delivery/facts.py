"""What the decision asks about a batch of deliveries beside them and their contacts, read in one query: rows -> Facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, final

import sqlalchemy as sa

from engage.model.campaign import FREQUENCIES
from engage.model.contact import ChannelKind, Consent
from engage.model.delivery import Facts, HandOff, Intent
from engage.model.workspace import Settings, Workspace
from engage.planning.versions import Versions
from engage.store.campaigns.changing import Edition, campaign_states_in, pauses_in
from engage.store.campaigns.fact_rows import CONSENT, COPY, DONE, FACTS, SUPPRESSED, UNDER_WAY, FactRow
from engage.store.delivery.recall import Known
from engage.store.sql.raw import Raw, moment, moment_or_none, raw_rows


def looks_back(editions: Iterable[Edition], *, settings: Settings, versions: Versions) -> timedelta:
    """How far back any limit counts that holds for one of these; a run goes by the limits of the version that it entered with."""
    campaigns = [versions(campaign, version) for campaign, version in editions]
    limits = [*settings.limits, *(limit for purpose in settings.purposes.values() for limit in purpose.limits)]
    limits += [limit for campaign in campaigns if campaign is not None for limit in campaign.limits]
    return max((limit.looks_back for limit in limits), default=timedelta())


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """About whom facts are read: contacts, their addresses' keys, occurrences, campaigns. `since`: what limits count; None: nothing."""

    ids: frozenset[int]
    keys: frozenset[str]
    send_keys: frozenset[str]
    editions: frozenset[Edition]
    since: datetime | None

    def parameters(self) -> Mapping[str, object]:
        """Those of the statements."""
        return {
            "ids": self.ids, "keys": self.keys, "send_keys": self.send_keys, "counted": self.ids if self.since is not None else (),
            "since": self.since, "campaigns": {name for name, _ in self.editions}, "versions": {version for _, version in self.editions},
        }


def question_about(intents: Sequence[Intent], known: Mapping[int, Known], *, since: datetime | None) -> Question:
    """The question about deliveries, of contacts that are read already."""
    ids = frozenset(intent.contact_id for intent in intents)
    keys = frozenset(key for contact_id in ids if contact_id in known for key in known[contact_id].keys.values())
    return Question(
        ids=ids, keys=keys, send_keys=frozenset(intent.send_key for intent in intents if intent.send_key), since=since,
        editions=frozenset((intent.campaign, intent.version) for intent in intents),
    )


@final
class FactsOf:
    """The facts of a batch of intents, read at once, of contacts that are read already."""

    def __init__(
        self, connection: sa.Connection, intents: Sequence[Intent], known: Mapping[int, Known], *, now: datetime, workspace: Workspace,
        versions: Versions,
    ) -> None:
        editions = {(intent.campaign, intent.version) for intent in intents}
        back = max(looks_back(editions, settings=workspace.settings, versions=versions), _wished(known))
        self.since = now - back if back else None
        rows: list[list[Raw]] = [[] for _ in range(UNDER_WAY + 1)]
        few: list[FactRow] = []
        for row in raw_rows(connection, FACTS, question_about(intents, known, since=self.since).parameters()):
            if row[0] <= UNDER_WAY:
                rows[row[0]].append(row)
            else:
                few.append(FactRow._make(row))
        self.known = known
        self._owners = _owners_of_keys(known)
        self.lines = self._consents(rows[CONSENT])
        self._consents_of = {contact_id: tuple(lines.values()) for contact_id, lines in self.lines.items()}
        self.suppressed, self.copies = pairs_in(few, SUPPRESSED), pairs_in(few, COPY)
        self._listed = self._suppressed()
        self.hand_offs = {DONE: _hand_offs(rows[DONE]), UNDER_WAY: _hand_offs(rows[UNDER_WAY])}
        self.pauses = pauses_in(few)
        self._paused_channels = frozenset(name for scope, name in self.pauses if scope == "channel")
        self.campaigns = campaign_states_in(few, editions, now=now)

    def of(self, intent: Intent, *, run_exited: bool = False) -> Facts:
        """The facts of one of them."""
        contact_id = intent.contact_id
        known = self.known.get(contact_id)
        return Facts(
            contact=None if known is None else known.contact, campaign=self.campaigns[intent.campaign, intent.version],
            run_exited=run_exited, paused_channels=self._paused_channels, consents=self._consents_of.get(contact_id, ()),
            suppressed=self._listed.get(contact_id, {}), hand_offs=self._counted(contact_id),
            duplicates=self._duplicates(intent, known) if self.copies and known is not None else frozenset(),
        )

    def _duplicates(self, intent: Intent, known: Known) -> frozenset[ChannelKind]:
        return frozenset(kind for kind, key in known.keys.items() if (intent.send_key, key) in self.copies)

    def _counted(self, contact_id: int) -> tuple[HandOff, ...]:
        """What limits count: touches `sent` and `unknown`, and what is under way."""
        done, under_way = self.hand_offs[DONE].get(contact_id, ()), self.hand_offs[UNDER_WAY].get(contact_id, ())
        return (*done, *under_way) if under_way else done

    def _consents(self, rows: Iterable[Raw]) -> Mapping[int, Mapping[int, Consent]]:
        """The contacts' own lines by their ids, and the withdrawals by message of whoever shares an address, in the ledger's order."""
        lines: dict[int, dict[int, Consent]] = {}
        for row in rows:
            line = _consent(row)
            sharing = self._owners.get(line.address_key, ()) if line.address_key and not line.granted else ()
            for contact_id in {line.contact_id, *sharing} if sharing else (line.contact_id,):
                lines.setdefault(contact_id, {})[row[2]] = line
        return lines

    def _suppressed(self) -> Mapping[int, Mapping[ChannelKind, str]]:
        """The reason by contact and kind of address, of those few that are on the list."""
        listed: dict[int, dict[ChannelKind, str]] = defaultdict(dict)
        for key, reason in self.suppressed:
            for contact_id in self._owners[key]:
                listed[contact_id] |= {kind: reason for kind, own in self.known[contact_id].keys.items() if own == key}
        return listed


def pairs_in(rows: Iterable[FactRow], about: int) -> frozenset[tuple[str, str]]:
    """The first two texts of the rows that are about that."""
    return frozenset((row.text or "", row.other or "") for row in rows if row.about == about)


def _hand_offs(rows: Iterable[Raw]) -> Mapping[int, tuple[HandOff, ...]]:
    found: dict[int, tuple[HandOff, ...]] = {}
    for _, contact_id, delivery_id, at, _, campaign, purpose, occasion, *_ in rows:
        hand_off = HandOff(at=moment(at), campaign=campaign or "", purpose=purpose or "", delivery_id=delivery_id, occasion=occasion)
        found[contact_id] = (*found.get(contact_id, ()), hand_off)
    return found


def _owners_of_keys(known: Mapping[int, Known]) -> Mapping[str, list[int]]:
    owners: dict[str, list[int]] = defaultdict(list)
    for contact_id, each in known.items():
        for key in each.keys.values():
            owners[key].append(contact_id)
    return owners


def _wished(known: Mapping[int, Known]) -> timedelta:
    """How far back the limits count that contacts asked for themselves."""
    wishes = {each.contact.text("frequency") or "" for each in known.values()}
    return max((FREQUENCIES[wish].looks_back for wish in wishes if wish in FREQUENCIES), default=timedelta())


_KINDS: Mapping[str | None, ChannelKind] = {kind.value: kind for kind in ChannelKind}  # to call the enum costs more than the rest


@lru_cache(maxsize=8192)  # of a contact whose slice is read again
def _consent(row: tuple[Any, ...]) -> Consent:
    _, contact_id, _, at, granted, purpose, channel, source, proof, address_key, expires_at = row
    return Consent(
        contact_id=contact_id, purpose=purpose, channel=_KINDS.get(channel), granted=bool(granted), at=moment(at),
        source=source, proof=proof, address_key=address_key, expires_at=moment_or_none(expires_at),
    )
