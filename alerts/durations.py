"""Durations as Prometheus writes them: "30s", "10m", "1h30m", "2d". No I/O."""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator

LONGEST: Final = timedelta(days=3660)
"""Ten years: whatever is longer would leave the calendar when it is added to a time."""
_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def parse_duration(text: object) -> timedelta:
    """Raises ValueError saying how it is written."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if match is None:
        raise ValueError('a duration is written like "30s", "10m", "1h30m" or "2d"')
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total_s = 86_400 * days + 3_600 * hours + 60 * minutes + seconds
    if total_s > LONGEST.total_seconds():
        raise ValueError(f"a duration is at most {LONGEST.days}d")
    return timedelta(seconds=total_s)


def written(duration: timedelta) -> str:
    """The same the other way round, without parts that are nothing; "0s" for nothing."""
    seconds = round(duration.total_seconds())
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
