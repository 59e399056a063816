"""Whether the way from sensors to here is alive: only then does it mean anything that nothing came. No I/O.

The canary sends every ten seconds on the same way as every sensor. While it does not arrive, broker or ingest are
down and every sensor would look silent; just after it arrives again, what was kept meanwhile is still on its way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

GAP: Final = timedelta(seconds=30)
"""Three canaries missed: the way is not alive."""
SETTLES_IN: Final = timedelta(seconds=60)
"""What was kept during an outage has so long to arrive."""


@dataclass(kw_only=True, slots=True)
class Pulse:
    """`known` is whether there is a canary at all: without one time simply passes."""

    known: bool = False
    _last: datetime | None = None
    _alive_since: datetime | None = None

    def arrived(self, at: datetime) -> None:
        """Something was committed at `at`."""
        if self._last is None or at - self._last > GAP:
            self._alive_since = at
        self._last = max(at, self._last or at)

    def alive(self, now: datetime) -> bool:
        """Whether it has been alive for long enough, up to `now`."""
        if not self.known:
            return True
        if self._last is None or self._alive_since is None:
            return False
        return now - self._last <= GAP and now - self._alive_since >= SETTLES_IN
