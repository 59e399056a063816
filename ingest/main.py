"""`hanoi-ingest`: from the broker to the database, and the periodic work on what was stored."""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Final
from wsgiref.simple_server import WSGIServer

from ingest import commands, gauges
from ingest.commands import Command, CommandError
from ingest.folder import FolderTransport
from ingest.follow import RegistryFollower
from ingest.limits import Limits
from ingest.metrics import Metrics
from ingest.partition import Partition, require_divisible
from ingest.periodic import Periodic
from ingest.pipeline import Pipeline
from ingest.registry import Registry
from ingest.retain import Retaining
from ingest.sources import Sources, load_sources
from ingest.tls import broker_address
from ingest.transport import MqttTransport
from ingest.wire import BrokerAddress
from ingest.workers import First, Handover, Other, Part
from ingest.writer import Writer
from storage import db, health, tenures
from storage.catalog import ReferenceDataError
from storage.commands import add_to
from storage.logs import configure_logging
from storage.reference import Reference
from storage.retention_policy import load_retention
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error, host_port
from storage.stopping import when_asked_to_stop

log = logging.getLogger(__name__)

CLIENT_ID: Final = "hanoi-ingest"
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
        configure_logging(settings.log_level, settings.secrets)
        command = known.get(arguments.command or "")
        partition = _partition(arguments, settings)
        status = command.run(arguments, settings) if command else _serve(settings, partition)
    except (ConfigurationError, ReferenceDataError, CommandError) as error:
        exit_on_configuration_error(error)
    raise SystemExit(status)


def _parser(known: Mapping[str, Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hanoi-ingest", description=f"{__doc__} Without a command it runs.")
    parser.add_argument(
        "--worker", type=int, default=1, help="which of HANOI_INGEST_WORKERS this is (default 1)"
    )
    parser.add_argument(
        "--drain", action="store_true", help="hand everything over to the other workers, then end its session"
    )
    add_to(parser, known)
    return parser


def _partition(arguments: argparse.Namespace, settings: Settings) -> Partition:
    worker, workers, drain = arguments.worker, settings.ingest_workers, arguments.drain
    if worker < 1 or (worker > workers and not drain):
        raise ConfigurationError(
            f"--worker {worker}: HANOI_INGEST_WORKERS is {workers}; a worker that is left over is ended with --drain"
        )
    if worker == 1 and drain:
        raise ConfigurationError("--drain: worker 1 takes what the others leave, so it is always there")
    return Partition(worker=worker, workers=workers, draining=drain)


def _serve(settings: Settings, partition: Partition) -> int:
    address = broker_address(settings)
    database_url = settings.required("database_url")
    reference = Reference(
        catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders
    )
    gauges.sections(reference.domains)
    sources = load_sources(settings.sources_file)
    require_divisible(sources, partition.workers)
    load_retention(settings.retention_file, reference.domains)
    return _run(settings, partition, address, database_url, reference, sources)


def _binds(settings: Settings, partition: Partition) -> list[tuple[str, int]]:
    """Worker n of several listens n above the port; the first one on the port itself too, where it is when alone."""
    offsets = [partition.worker] if partition.worker > 1 else [0, 1] if partition.workers > 1 else [0]
    return [host_port(settings.ingest_bind, "HANOI_INGEST_BIND", offset=offset) for offset in offsets]


def _client_id(partition: Partition) -> str:
    """Worker 1 goes on with the session that it had alone."""
    return CLIENT_ID if partition.worker == 1 else f"{CLIENT_ID}-{partition.worker}"


def _run(
    settings: Settings,
    partition: Partition,
    address: BrokerAddress,
    database_url: str,
    reference: Reference,
    sources: Sources,
) -> int:
    stop = Event()
    sys.setswitchinterval(SWITCH_S)
    when_asked_to_stop(stop.set)
    metrics = Metrics(settings.broker_setting)
    transport = MqttTransport(address=address, client_id=_client_id(partition))
    writer = Writer(
        database_url=database_url,
        commit=transport.commit,
        metrics=metrics,
        stop=stop,
        worker=partition.worker,
    )
    pool = db.open_pool(database_url, name="ingest", max_size=10)  # each periodic job holds one
    registry = Registry(pool=pool, reference=reference, on_replaced=writer.forget_clocks)
    part = _part(partition, pool, transport, registry, sources)
    pipeline = Pipeline(
        share=part.share,
        transport=transport,
        registry=registry,
        sources=sources,
        writer=writer,
        metrics=metrics,
        stop=stop,
        limits=Limits(rate=settings.ingest_rate_per_thing, burst=settings.ingest_burst_per_thing),
    )
    handover = Handover(part=part, stop=stop)
    folders = FolderTransport(sources=[s for s in sources.all if s.folder is not None and partition.owns(s)])
    files = _folder_pipeline(folders, writer, registry, sources)
    servers: list[WSGIServer] = []
    try:
        for host, port in _binds(settings, partition):
            server = health.serve(
                host,
                port,
                variable="HANOI_INGEST_BIND",
                ready=lambda: {
                    "broker": transport.connected,
                    "database": writer.usable,
                    "folders": folders.ready,
                },
                registry=metrics.registry,
            )
            servers.append(server)
        _log_sources(sources, partition)
        if not _load_patiently(registry, writer, part, stop):
            return 0
        transport.start()
        pipeline.start()
        if folders.sources:
            files.start()
        handover.start()
        RegistryFollower(database_url=database_url, registry=registry, stop=stop).start()
        retaining = Retaining(path=settings.retention_file, metrics=metrics)
        scheduler = Periodic(
            pool=pool,
            registry=registry,
            sources=sources,
            metrics=metrics,
            retaining=retaining,
            stop=stop,
        ).start()
        try:
            return _watch(transport, [pipeline, files], handover, metrics, stop)
        finally:
            scheduler.shutdown(wait=False)
            stop.set()
            pipeline.join(5.0)
            files.join(5.0)
            transport.stop(end_session=part.finished)
            if part.finished:
                _forget(pool, partition.worker)
    finally:
        for server in servers:
            server.shutdown()
        pool.close()


def _log_sources(sources: Sources, partition: Partition) -> None:
    """What this worker takes beside the native topics."""
    for source in sources.all:
        origin = f"topics={','.join(source.topics)!r}" if source.topics else "by_hand=True"
        if source.folder is not None:
            origin = f"folder={str(source.folder)!r}"
        log.info(
            "source name=%s decoder=%s %s partition=%d mine=%s",
            source.name,
            source.decoder_name,
            origin,
            source.partition,
            partition.owns(source),
        )


def _folder_pipeline(
    folders: FolderTransport, messages: Writer, registry: Registry, sources: Sources
) -> Pipeline:
    """Reads files beside the messages, with a connection of its own: a backlog of files must not hold them up.

    A file is the same one whichever worker reads it, so its rejection is filed under the first one's number.
    """
    writer = replace(messages, commit=folders.commit, worker=1)
    return Pipeline(
        transport=folders,
        registry=registry,
        sources=sources,
        writer=writer,
        metrics=messages.metrics,
        stop=messages.stop,
    )


def _part(
    partition: Partition, pool: db.Pool, transport: MqttTransport, registry: Registry, sources: Sources
) -> Part:
    if partition.worker == 1:
        return First(pool=pool, transport=transport, sources=sources, clock=lambda: datetime.now(UTC))
    return Other(
        pool=pool,
        transport=transport,
        partition=partition,
        registry=registry,
        sources=sources,
        clock=lambda: datetime.now(UTC),
    )


def _forget(pool: db.Pool, worker: int) -> None:
    """A drained worker's session is over: nobody needs to drain it again."""
    with pool.connection() as conn:
        tenures.gone(conn, worker)
    log.info("worker_drained worker=%d", worker)


def _load_patiently(registry: Registry, writer: Writer, part: Part, stop: Event) -> bool:
    """Waits for the database: ingest may be up before it."""
    while not stop.is_set():
        try:
            registry.sync()
            part.load()
            writer.open()
        except db.PASSING as error:
            log.warning("database_awaited error=%r", str(error))
            stop.wait(1.0)
        else:
            return True
    return False


def _watch(
    transport: MqttTransport,
    pipelines: Sequence[Pipeline],
    handover: Handover,
    metrics: Metrics,
    stop: Event,
) -> int:
    """Until asked to stop. A dead thread can't be mended in here: leave, and be started anew."""
    while not stop.wait(1.0) and not handover.part.finished:
        metrics.connected.set(transport.connected)
        metrics.absent.set(handover.part.absent)
        if transport.taken_over:
            log.error(
                "session_taken_over client_id=%s cause=%r",
                transport.client_id,
                "another process runs as this worker: give each its own --worker",
            )
            return RESTART
        if transport.refused:
            log.error("subscription_refused %s", transport.refused)
            return RESTART
        written = all(pipeline.alive for pipeline in pipelines)
        if not transport.alive or not written or not handover.alive:
            log.error(
                "thread_dead receiving=%s pipelines=%s handover=%s",
                *(transport.alive, written, handover.alive),
            )
            return RESTART
    return 0
