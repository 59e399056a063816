"""The simulated city lived through at once: messages by MQTT through ingest, the engine at the simulated time."""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from alerts.engine import READER
from deploy.embedded.mosquitto import Mosquitto
from simulators.scenarios import Happening, Scenario
from simulators.streams import Message, streams_of
from simulators.weather import Weather
from storage import db, inventory
from storage.inventory import load_inventory
from storage.model import EARLIEST, Domain
from tests.integration.alert_city import City
from tests.processes import ingest_env, publish, running, wait_for

BEGIN: Final = datetime(2025, 7, 20, 8, 0, tzinfo=UTC)
DRY_SEED: Final = 12
"""With it the simulated sky gives no rain of its own around BEGIN."""
WET: Final = frozenset({"rain", "flood"})


@dataclass(frozen=True, kw_only=True)
class Sky:
    """What the city publishes, with a storm or without."""

    domains: dict[str, Domain]
    scenario: Scenario | None = None
    only: Collection[str] = WET
    lasts: timedelta = timedelta(hours=7.5)
    step: timedelta = timedelta(minutes=15)
    begin: datetime = BEGIN
    seed: int = DRY_SEED
    falls_silent: Callable[[str, datetime], bool] = lambda thing, time: False
    """Whether nothing comes of a Thing in the slice that ends at a time."""

    def slices(self) -> Iterator[tuple[datetime, list[Message]]]:
        """(end of slice, messages) in the order of time."""
        begin = int(self.begin.timestamp())
        storm = self.scenario.storm_from(begin) if self.scenario else None
        weather = Weather(seed=self.seed, scenario_storms=[storm] if storm else [])
        happenings = [Happening(scenario=self.scenario, start=begin)] if self.scenario else []
        things = [t for t in load_inventory([inventory.SHIPPED], self.domains) if t.domain in self.only]
        streams = streams_of(self.domains, things, seed=self.seed, weather=weather, happenings=happenings)
        step = int(self.step.total_seconds())
        for start in range(begin, begin + int(self.lasts.total_seconds()), step):
            end = datetime.fromtimestamp(start + step, UTC)
            messages = [one for stream in streams.values() for one in stream.messages(start, start + step)]
            yield end, [one for one in messages if not self.falls_silent(one[0].split("/")[3], end)]


def observations_in(messages: list[Message]) -> int:
    """How many values they hold."""
    count = 0
    for topic, payload in messages:
        if topic.endswith("/observations"):
            elements = json.loads(payload)
            count += sum(len(e["results"]) for e in (elements if isinstance(elements, list) else [elements]))
    return count


def stored(conn: db.Connection, after: datetime = EARLIEST) -> int:
    """How many values that were sent and are later than a time."""
    row = conn.execute(
        "SELECT count(*) AS n FROM observation WHERE provenance <> 'derived' AND phenomenon_time > %s",
        (after,),
    ).fetchone()
    assert row is not None
    return int(row["n"])


def evaluated_all(city: City, now: datetime) -> bool:
    """The feed shows nothing beyond a transaction that still runs, and ingest derives and judges meanwhile."""
    city.evaluate(now)
    unread = city.conn.execute(
        "SELECT FROM observation_change WHERE (xid, id) > (SELECT xid, id FROM feed_cursor WHERE reader = %s) LIMIT 1",
        (READER,),
    )
    return unread.fetchone() is None


def live_through(
    sky: Sky, city: City, city_url: str, broker: Mosquitto, folder: Path, each: Callable[[datetime], object]
) -> None:
    """Publishes slice by slice; after each the engine works at the simulated time, and then `each`."""
    env = ingest_env(city_url, broker.url("ingest"))
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=folder):
        for now, messages in sky.slices():
            publish(broker.url("publisher"), messages)
            _wait_until_stored(city.conn, now - sky.step, observations_in(messages))
            wait_for(partial(evaluated_all, city, now), "the engine has read all of it")
            city.let_time_pass(now)
            each(now)


def _wait_until_stored(conn: db.Connection, after: datetime, expected: int) -> None:
    wait_for(lambda: stored(conn, after) == expected, f"{expected} observations after {after} stored")
