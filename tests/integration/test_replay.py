"""hanoi-replay: real recordings through broker and ingest into the database, and again."""

import csv
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.mosquitto import Mosquitto
from storage import db, inventory, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from tests.integration.listener import Listener
from tests.processes import BIN, LIMIT_S, ingest_env, publish, running, start, wait_for

pytestmark = pytest.mark.integration

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"
RECORDINGS = {
    "embassy_pm25": "air/hanoi_pm25_embassy_2017.csv",
    "lake_sonde": "water/lake_sonde_exo3_2019.csv",
    "ea_rain": "rain/ea_rain_305111_2024.csv",
}
VALID_CELLS = {
    ("us-embassy-hanoi", "pm2_5"): 2773,
    ("ea-305111", "rain_interval"): 1016,
    ("recorded-lake-sonde", "water_temperature"): 4035,
    ("recorded-lake-sonde", "dissolved_oxygen"): 4035,
    ("recorded-lake-sonde", "conductivity"): 4035,
    ("recorded-lake-sonde", "turbidity"): 4035,
    ("recorded-lake-sonde", "chlorophyll_a"): 4035,
    ("recorded-lake-sonde", "phycocyanin"): 4035,
}
"""../shared/data/README.md"""


def recording(name: str) -> Path:
    path = SHARED / "data" / RECORDINGS[name]
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path


def replay(*arguments: object, env: dict[str, str], log: Path, expect: int = 0) -> str:
    with log.open("wb") as file:
        process = start("hanoi-replay", *map(str, arguments), env=env, log=file)
        assert process.wait(LIMIT_S) == expect, log.read_text()
    return log.read_text()


@pytest.fixture
def recorded_city_url(city_url: str) -> str:
    """The city with the Things of the recordings, as `hanoi-migrate --recorded` loads them."""
    domains = load_catalog()
    with db.connect(city_url, name="test") as conn:
        things.sync(conn, domains, load_inventory([inventory.SHIPPED, inventory.RECORDED], domains))
    return city_url


@pytest.fixture
def ingesting(recorded_city_url: str, broker: Mosquitto, tmp_path: Path) -> Iterator[str]:
    """A running hanoi-ingest; the database's URL."""
    env = ingest_env(recorded_city_url, broker.url("ingest"))
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path):
        yield recorded_city_url


def stored(url: str) -> dict[tuple[str, str], list[tuple[str, str, float]]]:
    """Of replayed values: time, result time and result by Thing and property."""
    query = (
        "SELECT d.thing_id, d.property, o.phenomenon_time::text AS time, o.result_time::text AS said, o.result"
        " FROM observation o JOIN datastream d ON d.id = o.datastream_id"
        " WHERE o.provenance = 'replayed' ORDER BY o.phenomenon_time"
    )
    held: dict[tuple[str, str], list[tuple[str, str, float]]] = {}
    with db.connect(url, name="test") as conn:
        for row in conn.execute(query).fetchall():
            held.setdefault((row["thing_id"], row["property"]), []).append(
                (row["time"], row["said"], row["result"])
            )
    return held


def counted(url: str, table: str) -> int:
    with db.connect(url, name="test") as conn:
        row = conn.execute(f"SELECT count(*) AS n FROM {table}").fetchone()  # noqa: S608
    assert row is not None
    return int(row["n"])


def total(url: str) -> int:
    return sum(len(values) for values in stored(url).values())


def test_every_valid_cell_is_stored_once_and_replaying_twice_changes_nothing(
    ingesting: str, broker: Mosquitto, tmp_path: Path
) -> None:
    paths = {name: recording(name) for name in RECORDINGS}
    env = {"HANOI_MQTT_PUBLISH_URL": broker.url("publisher")}
    for name, path in paths.items():
        replay(path, "--mapping", name, env=env, log=tmp_path / f"{name}.log")
    wait_for(lambda: total(ingesting) >= sum(VALID_CELLS.values()), "everything is stored")
    first = stored(ingesting)
    assert {key: len(values) for key, values in first.items()} == VALID_CELLS
    assert all(time == said for values in first.values() for time, said, _ in values)
    with paths["embassy_pm25"].open() as file:
        valid = [float(row["Raw Conc."]) for row in csv.DictReader(file) if row["QC Name"] == "Valid"]
    assert [result for _, _, result in first["us-embassy-hanoi", "pm2_5"]] == valid

    for name, path in paths.items():
        replay(path, "--mapping", name, env=env, log=tmp_path / f"{name}.log")
    publish(broker.url("publisher"), [("hanoi/v1/rain/no-such-gauge/observations", b"{}")])
    wait_for(
        lambda: counted(ingesting, "rejected_message") == 1, "the message behind the second replay is read"
    )
    assert stored(ingesting) == first
    assert counted(ingesting, "observation_superseded") == 0
    assert counted(ingesting, "rejected_message") == 1


def test_at_1000x_the_spacing_of_the_recording_is_kept(broker: Mosquitto, tmp_path: Path) -> None:
    """Three quarter-hours travel one by one, in order, as single observations at their own times."""
    source = tmp_path / "three.csv"
    rows = [f"2024-05-13T18:{minute}:00Z,m,0.{n}" for n, minute in enumerate(("15", "30", "45"))]
    source.write_text("\n".join(["dateTime,measure,value", *rows]) + "\n")
    env = {"HANOI_MQTT_PUBLISH_URL": broker.url("publisher")}
    with Listener(broker.url("ingest")) as listener:
        replay(source, "--mapping", "ea_rain", "--speed", "1000x", env=env, log=tmp_path / "log")
        wait_for(lambda: len(listener.messages) == 3, "three messages")
    topics = {topic for topic, _ in listener.messages}
    assert topics == {"hanoi/v1/rain/ea-305111/observations"}
    assert [(payload["time"], payload["results"]) for _, payload in listener.messages] == [
        ("2024-05-13T18:15:00Z", {"rain_interval": 0.0}),
        ("2024-05-13T18:30:00Z", {"rain_interval": 0.1}),
        ("2024-05-13T18:45:00Z", {"rain_interval": 0.2}),
    ]
    assert all(payload["provenance"] == "replayed" for _, payload in listener.messages)


def test_a_check_reads_and_counts_without_a_broker(tmp_path: Path) -> None:
    said = replay(
        recording("embassy_pm25"), "--mapping", "embassy_pm25", "--check", env={}, log=tmp_path / "log"
    )
    assert "2773 observations" in said
    assert "107 invalid rows" in said


@pytest.mark.parametrize(
    ("arguments", "env", "code", "message"),
    [
        (["absent.csv", "--mapping", "ea_rain"], {}, 2, "absent.csv"),
        (["absent.csv", "--mapping", "absent"], {}, 2, "no mapping 'absent'"),
        (["{ok}", "--mapping", "ea_rain"], {}, 2, "HANOI_MQTT_URL is not set"),
        (
            ["{ok}", "--mapping", "ea_rain"],
            {"HANOI_MQTT_PUBLISH_URL": "http://x"},
            2,
            "HANOI_MQTT_PUBLISH_URL",
        ),
        (["{ok}", "--mapping", "ea_rain", "--start-at", "now"], {}, 2, "--start-at now"),
        (["{ok}", "--mapping", "ea_rain", "--speed", "fast"], {}, 2, "original, max or a factor"),
    ],
)
def test_what_cannot_work_is_said_with_exit_code_2(
    tmp_path: Path, arguments: list[str], env: dict[str, str], code: int, message: str
) -> None:
    ok = tmp_path / "ok.csv"
    ok.write_text("dateTime,measure,value\n2024-05-13T18:15:00Z,m,0.2\n")
    filled = [argument.format(ok=ok) for argument in arguments]
    assert message in replay(*filled, env=env, log=tmp_path / "log", expect=code)


def test_wrong_credentials_end_it_and_name_the_variable(broker: Mosquitto, tmp_path: Path) -> None:
    source = tmp_path / "ok.csv"
    source.write_text("dateTime,measure,value\n2024-05-13T18:15:00Z,m,0.2\n")
    env = {"HANOI_MQTT_PUBLISH_URL": f"mqtt://publisher:wrong@127.0.0.1:{broker.port}"}
    said = replay(source, "--mapping", "ea_rain", env=env, log=tmp_path / "log", expect=2)
    assert "HANOI_MQTT_PUBLISH_URL" in said
    assert "wrong" not in said


def test_help_says_how_to_load_the_things() -> None:
    said = subprocess.run([BIN / "hanoi-replay", "--help"], capture_output=True, text=True, check=True).stdout
    assert "hanoi-migrate --recorded" in " ".join(said.split())
