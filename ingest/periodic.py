"""The periodic work on what was stored: a table of jobs, each done by one process at a time."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler

from ingest import derive_rain
from ingest.assess import Assessor
from ingest.derive import Deriver
from ingest.forecasting import Forecasting
from ingest.metrics import Metrics
from ingest.recalibration import Replaced
from ingest.registry import Registry
from ingest.reprocess import Reprocessing, stragglers
from ingest.retain import Retaining
from ingest.sources import Sources
from storage import db, live, locks, rollups
from storage.catalog import ReferenceDataError

log = logging.getLogger(__name__)

FEED_KEPT: Final = timedelta(days=3)
UNREAD_KEPT: Final = timedelta(days=14)
"""What a durable reader has not read: long enough to mend what holds it up, short of a feed that grows for ever."""
RETAIN_AFTER: Final = timedelta(minutes=10)
"""The rollups have caught up by then, and a process that is restarted often still gets to it."""
Work = Callable[[db.Connection, datetime], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Work with a connection of the pool, by the process that gets its lock; the others skip that turn."""

    work: Work
    every: timedelta
    lock: str
    at_once: bool = False
    """Also at the start, not only an interval later."""
    waits_out: tuple[type[Exception], ...] = ()
    """What the next turn mends by itself: a line in the log, no traceback."""
    put_off: str = ""
    """The event of that line."""

    def run(self, pool: db.Pool) -> None:
        try:
            with pool.connection() as conn, locks.only_one(conn, self.lock) as mine:
                if mine:
                    self.work(conn, datetime.now(UTC))
        except self.waits_out as error:
            log.warning("%s error=%r", self.put_off, str(error))


@dataclass(frozen=True, kw_only=True, slots=True)
class Periodic:
    """What the jobs work with."""

    pool: db.Pool
    registry: Registry
    sources: Sources
    metrics: Metrics
    retaining: Retaining
    stop: Event

    def start(self) -> BackgroundScheduler:
        # That a job is still at it is no news.
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
        scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1})
        scheduler.add_job(self._refresh, "interval", seconds=1)
        for job in self._jobs():
            first = {"next_run_time": datetime.now(UTC)} if job.at_once else {}
            scheduler.add_job(
                job.run,
                "interval",
                [self.pool],
                name=job.lock,
                seconds=job.every.total_seconds(),
                **first,
            )
        scheduler.add_job(self._retain, "interval", days=1, next_run_time=datetime.now(UTC) + RETAIN_AFTER)
        ahead = Forecasting(runs=self.metrics.forecast_runs, stop=self.stop)
        scheduler.add_job(ahead.hourly, "cron", minute=6)  # what closed with the hour has come by then
        scheduler.add_job(ahead.frequent, "cron", minute="16,26,36,46,56")
        scheduler.start()
        return scheduler

    def _jobs(self) -> Iterator[Job]:
        deriver = Deriver(count_failure=self.metrics.derivation_failed)
        assessor = Assessor(reference=self.registry.reference)
        recalibrating = Replaced()
        yield Job(
            work=lambda conn, now: deriver.run(conn, self.registry.reference.domains, now),
            every=timedelta(seconds=2),
            lock="derive",
            at_once=True,
            waits_out=db.PASSING,
            put_off="derive_put_off",
        )
        yield Job(work=self._rain, every=timedelta(seconds=10), lock="derive-rain", at_once=True)
        yield Job(work=self._claimed, every=timedelta(seconds=5), lock="stragglers")
        yield Job(
            work=lambda conn, now: recalibrating.run(conn, self.registry.known, now),
            every=timedelta(seconds=5),
            lock="recalibrate",
            waits_out=db.PASSING,
            put_off="recalibration_put_off",
        )
        yield Job(
            work=lambda conn, now: self.metrics.judged(assessor.run(conn)),
            every=timedelta(seconds=1),
            lock="quality",
            waits_out=(db.DatabaseUnreachable,),
            put_off="assessment_put_off",
        )
        yield Job(
            work=lambda conn, now: rollups.refresh(conn, now, feed_kept=FEED_KEPT),
            every=timedelta(seconds=5),
            lock="rollup",
            at_once=True,
            waits_out=(db.DatabaseUnreachable,),
            put_off="rollups_put_off",
        )
        yield Job(
            work=lambda conn, now: live.forget(conn, now - FEED_KEPT, now - UNREAD_KEPT),
            every=timedelta(hours=1),
            lock="prune",
        )

    def _refresh(self) -> None:
        if self.registry.reference.refresh():
            self.registry.sync()

    def _rain(self, conn: db.Connection, now: datetime) -> None:
        try:
            derive_rain.run(conn, self.registry.reference)
        except ReferenceDataError as error:  # loaded while we run: nothing is lost, the feed waits
            log.error("rain_counter_refused error=%r", str(error))

    def _claimed(self, conn: db.Connection, now: datetime) -> None:
        """With connections of its own; ours holds the lock."""
        stragglers(
            Reprocessing(
                pool=self.pool,
                registry=self.registry,
                sources=self.sources,
                clock=lambda: datetime.now(UTC),
            )
        )

    def _retain(self) -> None:
        """Takes its own lock, as `hanoi-ingest retain` does."""
        self.retaining.run(self.pool, self.registry.reference.domains, datetime.now(UTC))
