"""A fault run: a plan -> a scene that is disturbed until all is posted and enough were killed, then left to finish -> the verdict."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import time as wall_time
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

from engage.delivery.identity import SignedIdentity
from engage.store.database import Database
from tests.chaos import evidence
from tests.chaos.company import DUSK, QUIET_FOR, WAVES
from tests.chaos.evidence import Evidence
from tests.chaos.invariants import Verdict, judge
from tests.chaos.kills import Kills
from tests.chaos.mischief import Mischief
from tests.chaos.scene import Plan, Scene

LOOK_EVERY = 0.1
TELL_EVERY = 30.0
BACKLOG = 3_000
"""With more deliveries waiting no further wave is posted."""

FINISH_WITHIN = 240.0
"""Seconds for what is left once nothing is disturbed any more: half a minute of back-off, a lease of another, and the work itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run came to."""

    plan: Plan
    verdict: Verdict
    kills: Kills
    disturbances: dict[str, int]
    diary: Sequence[tuple[float, str]]
    seconds: float
    finished: bool


Told = Callable[[str], object]


def run(directory: Path, plan: Plan, *, told: Told = lambda text: None) -> Result:
    """Do it, in the thread that calls; the directory keeps the logs and the database of SQLite. `told` hears how far it is."""
    begun = time.monotonic()
    with Scene(directory, plan) as scene:
        secret, identity = _secrets(scene)
        scene.begin()
        mischief = Mischief(scene, secret=secret)
        _disturb(scene, mischief, told)
        finished = _finish(scene, mischief)
        found = _evidence(scene, identity)
        scene.wanted = ()
    return Result(
        plan=plan, verdict=judge(found, quiet=_quiet(scene)), kills=scene.kills, disturbances=dict(mischief.done),
        diary=tuple(mischief.diary), seconds=time.monotonic() - begun, finished=finished,
    )


def _secrets(scene: Scene) -> tuple[bytes, SignedIdentity]:
    database = Database.open(scene.database.own)
    secret = database.secret()
    database.close()
    return secret, SignedIdentity(secret=secret, domain="engage.example.com")


class Pace:
    """When the next disturbance is due: so many seconds after the last one, and not before something was accepted and something taken.

    So a slow machine is disturbed as often for its work as a quick one; but where nothing comes at all, it is disturbed all the same.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._last = time.monotonic()
        self._seen = self._progress()

    def is_next(self) -> bool:
        """Whether it is; if so, the next one is counted from now."""
        waited, progress = time.monotonic() - self._last, self._progress()
        moved = all(now > before for now, before in zip(progress, self._seen, strict=True))
        if waited < self._scene.plan.every or not (moved or waited >= self._scene.plan.at_the_latest):
            return False
        self._last, self._seen = time.monotonic(), progress
        return True

    def _progress(self) -> tuple[int, int]:
        return self._scene.clients.answered, len(self._scene.provider.taken())


def _disturb(scene: Scene, mischief: Mischief, told: Told) -> None:
    posted, enough, pause = Event(), Event(), Event()
    poster = Thread(target=_post, args=(scene, posted, enough), daemon=True)
    poster.start()
    scene.clients.begin(clients=2, pause=0.2)
    begun = time.monotonic()
    pace, telling = Pace(scene), begun + TELL_EVERY
    while not (posted.is_set() and mischief.all_done and (len(scene.kills.hits) >= scene.plan.kills or scene.is_quiet())):
        if time.monotonic() > begun + scene.plan.within:
            break
        pause.wait(LOOK_EVERY)
        scene.kills.look(time.time())
        if time.monotonic() >= telling:
            told(f"{scene.plan.database}: {len(scene.provider.taken())} taken, {len(scene.kills.hits)} kills, {scene.backlog()} waiting")
            telling += TELL_EVERY
        if pace.is_next():
            mischief.next()
    enough.set()
    poster.join()


def _post(scene: Scene, posted: Event, enough: Event) -> None:
    """Wave after wave until the plan's messages are accepted, and no more at a time than keeps the workers busy."""
    for campaign in _campaigns(scene.plan):
        while scene.backlog() > BACKLOG and not enough.wait(0.2):
            pass
        if enough.is_set():
            break
        scene.clients.post_wave(campaign)
    posted.set()


def _campaigns(plan: Plan) -> Iterator[str]:
    return itertools.islice(itertools.cycle(WAVES), -(-plan.messages // plan.contacts))


def _finish(scene: Scene, mischief: Mischief) -> bool:
    """Nothing is disturbed any more: whether all that was accepted came to its end."""
    scene.clients.end()
    mischief.end()
    scene.calm_down()
    deadline, pause = time.monotonic() + FINISH_WITHIN, Event()
    while time.monotonic() < deadline:
        scene.kills.look(time.time())
        if scene.is_quiet():
            return True
        scene.window.let_back_offs_end()
        pause.wait(0.5)
    return False


def _evidence(scene: Scene, identity: SignedIdentity) -> Evidence:
    window, clients = scene.window, scene.clients
    rows = evidence.read_rows(window)
    return Evidence(
        taken=list(scene.provider.taken()), rows=rows, marks=evidence.read_marks(window), withdrawals=list(clients.withdrawals),
        expected=evidence.read_expected(window, clients.waves, clients.tickets), frozen=list(scene.frozen),
        possible=frozenset(("answered", contact, ticket) for contact, ticket in clients.unsure),
        keys={number: frozenset(identity.names(number)) for number in rows},
        leases=evidence.count_leases(window), pending_events=evidence.count_pending(window),
        withdrawn_in_ledger=evidence.read_withdrawn(window),
    )


def _quiet(scene: Scene) -> tuple[wall_time, wall_time]:
    begin = scene.dusk.astimezone(ZoneInfo(DUSK))
    return begin.time(), (begin + timedelta(seconds=QUIET_FOR.total_seconds())).time()
