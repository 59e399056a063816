"""How much one Thing may send: a token bucket each, so that a device gone wild does not push the others aside. Pure.

A bucket holds `burst` messages and fills at `rate` a second. What finds it empty is not lost but rejected unread, as
`rate_limited`, and can be reprocessed. Only native topics are counted, since they name the Thing; a network server or
a file speaks for many. Each worker counts for itself: a Thing's messages all go to the same one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ingest.wire import ROOT

MOST_BUCKETS: Final = 100_000
REPORT_EVERY_S: Final = 60.0
NAMED: Final = 20
"""Things that a report (and the metric) names; the rest are 'others'."""
OTHERS: Final = "others"

_NATIVE: Final = f"{ROOT}/"


@dataclass(kw_only=True)
class Limits:
    """`rate` 0 sets no limit. `now` is seconds of a clock that never goes back."""

    rate: float = 0.0
    burst: int = 1
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict, init=False)
    """Thing's topic → what was in its bucket, and when that was."""
    _refused: dict[str, int] = field(default_factory=dict, init=False)
    _reported_at: float | None = field(default=None, init=False)

    def take(self, topic: str, now: float) -> bool:
        """Whether a message on this topic is within the limit."""
        if not self.rate or not topic.startswith(_NATIVE):
            return True
        key = topic.rpartition("/")[0]
        held, at = self._buckets.get(key) or self._new_bucket(now)
        held = min(held + (now - at) * self.rate, self.burst)
        if held < 1.0:
            self._buckets[key] = (held, now)
            self._count(thing_of(topic))
            return False
        self._buckets[key] = (held - 1.0, now)
        return True

    def report(self, now: float) -> Mapping[str, int] | None:
        """Thing → messages refused since the last report; at once when it begins, then once a minute."""
        due = self._reported_at is None or now - self._reported_at >= REPORT_EVERY_S
        if not due or not self._refused:
            return None
        self._reported_at, said, self._refused = now, self._refused, {}
        return said

    def _new_bucket(self, now: float) -> tuple[float, float]:
        if len(self._buckets) >= MOST_BUCKETS:
            self._forget(now)
        return float(self.burst), now

    def _forget(self, now: float) -> None:
        """Full buckets say nothing; when there are too many others, somebody invents topics: begin anew."""
        rate, burst = self.rate, self.burst
        kept = {
            key: (held, at) for key, (held, at) in self._buckets.items() if held + (now - at) * rate < burst
        }
        self._buckets = kept if len(kept) < MOST_BUCKETS // 2 else {}

    def _count(self, thing: str) -> None:
        name = thing if thing in self._refused or len(self._refused) < NAMED else OTHERS
        self._refused[name] = self._refused.get(name, 0) + 1


def thing_of(topic: str) -> str:
    """The Thing of hanoi/v1/{domain}/{thing}/{kind}, in what may be no topic of ours at all."""
    return topic.rpartition("/")[0].rpartition("/")[2][:64]
