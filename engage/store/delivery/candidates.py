"""A batch's deliveries with all that the decision asks, and what of it is still so at the hand-off: rows -> Candidates.

At the hand-off everything is asked again, but mostly nothing has changed, and then it is enough to know that: of a row its mark, of what
is appended to its sum. Where one of them is another, all of the slice is read anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, final

import sqlalchemy as sa

from engage.delivery.ports import Candidate
from engage.model.contact import AttributeKind, ChannelKind
from engage.model.delivery import DeliveryState
from engage.model.workspace import Workspace
from engage.planning.versions import Versions
from engage.store.campaigns.changing import campaign_states_in, pauses_in
from engage.store.campaigns.fact_rows import CONSENT, COPY, DONE, SUMS, SUPPRESSED, UNDER_WAY, FactRow
from engage.store.delivery.facts import FactsOf, Question, pairs_in, question_about
from engage.store.delivery.recall import MARK, ROWS, WITH_THEIRS, Asked, understood
from engage.store.rows.rows import KEY_COLUMNS
from engage.store.schema.tables import contacts, deliveries
from engage.store.sql.lists import among
from engage.store.sql.raw import Raw, raw_rows


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """By what, and as of when, a batch's deliveries are read."""

    now: datetime
    workspace: Workspace
    versions: Versions


@final
class Recall:
    """What was read of one batch, and what it came to. Not for two threads at once."""

    def __init__(self) -> None:
        self._kinds: Mapping[str, AttributeKind] = {}
        self._asked: dict[int, Asked] = {}
        self._candidates: dict[int, Candidate] = {}
        self.facts: FactsOf | None = None

    def keep(self, asked: Iterable[Asked], candidates: Iterable[Candidate], facts: FactsOf, workspace: Workspace) -> None:
        """Remember what was read first of the batch."""
        self._kinds = workspace.settings.attributes
        self._asked = {each.intent.id: each for each in asked}
        self._candidates = {candidate.intent.id: candidate for candidate in candidates}
        self.facts = facts

    def candidates(self, ids: Iterable[int]) -> Sequence[Candidate]:
        """What these came to."""
        return [self._candidates[delivery_id] for delivery_id in ids]

    def asked(self, ids: Iterable[int], workspace: Workspace) -> Sequence[Asked] | None:
        """What these say; None where one of them was not read, or would say something else now."""
        if self._kinds is not workspace.settings.attributes or not all(map(self._asked.__contains__, ids)):
            return None
        return [self._asked[delivery_id] for delivery_id in ids]

    def is_as_before(self, row: Raw) -> bool:
        """Whether the row says what it said: its id and mark alone, or all of it."""
        known = self._asked[row[0]].raw
        return known[-1] == row[-1] if len(row) == MARKED_WIDTH else known == row

    def key_of(self, delivery_id: int, kind: ChannelKind, address: str) -> str | None:
        """The hash of an address, where it is the contact's own as it was read."""
        known = self._asked.get(delivery_id)
        if known is None or known.contact is None or known.contact.contact.address(kind) != address:
            return None
        return known.contact.keys.get(kind)


MARKED_WIDTH = 2
"""Columns of a row that is read for its mark."""


def waiting_rows(connection: sa.Connection, ids: Sequence[int]) -> Sequence[Raw]:
    """The rows of those that wait."""
    return raw_rows(connection, _WAITING, {"named": ids})


def load_candidates(connection: sa.Connection, reading: Reading, recall: Recall, rows: Sequence[Raw]) -> Sequence[Candidate]:
    """A batch's deliveries with their facts."""
    asked = [understood(row, reading.workspace.settings.attributes) for row in rows]
    found, facts = _with_facts(connection, reading, asked)
    if facts is not None:
        recall.keep(asked, found, facts, reading.workspace)
    return found


def reload_candidates(connection: sa.Connection, reading: Reading, recall: Recall, ids: Sequence[int]) -> Sequence[Candidate]:
    """Those of these ids that still wait, with their facts as they are now; their contacts are locked until the transaction ends."""
    before = recall.asked(ids, reading.workspace)
    given = {"named": ids}
    if before is not None:
        _lock_known(connection, before)
        if _is_unchanged(connection, reading, recall, before, given):
            return recall.candidates(ids)
    if connection.dialect.name == "postgresql":  # the other one lets nobody else write meanwhile
        connection.execute(_LOCK_CONTACTS, given)
    asked = [understood(row, reading.workspace.settings.attributes) for row in waiting_rows(connection, ids)]
    return _with_facts(connection, reading, asked)[0]


def _with_facts(
    connection: sa.Connection, reading: Reading, asked: Sequence[Asked],
) -> tuple[Sequence[Candidate], FactsOf | None]:
    """Facts are read after the contacts are locked: what another transaction did to them is then either seen or waits for this one."""
    if not asked:
        return [], None
    known = {each.intent.contact_id: each.contact for each in asked if each.contact is not None}
    intents = [each.intent for each in asked]
    facts = FactsOf(connection, intents, known, now=reading.now, workspace=reading.workspace, versions=reading.versions)
    found = [
        Candidate(intent=each.intent, facts=facts.of(each.intent, run_exited=each.run_exited), on_unknown=each.on_unknown)
        for each in asked
    ]
    return found, facts


def _lock_known(connection: sa.Connection, asked: Sequence[Asked]) -> None:
    """Lock the contacts, and where one copy an address goes out whoever shares one: of two slices at once one sees the other's."""
    if connection.dialect.name != "postgresql":
        return
    keys: dict[ChannelKind, set[str]] = {kind: set() for kind in KEY_COLUMNS}
    for each in asked:
        if each.intent.send_key and each.contact is not None:
            for kind, key in each.contact.keys.items():
                keys[kind].add(key)
    given = {"ids": {each.intent.contact_id for each in asked}, **{KEY_COLUMNS[kind]: found for kind, found in keys.items()}}
    connection.execute(_LOCK_SHARING if any(keys.values()) else _LOCK_KNOWN, given)


def _is_unchanged(connection: sa.Connection, reading: Reading, recall: Recall, asked: Sequence[Asked], given: Any) -> bool:
    """Whether all of it says what it said before."""
    facts = recall.facts
    if facts is None:
        return False
    again = raw_rows(connection, _MARKED if connection.dialect.name == "postgresql" else _WAITING, given)
    if len(again) != len(asked) or not all(map(recall.is_as_before, again)):
        return False
    question = question_about([each.intent for each in asked], facts.known, since=facts.since)
    rows = list(map(FactRow._make, raw_rows(connection, SUMS, question.parameters())))
    return _expected(facts, question) == {row.about: row[1:3] for row in rows if row.about <= UNDER_WAY} and _few_are_same(
        facts, question, rows, reading.now)


def _expected(facts: FactsOf, question: Question) -> dict[int, tuple[int, int]]:
    """How many lines and hand-offs the slice's contacts had, and what their ids came to."""
    lines = {number for contact_id in question.ids for number in facts.lines.get(contact_id, ())}
    sums = {CONSENT: (len(lines), sum(lines))}
    for about in (DONE, UNDER_WAY):
        found = facts.hand_offs[about]
        each = [hand_off.delivery_id or 0 for contact_id in question.ids if contact_id in found for hand_off in found[contact_id]]
        sums[about] = (len(each), sum(each))
    return sums


def _few_are_same(facts: FactsOf, question: Question, rows: Sequence[FactRow], now: datetime) -> bool:
    suppressed = {pair for pair in facts.suppressed if pair[0] in question.keys}
    copies = {pair for pair in facts.copies if pair[0] in question.send_keys and pair[1] in question.keys}
    states = campaign_states_in(rows, question.editions, now=now)
    return (
        pairs_in(rows, SUPPRESSED) == suppressed and pairs_in(rows, COPY) == copies and pauses_in(rows) == facts.pauses
        and all(facts.campaigns[edition] == state for edition, state in states.items())
    )


# Statements are made once, as every batch of every worker asks them.
_NAMED = (deliveries.c.state == sa.literal_column(f"'{DeliveryState.WAITING.value}'"), among(deliveries.c.id, "named"))
_WAITING = ROWS.where(*_NAMED)
_MARKED = sa.select(deliveries.c.id, MARK).select_from(WITH_THEIRS).where(*_NAMED)

_LOCKED = sa.select(contacts.c.id).order_by(contacts.c.id).with_for_update()
_LOCK_KNOWN = _LOCKED.where(among(contacts.c.id, "ids"))
_LOCK_SHARING = _LOCKED.where(sa.or_(among(contacts.c.id, "ids"), *(among(contacts.c[name], name) for name in KEY_COLUMNS.values())))


def _mates() -> list[sa.Select[int]]:
    """Whoever shares an address with one of them, where one copy an address goes out."""
    other = contacts.alias("mate")
    return [
        sa.select(other.c.id)
        .select_from(deliveries.join(contacts, contacts.c.id == deliveries.c.contact_id))
        .join(other, other.c[column] == contacts.c[column])
        .where(*_NAMED, deliveries.c.send_key.is_not(None))
        for column in KEY_COLUMNS.values()
    ]


_LOCK_CONTACTS = _LOCKED.where(contacts.c.id.in_(sa.union(sa.select(deliveries.c.contact_id).where(*_NAMED), *_mates())))
