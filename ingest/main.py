"""`hanoi-ingest`: from the broker to the database, and the periodic work on what was stored."""

import argparse
import logging
import signal
import sys
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler

from ingest import derive
from ingest.metrics import Metrics
from ingest.pipeline import Pipeline
from ingest.registry import Registry
from ingest.transport import MqttSource
from ingest.wire import SUBSCRIPTION, BrokerAddress
from ingest.writer import Writer
from storage import db, health, live, locks
from storage.catalog import ReferenceDataError
from storage.logs import configure_logging
from storage.reference import Reference
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error, host_port

log = logging.getLogger(__name__)

CLIENT_ID: Final = "hanoi-ingest"
FEED_KEPT: Final = timedelta(days=3)
SWITCH_S: Final = 0.0005
"""How long a computing thread may keep the others waiting. At Python's 5 ms the receiving thread, which gives the
interpreter up at each packet, would get a tenth of what it needs while a batch is decoded."""
RESTART: Final = 70
"""Exit status that asks the supervisor for a new process (EX_SOFTWARE)."""


def main() -> None:
    """Entry point. Exit 0 stopped, 2 configuration, 70 to be started again."""
    argparse.ArgumentParser(prog="hanoi-ingest", description=__doc__).parse_args()
    try:
        settings = Settings.load()
        configure_logging(settings.log_level)
        address = BrokerAddress.parse(settings.required("mqtt_url"))
        database_url = settings.required("database_url")
        host, port = host_port(settings.ingest_bind, "HANOI_INGEST_BIND")
        reference = Reference(
            catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders
        )
    except (ConfigurationError, ReferenceDataError, ValueError) as error:
        exit_on_configuration_error(error)
    raise SystemExit(_run(settings, address, database_url, (host, port), reference))


def _run(
    settings: Settings, address: BrokerAddress, database_url: str, bind: tuple[str, int], reference: Reference
) -> int:
    stop = Event()
    sys.setswitchinterval(SWITCH_S)
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_, lambda *_: stop.set())
    metrics = Metrics(settings.broker_setting)
    source = MqttSource(address=address, client_id=CLIENT_ID, topics=[SUBSCRIPTION])
    writer = Writer(database_url=database_url, commit=source.commit, metrics=metrics, stop=stop)
    pool = db.open_pool(database_url, name="ingest")
    registry = Registry(pool=pool, reference=reference)
    pipeline = Pipeline(source=source, registry=registry, writer=writer, metrics=metrics, stop=stop)
    server = health.serve(
        *bind,
        ready=lambda: {"broker": source.connected, "database": writer.usable},
        registry=metrics.registry,
    )
    try:
        if not _load_patiently(registry, writer, stop):
            return 0
        source.start()
        pipeline.start()
        scheduler = _schedule(pool, registry)
        try:
            return _watch(source, pipeline, metrics, stop)
        finally:
            scheduler.shutdown(wait=False)
            stop.set()
            pipeline.join(5.0)
            source.stop()
    finally:
        server.shutdown()
        pool.close()


def _load_patiently(registry: Registry, writer: Writer, stop: Event) -> bool:
    """Waits for the database: ingest may be up before it."""
    while not stop.is_set():
        try:
            registry.sync()
            writer.open()
        except db.DatabaseUnreachable as error:
            log.warning("database_awaited error=%r", str(error))
            stop.wait(1.0)
        else:
            return True
    return False


def _schedule(pool: db.Pool, registry: Registry) -> BackgroundScheduler:
    """The periodic work; the advisory locks keep two processes from doing it twice."""

    def refresh() -> None:
        if registry.reference.refresh():
            registry.sync()

    def indicators() -> None:
        with pool.connection() as conn, locks.only_one(conn, "derive") as mine:
            if mine:
                derive.run(conn, datetime.now(UTC))

    def prune() -> None:
        with pool.connection() as conn, locks.only_one(conn, "prune") as mine:
            if mine:
                live.forget(conn, datetime.now(UTC) - FEED_KEPT)

    scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1})
    scheduler.add_job(refresh, "interval", seconds=1)
    scheduler.add_job(indicators, "interval", seconds=10, next_run_time=datetime.now(UTC))
    scheduler.add_job(prune, "interval", hours=1)
    scheduler.start()
    return scheduler


def _watch(source: MqttSource, pipeline: Pipeline, metrics: Metrics, stop: Event) -> int:
    """Until asked to stop. A dead thread can't be mended in here: leave, and be started anew."""
    while not stop.wait(1.0):
        metrics.connected.set(source.connected)
        if source.refused:
            log.error("subscription_refused %s", source.refused)
            return RESTART
        if not source.alive or not pipeline.alive:
            log.error("thread_dead receiving=%s pipeline=%s", source.alive, pipeline.alive)
            return RESTART
    return 0
