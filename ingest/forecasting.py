"""Starts forecast runs in processes of their own: what scikit-learn takes of memory must not stay in ingest."""

import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Final

from prometheus_client import Counter

log = logging.getLogger(__name__)

LIMIT_S: Final = 840.0
"""A run may take so long; it is at most every ten minutes, and never two at a time."""
MODULE: Final = "ingest.forecasts"


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecasting:
    """Called by the scheduler, in one of its threads."""

    runs: Counter
    """By outcome: done, failed, too_long."""
    stop: Event
    limit_s: float = LIMIT_S
    command: Sequence[str] = (sys.executable, "-m", MODULE)

    def hourly(self) -> None:
        """Everything."""
        self._run()

    def frequent(self) -> None:
        """What is issued more often than hourly."""
        self._run("--frequent")

    def _run(self, *arguments: str) -> None:
        process = subprocess.Popen([*self.command, *arguments], stdin=subprocess.DEVNULL)
        outcome = self._outcome(process)
        if outcome is None:
            return  # we are stopping
        self.runs.labels(outcome).inc()
        if outcome != "done":
            log.error("forecasts_failed outcome=%s exit=%s", outcome, process.returncode)

    def _outcome(self, process: "subprocess.Popen[bytes]") -> str | None:
        waited_s = 0.0
        while process.poll() is None:
            if self.stop.wait(0.5) or waited_s > self.limit_s:
                process.kill()
                process.wait()
                return None if self.stop.is_set() else "too_long"
            waited_s += 0.5
        return "done" if process.returncode == 0 else "failed"
