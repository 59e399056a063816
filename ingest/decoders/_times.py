"""Times as other formats write them: ISO 8601 or a pattern, with an offset or in the zone of their source."""

from datetime import datetime, tzinfo

from ingest.model import Fault, Reason


def parse(path: str, text: str, *, zone: tzinfo | None, pattern: str | None = None) -> datetime | Fault:
    """An aware time. `pattern` is one of strptime; None: ISO 8601. `zone` is that of a time without an offset."""
    try:
        time = datetime.fromisoformat(text) if pattern is None else _by_pattern(text, pattern)
    except ValueError:
        expected = "an ISO 8601 time such as 2026-11-22T10:04:05+07:00" if pattern is None else f"'{pattern}'"
        message = f"expected {expected}, got {text!r:.60}"
        return Fault(reason=Reason.WRONG_TYPE, path=path, message=message)
    if time.tzinfo is not None:
        return time
    if zone is not None:
        return time.replace(tzinfo=zone)
    message = f"{text!r:.60} has no offset, and its source no zone"
    return Fault(reason=Reason.NAIVE_TIME, path=path, message=message)


def _by_pattern(text: str, pattern: str) -> datetime:
    return datetime.strptime(text, pattern)  # noqa: DTZ007  # `parse` makes it aware, or refuses it
