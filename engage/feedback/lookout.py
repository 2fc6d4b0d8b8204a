"""Links that were followed, and pictures that were fetched -> responses, a moment later. A request itself only leaves a note here.

Nobody who follows a link waits for a database, or for one that is away. A click is kept for some seconds before it is written, as only
then it is known whether the same message's other links were followed at the same time, which scanners do and people cannot.
What cannot be written is kept, up to a bound, and tried again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Protocol, final

import structlog

from engage.feedback.responses import Response, Taken
from engage.feedback.taking import Feedback
from engage.model.contact import Contact
from engage.model.history import Kind
from engage.model.letter import Letter
from engage.model.time import Clock
from engage.model.workspace import Workspace

HOLD = 5.0
"""Seconds for which a click is kept before it is judged."""

AT_ONCE = 1.0
"""Seconds within which nobody follows two links of one message; and within HOLD nobody follows three."""

EARLY = timedelta(seconds=5)
"""What comes sooner after the hand-off is a scanner's on the way: the mail is not in front of anybody yet."""

MOST_WAITING = 50_000
MOST_KNOWN = 100_000
MOST_BURSTS = 10_000

log = structlog.get_logger()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Somebody or something came by a link. `machine` says how it is known that it was no person. `at` is when, by the clock."""

    kind: Kind
    at: datetime
    delivery_id: int
    url: str | None = None
    machine: str | None = None

    @property
    def key(self) -> tuple[int, str]:
        """What is written once: this link of this message, by people and by machines apart."""
        told = f"{self.kind}:{self.url or ''}"
        return self.delivery_id, ("machine:" if self.machine else "") + sha256(told.encode()).hexdigest()[:24]


class Letters(Protocol):
    """Messages that were handed over, and who got them."""

    def letter(self, delivery_id: int) -> Letter | None:
        """The message of that delivery."""
        ...

    def reader(self, contact_id: int) -> Contact | None:
        """The contact of that id."""
        ...


@final
@dataclass(slots=True)
class _Held:
    sight: Sight
    since: float

    @property
    def is_clear(self) -> bool:
        """Whether there is nothing to wait for: pictures are fetched together with the mail, and some machines say that they are."""
        return self.sight.kind is not Kind.CLICKED or self.sight.machine is not None


@final
class Lookout:
    """Notes what is seen, and writes it when it is asked to `settle`. Safe to use from many threads."""

    def __init__(
        self, feedback: Feedback, letters: Letters, *, workspace: Callable[[], Workspace], clock: Clock, seconds: Callable[[], float],
        away: Sequence[type[Exception]] = (), counted: Callable[[Kind, str], object] = lambda kind, by: None,
        told: Callable[[], object] = lambda: None,
    ) -> None:  # fmt: skip
        """`seconds` is a monotonic clock. `counted` is told of each sight, the repeated ones too, and by whom: `person`, `machine`, `again`
        or `lost`. `told` after something was written that a campaign may wait for."""
        self._feedback = feedback
        self._letters = letters
        self._workspace = workspace
        self._clock = clock
        self._seconds = seconds
        self._away = tuple(away)
        self._counted = counted
        self._told = told
        self._lock = Lock()
        self._held: OrderedDict[tuple[int, str], _Held] = OrderedDict()
        self._known: OrderedDict[tuple[int, str], None] = OrderedDict()
        self._bursts: OrderedDict[int, float] = OrderedDict()

    def see(self, sight: Sight) -> None:
        """Note it; of what was seen before only that it was."""
        key = sight.key
        with self._lock:
            if key in self._known or key in self._held:
                by = "again"
            elif len(self._held) >= MOST_WAITING:
                by = "lost"
            else:
                self._held[key] = _Held(sight, self._seconds())
                return
        self._counted(sight.kind, by)

    def settle(self, *, all_: bool = False) -> int:
        """Write what has been kept for long enough, or all of it before the process ends; how much was new."""
        due = self._due(all_=all_)
        written = 0
        for at, held in enumerate(due):
            try:
                seen, is_news = self._write(held.sight)
            except self._away as error:
                self._keep(due[at:])
                log.warning("lookout.kept", waiting=len(due) - at, why=type(error).__name__)
                break
            with self._lock:
                self._known[seen.key] = None
                if len(self._known) > MOST_KNOWN:
                    self._known.popitem(last=False)
            written += is_news
        if written:
            self._told()
        return written

    def _due(self, *, all_: bool) -> list[_Held]:
        """What is written now, each as what it turned out to be."""
        now = self._seconds()
        with self._lock:
            self._judge(now, all_=all_)
            due = [key for key, held in self._held.items() if all_ or held.is_clear or now - held.since >= HOLD]
            return [self._held.pop(key) for key in due]

    def _judge(self, now: float, *, all_: bool) -> None:
        """Tell who followed several links of one message at once, or went on after such a burst: no person does."""
        clicks: dict[int, list[_Held]] = {}
        for held in self._held.values():
            if not held.is_clear:
                clicks.setdefault(held.sight.delivery_id, []).append(held)
        for delivery_id, together in clicks.items():
            if not all_ and now - together[0].since < HOLD:
                continue
            times = [held.since for held in together]
            for held in together:
                if _is_of_a_burst(held.since, times) or held.since - self._bursts.get(delivery_id, -HOLD * 2) <= HOLD:
                    held.sight = replace(held.sight, machine="at_once")
                    self._bursts[delivery_id] = held.since
        while len(self._bursts) > MOST_BURSTS:
            self._bursts.popitem(last=False)

    def _keep(self, held: Iterable[_Held]) -> None:
        with self._lock:
            for each in held:
                self._held.setdefault(each.sight.key, each)

    def _write(self, sight: Sight) -> tuple[Sight, bool]:
        """One response, unless whom it would be about is erased, does not want it, or is staff; as what it was taken, and whether a
        campaign may wait for it.
        """
        letter = self._letters.letter(sight.delivery_id)
        contact = self._letters.reader(letter.contact_id) if letter is not None else None
        if letter is None or contact is None or letter.fixed or not self._workspace().settings.tracking.may(contact):
            return sight, False
        if sight.machine is None and letter.handed_over_at is not None and sight.at - letter.handed_over_at < EARLY:
            sight = replace(sight, machine="early")
        machine = sight.machine
        response = Response(
            kind=sight.kind, at=sight.at, delivery_id=sight.delivery_id, url=sight.url, machine=machine is not None, reason=machine,
            source="link", id=sight.key[1],
        )
        (taken,) = self._feedback.take([response], now=self._clock.now())
        self._counted(sight.kind, "again" if taken is Taken.KNOWN else "machine" if machine else "person")
        return sight, taken is Taken.NEW and machine is None


def _is_of_a_burst(at: float, times: Sequence[float]) -> bool:
    """Whether it is one of two within AT_ONCE, or of three within HOLD."""
    near = [abs(other - at) for other in times]
    return sum(apart <= AT_ONCE for apart in near) >= 2 or sum(apart <= HOLD for apart in near) >= 3
