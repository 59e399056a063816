"""A calibration comes into force while ingest runs, and reaches the history by `hanoi-ingest recalibrate`."""

import argparse
import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.embedded.mosquitto import Mosquitto
from ingest.commands import CommandError
from ingest.commands import recalibrate as command
from storage import db, observations, revisions
from storage.model import Observation, Provenance, Quality, Revision
from storage.settings import Settings
from tests.processes import BIN, ingest_env, publish, running, wait_for

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC).replace(microsecond=0)
HOURS = [NOW - timedelta(hours=n) for n in (5, 4, 3, 2, 1)]
THING = """
domain = "air_quality"

[[thing]]
id = "test-station"
kind = "station"
name = { vi = "Thử", en = "Test" }
properties = ["pm2_5"]
"""
TOPIC = "hanoi/v1/air_quality/test-station/observations"


def message(time: datetime, value: float, **more: object) -> tuple[str, bytes]:
    element = {"time": time.isoformat(), "results": {"pm2_5": value}, **more}
    return TOPIC, json.dumps(element).encode()


def calibrate(folder: Path, *calibrations: str) -> None:
    tables = "".join(f'[[thing.calibration]]\nproperty = "pm2_5"\n{one}\n' for one in calibrations)
    (folder / "test.toml").write_text(THING + tables)


def in_shell(env: Mapping[str, str], *arguments: str) -> str:
    """What `hanoi-ingest recalibrate` prints last. Status 0 or the test fails."""
    done = subprocess.run(
        [BIN / "hanoi-ingest", "recalibrate", *arguments],
        env={"HANOI_RUNTIME_DIR": "/nonexistent", **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def recalibrate(url: str, *arguments: str, folder: Path | None = None) -> int:
    """The same without a process of its own."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    settings = Settings(database_url=SecretStr(url), inventory_dir=(folder,) if folder else ())
    return command.run(parser.parse_args(arguments), settings)


class Stored:
    def __init__(self, conn: db.Connection) -> None:
        self.conn = conn

    def values(self) -> list[tuple[float, float | None]]:
        rows = self.conn.execute("SELECT result, original FROM observation ORDER BY phenomenon_time")
        return [(row["result"], row["original"]) for row in rows]

    def superseded(self) -> list[float]:
        rows = self.conn.execute("SELECT result FROM observation_superseded ORDER BY superseded_at, result")
        return [row["result"] for row in rows]

    def announced(self) -> int:
        """Changes of what is measured: what ingest derives of it meanwhile comes when it comes."""
        row = self.conn.execute(
            "SELECT count(*) AS n FROM observation_change c CROSS JOIN unnest(c.datastream_id) AS i (stream)"
            " JOIN datastream s ON s.id = i.stream WHERE NOT s.derived"
        ).fetchone()
        return int(row["n"]) if row else 0


def test_from_the_file_to_the_history_and_back(
    city_url: str, broker: Mosquitto, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "inventory"
    folder.mkdir()
    calibrate(folder)
    env = {**ingest_env(city_url, broker.url("ingest")), "HANOI_INVENTORY_DIR": str(folder)}
    send = broker.url("publisher")
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path),
        db.connect(city_url, name="test", autocommit=True) as conn,
    ):
        stored = Stored(conn)
        publish(
            send,
            [
                message(HOURS[0], 10.0),
                message(HOURS[1], 20.0),
                message(HOURS[2], 600.0),
                message(HOURS[3], 30.0),
            ],
        )
        wait_for(lambda: len(stored.values()) == 4, "four values as they were sent")

        # a calibration from the second value on: in force for what comes, not yet for what is there
        calibrate(folder, f"gain = 2.0\noffset = 1.0\nfrom = {HOURS[1].isoformat()}")
        attempt = count(1)

        def is_calibrated() -> bool:
            """Sends the value again, made a second later each time, until the file is in force."""
            made = HOURS[4] + timedelta(seconds=next(attempt))
            publish(send, [message(HOURS[4], 40.0, result_time=made.isoformat())])
            return (81.0, 40.0) in stored.values()

        wait_for(is_calibrated, "a value that is calibrated as it comes")
        assert stored.values()[:4] == [(10.0, None), (20.0, None), (600.0, None), (30.0, None)]

        span = ("--from", (HOURS[0] - timedelta(hours=1)).isoformat(), "--to", NOW.isoformat())

        def said(*more: str) -> str:
            assert recalibrate(city_url, *span, *more, folder=folder) == 0
            return capsys.readouterr().out.splitlines()[-1]

        before = stored.values()
        assert in_shell(env, *span, "--dry-run").startswith("would change ")
        assert stored.values() == before
        assert said("--thing", "trung-yen-3") == "changed 0 of 0 values of 0 Datastreams"
        assert said("--property", "pm2_5") == "changed 3 of 5 values of 1 Datastreams"
        calibrated = [(10.0, None), (41.0, 20.0), (1201.0, 600.0), (61.0, 30.0), (81.0, 40.0)]
        assert stored.values() == calibrated
        assert {20.0, 600.0} <= set(stored.superseded())
        quality = conn.execute(
            "SELECT quality, quality_reason FROM observation WHERE result = 1201"
        ).fetchone()
        assert quality == {"quality": 3, "quality_reason": "implausible"}

        # again: nothing, not even for the followers of the feed
        announced = stored.announced()
        assert said() == "changed 0 of 5 values of 1 Datastreams"
        assert stored.announced() == announced

        # what was sent before comes again, and a correction: both as if the calibration had always held
        publish(send, [message(HOURS[1], 20.0), message(HOURS[0], 11.0)])
        calibrated[0] = (11.0, None)
        wait_for(
            lambda: stored.values() == calibrated, "the redelivery changes nothing, the correction counts"
        )
        made = (HOURS[2] + timedelta(minutes=1)).isoformat()  # long before the recalibration
        publish(send, [message(HOURS[2], 25.0, result_time=made)])
        calibrated[2] = (51.0, 25.0)
        wait_for(lambda: stored.values() == calibrated, "a correction made before we recalibrated counts")

        # the calibration was a mistake: back to what was sent
        calibrate(folder)
        assert said() == "changed 4 of 5 values of 1 Datastreams"
        assert stored.values() == [(sent, None) for sent in (11.0, 20.0, 25.0, 30.0, 40.0)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "2026-11-01T00:00"], "has no offset"),
        (["--from", "yesterday"], "is no time"),
        (["--from", "2026-11-02T00:00Z", "--to", "2026-11-01T00:00Z"], "--to must be later than --from"),
        (["--from", "2026-11-01T00:00Z", "--thing", "atlantis"], "no Thing 'atlantis'"),
        (["--from", "2026-11-01T00:00Z", "--property", "pm25"], "no domain has a property 'pm25'"),
    ],
)
def test_what_it_can_t_do_it_says(
    city_url: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises((SystemExit, CommandError)) as refused:
        recalibrate(city_url, *arguments)
    assert said in f"{refused.value} {capsys.readouterr().err}"


def test_a_value_that_changed_since_it_was_looked_at_is_left_alone(city_url: str) -> None:
    seen = Observation(
        datastream_id=1, phenomenon_time=NOW, result_time=NOW, result=1.0, provenance=Provenance.MEASURED
    )
    newer = Observation(datastream_id=1, phenomenon_time=NOW, result_time=NOW, result=2.0)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        with conn.transaction():
            observations.write(conn, [seen, newer])
        due = Revision(seen=seen, result=9.0, quality=Quality.GOOD, quality_reason=None)
        with conn.transaction():
            assert revisions.revise(conn, [due]) == 0
        assert [row.result for row in observations.between(conn, [1], NOW, NOW + timedelta(hours=1))] == [2.0]
