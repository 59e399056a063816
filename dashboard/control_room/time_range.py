"""The span of time that charts show, as the page's address says it, and as its bar says it in words. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.control_room.alert_words import stamp
from dashboard.control_room.form_times import PATTERN, local_time
from dashboard.control_room.refused import Refused
from storage.model import EARLIEST, HANOI

SPANS: Final[Mapping[str, timedelta]] = {
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "1y": timedelta(days=365),
}
"""That end now."""
DEFAULT: Final = "24h"
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=1400)
"""So many days are fewer points than a chart is drawn from."""
_TOGETHER: Final = ("from", "to")


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """From `start` (inclusive) to `end` (exclusive)."""

    start: datetime
    end: datetime
    span: str | None
    """A key of SPANS: it ends now, whenever that is. None: it is fixed."""

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def moved(self, lengths: int) -> "Range":
        """By whole lengths of itself; fixed from then on."""
        by = lengths * self.length
        return Range(start=self.start + by, end=self.end + by, span=None)


def asked(query: Mapping[str, str], now: datetime) -> Range:
    """`range` is a key of SPANS, or `from` and `to` are Hanoi's times as 2026-11-22T10:00.

    Raises Refused naming what is wrong.
    """
    if not any(query.get(name) for name in _TOGETHER):
        span = query.get("range") or DEFAULT
        if span not in SPANS:
            raise Refused(422, "range_span", span=span[:20])
        return Range(start=now - SPANS[span], end=now, span=span)
    start, end = (_time(query.get(name, "")) for name in _TOGETHER)
    if end - start < SHORTEST:
        raise Refused(422, "range_order")
    if end - start > LONGEST:
        raise Refused(422, "range_too_long", days=str(LONGEST.days))
    if start < EARLIEST or end > now + LONGEST:
        raise Refused(422, "range_beyond")
    return Range(start=start, end=end, span=None)


def written(time: datetime) -> str:
    """As `asked` reads it; Hanoi's clock."""
    return f"{time.astimezone(HANOI):%Y-%m-%dT%H:%M:%S}"


def bar(span: Range, now: datetime) -> dict[str, Any]:
    """What the bar of the range shows and where its buttons lead."""
    return {
        "span": span.span,
        "from": written(span.start),
        "to": written(span.end),
        "shown": f"{stamp(span.start)} – {stamp(span.end)}",
        "previous": _address(span.moved(-1)),
        "next": _address(span.moved(1)) if span.span is None and span.end < now else None,
        "live": span.span is not None,
    }


def _address(span: Range) -> dict[str, str]:
    return {"from": written(span.start), "to": written(span.end)}


def _time(text: str) -> datetime:
    found = local_time(text) if re.fullmatch(PATTERN, text) else None
    if found is None:
        raise Refused(422, "range_time", time=text[:20])
    return found
