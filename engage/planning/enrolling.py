"""2a Enrolling: people named one by one into any live campaign; what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from engage.model.campaign import Campaign
from engage.model.run import RunState
from engage.planning.ports import Transaction


class Fate(StrEnum):
    """What became of a contact that was to be enrolled."""

    ENTERED = "entered"
    HELD_OUT = "held_out"
    ALREADY = "already"  # it has a run under this key
    RE_ENTRY = "re_entry"
    AUDIENCE = "not_in_audience"
    PAUSED = "paused"
    NOT_LIVE = "not_live"


def fates(
    tx: Transaction, campaign: Campaign, key: str, contact_ids: Sequence[int], *, before: Mapping[int, RunState]
) -> Mapping[int, Fate]:
    """What became of each, once they entered; `before` are the runs that were there under the key."""
    after = tx.run_states(campaign.name, key, contact_ids)
    kept_out = tx.kept_out(campaign.name, key, contact_ids)
    return {contact_id: _fate(contact_id, before, after, kept_out) for contact_id in contact_ids}


def _fate(
    contact_id: int, before: Mapping[int, RunState], after: Mapping[int, RunState], kept_out: frozenset[int]
) -> Fate:
    if contact_id in before:
        return Fate.ALREADY
    if contact_id in after:
        return Fate.HELD_OUT if after[contact_id] is RunState.HELD_OUT else Fate.ENTERED
    return Fate.RE_ENTRY if contact_id in kept_out else Fate.AUDIENCE
