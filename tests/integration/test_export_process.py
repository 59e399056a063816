"""`hanoi-export` and `hanoi-archive` as their users start them: interrupted, cut off from the database, misused."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from deploy.embedded.postgres import Postgres
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
        (["-o", "x.xlsx"], 2, b"--output: 'x.xlsx' ends in none of"),
        (["-o", "nowhere/x.csv"], 1, b"--output: no file was written: there is no folder 'nowhere'"),
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
    assert b"flood: 74 values are in" in run("hanoi-archive", *wanted, url=city_url).stdout
    again = run("hanoi-archive", *wanted, url=city_url)
    assert (
        f"flood: 74 values are in {tmp_path}; they were already, nothing changed\n".encode() in again.stdout
    )
    early = run(
        "hanoi-archive", "write", "--before", "2026-03-01", "--domain", "flood", *folder, url=city_url
    )
    assert early.stdout == b"flood: there is nothing from before 2026-03-01T00:00:00+07:00\n"
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


def test_a_restore_says_what_it_can_not_restore_and_what_it_did_before_it_failed(
    city_url: str, tmp_path: Path
) -> None:
    write_history(city_url)
    folder = ["--folder", str(tmp_path), "--quiet"]
    assert run("hanoi-archive", "write", "--before", "2026-03-20", *folder, url=city_url).returncode == 0
    for asked, code, said in (
        (["--from", "2026-04-01"], 1, b"has no file of what was asked for"),
        (["--domain", "noise"], 2, b"--domain: the archive has nothing of 'noise'; of air_quality, flood"),
        (
            ["--from", "2026-03-02", "--to", "2026-03-01"],
            2,
            b"--from: 2026-03-02T00:00:00+07:00 is not before",
        ),
    ):
        done = run("hanoi-archive", "restore", *asked, *folder, url=city_url)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    with db.connect(city_url, name="test") as conn:
        conn.execute("DELETE FROM observation")
        conn.execute("DELETE FROM datastream WHERE thing_id = 'flood-tong-dan'")
        conn.execute("DELETE FROM thing WHERE id = 'flood-tong-dan'")
    done = run("hanoi-archive", "restore", *folder, url=city_url)
    assert done.returncode == 1
    assert b"4 of 8 files were restored before, with 145 values; they stay" in done.stderr
    assert b"there is no Thing 'flood-tong-dan' here" in done.stderr
    bare = max((tmp_path / "observation/domain=air_quality").rglob("_part-*.json"))
    bare.unlink()
    air = ["--domain", "air_quality", *folder]
    done = run("hanoi-archive", "restore", *air, url=city_url)
    assert done.returncode == 1
    assert b"nothing was restored: 1 of 4 files can't be" in done.stderr
    assert b"part-2026-03-17.parquet: has no manifest" in done.stderr
    done = run("hanoi-archive", "restore", "--leave-out-damaged", *air, url=city_url)
    assert done.returncode == 1
    assert b"LEFT OUT observation/domain=air_quality/month=2026-03/part-2026-03-17.parquet" in done.stderr
    assert done.stdout.startswith(b"0 values restored, 0 were newer than those here, ")


def test_an_archive_comes_back_in_a_database_of_its_own(
    city_url: str, postgres: Postgres, tmp_path: Path
) -> None:
    """The three lines of docs/exports.md."""
    write_history(city_url)
    (tmp_path / "retention.toml").write_text('[domain.flood]\nraw = "40d"\n')
    folder = ["--folder", str(tmp_path / "cold"), "--quiet"]
    assert run("hanoi-archive", "write", "--before", "2026-03-20", *folder, url=city_url).returncode == 0
    with psycopg.connect(postgres.superuser_url, autocommit=True) as conn:
        conn.execute("CREATE DATABASE of_its_own")
    try:
        url = postgres.url("postgres", "of_its_own")
        assert run("hanoi-migrate", url=url).returncode == 0
        restored = run("hanoi-archive", "restore", *folder, url=url, HANOI_RETENTION_FILE="")
        assert restored.stdout.startswith(b"219 values restored, "), restored.stderr
    finally:
        with psycopg.connect(postgres.superuser_url, autocommit=True) as conn:
            conn.execute("DROP DATABASE of_its_own WITH (FORCE)")


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
