"""Responses -> what is written of them, in one transaction. The hooks, the mailboxes, the links and simulations come through here alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import final

import structlog

from engage.feedback.bounces import Severity, severity
from engage.feedback.consequences import consequences
from engage.feedback.ports import Store, Transaction
from engage.feedback.responses import Response, Taken
from engage.model.history import Kind
from engage.model.letter import Letter
from engage.model.workspace import Workspace

log = structlog.get_logger()


@final
class Feedback:
    """Takes what comes back of messages. Safe to use from many threads, and to be told the same thing twice, in any order."""

    def __init__(
        self, store: Store, *, workspace: Callable[[], Workspace], counted: Callable[[Kind], object] = lambda kind: None,
        bounced: Callable[[Severity], object] = lambda severity: None,
    ) -> None:
        """`counted` is told of each response that was new, once it is committed, and `bounced` of how bad each new bounce is."""
        self._store = store
        self._counted = counted
        self._bounced = bounced
        self._workspace = workspace

    def take(self, responses: Sequence[Response], *, now: datetime) -> Sequence[Taken]:
        """Write what they come to, all or nothing; what became of each, in their order.

        What is new and no machine's leaves a pending event `message.<kind>`, which planning draws a moment later.
        """
        with self._store.transaction() as tx:
            letters = tx.letters(responses)
            taken = [self._take(tx, response, letter, now) for response, letter in zip(responses, letters, strict=True)]
        for response, fate in zip(responses, taken, strict=True):
            if fate is Taken.NEW:
                self._tell(response)
        return taken

    def _tell(self, response: Response) -> None:
        """Count it; that we are refused, which is no fault of the address, is for people to look into."""
        self._counted(response.kind)
        if response.kind is not Kind.BOUNCED:
            return
        how_bad = severity(response.reason)
        self._bounced(how_bad)
        if how_bad is Severity.BLOCKED:
            log.warning("message.blocked", delivery_id=response.delivery_id, code=response.reason, then="see why we are refused")

    def _take(self, tx: Transaction, response: Response, letter: Letter | None, now: datetime) -> Taken:
        if letter is None:
            return Taken.UNMATCHED
        new = consequences(response, letter, tx.known(letter), settings=self._workspace().settings, now=now)
        if new is None:
            return Taken.KNOWN
        tx.write(new)
        return Taken.NEW
