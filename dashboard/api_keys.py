"""Keys to the public API in memory: read again and again beside the change feed, their use written down with it."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from threading import Lock
from typing import Final
from zoneinfo import ZoneInfo

from limits import RateLimitItemPerMinute

from dashboard.data import Clock, Watch
from dashboard.limits import BoundedCounts, Verdict, Windows
from storage import api_keys, db
from storage.api_keys import Use, ValidKey, hash_of

EVERY: Final = timedelta(seconds=2)
"""A key that was made or revoked counts after it; what is lost of the use when the process is killed."""
DAY_S: Final = 86_400
HANOI: Final = ZoneInfo("Asia/Ho_Chi_Minh")


class KeyRing:
    """The feed's thread looks and writes down, the event loop finds and counts. Goes on while the database is away."""

    def __init__(self, clock: Clock) -> None:
        self.refused = 0
        """Requests beyond a quota, of all keys."""
        self._clock = clock
        self._keys: Mapping[bytes, ValidKey] = {}
        self._unwritten: dict[tuple[int, date], tuple[int, int]] = {}
        """By key and day: requests and refusals that the database does not know yet."""
        self._lock = Lock()
        self._minutes = Windows(BoundedCounts(clock=lambda: clock().timestamp()))

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def watch(self) -> Watch:
        """Give it to the CityFeed."""
        return Watch(every=EVERY, look=self._look)

    @property
    def has_unwritten(self) -> bool:
        return bool(self._unwritten)

    def find(self, key: str) -> ValidKey | None:
        """The key, unless it is unknown, revoked or over."""
        found = self._keys.get(hash_of(key))
        over = found is not None and found.expires_at is not None and found.expires_at <= self._clock()
        return None if over else found

    def take(self, key: ValidKey) -> list[Verdict]:
        """One more request. It counts on neither quota when one of them is used up."""
        now = self._clock().astimezone(HANOI)
        used = self._used(key, now.date())
        day = Verdict(
            policy="key-day",
            quota=key.per_day,
            window_s=DAY_S,
            remaining=max(0, key.per_day - used - 1),
            after_s=_until_midnight_s(now),
            allowed=used < key.per_day,
        )
        if not day.allowed:
            self._note(key, now.date(), refused=1)
            return [day]
        minute = self._minutes.take(RateLimitItemPerMinute(key.per_minute), str(key.id), "key-minute")
        self._note(key, now.date(), requests=int(minute.allowed), refused=int(not minute.allowed))
        return [minute, day]

    def write_down(self, conn: db.Connection) -> None:
        """What was counted since the last time; what could not be written is kept for the next."""
        with self._lock:
            taken, self._unwritten = self._unwritten, {}
        try:
            for (key_id, day), (requests, refused) in list(taken.items()):
                use = Use(key_id=key_id, day=day, requests=requests, refused=refused)
                api_keys.count(conn, [use])
                del taken[key_id, day]
        finally:
            for (key_id, day), (requests, refused) in taken.items():
                self._add(key_id, day, requests, refused)

    def _look(self, conn: db.Connection, now: datetime) -> None:
        self.write_down(conn)
        self._keys = {key.key_hash: key for key in api_keys.valid(conn)}

    def _used(self, key: ValidKey, day: date) -> int:
        written = key.requests if key.day == day else 0
        return written + self._unwritten.get((key.id, day), (0, 0))[0]

    def _note(self, key: ValidKey, day: date, *, requests: int = 0, refused: int = 0) -> None:
        self.refused += refused
        self._add(key.id, day, requests, refused)

    def _add(self, key_id: int, day: date, requests: int, refused: int) -> None:
        with self._lock:
            before = self._unwritten.get((key_id, day), (0, 0))
            self._unwritten[key_id, day] = (before[0] + requests, before[1] + refused)


def _until_midnight_s(now: datetime) -> float:
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), HANOI)
    return (midnight - now).total_seconds()
