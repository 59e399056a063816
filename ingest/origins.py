"""Which provenances enter a derived value, while its window moves on. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ingest.derivation import Value
from storage.model import Provenance


class Origins:
    """The provenances of the inputs from `reach` before a moment up to it; moments may only rise."""

    def __init__(self, values: Iterable[Value], reach: timedelta) -> None:
        self._coming = iter(values)
        self._next = next(self._coming, None)
        self._reach = reach
        self._last: dict[Provenance, datetime] = {}

    def until(self, moment: datetime) -> frozenset[Provenance]:
        while self._next is not None and self._next.time <= moment:
            self._last[self._next.provenance] = self._next.time
            self._next = next(self._coming, None)
        return frozenset(p for p, time in self._last.items() if moment - time <= self._reach)
