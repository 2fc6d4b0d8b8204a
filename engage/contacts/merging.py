"""Two contacts who are one person: what becomes of their attributes and of their runs. And the port by which they are merged. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, final

from engage.model.campaign import FREQUENCIES
from engage.model.contact import Value
from engage.model.run import Run, RunState
from engage.model.tracking import WISH

MERGED = "merged"
"""The reason of what ends because two contacts are one."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two contacts that were merged: whose number goes on, and what became of the other's. `undone`: it was taken back since."""

    id: int
    kept_id: int
    merged_id: int
    at: datetime
    by: str
    undone: bool = False
    exited_runs: int = 0


class Merging(Protocol):
    """Merges contacts, and takes it back. Each call is one transaction; whoever clears a hand-off to either waits, or is waited for."""

    def merge(self, kept_id: int, merged_id: int, *, now: datetime, by: str) -> Merge:
        """Let the one be part of the other: identities, history, runs, the strictest consent, every suppression.

        `by` says who decided it. Raises InputError where either is not there, or both are the same.
        """
        ...

    def undo(self, kept_id: int, *, now: datetime, by: str) -> Merge:
        """Take back the last merge into this contact: both are as they were.

        What happened since stays with the one that was kept, but for what belongs to the other's runs; a withdrawal since then counts
        for both. Raises InputError where there is none to undo.
        """
        ...

    def merges(self, contact_id: int) -> Sequence[Merge]:
        """The merges that this contact has come of, oldest first."""
        ...


def united(kept: Mapping[str, Value], other: Mapping[str, Value]) -> Mapping[str, Value]:
    """The attributes of both: the kept one's go before, lists are joined, the earlier `created_at`, the rarer `frequency`
    and a no to `tracking` count."""
    joined: dict[str, Value] = {**other, **kept}
    for name, value in kept.items():
        theirs = other.get(name)
        if isinstance(value, tuple) and isinstance(theirs, tuple):
            joined[name] = tuple(dict.fromkeys((*value, *theirs)))
    first = [value for value in (kept.get("created_at"), other.get("created_at")) if isinstance(value, datetime)]
    wishes = [wish for wish in (kept.get("frequency"), other.get("frequency")) if isinstance(wish, str) and wish in FREQUENCIES]
    return {
        **joined, **({"created_at": min(first)} if first else {}),
        **({"frequency": max(wishes, key=lambda wish: FREQUENCIES[wish].looks_back)} if wishes else {}),
        **({WISH: False} if False in (kept.get(WISH), other.get(WISH)) else {}),
    }


def losers(runs: Iterable[Run]) -> Sequence[Run]:
    """Of each two runs of one campaign under the same key the one that goes on no more.

    Goes on: the one that has handed something over, else the one that is under way, else the older.
    """
    best: dict[tuple[str, str], Run] = {}
    return [run for run in sorted(runs, key=_rank) if best.setdefault((run.campaign, run.key), run) is not run]


def _rank(run: Run) -> tuple[bool, bool, datetime, int]:
    return run.handed_off_at is None, run.state is not RunState.ACTIVE, run.entered_at, run.id
