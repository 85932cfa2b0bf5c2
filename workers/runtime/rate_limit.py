"""Rate limits for calls to an outside service, counted for all processes together in Redis."""

from __future__ import annotations

from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from workers.runtime.queue import connect_redis

# The generic cell rate algorithm, a token bucket with one number per bucket: the time at which the
# bucket would be full again. Checking and taking is one script, so that two processes never take
# the same token. https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
TAKE = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local closed = tonumber(redis.call('GET', KEYS[2]) or '0')
if closed > now then return tostring(closed - now) end
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
local wait = full - interval * (burst - 1) - now
if wait > 0 then return tostring(wait) end
redis.call(
  'SET', KEYS[1], string.format('%.6f', full + interval),
  'PX', math.ceil((full + interval - now) * 1000)
)
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
MIN_CLOSED_SECONDS = 0.001


class TokenBuckets:
    """Token buckets by name, shared through Redis.

    When Redis does not answer, calls are let through: the service still refuses what is too much.
    The clock is the Redis server's, so the clocks of the processes do not matter.
    """

    def __init__(self, url: str) -> None:
        self._client: Redis = connect_redis(url)
        self._take: Callable[..., str] = self._client.register_script(TAKE)
        self._close: Callable[..., object] = self._client.register_script(CLOSE)

    def acquire(self, name: str, per_minute: float, burst: int = 1) -> float:
        """Takes a token and returns 0, or takes none and returns the seconds until one is free."""
        seconds_per_token = 60.0 / per_minute
        try:
            wait = self._take(
                keys=[f"pace:{name}", f"closed:{name}"], args=[seconds_per_token, burst]
            )
            return float(wait)
        except RedisError:
            return 0.0

    def close_for(self, name: str, seconds: float) -> None:
        """Gives out no token for so long, because the service said so (Retry-After)."""
        try:
            self._close(keys=[f"closed:{name}"], args=[max(seconds, MIN_CLOSED_SECONDS)])
        except RedisError:
            return

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()
