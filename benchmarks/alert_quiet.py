"""How many messages an operator gets of the shipped rules: on a simulated day of the whole city, and in a storm.

Every value goes by MQTT through `hanoi-ingest`; engine and dispatcher work every five simulated minutes of the day and
once a minute of the storm. Limits: one message
in ten minutes over the day, ten in the first ten minutes of the storm. Also the ten noisiest rules of each. The day is
one of the demo's, by its own seed, after three days before it; it rains on it.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from alerts.config import load
from alerts.dispatch import Dispatcher
from alerts.metrics import Metrics
from alerts.notifiers import build
from alerts.rules import parse_rules
from alerts.secrets import SecretReader
from benchmarks import ingest_throughput as throughput
from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from simulators.scenarios import load_scenario
from storage import alert_routing, db, inventory
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from tests.integration.alert_city import open_city
from tests.integration.simulated_city import Sky, live_through

MINUTE: Final = timedelta(minutes=1)
DAY_LIMIT: Final = 24 * 6
STORM_LIMIT: Final = 10
DEMO_SEED: Final = 1
DAY: Final = datetime(2026, 7, 9, 17, 0, tzinfo=UTC)
"""Midnight in Hanoi."""
BEFORE: Final = timedelta(days=3)
"""Of the day: rules that compare with earlier days need them."""

Told = list[datetime]


def run(repeats: int) -> None:
    """Prints once: the simulation is the same each time."""
    domains = load_catalog()
    installed = runtime.ensure(Path(".runtime"), print)
    city = load_inventory([inventory.SHIPPED], domains)
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        throughput.make_template(postgres, city)

        def lived(skies: list[Sky], name: str) -> tuple[Told, list[alert_routing.NoisyRule]]:
            with throughput.database(postgres) as url, Mosquitto(installed, folder / name) as broker:
                return _live(url, broker, folder, skies)

        everything = frozenset(domains)
        day = Sky(
            domains=domains,
            only=everything,
            seed=DEMO_SEED,
            begin=DAY,
            lasts=timedelta(days=1),
            step=5 * MINUTE,
        )
        history = replace(day, begin=DAY - BEFORE, lasts=BEFORE, step=timedelta(hours=2))
        storm = Sky(
            domains=domains,
            scenario=load_scenario("storm"),
            only=everything,
            lasts=timedelta(hours=2.5),
            step=MINUTE,
        )
        _report_day(*lived([history, day], "day"))
        _report_storm(*lived([storm], "storm"))


def _report_day(told: Told, noisy: list[alert_routing.NoisyRule]) -> None:
    told = [time for time in told if time > DAY]
    busiest = max((sum(start <= t < start + timedelta(hours=1) for t in told) for start in told), default=0)
    print(
        f"alert_quiet: a simulated day: {len(told)} messages to an operator = {len(told) / DAY_LIMIT:.2f} of the limit"
    )
    print(f"  the busiest hour had {busiest}")
    _print_noisy(noisy)


def _report_storm(told: Told, noisy: list[alert_routing.NoisyRule]) -> None:
    first = [time for time in told if time - told[0] < timedelta(minutes=10)]
    print(
        f"alert_quiet: a storm over the whole city: {len(first)} messages in the first ten minutes"
        f" = {len(first) / STORM_LIMIT:.2f} of the limit; {len(told)} in two and a half hours"
    )
    _print_noisy(noisy)


def _print_noisy(noisy: list[alert_routing.NoisyRule]) -> None:
    for one in noisy:
        print(
            f"    {one.rule:24} {one.notifications:4} messages, {one.firings:4} firings, {one.places:3} places",
            flush=True,
        )


def _live(
    url: str, broker: Mosquitto, folder: Path, skies: list[Sky]
) -> tuple[Told, list[alert_routing.NoisyRule]]:
    """When the operators' screen was told, and the noisiest rules."""
    alerting = load()
    secrets = SecretReader(folder=folder, environment={})
    notifiers = [build(name, table, "shipped", secrets) for name, table in alerting.receivers.items()]
    with open_city(url, parse_rules(load_catalog())) as opened:
        clock = [skies[0].begin]
        dispatcher = Dispatcher(
            alerting=alerting, receivers=notifiers, metrics=Metrics(), clock=lambda: clock[0], patience_s=5.0
        )

        def works(now: datetime) -> None:
            clock[0] = now
            dispatcher.run(opened.conn, opened.term)

        for sky in skies:
            live_through(sky, opened, url, broker, folder, works)
        return _told(opened.conn), alert_routing.noisiest_rules(opened.conn, skies[-1].begin, 10)


def _told(conn: db.Connection) -> Told:
    rows = conn.execute("SELECT created_at FROM notification ORDER BY id").fetchall()
    return [row["created_at"] for row in rows]
