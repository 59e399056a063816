"""Times as people write them in a form or an address: Hanoi's, without an offset."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import Field

from dashboard.control_room.refused import Refused
from storage.model import HANOI

PATTERN: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$"
LocalTime = Annotated[str, Field(pattern=PATTERN)]
"""As <input type="datetime-local"> writes it: Hanoi's."""


def local_time(text: str | None) -> datetime | None:
    """In UTC. Raises Refused."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=HANOI).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(422, "request") from None
