"""`hanoi-ingest`: from the broker to the database, and the periodic work on what was stored."""

import argparse
import logging
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler

from ingest import commands, derive
from ingest.commands import Command, CommandError
from ingest.metrics import Metrics
from ingest.pipeline import Pipeline
from ingest.registry import Registry
from ingest.sources import Sources, load_sources
from ingest.transport import MqttTransport, Subscription
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
    known = commands.find()
    arguments = _parser(known).parse_args()
    try:
        settings = Settings.load()
        configure_logging(settings.log_level)
        command = known.get(arguments.command or "")
        status = command.run(arguments, settings) if command else _serve(settings)
    except (ConfigurationError, ReferenceDataError, CommandError) as error:
        exit_on_configuration_error(error)
    raise SystemExit(status)


def _parser(known: Mapping[str, Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hanoi-ingest", description=f"{__doc__} Without a command it runs.")
    under = parser.add_subparsers(dest="command", metavar="command")
    for name, command in known.items():
        text = command.__doc__ or ""
        command.add_arguments(under.add_parser(name, help=text.partition("\n")[0], description=text))
    return parser


def _serve(settings: Settings) -> int:
    try:
        address = BrokerAddress.parse(settings.required("mqtt_url"))
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    database_url = settings.required("database_url")
    bind = host_port(settings.ingest_bind, "HANOI_INGEST_BIND")
    reference = Reference(
        catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders
    )
    sources = load_sources(settings.sources_file)
    return _run(settings, address, database_url, bind, reference, sources)


def _run(
    settings: Settings,
    address: BrokerAddress,
    database_url: str,
    bind: tuple[str, int],
    reference: Reference,
    sources: Sources,
) -> int:
    stop = Event()
    sys.setswitchinterval(SWITCH_S)
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_, lambda *_: stop.set())
    metrics = Metrics(settings.broker_setting)
    transport = MqttTransport(address=address, client_id=CLIENT_ID, subscriptions=_subscriptions(sources))
    writer = Writer(database_url=database_url, commit=transport.commit, metrics=metrics, stop=stop)
    pool = db.open_pool(database_url, name="ingest")
    registry = Registry(pool=pool, reference=reference)
    pipeline = Pipeline(
        transport=transport, registry=registry, sources=sources, writer=writer, metrics=metrics, stop=stop
    )
    server = health.serve(
        *bind,
        ready=lambda: {"broker": transport.connected, "database": writer.usable},
        registry=metrics.registry,
    )
    try:
        if not _load_patiently(registry, writer, stop):
            return 0
        transport.start()
        pipeline.start()
        scheduler = _schedule(pool, registry)
        try:
            return _watch(transport, pipeline, metrics, stop)
        finally:
            scheduler.shutdown(wait=False)
            stop.set()
            pipeline.join(5.0)
            transport.stop()
    finally:
        server.shutdown()
        pool.close()


def _subscriptions(sources: Sources) -> list[Subscription]:
    """The native topics, and those of every source."""
    others = [Subscription(filter=f, qos=source.qos) for source in sources.all for f in source.topics]
    return [Subscription(filter=SUBSCRIPTION), *others]


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


def _watch(transport: MqttTransport, pipeline: Pipeline, metrics: Metrics, stop: Event) -> int:
    """Until asked to stop. A dead thread can't be mended in here: leave, and be started anew."""
    while not stop.wait(1.0):
        metrics.connected.set(transport.connected)
        if transport.refused:
            log.error("subscription_refused %s", transport.refused)
            return RESTART
        if not transport.alive or not pipeline.alive:
            log.error("thread_dead receiving=%s pipeline=%s", transport.alive, pipeline.alive)
            return RESTART
    return 0
