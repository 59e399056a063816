"""`hanoi-ingest retain` as it is typed: dry run, archive, refusals."""

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.dataset
import pytest

from ingest.metrics import Metrics
from ingest.retain import Retaining
from storage import db, rollups
from storage.model import HANOI, Domain
from tests.integration.rejecting import rows
from tests.processes import BIN
from tests.public_site import Writer

pytestmark = pytest.mark.integration

DAY = timedelta(days=1)
RAIN, AIR = ("rain-cau-giay", "rain_interval"), ("hoan-kiem", "pm2_5")


def retain(url: str, *arguments: str, file: Path | None) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HANOI_")}
    env = {**clean, "HANOI_RUNTIME_DIR": "/nonexistent", "HANOI_DATABASE_URL": url}
    if file is not None:
        env["HANOI_RETENTION_FILE"] = str(file)
    return subprocess.run(
        [BIN / "hanoi-ingest", "retain", *arguments], env=env, capture_output=True, text=True, check=False
    )


def count(url: str, key: tuple[str, str]) -> int:
    with db.connect(url, name="test") as conn:
        row = conn.execute(
            "SELECT count(*) AS n FROM observation o JOIN datastream d ON d.id = o.datastream_id"
            " WHERE (d.thing_id, d.property) = (%s, %s)",
            key,
        ).fetchone()
    assert row is not None
    return int(row["n"])


@pytest.fixture
def midnight(city_url: str) -> datetime:
    """Of today in Hanoi. Two Datastreams have 24 values of each of the days 50 to 36 days ago."""
    now = datetime.now(UTC)
    midnight = rollups.day_of(now)
    writer = Writer(city_url)
    for thing, key in (RAIN, AIR):
        writer.write(
            thing, key, *((midnight - 50 * DAY + n * timedelta(hours=1), 1.0 + n % 3) for n in range(14 * 24))
        )
    with db.connect(city_url, name="test", autocommit=True) as conn:
        while not rollups.refresh(conn, now).caught_up:
            pass
    return midnight


def test_it_says_what_it_would_do_then_archives_and_does_it(
    city_url: str, midnight: datetime, tmp_path: Path
) -> None:
    file = tmp_path / "retention.toml"
    file.write_text(
        f'[default]\nraw = "40d"\n[domain.rain]\narchive = true\narchive_folder = "{tmp_path / "archive"}"\n',
        "utf-8",
    )
    refused = retain(city_url, "--dry-run", file=file)
    assert refused.returncode == 2
    assert f"{file}: archive_folder: there is no folder {tmp_path / 'archive'}" in refused.stderr
    (tmp_path / "archive").mkdir()
    said = retain(city_url, "--dry-run", file=file)
    assert said.returncode == 0, said.stderr
    first, last = (f"{(midnight - n * DAY).astimezone(HANOI):%Y-%m-%d} 00:00:00" for n in (50, 40))
    assert said.stdout.count(f"{first} to {last} (Hanoi)") == 2
    assert "rain  (keeps raw 40 days, hourly for ever, daily for ever)" in said.stdout
    assert f"would be archived first in {tmp_path / 'archive'}\n" in said.stdout
    assert said.stdout.count("archived") == 1
    assert "flood  (keeps raw 40 days, hourly for ever, daily for ever): nothing is old enough" in said.stdout
    assert said.stdout.count("would be deleted: 240 raw values, about ") == 2
    assert "dry run: nothing was changed" in said.stdout
    assert (count(city_url, RAIN), count(city_url, AIR)) == (336, 336)
    assert not list((tmp_path / "archive").iterdir())
    done = retain(city_url, file=file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("    deleted: 240 raw values, about ") == 2
    assert f"archived first in {tmp_path / 'archive'}\n" in done.stdout
    assert (count(city_url, RAIN), count(city_url, AIR)) == (96, 96)
    files = [str(path) for path in (tmp_path / "archive").rglob("*.parquet")]
    archived = pyarrow.dataset.dataset(files).to_table(columns=["time"]).column(0).to_pylist()
    assert set(archived) >= {midnight - 50 * DAY + n * timedelta(hours=1) for n in range(240)}
    (run,) = rows(city_url, "SELECT succeeded, detail FROM job_run WHERE job = 'retention'")
    assert (run["succeeded"], run["detail"]["domains"]["rain"]["raw"]) == (True, 240)


def test_without_a_file_it_does_nothing(
    city_url: str, midnight: datetime, domains: dict[str, Domain]
) -> None:
    done = retain(city_url, file=None)
    assert done.returncode == 0
    said = done.stdout.splitlines()
    assert said[0] == "HANOI_RETENTION_FILE is not set: everything is kept for ever"
    assert said[1:] == [f"{domain}: everything is kept for ever" for domain in sorted(domains)]
    assert count(city_url, RAIN) == 336


def test_with_an_empty_file_it_says_of_each_domain_that_it_is_kept(
    city_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    file = tmp_path / "retention.toml"
    file.write_text("", "utf-8")
    said = retain(city_url, "--dry-run", file=file)
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[: len(domains)] == [
        f"{domain}: everything is kept for ever" for domain in sorted(domains)
    ]


def test_a_folder_that_went_away_is_not_made_again_and_nothing_goes(
    city_url: str,
    midnight: datetime,
    domains: dict[str, Domain],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A disk that is not mounted: its empty mount point's parent would fill."""
    file, gone = tmp_path / "retention.toml", tmp_path / "archive"
    file.write_text(f'[default]\nraw = "40d"\narchive = true\narchive_folder = "{gone}"\n', "utf-8")
    with db.open_pool(city_url, name="test") as pool:
        Retaining(path=file, metrics=Metrics()).run(pool, domains, datetime.now(UTC))
    assert "archive_failed" in caplog.text
    assert count(city_url, RAIN) == 336
    assert not gone.exists()


def test_a_file_that_can_not_be_used_stops_it(city_url: str, tmp_path: Path) -> None:
    file = tmp_path / "retention.toml"
    file.write_text('[domain.noise]\nraw = "400d"\n', "utf-8")
    done = retain(city_url, "--dry-run", file=file)
    assert done.returncode == 2
    assert f"{file}: domain.noise: no domain of the catalogue" in done.stderr


def test_the_daily_run_counts_what_it_did_and_a_broken_file_deletes_nothing(
    city_url: str,
    midnight: datetime,
    domains: dict[str, Domain],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file, metrics = tmp_path / "retention.toml", Metrics()
    retaining = Retaining(path=file, metrics=metrics)
    with db.open_pool(city_url, name="test") as pool:
        file.write_text('[default]\nraw = "4d"\n', "utf-8")
        retaining.run(pool, domains, datetime.now(UTC))
        assert "retention_refused" in caplog.text
        assert count(city_url, RAIN) == 336
        file.write_text('[default]\nraw = "40d"\n', "utf-8")
        now = datetime.now(UTC)
        retaining.run(pool, domains, now)
    assert (count(city_url, RAIN), count(city_url, AIR)) == (96, 96)

    def sample(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"hanoi_ingest_retention_{name}", labels)

    assert sample("rows_deleted_total", what="raw") == 480
    assert sample("rows_deleted_total", what="hourly") == 0
    assert sample("last_success_timestamp_seconds") == now.timestamp()
