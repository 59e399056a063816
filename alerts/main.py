"""`hanoi-alerts`: evaluates the rules on every new value and tells the receivers. Several may run, one is active."""

import argparse
import logging
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler

from alerts.dispatch import Dispatcher
from alerts.engine import Engine
from alerts.leader import Agenda, Leader
from alerts.metrics import Metrics
from alerts.notifiers import Notifier
from alerts.notifiers.webhook import Webhook
from alerts.rules import RuleBook, parse_rules
from storage import db, health
from storage.catalog import ReferenceDataError
from storage.logs import configure_logging
from storage.reference import Reference
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error, host_port

log = logging.getLogger(__name__)

OUTBOX_TICK_S: Final = 1.0
RESTART: Final = 70
"""Exit status that asks the supervisor for a new process (EX_SOFTWARE)."""


def main() -> None:
    """Entry point. Exit 0 stopped, 2 configuration, 70 to be started again."""
    argparse.ArgumentParser(prog="hanoi-alerts", description=__doc__).parse_args()
    try:
        settings = Settings.load()
        configure_logging(settings.log_level, settings.secrets)
        url = settings.required("database_url")
        bind = host_port(settings.alerts_bind, "HANOI_ALERTS_BIND")
        reference = Reference(
            catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders
        )
        book = parse_rules(reference.domains)
        receivers = _receivers(settings)
    except (ConfigurationError, ReferenceDataError, ValueError) as error:
        exit_on_configuration_error(error)
    try:
        status = _run(url, bind, reference, book, receivers)
    except ConfigurationError as error:  # the address is taken
        exit_on_configuration_error(error)
    raise SystemExit(status)


def _receivers(settings: Settings) -> list[Notifier]:
    """Raises ValueError naming the variable."""
    if settings.alert_webhook_url is None:
        return []
    return [Webhook(settings.alert_webhook_url.get_secret_value())]


def _run(
    url: str, bind: tuple[str, int], reference: Reference, book: RuleBook, receivers: Sequence[Notifier]
) -> int:
    stop = Event()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_, lambda *_: stop.set())
    metrics, agenda = Metrics(), Agenda()
    leader = Leader(
        url=url,
        engine=Engine(metrics=metrics, book=book),
        agenda=agenda,
        metrics=metrics,
        clock=_clock,
        stop=stop,
    )
    dispatcher = Dispatcher(receivers=receivers, metrics=metrics, clock=_clock)
    threads = [
        Thread(target=leader.run, name="leader", daemon=True),
        Thread(target=_dispatch, args=(url, dispatcher, leader, agenda, stop), name="dispatch", daemon=True),
    ]
    server = health.serve(
        *bind,
        variable="HANOI_ALERTS_BIND",
        ready=lambda: {"database": leader.connected},
        registry=metrics.registry,
    )
    scheduler = _schedule(reference, agenda)
    try:
        log.info("started receivers=%s", ",".join(receiver.name for receiver in receivers) or "none")
        for thread in threads:
            thread.start()
        return _watch(threads, stop)
    finally:
        stop.set()
        scheduler.shutdown(wait=False)
        for thread in threads:
            thread.join(5.0)
        server.shutdown()


def _schedule(reference: Reference, agenda: Agenda) -> BackgroundScheduler:
    """The periodic work. What needs the leader's connection is only asked for here."""

    def refresh() -> None:
        if reference.refresh() and (book := _rules_of(reference)) is not None:
            agenda.new_rules.append(book)

    scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1})
    scheduler.add_job(refresh, "interval", seconds=1)
    scheduler.add_job(agenda.time_passes.set, "interval", seconds=5)
    scheduler.start()
    return scheduler


def _rules_of(reference: Reference) -> RuleBook | None:
    """None, and a line in the log, when they can't be used: those before stay in force."""
    try:
        return parse_rules(reference.domains)
    except ReferenceDataError as error:
        log.error("rules_refused error=%r", str(error))
        return None


def _dispatch(url: str, dispatcher: Dispatcher, leader: Leader, agenda: Agenda, stop: Event) -> None:
    """Empties the outbox while this process leads; a lost database is waited for."""
    while not stop.is_set():
        if not leader.leading.wait(1.0):
            continue
        try:
            with db.connect(url, name="alerts-dispatch", autocommit=True) as conn:
                while leader.leading.is_set() and not stop.is_set():
                    dispatcher.run(conn)
                    agenda.changed.wait(OUTBOX_TICK_S)
                    agenda.changed.clear()
        except db.DatabaseUnreachable as error:
            log.warning("outbox_waits error=%r", str(error))
            stop.wait(1.0)


def _watch(threads: Sequence[Thread], stop: Event) -> int:
    """Until asked to stop. A dead thread can't be mended in here: leave, and be started anew."""
    while not stop.wait(1.0):
        for thread in threads:
            if not thread.is_alive():
                log.error("thread_dead name=%s", thread.name)
                return RESTART
    return 0


def _clock() -> datetime:
    return datetime.now(UTC)
