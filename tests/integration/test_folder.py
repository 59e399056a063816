"""Stations' files dropped into a folder, through a real hanoi-ingest into the database: nothing lost, nothing twice."""

import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.embedded.mosquitto import Mosquitto
from storage import db
from storage.model import HANOI
from tests.processes import ingest_env, running, start, wait_for

pytestmark = pytest.mark.integration

SOURCES = """
[[source]]
name = "stations"
decoder = "station_file"
folder = "{folder}"
pattern = "*.txt"
settle_s = 0.5
max_bytes = 4096
ignore = ["NO"]
[source.devices]
HN_CCMT_KHITY3 = "trung-yen-3"
"""
START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
STORED = """
    SELECT d.property, o.phenomenon_time AS time, o.result, o.quality, o.quality_reason AS reason
    FROM observation AS o JOIN datastream AS d ON d.id = o.datastream_id
    WHERE NOT d.derived AND d.thing_id = 'trung-yen-3' ORDER BY 2, 1"""
REJECTED = "SELECT topic, source, reason, length(payload) AS size, detail FROM rejected_message ORDER BY id"


def _digits(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).astimezone(HANOI).strftime("%Y%m%d%H%M%S")


def _name(minutes: int) -> str:
    return f"HN_CCMT_KHITY3_{_digits(minutes)}.txt"


def _lines(minutes: int, *rows: tuple[str, str, str, str]) -> str:
    return "".join(
        f"{key}\t{value}\t{unit}\t{_digits(minutes)}\t{status}\r\n" for key, value, unit, status in rows
    )


class Ftp:
    """The folder, and the database behind it."""

    def __init__(self, folder: Path, conn: db.Connection) -> None:
        self.folder = folder
        self.conn = conn

    def drop(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def open_files(self) -> list[str]:
        return sorted(p.name for p in self.folder.rglob("*") if p.is_file() and "done" not in p.parts)

    def rows(self, query: str = STORED) -> list[dict[str, Any]]:
        return [dict(row) for row in self.conn.execute(query)]

    def wait_until_only(self, *names: str) -> None:
        wait_for(lambda: self.open_files() == sorted(names), f"only {names} in the folder")


@contextmanager
def _ingest(url: str, broker: Mosquitto, tmp_path: Path) -> Iterator[tuple[Ftp, Any, str]]:
    """A running hanoi-ingest on the folder `ftp`."""
    folder = tmp_path / "ftp"
    folder.mkdir(exist_ok=True)
    (tmp_path / "sources.toml").write_text(SOURCES.format(folder=folder))
    env = {**ingest_env(url, broker.url("ingest")), "HANOI_SOURCES_FILE": str(tmp_path / "sources.toml")}
    bind = env["HANOI_INGEST_BIND"]
    with (
        running("hanoi-ingest", env=env, bind=bind, folder=tmp_path) as process,
        db.connect(url, name="test", autocommit=True) as conn,
    ):
        yield Ftp(folder, conn), process, bind


def test_files_become_observations_and_rejections_and_are_moved_away(
    city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    with _ingest(city_url, broker, tmp_path) as (ftp, _, bind):
        first = ("PM-2-5", "35,2", "µg/Nm3", "00"), ("NO2", "20", "µg/Nm3", "01"), ("NO", "1", "µg/Nm3", "00")
        ftp.drop(_name(0), _lines(0, *first))
        ftp.drop(f"KHITY3/2026/11/22/{_name(5)}", _lines(5, ("PM-2-5", "36", "µg/Nm3", "02")))
        part = _lines(10, ("PM-2-5", "37", "µg/Nm3", "00")) + "PM-10\tbroken\r\n"
        ftp.drop(_name(10), part)
        ftp.drop("HN_OTHER_STATION_20261122000500.txt", _lines(15, ("PM-10", "5", "µg/Nm3", "00")))
        ftp.drop("archive.txt", b"PK\x03\x04\x00\x00")
        ftp.drop("huge.txt", b"x" * 10_000)
        ftp.drop("empty.txt", b"")
        ftp.drop("readme.md", b"not for us")
        being_written = ftp.drop(f"{_name(20)}.filepart", _lines(20, ("PM-2-5", "38", "µg/Nm3", "00")))
        ftp.wait_until_only("readme.md", being_written.name)
        being_written.rename(ftp.folder / _name(20))
        ftp.wait_until_only("readme.md")

        assert [tuple(row.values()) for row in ftp.rows()] == [
            ("no2", START, 20.0, 4, "calibrating"),
            ("pm2_5", START, 35.2, 1, None),
            ("pm2_5", START + timedelta(minutes=5), 36.0, 4, "fault"),
            ("pm2_5", START + timedelta(minutes=10), 37.0, 1, None),
            ("pm2_5", START + timedelta(minutes=20), 38.0, 1, None),
        ]
        refused = {row["topic"]: row for row in ftp.rows(REJECTED)}
        assert {topic: (row["reason"], row["size"]) for topic, row in refused.items()} == {
            f"file:{_name(10)}": ("wrong_type", len(part.encode())),
            "file:HN_OTHER_STATION_20261122000500.txt": (
                "unknown_thing",
                len(_lines(15, ("PM-10", "5", "µg/Nm3", "00")).encode()),
            ),
            "file:archive.txt": ("invalid_utf8", 6),
            "file:huge.txt": ("too_large", 4097),
            "file:empty.txt": ("empty", 0),
        }
        assert {row["source"] for row in refused.values()} == {"stations"}
        assert refused[f"file:{_name(10)}"]["detail"]["faults"][0]["path"] == "line 2"
        assert refused["file:huge.txt"]["detail"]["faults"][0]["message"].startswith(
            "10000 bytes, at most 4096"
        )
        done = Counter(path.name for path in (ftp.folder / "done").rglob("*") if path.is_file())
        expected = [_name(0), _name(5), _name(10), _name(20), "archive.txt", "huge.txt", "empty.txt"]
        assert done == Counter([*expected, "HN_OTHER_STATION_20261122000500.txt"])

        shutil.move(ftp.folder, tmp_path / "away")  # a disk that is not mounted
        wait_for(
            lambda: httpx.get(f"http://{bind}/readyz").status_code == 503, "not ready without the folder"
        )
        shutil.move(tmp_path / "away", ftp.folder)
        wait_for(lambda: httpx.get(f"http://{bind}/readyz").status_code == 200, "ready again")


def test_the_beginning_of_a_file_is_never_taken_for_the_file(
    city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    """A value may be cut in two where the limit falls. With a higher limit the whole file is put back."""
    line = _lines(0, ("PM-2-5", "35.2", "µg/Nm3", "00"))
    with _ingest(city_url, broker, tmp_path) as (ftp, _, _):
        ftp.drop(_name(0), line + " " * 5000)
        ftp.wait_until_only()
        raised = tmp_path / "raised.toml"
        raised.write_text((tmp_path / "sources.toml").read_text().replace("4096", "65536"))
        env = {"HANOI_DATABASE_URL": city_url, "HANOI_SOURCES_FILE": str(raised)}
        with (tmp_path / "reprocess.log").open("wb") as log:
            assert start("hanoi-ingest", "reprocess", "--reason", "too_large", env=env, log=log).wait(60) == 0
        assert ftp.rows() == []
        assert [row["reason"] for row in ftp.rows(REJECTED)] == ["too_large"]


def test_a_file_that_is_still_being_written_waits(city_url: str, broker: Mosquitto, tmp_path: Path) -> None:
    with _ingest(city_url, broker, tmp_path) as (ftp, _, _):
        whole = _lines(0, ("PM-2-5", "35.2", "µg/Nm3", "00"), ("PM-10", "60.1", "µg/Nm3", "00"))
        complete = ftp.drop(_name(5), _lines(5, ("PM-2-5", "1", "µg/Nm3", "00")))
        with (ftp.folder / _name(0)).open("wb") as station:
            for byte in whole.encode()[:25]:  # a slow line, for longer than the other file needs
                station.write(bytes([byte]))
                station.flush()
                time.sleep(0.1)
            assert not complete.exists()
            assert (ftp.folder / _name(0)).exists()
            station.write(whole.encode()[25:])
        ftp.wait_until_only()
        assert [(row["property"], row["result"]) for row in ftp.rows()] == [
            ("pm10", 60.1),
            ("pm2_5", 35.2),
            ("pm2_5", 1.0),
        ]
        assert ftp.rows(REJECTED) == []


def test_killed_between_commit_and_move_nothing_is_doubled(
    city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    """What kill -9 leaves right after the commit: everything in the database, and every file where it was."""
    with _ingest(city_url, broker, tmp_path) as (ftp, process, _):
        for n in range(30):
            broken = "PM-10\t?\r\n" if n % 3 == 0 else ""
            ftp.drop(_name(n), _lines(n, ("PM-2-5", str(n), "µg/Nm3", "00")) + broken)
        ftp.wait_until_only()
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        before = ftp.rows(), ftp.rows(REJECTED)
        assert (len(before[0]), len(before[1])) == (30, 10)
        for path in (ftp.folder / "done").rglob("*.txt"):
            shutil.copy2(path, ftp.folder / path.name)
        assert len(ftp.open_files()) == 30
    with _ingest(city_url, broker, tmp_path) as (ftp, _, _):
        ftp.drop(_name(30), _lines(30, ("PM-2-5", "30", "µg/Nm3", "00")))
        ftp.wait_until_only()
        after = ftp.rows(), ftp.rows(REJECTED)
        assert after[0][:30] == before[0]
        assert len(after[0]) == 31
        assert after[1] == before[1]


def test_kill_9_at_any_moment_loses_no_file_and_doubles_none(
    city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    """Killed while it moves what it has committed, or while it reads: wherever it is when so many files are left."""
    files = 1200
    folder = tmp_path / "ftp"
    folder.mkdir()
    for n in range(files):
        broken = "PM-10\t?\r\n" if n % 4 == 0 else ""
        (folder / _name(-n)).write_text(_lines(-n, ("PM-2-5", str(n / 10), "ug/m3", "00")) + broken)
    for left in (1000, 400):
        with _ingest(city_url, broker, tmp_path) as (ftp, process, _):
            wait_for(lambda left=left, ftp=ftp: len(ftp.open_files()) <= left, f"{left} files left")
            process.send_signal(signal.SIGKILL)
            process.wait(60)
    with _ingest(city_url, broker, tmp_path) as (ftp, _, _):
        ftp.wait_until_only()
        assert sorted(row["result"] for row in ftp.rows()) == [n / 10 for n in range(files)]
        assert len(ftp.rows(REJECTED)) == files / 4
    assert len(list((folder / "done").rglob("*.txt"))) == files
