"""Requests per minute per person, counted for all processes together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

from router.errors import RateLimitError
from router.types import SlackPerson
from workers.runtime.queue import connect_redis

PAUSE_SECONDS = 60.0
"""How long nothing more is accepted from a person who went beyond the limit; the bucket is full
again by then."""
MAX_PEOPLE = 10_000
"""People in memory, where Redis does not answer."""

# A token bucket as in `rate_limit.py`, with a pause: the first refusal closes the bucket, so that
# one message tells the person until when nothing is accepted.
TAKE_OR_PAUSE = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local till = tonumber(redis.call('GET', KEYS[2]) or '0')
if till > now then return {tostring(till - now), 0} end
local interval, burst, pause = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
if full - interval * (burst - 1) > now then
  redis.call('SET', KEYS[2], string.format('%.6f', now + pause), 'PX', math.ceil(pause * 1000))
  return {tostring(pause), 1}
end
redis.call(
  'SET', KEYS[1], string.format('%.6f', full + interval),
  'PX', math.ceil((full + interval - now) * 1000)
)
return {'0', 0}
"""


@dataclass(slots=True)
class _Bucket:
    """When the bucket is full again, and until when it is closed, in unix seconds."""

    full_at: float = 0.0
    closed_until: float = 0.0


class PersonLimit:
    """Accepts at most `per_minute` requests and costly clicks of a person in a minute; 0 for any.

    Counted in Redis at `url`, so that it holds for all processes. Without a URL, and while Redis
    does not answer, each process counts for itself. Safe for many threads.
    """

    def __init__(
        self,
        per_minute: int,
        now: Callable[[], float],
        url: str = "",
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._per_minute = per_minute
        self._now = now
        self._pause_seconds = pause_seconds
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}
        self._take: Callable[..., list[bytes | int]] | None = None
        if url:
            client: Redis = connect_redis(url)
            self._take = client.register_script(TAKE_OR_PAUSE)

    def check(self, person: SlackPerson, kind: str = "asked") -> None:
        """Counts one request of the person's.

        Raises RateLimitError when it is one too many. `is_first` is set on the refusal that begins
        the pause: the person is told then, and once. Requests of another `kind` count apart.
        """
        if not self._per_minute:
            return

        wait, is_first = self._acquire(f"{kind}:{person.key}")
        if wait > 0:
            raise RateLimitError(
                f"accepting a request of {person.user!r}: more than {self._per_minute} within a "
                f"minute (BEAGLE_REQUESTS_PER_MINUTE); try again in {wait:.0f} s",
                resets_at=self._now() + wait,
                limit=self._per_minute,
                is_first=is_first,
            )

    def _acquire(self, name: str) -> tuple[float, bool]:
        """Returns the seconds to wait, 0 when it was accepted, and whether the pause begins."""
        if self._take is None:
            return self._acquire_here(name)

        arguments = [60.0 / self._per_minute, self._per_minute, self._pause_seconds]
        try:
            wait, is_first = self._take(keys=[f"limit:{name}", f"pause:{name}"], args=arguments)
        except RedisError:
            return self._acquire_here(name)

        return float(wait), bool(is_first)

    def _acquire_here(self, name: str) -> tuple[float, bool]:
        now = self._now()
        interval = 60.0 / self._per_minute

        with self._lock:
            if len(self._buckets) >= MAX_PEOPLE:
                self._forget_full(now)

            bucket = self._buckets.setdefault(name, _Bucket())
            if bucket.closed_until > now:
                return bucket.closed_until - now, False

            full_at = max(now, bucket.full_at)
            if full_at - interval * (self._per_minute - 1) > now:
                bucket.closed_until = now + self._pause_seconds
                return self._pause_seconds, True

            bucket.full_at = full_at + interval
            return 0.0, False

    def _forget_full(self, now: float) -> None:
        """Forgets people who have sent nothing for a while; their buckets are full again."""
        for name, bucket in list(self._buckets.items()):
            if max(bucket.full_at, bucket.closed_until) <= now:
                del self._buckets[name]
