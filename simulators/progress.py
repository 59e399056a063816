"""How far something is: a bar on a terminal, otherwise a log line each ten per cent, once a second at most."""

import logging
import sys
import time
from types import TracebackType
from typing import Any, Final, Self

from tqdm import tqdm

_QUIET_S: Final = 1.0
"""What is over sooner needs no line for each step."""


class Progress:
    """A context manager; `advance` by amounts whose sum is `total`."""

    def __init__(self, event: str, total: int, unit: str, logger: logging.Logger) -> None:
        self._event, self._total, self._log = event, total, logger
        self._done, self._told = 0, 0
        self._quiet_until = time.monotonic() + _QUIET_S
        self._bar: tqdm[Any] | None = None
        if sys.stderr.isatty() and total > 0:
            self._bar = tqdm(total=total, unit=f" {unit}", desc=event, mininterval=0.5)

    def advance(self, amount: int) -> None:
        self._done += amount
        if self._bar is not None:
            self._bar.update(amount)
            return
        tenths = 10 * self._done // self._total if self._total else 10
        if tenths > self._told and time.monotonic() >= self._quiet_until:
            self._told, self._quiet_until = tenths, time.monotonic() + _QUIET_S
            self._log.info("%s percent=%d", self._event, tenths * 10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
