"""What goes wrong besides the workers that kill themselves: each disturbance by name, in an order drawn from the run's dice.

All of it is done by the one thread that made the scene, as servers end with the thread that started them; whatever takes its time
(a frozen worker, a broker without memory) is mended by a timer, so that disturbances overlap.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Thread, Timer
from typing import final

from tests.chaos.company import WAVES, campaign
from tests.chaos.scene import Scene

WITHOUT_MEMORY = 4.0
BROKEN_FOR = 3.0
LOST_REPLIES = 3
"""At a time: five failures running would open the provider's breaker."""


@final
class Mischief:
    """Disturbs the scene; `done` counts what it did, by name, `diary` has when (seconds of the machine clock)."""

    def __init__(self, scene: Scene, *, secret: bytes) -> None:
        self.done: Counter[str] = Counter()
        self.diary: list[tuple[float, str]] = []
        self._scene = scene
        self._secret = secret
        self._contact_ids = scene.contact_ids()
        self._later: list[Timer] = []
        self._threads: list[Thread] = []
        self._editions = 0
        self._queue: list[str] = []
        self._all: Mapping[str, Callable[[], object]] = {
            "worker_killed": lambda: self._kill("worker"), "scheduler_killed": lambda: self._kill("scheduler"),
            "web_killed": lambda: self._kill("web"), "worker_frozen": self._freeze,
            "valkey_killed": lambda: scene.valkey.kill(empty=False), "valkey_emptied": lambda: scene.valkey.kill(empty=True),
            "valkey_out_of_memory": self._fill_the_broker, "valkey_lost_reply": lambda: scene.valkey.proxy.swallow(b"EVALSHA"),
            "provider_lost_replies": lambda: scene.provider.lose_replies(LOST_REPLIES),
            "provider_unavailable": self._refuse, "yaml_swapped": self._swap, "yaml_broken": self._break,
            "same_event_by_50": lambda: self._meanwhile(scene.clients.close_one_all_at_once),
            "unsubscribed": lambda: self._meanwhile(self._unsubscribe), **scene.database.faults(),
        }

    @property
    def all_done(self) -> bool:
        """Whether everything that can go wrong has, once at least."""
        return set(self.done) == set(self._all)

    def next(self) -> None:
        """Do the next disturbance. Each is done once before any is done again."""
        if not self._queue:
            self._queue = self._scene.dice.sample(list(self._all), len(self._all))
        name = self._queue.pop()
        self.diary.append((time.time(), name))
        self._all[name]()
        self.done[name] += 1

    def end(self) -> None:
        """Mend everything, and wait for whoever still asks for something."""
        for timer in (each for each in self._later if each.is_alive()):
            timer.cancel()
            timer.function()
        for thread in self._threads:
            thread.join()

    def _kill(self, name: str) -> None:
        if alive := self._scene.family.alive(name):
            self._scene.family.kill(self._scene.dice.choice(alive))

    def _freeze(self) -> None:
        """A worker that stops in the midst of what it does, and goes on when its lease may be over."""
        alive = self._scene.family.alive("worker")
        if not alive:
            return
        pid, begun = self._scene.dice.choice(alive), time.time()
        self._scene.family.stop(pid)
        self._in(self._scene.plan.freeze, lambda: self._thaw(pid, begun))

    def _thaw(self, pid: int, begun: float) -> None:
        self._scene.family.go_on(pid)
        self._scene.frozen.append((begun, time.time()))

    def _fill_the_broker(self) -> None:
        self._scene.valkey.run_out_of_memory()
        self._in(WITHOUT_MEMORY, self._scene.valkey.find_memory)

    def _refuse(self) -> None:
        """Nothing that is refused here was taken; it comes again in half a minute, SMS in some seconds."""
        for phase in ("mail", "rcpt", "dot"):
            self._scene.provider.answer(phase, "452 4.3.1 full", times=1)
        for status in ("503", "429"):
            self._scene.provider.answer("post", status, times=1)

    def _swap(self) -> None:
        self._write(campaign(self._scene.dice.choice(WAVES), title=f"Edition {self._editions}"))

    def _break(self) -> None:
        """A file that does not pass: the last good one goes on; mended soon."""
        name = self._scene.dice.choice(WAVES)
        self._write(campaign(name).replace("purpose:", "porpoise:", 1), name)
        self._in(BROKEN_FOR, lambda: self._write(campaign(name), name))

    def _write(self, text: str, name: str | None = None) -> None:
        self._editions += 1
        name = name or next(wave for wave in WAVES if f"send: {wave}\n" in text)
        (self._scene.root / "campaigns" / f"{name}.yaml").write_text(text)

    def _unsubscribe(self) -> None:
        for _ in range(3):
            self._scene.clients.unsubscribe(self._scene.provider, self._secret, self._contact_ids)

    def _meanwhile(self, what: Callable[[], object]) -> None:
        thread = Thread(target=what, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _in(self, seconds: float, what: Callable[[], object]) -> None:
        """In a thread of its own: with a frozen worker everybody else may wait for the database, the harness too."""
        timer = Timer(seconds, what)
        self._later.append(timer)
        timer.start()
