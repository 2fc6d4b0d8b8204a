"""Token buckets on the broker's Redis or Valkey, shared by every worker: one script a slice, some 0.1 ms. Where it is away, the database's.

A bucket is a key that says up to which moment it is paid, by the server's own clock; it ends when the bucket is full again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import cast, final

import redis
import structlog

from engage.delivery.buckets import Buckets, Charge, Grant

PREFIX = "engage:rate:"

TRY_AGAIN_AFTER = 5.0
"""Seconds for which a server that did not answer is not asked: each time costs as long as it takes to be sure."""

BOOK = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local answers = {}
for number, key in ipairs(KEYS) do
  local rate, wanted, burst, ahead = tonumber(ARGV[number * 5 - 4]), tonumber(ARGV[number * 5 - 3]), tonumber(ARGV[number * 5 - 2]),
    tonumber(ARGV[number * 5 - 1])
  local start = math.max(tonumber(redis.call('GET', key) or '0'), now - burst)
  local latest, room = now + ahead, 0
  if start <= latest + 1e-9 then room = math.floor((latest - start) * rate + 1e-6) + 1 end
  local taken = math.max(0, math.min(wanted, room))
  if taken > 0 and ARGV[number * 5] == '0' then
    local paid = start + taken / rate
    redis.call('SET', key, string.format('%.6f', paid), 'PX', math.ceil((math.max(0, paid - now) + burst) * 1000) + 1000)
  end
  answers[number * 2 - 1] = taken
  answers[number * 2] = string.format('%.6f', math.max(0, start - (taken > 0 and now or latest)))
end
return answers
"""
"""`engage.delivery.buckets.book`, for each key; a test runs both over the same charges."""

log = structlog.get_logger(__name__)


@final
class RedisBuckets:
    """Raises redis.RedisError or OSError where the server is away."""

    def __init__(self, client: redis.Redis) -> None:
        self._script = client.register_script(BOOK)

    def take(self, charges: Sequence[Charge]) -> Sequence[Grant]:
        """Take what there is from each, in one round trip."""
        arguments = [each for charge in charges for each in (charge.rate, charge.wanted, charge.burst, charge.ahead, int(charge.dry))]
        answers = cast("list[bytes | int]", self._script(keys=[PREFIX + charge.bucket for charge in charges], args=arguments))
        return [Grant(taken=int(answers[place]), wait=float(answers[place + 1])) for place in range(0, len(answers), 2)]


@final
class SharedBuckets:
    """The first ones, and the second ones while those are away."""

    def __init__(self, first: Buckets, second: Buckets, *, try_again_after: float = TRY_AGAIN_AFTER) -> None:
        self._first = first
        self._second = second
        self._try_again_after = try_again_after
        self._away_until = 0.0
        self._is_away = False

    def take(self, charges: Sequence[Charge]) -> Sequence[Grant]:
        """Take what there is from each."""
        if time.monotonic() >= self._away_until:
            try:
                taken = self._first.take(charges)
            except (redis.RedisError, OSError) as error:
                self._away_until = time.monotonic() + self._try_again_after
                if not self._is_away:
                    log.warning("rates.redis_away", error=type(error).__name__, then="rates go by the database")
                self._is_away = True
            else:
                if self._is_away:
                    log.info("rates.redis_back")
                self._is_away = False
                return taken
        return self._second.take(charges)
