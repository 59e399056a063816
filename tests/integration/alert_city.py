"""A database with Hanoi's Things, values written to it, and the alerts that came of them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from alerts.engine import Engine
from alerts.metrics import Metrics
from alerts.rules import RuleBook, parse_rules
from storage import db, leader, observations, things
from storage.alert_log import TransitionRow
from storage.catalog import load_catalog
from storage.model import Observation, Provenance, Quality

WATCHED = (
    *("flood-15", "flood-30", "rain-heavy", "rain-very-heavy", "air-aqi-bad", "air-aqi-very-bad"),
    *("water-oxygen-low", "water-oxygen-critical", "parking-battery-low"),
)
"""The shipped rules of these tests: a rule that is added beside them adds no alerts here."""

TRANSITIONS = """
SELECT t.id, t.alert_id, t.at, t.from_state, t.to_state, t.reason, t.evidence, t.decided_at, t.processed_at, t.outcome
FROM alert_transition t ORDER BY t.id
"""


@dataclass(kw_only=True)
class City:
    conn: db.Connection
    engine: Engine
    streams: dict[tuple[str, str], int]

    @cached_property
    def term(self) -> int:
        """Leads from the first evaluation on."""
        return leader.take_over(self.conn, "test")

    def write(
        self,
        thing: str,
        observed: str,
        values: Iterable[tuple[datetime, float]],
        *,
        provenance: Provenance = Provenance.MEASURED,
        input_provenance: Provenance | None = None,
        quality: Quality = Quality.GOOD,
        result_time: datetime | None = None,
    ) -> None:
        """One committed batch."""
        batch = [
            Observation(
                datastream_id=self.streams[thing, observed],
                phenomenon_time=time,
                result_time=result_time or time,
                result=value,
                quality=quality,
                provenance=provenance,
                input_provenance=input_provenance,
            )
            for time, value in values
        ]
        with self.conn.transaction():
            observations.write(self.conn, batch, expect_new=False)

    def evaluate(self, now: datetime) -> None:
        """Rounds until the feed is read."""
        while self.engine.read_changes(self.conn, self.term, now):
            pass

    def let_time_pass(self, now: datetime) -> int:
        return self.engine.let_time_pass(self.conn, self.term, now)

    def use(self, book: RuleBook, now: datetime) -> None:
        self.engine.use(self.conn, self.term, book, now)

    def alerts(self) -> list[dict[str, Any]]:
        return self.conn.execute("SELECT * FROM alert ORDER BY rule, thing_id, pending_since").fetchall()

    def transitions(self) -> list[TransitionRow]:
        return [TransitionRow(**row) for row in self.conn.execute(TRANSITIONS).fetchall()]

    def outcomes(self) -> list[tuple[str, str | None]]:
        """(new state, why nobody is told or None) of every transition."""
        return [(t.to_state, t.outcome) for t in self.transitions()]

    def outbox(self) -> list[str]:
        """The new states that wait to be told."""
        return [t.to_state for t in self.transitions() if t.processed_at is None]


def shipped() -> RuleBook:
    rules = parse_rules(load_catalog()).by_key
    return RuleBook.of(rules[key] for key in WATCHED)


@contextmanager
def open_city(url: str, book: RuleBook | None = None) -> Iterator[City]:
    """With some of the shipped rules, unless others are given."""
    with db.connect(url, name="test", autocommit=True) as conn:
        engine = Engine(metrics=Metrics(), book=shipped() if book is None else book)
        streams = {(row.thing_id, row.property): row.id for row in things.all_datastreams(conn)}
        yield City(conn=conn, engine=engine, streams=streams)
