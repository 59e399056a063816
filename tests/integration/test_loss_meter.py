"""From a Thing's numbered messages to the loss meter, through the broker and ingest as it is started."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.embedded.mosquitto import Mosquitto
from storage import db, sequences
from tests.processes import ingest_env, publish, running, wait_for

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC).replace(microsecond=0)
GAUGE = "hanoi/v1/rain/rain-hoan-kiem/observations"


def element(number: object, **more: object) -> dict[str, object]:
    minute = number if isinstance(number, int) else 0
    time = NOW - timedelta(hours=9) + timedelta(minutes=minute)
    return {"time": time.isoformat(), "results": {"rain_interval": 0.2}, "sequence": number, **more}


def test_what_never_arrives_is_counted_and_what_is_rejected_is_not(
    city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    messages = [
        (GAUGE, json.dumps([element(n) for n in (0, 1, 2)]).encode()),
        (GAUGE, json.dumps(element(9)).encode()),
        (GAUGE, json.dumps(element(4)).encode()),  # late
        (GAUGE, json.dumps(element(9)).encode()),  # twice
        (GAUGE, json.dumps(element(5, results={"rain_interval": "?"})).encode()),  # rejected, but here
        (GAUGE, json.dumps(element("6")).encode()),  # stored, but not counted
        ("hanoi/v1/rain/atlantis/observations", json.dumps(element(1)).encode()),
    ]
    env = ingest_env(city_url, broker.url("ingest"))
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path),
        db.connect(city_url, name="test", autocommit=True) as conn,
    ):
        publish(broker.url("publisher"), messages)
        rejected = "SELECT reason, detail->'faults'->0->>'path' AS path FROM rejected_message ORDER BY id"
        wait_for(lambda: len(conn.execute(rejected).fetchall()) == 3, "the last message and all before it")
        faults = [(row["reason"], row["path"]) for row in conn.execute(rejected)]
        (row,) = sequences.loss(conn)
    assert faults == [
        ("wrong_type", "$.results.rain_interval"),
        ("wrong_type", "$.sequence"),
        ("unknown_thing", "$"),
    ]
    assert (row.thing_id, row.domain, row.expected, row.missing) == ("rain-hoan-kiem", "rain", 10, 4)
