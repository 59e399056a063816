"""In which order streams speak: always the one whose next value is the oldest. No I/O, no clock.

So history goes out hour by hour over all Things, oldest first, and runs into the present without a seam. Oldest
first because alerts then fire and resolve in the order in which it happened, counters grow, and an interrupted
backfill leaves one gap that ends where the next run goes on. The newest hours first would not be seen earlier:
ingest works off one queue, and the live values stand behind the whole history in any case.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from simulators.coverage import Interval
from simulators.streams import Stream

HOUR: Final = 3600
"""A message holds at most an hour of a Thing, and never crosses a full hour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One stream's next message: everything in (after, until]."""

    stream: Stream
    after: int
    until: int


@dataclass(slots=True, eq=False)
class _Place:
    stream: Stream
    todo: list[Interval]
    """Gaps, oldest first."""
    then: int
    """Behind the last gap it goes on from here, without end."""


@dataclass(slots=True)
class Schedule:
    """Streams with what they still have to say."""

    _places: dict[str, _Place] = field(default_factory=dict)
    _heap: list[tuple[int, int, _Place]] = field(default_factory=list)
    _pushed: int = 0

    def add(self, stream: Stream, missing: Iterable[Interval], now: int) -> None:
        """First the gaps, then everything after `now`. A stream that is there already keeps its place."""
        place = self._places.get(stream.id)
        if place is not None:
            place.stream = stream
            return
        place = self._places[stream.id] = _Place(stream, sorted(missing), now)
        self._push(place)

    def remove(self, stream_id: str) -> None:
        """It is skipped when its turn comes."""
        self._places.pop(stream_id, None)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._places)

    def next_time(self) -> int | None:
        """When the next value happens; None when there is no stream."""
        while self._heap and self._places.get(self._heap[0][2].stream.id) is not self._heap[0][2]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: int) -> Turn | None:
        """The next turn, if its first value has happened. It is taken off: ask once."""
        at = self.next_time()
        if at is None or at > now:
            return None
        place = heapq.heappop(self._heap)[2]
        turn = self._take(place, at, now)
        self._push(place)
        return turn

    def _take(self, place: _Place, at: int, now: int) -> Turn:
        """The part of the current gap, or of the present, up to the end of the hour that holds `at`."""
        hour_end = -(-at // HOUR) * HOUR
        if not place.todo:
            until = min(hour_end, now)
            turn = Turn(stream=place.stream, after=place.then, until=until)
            place.then = until
            return turn
        after, end = place.todo[0]
        until = min(hour_end, end, now)
        place.todo[0] = (until, end)
        return Turn(stream=place.stream, after=after, until=until)

    def _push(self, place: _Place) -> None:
        heapq.heappush(self._heap, (self._first_time(place), self._pushed, place))
        self._pushed += 1

    def _first_time(self, place: _Place) -> int:
        """When its next value happens; gaps that hold none are over."""
        while place.todo:
            after, end = place.todo[0]
            at = place.stream.next_time(after)
            if at <= end:
                return at
            place.todo.pop(0)
        return place.stream.next_time(place.then)
