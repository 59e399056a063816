"""`hanoi-watchdog`: notices when the platform itself stops, and tells people in a way of its own."""

import argparse
import logging
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from alerts.notifiers import DeliveryError, Notifier
from alerts.watchdog import ping, report
from alerts.watchdog.availability import Period, by_day, by_month, table
from alerts.watchdog.canary import Broker, Canary
from alerts.watchdog.delivery import Post, receivers_of
from alerts.watchdog.metrics import Metrics
from alerts.watchdog.probes import Probe, probes_of
from alerts.watchdog.server import Answers, serve
from alerts.watchdog.watching import BROKER, Watching, manner_of, probe_interval_s
from storage.catalog import ReferenceDataError
from storage.logs import configure_logging
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error, host_port
from storage.stopping import when_asked_to_stop
from storage.watchdog import Ledger, day_counts, unwatched

log = logging.getLogger(__name__)

RESTART: Final = 70
"""Exit status that asks the supervisor for a new process (EX_SOFTWARE)."""
STALE: Final = timedelta(seconds=30)


def main() -> None:
    """Entry point. Exit 0 stopped, 1 a test was not taken, 2 configuration, 70 to be started again."""
    arguments = _parser().parse_args()
    try:
        settings = Settings.load()
        configure_logging(settings.log_level, settings.secrets)
        match arguments.command:
            case "availability":
                status = _print_availability(_file(settings), _now())
            case "send-test":
                status = _send_test(receivers_of(settings), _now())
            case _:
                status = _watch(settings)
    except (ConfigurationError, ReferenceDataError) as error:
        exit_on_configuration_error(error)
    raise SystemExit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hanoi-watchdog", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="without a command it watches")
    commands.add_parser(
        "availability", help="print the share of canaries that came through, by day and month"
    )
    commands.add_parser("send-test", help="send a test to each receiver and say whether it was taken")
    return parser


def _watch(settings: Settings) -> int:
    """Raises ConfigurationError and ReferenceDataError before anything is sent."""
    stop = Event()
    when_asked_to_stop(stop.set)
    metrics = Metrics()
    probes = probes_of(settings, every_s=probe_interval_s(settings))
    posts = [Post(one, metrics.told) for one in receivers_of(settings)]
    pinged = settings.watchdog_ping_url
    ping_url = None if pinged is None else ping.checked(pinged.get_secret_value())
    bind = host_port(settings.watchdog_bind, "HANOI_WATCHDOG_BIND")
    watching = _watching(settings, probes, posts, metrics)
    server = serve(*bind, _answers(settings, watching, metrics))
    try:
        _start(watching, stop, ping_url)
        if not posts:
            log.warning("no_receivers reason='set HANOI_WATCHDOG_RECEIVERS or HANOI_WATCHDOG_WEBHOOK_URL'")
        log.info(
            "started receivers=%s parts=%s",
            ",".join(post.name for post in posts) or "none",
            ",".join(watching.manner.limits),
        )
        watching.run(stop, _now)
    except sqlite3.Error as error:
        log.error("ledger_lost path=%s error=%r", _file(settings), str(error))
        return RESTART
    finally:
        stop.set()
        server.shutdown()
        watching.canary.stop()
        for post in posts:
            post.join(2.0)
    return 0


def _watching(
    settings: Settings, probes: Sequence[Probe], posts: Sequence[Post], metrics: Metrics
) -> Watching:
    parts = [probe.name for probe in probes]
    if BROKER in settings.watchdog_watches:
        parts.insert(0, BROKER)
    try:
        ledger = Ledger(_file(settings))
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(f"HANOI_RUNTIME_DIR: {_file(settings)}: {error}") from None
    return Watching(
        canary=Canary(Broker.of(settings)),
        probes=probes,
        ledger=ledger,
        posts=posts,
        metrics=metrics,
        manner=manner_of(settings, parts),
        every=timedelta(seconds=settings.watchdog_every_s),
    )


def _start(watching: Watching, stop: Event, ping_url: str | None) -> None:
    watching.canary.start()
    for probe in watching.probes:
        probe.start(stop)
    for post in watching.posts:
        post.start(stop)
    if ping_url is not None:
        arguments = (ping_url, lambda: watching.well, watching.metrics.pings, stop)
        Thread(target=ping.ping, args=arguments, name="ping", daemon=True).start()


def _answers(settings: Settings, watching: Watching, metrics: Metrics) -> Answers:
    def alive() -> bool:
        return watching.turned_at is not None and _now() - watching.turned_at < STALE

    return Answers(
        availability=lambda: _availability(_file(settings), _now()),
        registry=metrics.registry,
        alive=alive,
        came=watching.came,
    )


def _periods(path: Path, now: datetime) -> tuple[list[Period], list[Period]]:
    days = by_day(day_counts(path, now), unwatched(path))
    return days, by_month(days)


def _availability(path: Path, now: datetime) -> Mapping[str, Any]:
    days, months = _periods(path, now)
    return {
        "generated_at": now.isoformat(timespec="seconds"),
        "zone": "Asia/Ho_Chi_Minh",
        "days": [day.shown() for day in days],
        "months": [month.shown() for month in months],
    }


def _print_availability(path: Path, now: datetime) -> int:
    if not path.is_file():
        raise ConfigurationError(f"HANOI_RUNTIME_DIR: {path}: there is none: no watchdog has run with it yet")
    days, months = _periods(path, now)
    print(table(days))
    print()
    print(table(months))
    return 0


def _send_test(receivers: Sequence[Notifier], now: datetime) -> int:
    """Whether each has taken it."""
    if not receivers:
        raise ConfigurationError("no receiver: set HANOI_WATCHDOG_RECEIVERS or HANOI_WATCHDOG_WEBHOOK_URL")
    status = 0
    for receiver in receivers:
        document = report.test_document(receiver.name, "hanoi-watchdog", now)
        try:
            receipt = receiver.send(document["key"], document)
        except DeliveryError as error:
            print(f"{receiver.name}: not taken: {error}", file=sys.stderr)
            status = 1
        else:
            print(f"{receiver.name}: taken{f' ({receipt})' if receipt else ''}")
    return status


def _file(settings: Settings) -> Path:
    return settings.runtime_dir / "watchdog" / "watchdog.sqlite"


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
