"""How a report comes in, by the page and by the API alike: bounded, limited for each address, its picture made anew."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from dashboard import photos
from dashboard.citizen_forms.uploads import Sent, UploadRefused
from dashboard.data import CityView
from dashboard.networks import network
from dashboard.photos import PhotosBusy
from dashboard.reporting import said as saying
from dashboard.reporting.said import Said
from storage import citizen_reports, db
from storage.citizen_reports import NewReport, ReportRefused, TooManyReports

RETRY_AFTER_S: Final = 600
_ATTEMPTS: Final = RateLimitItemPerMinute(60, 10, namespace="attempt")
_STORED: Final = (
    RateLimitItemPerMinute(20, 10, namespace="stored"),
    RateLimitItemPerDay(100, namespace="stored"),
)
"""A mobile network hides many people behind one address."""
AT_ONCE: Final = 16
AT_ONCE_OF_ONE: Final = 3
"""Reports under way, of all and of one address: so much memory they take together, and no more."""
_CONNECT_S: Final = 5.0


class Intake:
    """One for the process. Counted in memory: there is one public process, and a restart forgives."""

    def __init__(self, pool: db.Connections) -> None:
        self._pool = pool
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="reports")
        """Of its own: pictures that take long hold up no other answer."""
        self._under_way: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, request: Request) -> AsyncIterator[None]:
        """For all of one report, from its first byte. Raises UploadRefused: limited, busy."""
        whose = _whose(request)
        if not self._limiter.hit(_ATTEMPTS, whose):
            raise UploadRefused("limited", 429)
        if self._under_way[whose] >= AT_ONCE_OF_ONE or self._under_way.total() >= AT_ONCE:
            raise UploadRefused("busy", 503)
        self._under_way[whose] += 1
        try:
            yield
        finally:
            self._under_way[whose] -= 1
            if not self._under_way[whose]:
                del self._under_way[whose]

    async def take(
        self, request: Request, sent: Sent, said: Said, view: CityView, *, language: str, channel: str
    ) -> str:
        """Stores it and returns its number.

        Raises Unfit, PhotoRefused, UploadRefused (limited, busy, full, malformed), DatabaseUnreachable.
        """
        new = saying.report(said, view, language=language, channel=channel)
        if not all(self._limiter.hit(item, _whose(request)) for item in _STORED):
            raise UploadRefused("limited", 429)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._store, new, sent.photo)

    def _store(self, new: NewReport, content: bytes | None) -> str:
        try:
            photo = photos.anew(content) if content is not None else None
            with self._pool.connection(timeout=_CONNECT_S) as conn:
                return citizen_reports.submit(conn, replace(new, photo=photo))
        except PhotosBusy:
            raise UploadRefused("busy", 503) from None
        except TooManyReports:
            raise UploadRefused("full", 503) from None
        except ReportRefused as error:
            raise UploadRefused("malformed", 400) from error


def _whose(request: Request) -> str:
    """The peer's address, as the server knows it: never a header that anybody can write."""
    return network(request.client.host) if request.client else "-"
