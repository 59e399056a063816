"""How often a visitor may ask, in a window that moves with time; whoever comes, the memory for it is bounded.

Windows are those of the library `limits` (sliding window counters: two numbers a visitor). Its storage in memory has no
bound and walks over every visitor it knows each hundredth of a second, so this one is ours.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import floor
from typing import Final

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import SlidingWindowCounterSupport, Storage
from limits.strategies import SlidingWindowCounterRateLimiter

VISITORS_MOST: Final = 50_000
"""Visitors that are remembered; the one that was silent longest is forgotten first. About 13 MB."""

Seconds = Callable[[], float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One policy's word about one request."""

    policy: str
    quota: int
    window_s: int
    remaining: int
    after_s: float
    """Until there is more; of a refusal, until one more is allowed."""
    allowed: bool


class BoundedCounts(Storage, SlidingWindowCounterSupport):
    """Sliding windows of the `most` visitors that were heard last."""

    STORAGE_SCHEME = None

    def __init__(self, *, most: int = VISITORS_MOST, clock: Seconds = time.time) -> None:
        super().__init__()
        self._most = most
        self._clock = clock
        self._windows: OrderedDict[str, tuple[int, int, int]] = OrderedDict()
        """By visitor: the number of a window, its count, and that of the window before."""

    def __len__(self) -> int:
        return len(self._windows)

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        number, elapsed = divmod(self._clock(), expiry)
        current, previous = self._counts(key, int(number))
        allowed = floor(previous * (1 - elapsed / expiry) + current) + amount <= limit
        self._windows[key] = (int(number), current + amount * allowed, previous)
        self._windows.move_to_end(key)
        if len(self._windows) > self._most:
            self._windows.popitem(last=False)
        return allowed

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        number, elapsed = divmod(self._clock(), expiry)
        current, previous = self._counts(key, int(number))
        return previous, expiry - elapsed, current, 2 * expiry - elapsed

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        self.clear(key)

    def clear(self, key: str) -> None:
        self._windows.pop(key, None)

    def reset(self) -> int | None:
        forgotten = len(self._windows)
        self._windows.clear()
        return forgotten

    def check(self) -> bool:
        return True

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        raise NotImplementedError("sliding windows only")

    def get(self, key: str) -> int:
        raise NotImplementedError("sliding windows only")

    def get_expiry(self, key: str) -> float:
        raise NotImplementedError("sliding windows only")

    def _counts(self, key: str, number: int) -> tuple[int, int]:
        held, current, previous = self._windows.get(key, (number, 0, 0))
        if held == number:
            return current, previous
        return 0, current if held == number - 1 else 0


class Windows:
    """Asks the library, and says what is left."""

    def __init__(self, counts: BoundedCounts) -> None:
        self._counts = counts
        self._limiter = SlidingWindowCounterRateLimiter(counts)

    def take(self, item: RateLimitItem, visitor: str, policy: str) -> Verdict:
        allowed = self._limiter.hit(item, visitor)
        width = item.get_expiry()
        previous, ends_in_s, current, _ = self._counts.get_sliding_window(item.key_for(visitor), width)
        used = floor(previous * ends_in_s / width + current)
        return Verdict(
            policy=policy,
            quota=item.amount,
            window_s=width,
            remaining=max(0, item.amount - used) if allowed else 0,
            after_s=ends_in_s if allowed else wait_s(previous, current, item.amount, width, ends_in_s),
            allowed=allowed,
        )


def wait_s(previous: int, current: int, limit: int, width: float, ends_in_s: float) -> float:
    """Seconds until one more is allowed: the window before counts by its share that is still in sight."""
    if current >= limit or previous == 0:
        return ends_in_s
    return max(0.0, ends_in_s - width * (limit - current) / previous)


class AnonymousLimits:
    """Of visitors without a key, by their network (dashboard.networks). 0 a minute: no limit."""

    QUERIES: Final = "queries"
    """What asks the database or goes over all Things: some 10 ms of the process each."""
    API: Final = "api"

    def __init__(
        self,
        *,
        api_per_minute: int,
        queries_per_minute: int,
        streams: int,
        counts: BoundedCounts | None = None,
    ) -> None:
        self.refused: Counter[str] = Counter()
        self._windows = Windows(counts or BoundedCounts())
        self._items = {
            policy: RateLimitItemPerMinute(amount, namespace=policy) if amount else None
            for policy, amount in ((self.API, api_per_minute), (self.QUERIES, queries_per_minute))
        }
        self._streams_most = streams
        self._streams: Counter[str] = Counter()

    def take(self, policy: str, network: str) -> list[Verdict]:
        item = self._items[policy]
        return [] if item is None else [self._windows.take(item, network, policy)]

    def open_stream(self, network: str) -> bool:
        """False when too many of that network are open; otherwise it has to be closed again."""
        if self._streams_most and self._streams[network] >= self._streams_most:
            return False
        self._streams[network] += 1
        return True

    def close_stream(self, network: str) -> None:
        self._streams[network] -= 1
        if not self._streams[network]:
            del self._streams[network]


def fields(verdicts: Iterable[Verdict]) -> list[tuple[bytes, bytes]]:
    """RateLimit-Policy and RateLimit as draft-ietf-httpapi-ratelimit-headers-10 has them."""
    told = list(verdicts)
    if not told:
        return []
    policies = ", ".join(f'"{one.policy}";q={one.quota};w={one.window_s}' for one in told)
    left = ", ".join(f'"{one.policy}";r={one.remaining};t={floor(one.after_s) + 1}' for one in told)
    return [(b"ratelimit-policy", policies.encode()), (b"ratelimit", left.encode())]
