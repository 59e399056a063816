"""`hanoi-ingest check`: what a payload would become, said to whoever writes the sources file. Nothing is written."""

import json
import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.embedded.mosquitto import Mosquitto
from storage import claims, db
from tests.integration.rejecting import rows
from tests.processes import BIN, publish

pytestmark = pytest.mark.integration

SOURCES = """
[[source]]
name = "lab"
decoder = "csv_table"
topics = ["lab/+/table"]
zone = "Asia/Ho_Chi_Minh"
provenance = "manual"
properties = { "PM2.5" = "pm2_5", Dust = { property = "pm10", unit = "mg/m3" } }
devices = { "TY 3" = "trung-yen-3" }

[[source]]
name = "one"
decoder = "csv_table"
topics = ["one/table"]
devices = { "TY 3" = "trung-yen-3" }
"""
TABLE = "time,device,PM2.5 (µg/m³),Dust\n2026-11-22T10:04:05,TY 3,35.2,0.0601\n"
GOOD = "trung-yen-3 {}  2026-11-22 10:04:05 Hanoi (2026-11-22T03:04:05Z)  quality 1  manual  sent as {}"
AT = ("--received-at", "2026-11-22T10:05:00+07:00")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "sources.toml").write_text(SOURCES, "utf-8")
    (tmp_path / "table.csv").write_text(TABLE, "utf-8")
    return tmp_path


def check(
    folder: Path, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "hanoi-ingest", "check", "sources.toml", *arguments],
        env={"HANOI_RUNTIME_DIR": "/nonexistent", "HANOI_LOG_LEVEL": "ERROR", **(env or {})},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_file_alone_is_checked(files: Path) -> None:
    done = check(files)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1] == "  lab: csv_table from lab/+/table"


def test_what_the_file_points_at_and_is_not_there_is_warned_of(files: Path) -> None:
    changed = SOURCES.replace("trung-yen-3", "trung-yen-33", 1).replace('"pm2_5"', '"pm_25"')
    changed += '[[source]]\nname = "ftp"\ndecoder = "csv_table"\nfolder = "not-there"\n'
    (files / "sources.toml").write_text(changed, "utf-8")
    done = check(files)
    assert (done.returncode, done.stderr) == (1, "")
    assert [line for line in done.stdout.splitlines() if line.startswith("WARNING")] == [
        "WARNING source lab: devices.TY 3: no Thing 'trung-yen-33'",
        "WARNING source lab: properties.PM2.5: no property 'pm_25' in the catalogue",
        "WARNING source ftp: folder: no folder not-there",
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("csv_table", "csv_tabel"), "sources.toml: source.lab.decoder: 'csv_tabel' is none of"),
        (("Asia/Ho_Chi_Minh", "Asia/Hanoi"), "source.lab.zone"),
        (("mg/m3", "mg/mm3"), "source.lab.properties.Dust.unit: "),
        (("[[source]]", "[[source"), "sources.toml: not TOML"),
    ],
)
def test_a_faulty_file_is_named_with_its_key(files: Path, change: tuple[str, str], says: str) -> None:
    (files / "sources.toml").write_text(SOURCES.replace(*change, 1), "utf-8")
    done = check(files)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr


def test_a_payload_is_printed_as_it_would_be_stored(files: Path) -> None:
    """0.0601 mg/m3 are 60.1 ug/m3; 10:04:05 in Hanoi is 03:04:05 UTC."""
    done = check(files, "--payload", "table.csv", "--topic", "lab/7/table", *AT)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert GOOD.format("pm2_5 = 35.2 ug/m3", "PM2.5 = 35.2 µg/m³") in lines
    assert GOOD.format("pm10 = 60.1 ug/m3", "Dust = 0.0601 mg/m3") in lines
    assert "2 values would be stored, 0 faults" in lines
    assert "the inventory's files" in done.stdout
    assert "HANOI_DATABASE_URL is not set" in done.stdout


def test_faults_are_printed_with_their_place_and_exit_with_1(files: Path) -> None:
    broken = TABLE.replace("35.2", "9000").replace("0.0601", "many")
    (files / "table.csv").write_text(broken + "2026-11-22T10:05:05,TY 4,1,1\n", "utf-8")
    done = check(files, "--payload", "table.csv", "--source", "lab", "--topic", "x", *AT)
    assert done.returncode == 1
    assert "FAULT wrong_type at line 2, column Dust: expected a number" in done.stdout
    assert "FAULT out_of_range at line 2, column PM2.5 (µg/m³): 9000 is not from" in done.stdout
    assert "FAULT unknown_thing at line 3: device 'TY 4' of source 'lab' is no Thing" in done.stdout


def test_a_naive_time_is_a_fault_where_the_source_has_no_zone(files: Path) -> None:
    done = check(files, "--payload", "table.csv", "--source", "one", *AT)
    assert done.returncode == 1
    assert "FAULT naive_time at line 2, column time" in done.stdout


def test_a_native_message_needs_no_source(files: Path) -> None:
    element = {"time": "2026-11-22T03:04:05Z", "results": {"pm2_5": 700.5}, "provenance": "simulated"}
    (files / "native.json").write_text(json.dumps(element), "utf-8")
    done = check(
        files, "--payload", "native.json", "--topic", "hanoi/v1/air_quality/trung-yen-3/observations", *AT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "trung-yen-3 pm2_5 = 700.5 ug/m3  2026-11-22 10:04:05 Hanoi (2026-11-22T03:04:05Z)"
        "  quality 3 (implausible)  simulated" in done.stdout
    )


def test_with_a_database_its_things_and_claims_count_and_nothing_is_written(
    files: Path, city_url: str
) -> None:
    (files / "table.csv").write_text(TABLE.replace("TY 3", "TY 9"), "utf-8")
    arguments = ("--payload", "table.csv", "--source", "lab", "--topic", "lab/7/table", *AT)
    env = {"HANOI_DATABASE_URL": city_url}
    assert check(files, *arguments, env=env).returncode == 1
    with db.connect(city_url, name="test") as conn:
        claims.claim(conn, source="lab", device="TY 9", thing_id="hoan-kiem", now=datetime.now(UTC), by="lan")
    done = check(files, *arguments, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the database (" in done.stdout
    assert "hoan-kiem pm2_5 = 35.2 ug/m3" in done.stdout
    assert rows(city_url, "SELECT 1 FROM observation UNION ALL SELECT 1 FROM rejected_message") == []


def test_a_database_that_is_away_is_said(files: Path) -> None:
    env = {"HANOI_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
    done = check(files, "--payload", "table.csv", "--source", "lab", "--topic", "x", *AT, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the database can't be reached" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--source", "lap"), "no source 'lap'"),
        (("--payload", "gone.csv", "--source", "one"), "gone.csv: No such file"),
        (("--payload", "table.csv"), "--topic"),
        (("--payload", "table.csv", "--source", "lab"), "lab/+/table: which one is it?"),
        (("--payload", "table.csv", "--received-at", "2026-11-22T10:00"), "has no offset"),
        (("--live", "x"), "HANOI_MQTT_URL is not set"),
    ],
)
def test_what_is_asked_wrongly_is_said(files: Path, arguments: tuple[str, ...], says: str) -> None:
    done = check(files, *arguments)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr


def test_a_live_topic_is_listened_to_without_taking_anything_away(files: Path, broker: Mosquitto) -> None:
    env = {"HANOI_MQTT_URL": broker.url("ingest")}
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(0.2):
            element = {"time": datetime.now(UTC).isoformat(), "results": {"pm2_5": 35.2}}
            publish(
                broker.url("publisher"),
                [("hanoi/v1/air_quality/trung-yen-3/observations", json.dumps(element).encode())],
            )

    sender = threading.Thread(target=send)
    sender.start()
    try:
        done = check(files, "--live", "hanoi/v1/#", "--count", "2", "--timeout", "30", env=env)
    finally:
        stop.set()
        sender.join()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("trung-yen-3 pm2_5 = 35.2 ug/m3") == 2


def test_silence_on_a_live_topic_is_no_success(files: Path, broker: Mosquitto) -> None:
    env = {"HANOI_MQTT_URL": broker.url("ingest")}
    done = check(files, "--live", "hanoi/v1/rain/+/observations", "--timeout", "0.5", env=env)
    assert (done.returncode, "no message on hanoi/v1/rain/+/observations" in done.stdout) == (1, True)


def test_a_broker_that_refuses_is_said_without_the_password(files: Path, broker: Mosquitto) -> None:
    address = broker.url("ingest").rsplit("@", 1)[1]
    env = {"HANOI_MQTT_URL": f"mqtt://ingest:wrong-pass@{address}"}
    done = check(files, "--live", "hanoi/v1/#", "--timeout", "20", env=env)
    assert (done.returncode, "refused" in done.stderr) == (2, True), done.stderr
    assert "wrong-pass" not in done.stdout + done.stderr
