"""Whether a request is of a replay, and of which moment: `at` in its address says so, or what the page's script sends.

A page that replays carries `?at=2026-11-12T14:35` (Hanoi's clock) in its own address, so that each tab has its moment.
Its scripts ask with the same, and the browser says in Referer that they are of such a page: what forgets it is refused.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers

from dashboard.control_room.form_times import PATTERN, local_time
from dashboard.control_room.refused import Refused
from dashboard.data import CityView
from storage.model import EARLIEST, HANOI

MARKER: Final = "at"
HEADER: Final = "x-replay-at"


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    at: datetime
    now: datetime
    """When it was asked for: nothing that is later can be replayed."""
    view: CityView | None = None
    """The city then; None where only the frame of a page is made, which holds no value."""


_moment: ContextVar[Moment | None] = ContextVar("replay_moment", default=None)


def current() -> Moment | None:
    """That of the request which is being answered; None: it is about now."""
    return _moment.get()


@contextmanager
def replaying(moment: Moment) -> Iterator[None]:
    reset = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(reset)


def own_marker(query: str, headers: Headers) -> str | None:
    """What the request itself says."""
    return parse_qs(query, keep_blank_values=True).get(MARKER, [headers.get(HEADER)])[0]


def page_marker(headers: Headers) -> str | None:
    """What the page says from which the request comes."""
    try:
        query = urlsplit(headers.get("referer", "")).query
    except ValueError:
        return None
    return parse_qs(query, keep_blank_values=True).get(MARKER, [None])[0]


def read(text: str, now: datetime) -> datetime:
    """Raises Refused of what is no time, is before all data, or has not been yet."""
    found = local_time(text) if re.fullmatch(PATTERN, text) else None
    if found is None:
        raise Refused(422, "replay_time", time=text[:20])
    if not EARLIEST <= found <= now:
        raise Refused(422, "replay_beyond")
    return found


def written(at: datetime) -> str:
    """As `read` takes it; to the second."""
    return f"{at.astimezone(HANOI):%Y-%m-%dT%H:%M:%S}"


def begun(time: datetime) -> str:
    """The whole second at which what began at a time stands."""
    whole = time.replace(microsecond=0)
    return written(whole if whole == time else whole + timedelta(seconds=1))
