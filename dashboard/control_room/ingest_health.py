"""Asks ingest's /metrics how it does. Another process, maybe another machine: no answer is an answer too."""

import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPException
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from dashboard.control_room.room import IngestHealth, IngestState

TIMEOUT_S: Final = 2.0

_direct: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(kw_only=True, slots=True)
class IngestProbe:
    """Remembers the counters of the look before, to tell rates."""

    url: str
    """http://host:port of ingest."""
    _before: tuple[datetime, Mapping[str, float]] | None = field(default=None, init=False)
    _heard: bool = field(default=False, init=False)

    def look(self, now: datetime) -> IngestHealth:
        """Blocks for at most TIMEOUT_S."""
        try:
            with _direct.open(f"{self.url}/metrics", timeout=TIMEOUT_S) as answer:
                samples = read_samples(answer.read().decode("utf-8"))
        except (HTTPException, OSError, ValueError):
            self._before = None
            return IngestHealth(state="silent" if self._heard else "unknown")
        self._heard = True
        before, self._before = self._before, (now, samples)
        return health(samples, now, before)


def read_samples(text: str) -> dict[str, float]:
    """Every sample without labels. Raises ValueError when it is no exposition text."""
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.labels
    }


def health(
    samples: Mapping[str, float], now: datetime, before: tuple[datetime, Mapping[str, float]] | None
) -> IngestHealth:
    """From the counters now and at the look before; rates need both."""
    if "hanoi_ingest_broker_connected" not in samples:
        return IngestHealth(state="unknown")
    state: IngestState = "receiving" if samples["hanoi_ingest_broker_connected"] else "no_broker"
    if before is None or now <= before[0]:
        return IngestHealth(state=state)
    seconds, counted = (now - before[0]).total_seconds(), before[1]
    messages, batches, lag_s = (
        samples.get(name, 0.0) - counted.get(name, 0.0)
        for name in (
            "hanoi_ingest_messages_received_total",
            "hanoi_ingest_lag_seconds_count",
            "hanoi_ingest_lag_seconds_sum",
        )
    )
    return IngestHealth(
        state=state,
        messages_per_s=max(0.0, messages) / seconds,  # a restart begins to count from zero
        lag_s=lag_s / batches if batches > 0 else None,
    )
