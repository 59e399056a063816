"""Through the broker and ingest as it is started: a clock that is ahead shows, and a counter becomes rain."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.embedded.mosquitto import Mosquitto
from storage import clocks, db
from tests.processes import ingest_env, publish, running, wait_for

pytestmark = pytest.mark.integration

GAUGE = "hanoi/v1/rain/rain-hoan-kiem/observations"
AHEAD = "hanoi/v1/rain/rain-cau-giay/observations"


def element(time: datetime, key: str, value: float) -> bytes:
    return json.dumps({"time": time.isoformat(), "results": {key: value}}).encode()


def test_a_clock_that_is_ahead_shows_and_a_counter_becomes_rain(
    city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    counter = [(now - timedelta(minutes=5 * n), mm) for n, mm in ((2, 13107.0), (1, 0.2), (0, 0.8))]
    messages = [(GAUGE, element(time, "rain_counter", mm)) for time, mm in counter]
    messages.append((AHEAD, element(now + timedelta(minutes=30), "rain_interval", 0.2)))
    env = ingest_env(city_url, broker.url("ingest"))
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path),
        db.connect(city_url, name="test", autocommit=True) as conn,
    ):
        publish(broker.url("publisher"), messages)
        reason = "SELECT reason FROM rejected_message"
        wait_for(lambda: conn.execute(reason).fetchone() == {"reason": "time_out_of_range"}, "the rejection")
        (found,) = clocks.off(conn, at_least_s=60, since=now)
        assert found.thing_id == "rain-cau-giay"
        assert -1800 <= found.skew_s < -1500
        derived = "SELECT result FROM observation WHERE provenance = 'derived' ORDER BY phenomenon_time"
        wait_for(
            lambda: [row["result"] for row in conn.execute(derived)] == [0.4, 0.6],
            "the rain of two intervals",
        )
