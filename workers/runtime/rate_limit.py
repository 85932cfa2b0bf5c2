"""How fast an outside service may be called, counted once for all processes through Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from workers.runtime.queue import connect

# Generic cell rate: one number a bucket, the time at which it would be empty again. Looking and
# taking is one step, so that two processes never take the same place.
# https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
TAKE = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local closed = tonumber(redis.call('GET', KEYS[2]) or '0')
if closed > now then return tostring(closed - now) end
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
local wait = full - interval * (burst - 1) - now
if wait > 0 then return tostring(wait) end
redis.call('SET', KEYS[1], string.format('%.6f', full + interval), 'PX', math.ceil((full + interval - now) * 1000))
return '0'
"""
CLOSE = """
local now = redis.call('TIME')
local till = tonumber(now[1]) + tonumber(now[2]) / 1000000 + tonumber(ARGV[1])
if till > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%.6f', till), 'PX', math.ceil(tonumber(ARGV[1]) * 1000))
end
return 1
"""


class Pace:
    """Token buckets by name. When Redis does not answer nothing is held back: the service's own refusal is left."""

    def __init__(self, url: str) -> None:
        self._client: Redis = connect(url)
        self._take: Callable[..., Any] = self._client.register_script(TAKE)
        self._close: Callable[..., Any] = self._client.register_script(CLOSE)

    def take(self, name: str, per_minute: float, burst: int = 1) -> float:
        """0, and one call counts; or the seconds until there is room, and nothing has been counted."""
        try:
            return float(
                self._take(keys=[f"pace:{name}", f"closed:{name}"], args=[60.0 / per_minute, burst])
            )
        except RedisError:
            return 0.0

    def shut(self, name: str, seconds: float) -> None:
        """Nobody gets a place for so long: the service itself said so."""
        try:
            self._close(keys=[f"closed:{name}"], args=[max(seconds, 0.001)])
        except RedisError:
            return

    def close(self) -> None:
        """The connections are closed."""
        self._client.close()
