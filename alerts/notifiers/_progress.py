"""Telling the several addresses of a receiver, so that trying again does not tell one of them twice."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Final

from alerts.notifiers import DeliveryError

REMEMBERED: Final = 1000
"""Notifications at a time. It is in memory only: after a restart some are told again."""
BUDGET_S: Final = 20.0
"""After so long no further address is begun: the attempt must end before somebody else may take it for dead."""


class Progress:
    """Who has which notification already."""

    def __init__(self) -> None:
        self._done: OrderedDict[str, dict[str, str]] = OrderedDict()
        self._lock = Lock()

    def left(self, key: str, addresses: Iterable[str]) -> Sequence[str]:
        """Those that have not got it."""
        with self._lock:
            done = self._done.get(key, {})
            return [address for address in addresses if address not in done]

    def note(self, key: str, address: str, receipt: str = "") -> None:
        with self._lock:
            self._done.setdefault(key, {})[address] = receipt
            while len(self._done) > REMEMBERED:
                self._done.popitem(last=False)

    def finish(self, key: str) -> Sequence[str]:
        """The receipts that were noted, when all have it."""
        with self._lock:
            return [receipt for receipt in self._done.pop(key, {}).values() if receipt]

    def tell(self, key: str, addresses: Sequence[str], send_one: Callable[[str], str]) -> Sequence[str]:
        """The receipts, when all have it. One that fails does not keep the others from being told.

        Raises DeliveryError, of several one after which trying again can help.
        """
        failures = []
        end = time.monotonic() + BUDGET_S
        for address in self.left(key, addresses):
            if time.monotonic() > end:
                failures.append(DeliveryError("it takes too long", retry=True))
                continue
            try:
                self.note(key, address, send_one(address))
            except DeliveryError as error:
                failures.append(error)
        if not failures:
            return self.finish(key)
        worst = next((error for error in failures if error.retry), failures[0])
        count = f" ({len(failures)} of {len(addresses)} recipients)" if len(addresses) > 1 else ""
        raise DeliveryError(f"{worst}{count}", retry=worst.retry, after_s=worst.after_s)
