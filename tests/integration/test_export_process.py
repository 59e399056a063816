"""`hanoi-export` and `hanoi-archive` as their users start them: interrupted, cut off from the database, misused."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from storage import db
from tests.processes import BIN, wait_for
from tests.storage.exporting import write_history

pytestmark = pytest.mark.integration

MANY = 400_000
FILL = """
    INSERT INTO observation (datastream_id, phenomenon_time, result_time, result, quality, provenance)
    SELECT id, at, at, 1.5, 1, 'simulated'
    FROM datastream, generate_series('2026-01-01Z'::timestamptz, '2027-01-01Z', '1 second') AS at
    WHERE (thing_id, property) = ('flood-tong-dan', 'water_depth')
    LIMIT %s
"""


@pytest.fixture
def many_url(city_url: str) -> str:
    with db.connect(city_url, name="test") as conn:
        conn.execute(FILL, (MANY,))
    return city_url


def run(program: str, *arguments: str, url: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [BIN / program, *arguments],
        env=environment(url) | more,
        capture_output=True,
        timeout=120,
        check=False,
    )


def environment(url: str) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HANOI_")}
    return {**clean, "HANOI_RUNTIME_DIR": "/nonexistent", "HANOI_DATABASE_URL": url}


@contextmanager
def held_half_way(url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An export that has written something under a temporary name, and is stopped there until the block ends."""
    arguments = ["hanoi-export", "--quiet", "-o", str(folder / "all.csv")]
    with subprocess.Popen(
        [BIN / arguments[0], *arguments[1:]], env=environment(url), stderr=subprocess.PIPE
    ) as process:
        wait_for(
            lambda: any(path.stat().st_size > 100_000 for path in folder.iterdir()),
            "the export has begun",
            alive=lambda: process.poll() is None,
        )
        process.send_signal(signal.SIGSTOP)
        assert [path.name for path in folder.iterdir()] != ["all.csv"]
        yield process
        process.send_signal(signal.SIGCONT)
        assert process.stderr is not None
        process.wait(60)


def interrupted(process: subprocess.Popen[bytes], url: str) -> None:
    process.send_signal(signal.SIGINT)


def terminated(process: subprocess.Popen[bytes], url: str) -> None:
    process.send_signal(signal.SIGTERM)


def cut_off(process: subprocess.Popen[bytes], url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        ended = conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hanoi-export'"
        ).fetchall()
    assert ended == [(True,)]


@pytest.mark.parametrize(
    ("happens", "code", "said"),
    [
        (interrupted, 130, "interrupted; no file was written"),
        (terminated, 143, ""),
        (cut_off, 1, "no file was written: the database failed or was lost"),
    ],
)
def test_an_export_that_ends_half_way_leaves_nothing(
    many_url: str,
    tmp_path: Path,
    happens: Callable[[subprocess.Popen[bytes], str], None],
    code: int,
    said: str,
) -> None:
    with held_half_way(many_url, tmp_path) as process:
        happens(process, many_url)
    assert process.stderr is not None
    assert process.returncode == code
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_before_stays_until_the_new_file_is_whole(many_url: str, tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text("before")
    done = run("hanoi-export", "-o", str(tmp_path / "all.csv"), "--thing", "nowhere", url=many_url)
    assert (done.returncode, (tmp_path / "all.csv").read_text()) == (2, "before")
    assert b"--thing: there is no 'nowhere' here" in done.stderr
    done = run("hanoi-export", "-o", str(tmp_path / "all.csv"), url=many_url)
    assert done.returncode == 0, done.stderr
    assert f"{MANY:,} rows to".encode() in done.stderr
    with (tmp_path / "all.csv").open("rb") as file:
        assert sum(1 for _ in file) == MANY + 1


def test_standard_output_can_be_piped_and_the_reader_may_go(many_url: str) -> None:
    done = run("hanoi-export", "-o", "-", "--quiet", "--to", "2026-01-01T00:00:03Z", url=many_url)
    assert done.stdout.decode().splitlines()[1:] == [
        f"flood-tong-dan,flood,water_depth,cm,2026-01-01T00:00:0{n}Z,2026-01-01T00:00:0{n}Z,1.5,1,,simulated,,"
        for n in range(3)
    ]
    piped = subprocess.run(
        f"'{BIN}/hanoi-export' -o - --quiet | head -n 1",
        shell=True,
        env=environment(many_url),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert piped.stdout.startswith(b"thing,domain,")
    assert b"Traceback" not in piped.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["-o", "x.csv", "--from", "2026-01-01T00:00:00"], 2, b"--from"),
        (["-o", "x.csv", "--step", "2h"], 2, b"--step"),
        (["-o", "-", "--format", "parquet"], 2, b"--output"),
        (["-o", "nowhere/x.csv"], 1, b"--output"),
    ],
)
def test_nonsense_is_named(
    city_url: str, tmp_path: Path, arguments: list[str], code: int, said: bytes
) -> None:
    done = subprocess.run(
        [BIN / "hanoi-export", *arguments],
        env=environment(city_url),
        capture_output=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_archive_is_written_checked_and_restored(city_url: str, tmp_path: Path) -> None:
    write_history(city_url)
    folder = ["--folder", str(tmp_path), "--quiet"]
    wanted = ["write", "--before", "2026-03-20", *folder]
    dry = run("hanoi-archive", *wanted, "--dry-run", url=city_url)
    assert b"flood: 74 values from 2026-03-14 00:00 UTC on would be archived" in dry.stdout
    assert list(tmp_path.iterdir()) == []
    assert run("hanoi-archive", *wanted, url=city_url).returncode == 0
    checked = run("hanoi-archive", "check", *folder, url=city_url)
    assert checked.stdout == b"8 files with 219 rows are what was written, 0 are not\n"
    with db.connect(city_url, name="test") as conn:
        conn.execute("DELETE FROM observation")
    restored = run("hanoi-archive", "restore", *folder, url=city_url)
    assert restored.stdout.startswith(b"219 values restored, 0 were newer")
    again = run("hanoi-archive", "restore", *folder, url=city_url)
    assert again.stdout.startswith(b"0 values restored, 0 were newer than those here, 219 stayed")
    path = max((tmp_path / "observation").rglob("*.parquet"))
    path.write_bytes(b"PAR1")
    checked = run("hanoi-archive", "check", *folder, url=city_url)
    assert checked.returncode == 1
    assert f"WRONG {path.relative_to(tmp_path)}".encode() in checked.stderr


def test_what_retention_would_delete_again_is_not_restored_unless_one_says_so(
    city_url: str, tmp_path: Path
) -> None:
    write_history(city_url)
    (tmp_path / "retention.toml").write_text('[domain.flood]\nraw = "40d"\n')
    folder = ["--folder", str(tmp_path / "cold"), "--quiet"]
    policy = {"HANOI_RETENTION_FILE": str(tmp_path / "retention.toml")}
    written = run("hanoi-archive", "write", "--before", "2026-03-20", *folder, url=city_url)
    assert written.returncode == 0, written.stderr
    refused = run("hanoi-archive", "restore", *folder, url=city_url, **policy)
    assert refused.returncode == 2
    assert b"HANOI_RETENTION_FILE keeps raw values of flood for 40 days" in refused.stderr
    assert run("hanoi-archive", "restore", "--for-now", *folder, url=city_url, **policy).returncode == 0


def test_a_disk_that_is_full_ends_it(many_url: str) -> None:
    """/dev/full is a disk that is."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [BIN / "hanoi-export", "-o", "-", "--quiet"],
            env=environment(many_url),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
