"""`hanoi-ingest load`: a file that a person brings, tried and stored, in parts and only once."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.rejecting import open_reasons, rows, values
from tests.processes import BIN, start, wait_for

pytestmark = pytest.mark.integration

STATION = "trung-yen-3"
SOURCES = """
[[source]]
name = "lab"
decoder = "csv_table"
by_hand = true
zone = "Asia/Ho_Chi_Minh"
provenance = "manual"
properties = { "PM2.5" = "pm2_5" }
devices = { TY3 = "trung-yen-3" }

[[source]]
name = "stations"
decoder = "station_file"
by_hand = true
"""
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sources.toml").write_text(SOURCES, "utf-8")
    return tmp_path


def env(url: str, folder: Path) -> dict[str, str]:
    return {
        "HANOI_DATABASE_URL": url,
        "HANOI_SOURCES_FILE": str(folder / "sources.toml"),
        "HANOI_LOG_LEVEL": "WARNING",
    }


def load(url: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "hanoi-ingest", "load", *arguments],
        env={"HANOI_RUNTIME_DIR": "/nonexistent", **env(url, folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def long_table(path: Path, count: int, *, broken: int | None = None) -> None:
    """A value a minute; the one of line `broken` is no number."""
    lines = ["time,device,PM2.5"]
    for n in range(count):
        value = "many" if n + 2 == broken else f"{n % 100}"
        lines.append(f"{(START + timedelta(minutes=n)).isoformat()},TY3,{value}")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def test_a_long_table_is_stored_whole_and_its_faulty_line_is_named(city_url: str, folder: Path) -> None:
    long_table(folder / "long.csv", 20_000, broken=15_002)
    tried = load(city_url, folder, "long.csv", "--source", "lab", "--dry-run")
    assert tried.returncode == 1
    assert "line 15002, column PM2.5: wrong_type" in tried.stdout
    assert "observations: 19999 new" in tried.stdout
    assert values(city_url, STATION, "pm2_5") == []
    done = load(city_url, folder, "long.csv", "--source", "lab")
    assert (done.returncode, "observations: 19999 new" in done.stdout) == (1, True), done.stdout
    assert len(values(city_url, STATION, "pm2_5")) == 19_999
    (row,) = rows(city_url, "SELECT topic, source, length(payload) AS size FROM rejected_message")
    assert row["topic"].startswith("file:long.csv#line-")
    assert (row["source"], row["size"] < 300_000) == ("lab", True)
    (kept,) = rows(city_url, "SELECT DISTINCT provenance FROM observation")
    assert kept["provenance"] == "manual"


def test_loading_it_again_changes_nothing(city_url: str, folder: Path) -> None:
    long_table(folder / "long.csv", 300, broken=7)
    first = load(city_url, folder, "long.csv", "--source", "lab")
    before = [rows(city_url, f"SELECT * FROM {t} ORDER BY 1, 2") for t in ("observation", "rejected_message")]  # noqa: S608
    again = load(city_url, folder, "long.csv", "--source", "lab")
    assert "observations: 299 new" in first.stdout
    assert "observations: 0 new, 0 corrections, 0 outdated, 299 stored before" in again.stdout
    after = [rows(city_url, f"SELECT * FROM {t} ORDER BY 1, 2") for t in ("observation", "rejected_message")]  # noqa: S608
    assert after == before


def test_a_load_that_was_killed_is_done_by_loading_again(city_url: str, folder: Path) -> None:
    long_table(folder / "long.csv", 60_000, broken=7)
    arguments = ("load", str(folder / "long.csv"), "--source", "lab")

    def stored() -> int:
        return int(rows(city_url, "SELECT count(*) AS n FROM observation")[0]["n"])

    with (folder / "log").open("wb") as log:
        process = start("hanoi-ingest", *arguments, env=env(city_url, folder), log=log)
        wait_for(lambda: stored() > 0, "a part", alive=lambda: process.poll() is None)
        process.kill()
        process.wait()
    assert 0 < stored() < 59_999, "it was killed in the middle"
    done = load(city_url, folder, *arguments[1:])
    assert done.returncode == 1, done.stderr
    assert stored() == 59_999
    assert open_reasons(city_url) == ["wrong_type"]


def test_a_device_of_a_file_is_claimed_and_its_values_come(city_url: str, folder: Path) -> None:
    table = "time,device,PM2.5\n2026-11-20T08:00,TY9,5\n2026-11-20T08:00,TY3,7\n"
    (folder / "x.csv").write_text(table, "utf-8")
    done = load(city_url, folder, "x.csv", "--source", "lab")
    assert "unknown devices: TY9" in done.stdout
    claim = subprocess.run(
        [BIN / "hanoi-ingest", "claim", "--source", "lab", "--device", "TY9", "--thing", "hoan-kiem"],
        env={"HANOI_RUNTIME_DIR": "/nonexistent", **env(city_url, folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert claim.returncode == 0, claim.stderr
    assert (values(city_url, "hoan-kiem", "pm2_5"), values(city_url, STATION, "pm2_5")) == ([5], [7])
    assert open_reasons(city_url) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("x.csv", "--source", "lap"), "HANOI_SOURCES_FILE has no 'lap', it has: lab, stations"),
        (("gone.csv", "--source", "lab"), "gone.csv: No such file or directory"),
        (("x.csv",), "--source"),
    ],
)
def test_what_is_asked_wrongly_is_said(
    database_url: str, folder: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = load(database_url, folder, *arguments)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr


def test_an_empty_file_is_a_fault_and_no_crash(city_url: str, folder: Path) -> None:
    (folder / "x.csv").write_bytes(b"")
    done = load(city_url, folder, "x.csv", "--source", "lab")
    assert (done.returncode, "empty" in done.stdout) == (1, True), done.stderr
