"""Who may use the API and the hooks, and how often: keys of the database and the one of the environment; rates that all processes share."""

from __future__ import annotations

import hmac
import math
from typing import final

from engage.delivery.buckets import Buckets, Charge
from engage.model.access import Key, Role
from engage.model.hooks import Hook
from engage.store.installation.keys import SqlKeys

BURST = 1.0
"""Seconds of a key's rate that may come at once."""

HOOK_BURST = 10.0
"""Likewise of a hook: sources post much at once when they try again."""

FIRST = Key(id=0, name="ENGAGE_API_KEY", role=Role.ADMIN)
"""The key of the environment: for the first steps, and where secrets are handed out by something else than Engage."""


@final
class AllKeys:
    """The port `engage.web.ports.Keys`."""

    def __init__(self, keys: SqlKeys, *, given: str | None) -> None:
        """`given` is the key of the environment."""
        self._keys = keys
        self._given = given

    def known(self, text: str) -> Key | None:
        """The key of that text; None where there is none, it has expired, or was revoked."""
        if self._given is not None and hmac.compare_digest(text.encode(), self._given.encode()):
            return FIRST
        return self._keys.known(text)


@final
class KeyRates:
    """The port `engage.web.ports.Rates`."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def take(self, key: Key) -> tuple[int, float]:
        """Count a request: how many more may come within the second, and in how many seconds this one may (0: now)."""
        name, most = f"api:{key.id}", max(1, math.floor(key.rate * BURST))
        burst = (most - 1) / key.rate
        taken, left = self._buckets.take([
            Charge(bucket=name, rate=key.rate, wanted=1, burst=burst),
            Charge(bucket=name, rate=key.rate, wanted=most, burst=burst, dry=True),
        ])
        return left.taken, 0.0 if taken.taken else taken.wait


@final
class HookRates:
    """The port `engage.hooks.ports.Rates`."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def wait(self, hook: Hook) -> float:
        """Count a request that has proven itself: in how many seconds it may be taken (0: now)."""
        burst = max(0.0, HOOK_BURST - 1 / hook.rate)
        (taken,) = self._buckets.take([Charge(bucket=f"hook:{hook.name}", rate=hook.rate, wanted=1, burst=burst)])
        return 0.0 if taken.taken else taken.wait
