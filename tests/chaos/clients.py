"""Those who talk to the company during a fault run, over HTTP and as long as it takes: what is answered 2xx counts as accepted."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Event, Lock, Thread

from engage.model.tokens import TokenPayload, sign
from tests.chaos.evidence import Withdrawal
from tests.chaos.received import Provider

KEY = "a-key-of-the-fault-suite"
CROWD = 50
PATIENCE = 120.0
AGAIN_AFTER = 0.1


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Clients:
    """Post waves, tickets and unsubscriptions; `waves`, `tickets` and `withdrawals` are what was accepted of them.

    `unsure` are the tickets of which no answer came in time: they may be there. `answered` counts every 2xx.
    """

    def __init__(self, port: int, *, contacts: int, dice: Random) -> None:
        self.waves: list[tuple[str, str]] = []
        self.tickets: list[tuple[str, str]] = []
        self.withdrawals: list[Withdrawal] = []
        self.unsure: list[tuple[str, str]] = []
        self.answered = 0
        self._root = f"http://127.0.0.1:{port}"
        self._contacts = contacts
        self._dice = dice
        self._numbers = itertools.count(1)
        self._stopping = Event()
        self._lock = Lock()
        self._threads: list[Thread] = []

    def post_wave(self, campaign: str) -> None:
        """An event about nobody, by which everybody enters the campaign."""
        name = f"wave-{next(self._numbers)}"
        while not self._accepted("/v1/events", {"id": name, "type": "wave", "data": {"campaign": campaign}}):
            pass  # without an answer nobody could say what is to be expected
        self.waves.append((campaign, name))

    def close_a_ticket(self) -> None:
        """An event about one contact, posted once more where the answer does not come."""
        contact, ticket = self._ticket()
        accepted = self._accepted("/v1/events", _closed(contact, ticket))
        (self.tickets if accepted else self.unsure).append((contact, ticket))

    def close_one_all_at_once(self) -> None:
        """Fifty clients post the same event at the same time."""
        contact, ticket = self._ticket()
        with ThreadPoolExecutor(CROWD) as pool:
            accepted = any(list(pool.map(lambda _: self._accepted("/v1/events", _closed(contact, ticket)), range(CROWD))))
        (self.tickets if accepted else self.unsure).append((contact, ticket))

    def unsubscribe(self, provider: Provider, secret: bytes, contact_ids: Mapping[str, int]) -> None:
        """Somebody who got a mail of a wave follows its link, as a mail program does (RFC 8058)."""
        with self._lock:
            letters = [each for each in provider.taken()[-2000:] if each.channel == "smtp" and each.delivery_id]
            if not letters:
                return
            letter = self._dice.choice(letters)
        contact = letter.address.partition("@")[0]
        token = sign(secret, "u", TokenPayload(delivery_id=letter.delivery_id, contact_id=contact_ids[contact]))
        if self._accepted(f"/u/{token}", None):
            self.withdrawals.append(Withdrawal(contact=contact, delivery_id=letter.delivery_id, answered=time.time()))

    def begin(self, *, clients: int, pause: float) -> None:
        """So many clients close tickets from now on, each with this pause in between."""
        for number in range(clients):
            thread = Thread(target=self._close_tickets, args=(pause,), name=f"client-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def end(self) -> None:
        """Stop once what was posted is answered."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _close_tickets(self, pause: float) -> None:
        while not self._stopping.wait(pause):
            self.close_a_ticket()

    def _ticket(self) -> tuple[str, str]:
        with self._lock:
            return f"c{self._dice.randrange(self._contacts)}", f"T-{next(self._numbers)}"

    def _accepted(self, path: str, body: object) -> bool:
        """Post until it is answered 2xx, the same each time; False where that takes too long, or a letter is not recorded yet."""
        deadline = time.monotonic() + PATIENCE
        pause = Event()
        while (status := self._post(path, body)) >= 300:
            if status == http.client.NOT_FOUND or time.monotonic() > deadline:
                return False
            assert status >= 500 or status == http.client.TOO_MANY_REQUESTS, f"{path[:3]} was refused: {status}"
            pause.wait(AGAIN_AFTER)
        self.answered += 1
        return True

    def _post(self, path: str, body: object) -> int:
        """The status of one try; 503 where nobody is there."""
        data = b"List-Unsubscribe=One-Click" if body is None else json.dumps(body).encode()
        kind = "application/x-www-form-urlencoded" if body is None else "application/json"
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": kind}
        request = urllib.request.Request(self._root + path, data=data, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, http.client.HTTPException):
            return http.client.SERVICE_UNAVAILABLE


def _closed(contact: str, ticket: str) -> dict[str, object]:
    return {"id": f"closed-{ticket}", "type": "ticket.closed", "contact": contact, "data": {"ticket_id": ticket}}
