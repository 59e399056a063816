"""Prometheus metrics of one ingest process."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ingest.limits import NAMED, OTHERS
from ingest.model import Prepared
from storage.model import Rejection
from storage.observations import WriteCounts

_SIZES = (1, 3, 10, 30, 100, 300, 1000, 3000)
_SECONDS = (0.005, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)


class Metrics:
    """Named hanoi_ingest_*; units are in the names."""

    def __init__(self, broker_setting: str | None = None) -> None:
        self.registry = registry = CollectorRegistry()
        self.received = Counter(
            "hanoi_ingest_messages_received", "Messages received from the broker", registry=registry
        )
        self.left = Counter(
            "hanoi_ingest_messages_left",
            "Messages received that another worker handles; of worker 1 only",
            registry=registry,
        )
        self.absent = Gauge(
            "hanoi_ingest_workers_absent",
            "Other workers that worker 1 has not seen for a minute",
            registry=registry,
        )
        self.observations = Counter(
            "hanoi_ingest_observations",
            "Observations by what became of them: written, duplicate, corrected, outdated",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("written", "duplicate", "corrected", "outdated"):
            self.observations.labels(outcome)
        self.rejected = Counter(
            "hanoi_ingest_messages_rejected",
            "Messages rejected, whole or in part, by the first reason",
            ["reason"],
            registry=registry,
        )
        self.assessed = Counter(
            "hanoi_ingest_assessed",
            "Values whose quality a check changed: spike, step, stuck; passed: suspect before, no longer",
            ["reason"],
            registry=registry,
        )
        for reason in ("spike", "step", "stuck", "passed"):
            self.assessed.labels(reason)
        self.derive_failures = Counter(
            "hanoi_derive_failures",
            "Spans of a Thing, or whole derivations, that could not be computed",
            ["derivation"],
            registry=registry,
        )
        self.forecast_runs = Counter(
            "hanoi_ingest_forecast_runs",
            "Forecast runs, each in a process of its own, by outcome: done, failed, too_long",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("done", "failed", "too_long"):
            self.forecast_runs.labels(outcome)
        self.rate_limited = Counter(
            "hanoi_ingest_messages_rate_limited",
            "Messages rejected unread because their Thing sends too many, by Thing (20 at most, then others)",
            ["thing"],
            registry=registry,
        )
        self._limited_things: set[str] = set()
        self.retries = Counter(
            "hanoi_ingest_write_retries", "Batches tried again because the database failed", registry=registry
        )
        self.batch_messages = Histogram(
            "hanoi_ingest_batch_messages", "Messages in a batch", buckets=_SIZES, registry=registry
        )
        self.batch_observations = Histogram(
            "hanoi_ingest_batch_observations", "Observations in a batch", buckets=_SIZES, registry=registry
        )
        self.write_seconds = Histogram(
            "hanoi_ingest_write_seconds", "From COPY to the ack", buckets=_SECONDS, registry=registry
        )
        self.lag_seconds = Histogram(
            "hanoi_ingest_lag_seconds",
            "From a message's arrival to its commit, the oldest of each batch",
            buckets=_SECONDS,
            registry=registry,
        )
        self.last_commit = Gauge(
            "hanoi_ingest_last_commit_timestamp_seconds",
            "When the last batch was committed",
            registry=registry,
        )
        self.connected = Gauge(
            "hanoi_ingest_broker_connected", "1 while subscribed to the broker", registry=registry
        )
        setting = Gauge(
            "hanoi_broker_persistence_info",
            "Which persistence setting the broker runs with; docs/deploy.md says what each may lose",
            ["setting"],
            registry=registry,
        )
        setting.labels(broker_setting or "unknown").set(1)

        self.retention_rows = Counter(
            "hanoi_ingest_retention_rows_deleted",
            "Rows deleted by what they were: raw, hourly, daily, extent, rejection",
            ["what"],
            registry=registry,
        )
        for what in ("raw", "hourly", "daily", "extent", "rejection"):
            self.retention_rows.labels(what)
        self.retention_chunks = Counter(
            "hanoi_ingest_retention_chunks",
            "Chunks of raw values by what became of them: dropped, compressed",
            ["outcome"],
            registry=registry,
        )
        for outcome in ("dropped", "compressed"):
            self.retention_chunks.labels(outcome)
        self.retention_success = Gauge(
            "hanoi_ingest_retention_last_success_timestamp_seconds",
            "When retention last ran to its end; 0: not in this process, or HANOI_RETENTION_FILE is not set",
            registry=registry,
        )

    def retained(self, rows: Mapping[str, int], chunks: Mapping[str, int], at: datetime) -> None:
        """After a run of retention."""
        for what, count in rows.items():
            self.retention_rows.labels(what).inc(count)
        for outcome, count in chunks.items():
            self.retention_chunks.labels(outcome).inc(count)
        self.retention_success.set(at.timestamp())

    def judged(self, counts: Mapping[str, int]) -> None:
        """After the quality checks, by reason."""
        for reason, count in counts.items():
            self.assessed.labels(reason).inc(count)

    def derivation_failed(self, derivation: str) -> None:
        self.derive_failures.labels(derivation).inc()

    def limited(self, thing: str) -> None:
        """A message over the limit. The first Things have a label of their own, for the process's life."""
        if thing not in self._limited_things and len(self._limited_things) < NAMED:
            self._limited_things.add(thing)
        self.rate_limited.labels(thing if thing in self._limited_things else OTHERS).inc()

    def written(
        self,
        messages: Sequence[Prepared],
        counts: WriteCounts,
        rejections: Sequence[Rejection],
        seconds: float,
    ) -> None:
        """After the commit of one batch."""
        for outcome in ("written", "duplicate", "corrected", "outdated"):
            self.observations.labels(outcome).inc(getattr(counts, outcome))
        for rejection in rejections:
            self.rejected.labels(rejection.reason).inc()
        now = datetime.now(UTC)
        oldest = min(message.envelope.received_at for message in messages)
        self.batch_messages.observe(len(messages))
        self.batch_observations.observe(sum(len(message.observations) for message in messages))
        self.write_seconds.observe(seconds)
        self.lag_seconds.observe((now - oldest).total_seconds())
        self.last_commit.set(now.timestamp())
