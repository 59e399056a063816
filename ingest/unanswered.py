"""Since when messages may be unanswered: these a broker that was lost delivers again, and may not say so. Pure.

A broker that was killed sends what waited for our answer once more, without the mark of a redelivery. While the
database is away that may be messages that we received long before.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

ON_THE_WAY: Final = timedelta(seconds=10)
"""An answer of ours, or of the broker to a publisher, that was sent longer ago has arrived."""
STEP: Final = timedelta(seconds=1)


class _Mark(NamedTuple):
    time: datetime
    received: int
    """Messages before this time."""
    committed: int


@dataclass(kw_only=True)
class Unanswered:
    """Knows about once a second how many messages had been received and committed. Both count in order of arrival."""

    _marks: deque[_Mark] = field(default_factory=deque, init=False)

    def note(self, now: datetime, received: int, committed: int) -> None:
        """At the arrival of a message; the counts are without it."""
        if self._marks and now - self._marks[-1].time < STEP:
            return
        self._marks.append(_Mark(now, received, committed))
        settled = self._settled(now)
        while len(self._marks) > 1 and self._marks[1].received <= settled:
            self._marks.popleft()

    def since(self, now: datetime) -> datetime:
        """No message that was received before this is unanswered."""
        settled = self._settled(now)
        oldest = [mark.time for mark in self._marks if mark.received <= settled]
        return min([now - ON_THE_WAY, *oldest[-1:]])

    def _settled(self, now: datetime) -> int:
        """How many messages were committed so long ago that the broker must know."""
        return max((mark.committed for mark in self._marks if mark.time <= now - ON_THE_WAY), default=0)
