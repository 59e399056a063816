"""The cold archive: what went out comes back exactly, once, and never over something newer."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow.dataset
import pytest

from storage import db, live, observations, revisions, rollups, things
from storage.exports import archive, archive_files
from storage.exports.archive_files import ArchiveError
from storage.model import Domain, Provenance, Quality, Revision
from storage.retention import NotArchived, retain
from storage.retention_policy import Policy, Retention
from tests.storage.exporting import DAY, MINUTE, START, streams, value, write_history

pytestmark = pytest.mark.integration

END = START + 3 * DAY
NOW = END + 60 * DAY
HOUR = timedelta(hours=1)
DOMAINS = ("air_quality", "flood")
STORED = """
    SELECT d.thing_id, d.property, o.* FROM {} o JOIN datastream d ON d.id = o.datastream_id
    ORDER BY d.thing_id, d.property, o.phenomenon_time, o.result_time, o.result
"""


@pytest.fixture
def history_url(city_url: str) -> str:
    """Three days, with a value that was replaced on each."""
    ids = write_history(city_url)
    with db.connect(city_url, name="test") as conn:
        for day in range(3):
            time = START + day * DAY
            corrected = value(ids["trung-yen-3", "pm10"], time, 99.5 + day, result_time=time + MINUTE)
            observations.write(conn, [corrected])
    return city_url


def stored(url: str, table: str = "observation") -> list[dict[str, Any]]:
    """Everything of every row; Datastreams by name, since their numbers are the database's own."""
    with db.connect(url, name="test") as conn:
        rows = conn.execute(STORED.format(table)).fetchall()
    return [{key: found for key, found in row.items() if key != "datastream_id"} for row in rows]


def write_archive(url: str, folder: Path, start: datetime = START, end: datetime = END) -> int:
    with db.connect(url, name="test", autocommit=True) as conn:
        return sum(archive.archive_span(conn, folder, domain, start, end).rows for domain in DOMAINS)


def restore(url: str, catalogue: dict[str, Domain], folder: Path, **asked: Any) -> archive.Restored:
    with db.connect(url, name="test", autocommit=True) as conn:
        return archive.restore(conn, catalogue, archive.plan(folder, **asked))


def hourly(url: str, now: datetime) -> list[dict[str, Any]]:
    """The hours as whoever reads rollups sees them, once these are up to date."""
    with db.connect(url, name="test", autocommit=True) as conn:
        while not rollups.refresh(conn, now).caught_up:
            pass
        return conn.execute(
            "SELECT d.thing_id, d.property, r.bucket, r.good, r.suspect, r.fail, r.mean, r.last"
            " FROM observation_1h r JOIN datastream d ON d.id = r.datastream_id ORDER BY 1, 2, 3"
        ).fetchall()


def delete_everything(url: str) -> None:
    with db.connect(url, name="test") as conn:
        conn.execute("DELETE FROM observation")
        conn.execute("DELETE FROM observation_superseded")


def test_duckdb_and_pyarrow_read_it_as_one_table(history_url: str, tmp_path: Path) -> None:
    assert write_archive(history_url, tmp_path) == 219
    with db.connect(history_url, name="test") as conn:
        by_sql = conn.execute(
            "SELECT t.domain, d.property, count(*) AS rows, sum(o.result) AS total FROM observation o"
            " JOIN datastream d ON d.id = o.datastream_id JOIN thing t ON t.id = d.thing_id"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
    by_duckdb = duckdb.execute(
        "SELECT domain, property, count(*), sum(result) FROM read_parquet(?, hive_partitioning = true)"
        " WHERE month = '2026-03' GROUP BY 1, 2 ORDER BY 1, 2",
        [f"{tmp_path}/observation/**/*.parquet"],
    ).fetchall()
    assert [row[:3] for row in by_duckdb] == [(r["domain"], r["property"], r["rows"]) for r in by_sql]
    assert [row[3] for row in by_duckdb] == pytest.approx([r["total"] for r in by_sql])
    # a folder, as Spark reads it: the manifests in it must not disturb
    dataset = pyarrow.dataset.dataset(tmp_path / "observation", partitioning="hive")
    assert dataset.count_rows() == 219


def test_everything_comes_back_exactly_in_an_empty_database(
    history_url: str, other_city_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    write_archive(history_url, tmp_path)
    found = restore(other_city_url, domains, tmp_path)
    assert (found.new, found.superseded, found.known) == (219, 3, 0)
    assert stored(other_city_url) == stored(history_url)
    assert stored(other_city_url, "observation_superseded") == stored(history_url, "observation_superseded")


def test_restoring_twice_is_restoring_once_and_no_news(
    history_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    before = stored(history_url), stored(history_url, "observation_superseded")
    write_archive(history_url, tmp_path)
    delete_everything(history_url)
    with db.connect(history_url, name="test") as conn:
        position = live.here(conn)
    assert restore(history_url, domains, tmp_path).new == 219
    again = restore(history_url, domains, tmp_path)
    assert (again.new, again.corrected, again.superseded, again.known) == (0, 0, 0, 219)
    assert (stored(history_url), stored(history_url, "observation_superseded")) == before
    with db.connect(history_url, name="test") as conn:
        assert live.changes_after(conn, position) == []


def test_a_part_of_the_span_comes_back(
    history_url: str, other_city_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    write_archive(history_url, tmp_path)
    start, end = START + timedelta(hours=5), START + timedelta(hours=30)
    restore(other_city_url, domains, tmp_path, start=start, end=end)
    assert stored(other_city_url) == [
        row for row in stored(history_url) if start <= row["phenomenon_time"] < end
    ]


def test_what_was_corrected_or_computed_anew_since_stays(
    history_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    write_archive(history_url, tmp_path)
    with db.connect(history_url, name="test") as conn:
        ids = streams(conn)
        later = value(ids["trung-yen-3", "pm10"], START, 1.5, result_time=START + DAY)
        observations.write(conn, [later])
        calibrated = value(ids["trung-yen-3", "pm2_5"], START, 30.0)
        assert revisions.revise(
            conn, [Revision(seen=calibrated, result=33.0, quality=Quality.GOOD, quality_reason=None)]
        )
    before = stored(history_url), stored(history_url, "observation_superseded")
    found = restore(history_url, domains, tmp_path)
    assert (found.new, found.corrected) == (0, 0)
    assert (stored(history_url), stored(history_url, "observation_superseded")) == before


@pytest.mark.parametrize("later_s", [3600, 60])
def test_what_came_newer_while_it_was_away_stays_and_the_archived_value_is_kept(
    history_url: str, domains: dict[str, Domain], tmp_path: Path, later_s: int
) -> None:
    """A correction after the deletion: with a newer result_time, or with the same one and a later arrival."""
    write_archive(history_url, tmp_path)
    delete_everything(history_url)
    with db.connect(history_url, name="test") as conn:
        pm10 = streams(conn)["trung-yen-3", "pm10"]
        later = value(pm10, START, 1.5, result_time=START + timedelta(seconds=later_s))
        observations.write(conn, [later])
    found = restore(history_url, domains, tmp_path)
    assert (found.new, found.corrected, found.known) == (218, 0, 1)
    [row] = [r for r in stored(history_url) if (r["property"], r["phenomenon_time"]) == ("pm10", START)]
    assert row["result"] == 1.5
    assert 99.5 in [r["result"] for r in stored(history_url, "observation_superseded")]


def test_what_the_archive_has_newer_wins_and_the_other_is_kept(
    history_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    write_archive(history_url, tmp_path)
    delete_everything(history_url)
    with db.connect(history_url, name="test") as conn:  # as of a backup from before the correction
        observations.write(conn, [value(streams(conn)["trung-yen-3", "pm10"], START, 60.0)])
    found = restore(history_url, domains, tmp_path)
    assert (found.new, found.corrected) == (218, 1)
    [row] = [r for r in stored(history_url) if (r["property"], r["phenomenon_time"]) == ("pm10", START)]
    assert row["result"] == 99.5
    assert 60.0 in [r["result"] for r in stored(history_url, "observation_superseded")]


def test_what_comes_after_a_day_was_archived_and_deleted_joins_it(
    history_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    write_archive(history_url, tmp_path)
    everything = stored(history_url)
    delete_everything(history_url)
    with db.connect(history_url, name="test") as conn:
        late = value(streams(conn)["flood-tong-dan", "water_depth"], START + MINUTE, 7.0)
        observations.write(conn, [late])
    assert write_archive(history_url, tmp_path) == 220
    # once more a part of Hanoi's first day: 17 hours of three properties, two half hours and the late value
    assert write_archive(history_url, tmp_path, START, START + MINUTE) == 17 * 3 + 2 + 1
    delete_everything(history_url)
    restore(history_url, domains, tmp_path)
    assert len(stored(history_url)) == len(everything) + 1
    assert len(stored(history_url, "observation_superseded")) == 3


def test_an_archive_that_is_whole_passes_its_check_and_one_that_is_not_names_the_file(
    history_url: str, tmp_path: Path
) -> None:
    write_archive(history_url, tmp_path)
    good, wrong = archive_files.check(tmp_path)
    assert (len(good), wrong) == (2 * 4 + 3, [])
    assert sum(part.rows for part in good) == 219 + 3
    first, second, third, *_ = sorted((tmp_path / "observation").rglob("*.parquet"))
    content = bytearray(first.read_bytes())
    content[100] ^= 1
    first.write_bytes(content)
    archive_files.manifest_of(second).unlink()
    third.unlink()
    _, wrong = archive_files.check(tmp_path)
    assert [one.file for one in wrong] == [str(path.relative_to(tmp_path)) for path in (first, second, third)]
    assert "sha256" in wrong[0].what
    assert "no manifest" in wrong[1].what
    assert "is not there" in wrong[2].what


def test_a_damaged_file_is_neither_restored_nor_added_to(
    history_url: str, other_city_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    write_archive(history_url, tmp_path)
    path = min((tmp_path / "observation").rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ArchiveError, match=path.name):
        restore(other_city_url, domains, tmp_path)
    assert stored(other_city_url) == []
    with pytest.raises(ArchiveError, match=path.name):
        write_archive(history_url, tmp_path)


def test_nothing_is_restored_when_any_of_its_files_is_damaged_gone_or_has_no_manifest(
    history_url: str, other_city_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    write_archive(history_url, tmp_path)
    first, *_, gone, bare = sorted((tmp_path / "observation").rglob("*.parquet"))
    archive_files.manifest_of(bare).unlink()
    gone.unlink()
    first.unlink()
    archive_files.manifest_of(first).unlink()
    with pytest.raises(ArchiveError) as failed:
        restore(other_city_url, domains, tmp_path)
    said = str(failed.value)
    assert "nothing was restored: 3 of 10 files can't be" in said
    assert f"{bare}: has no manifest" in said
    assert f"{gone}: has a manifest and is not there" in said
    assert f"{first}: is not there, nor its manifest" in said  # what was replaced on that day is there
    assert stored(other_city_url) == []
    # those of other days and domains do not matter, and one may want the rest
    assert restore(other_city_url, domains, tmp_path, domains=["flood"], end=START + HOUR).new == 2
    plan = archive.plan(tmp_path, leave_out_damaged=True)
    assert [one.day for one in plan.left_out] == [
        ("flood", gone_day := END.date() - DAY),
        ("flood", END.date()),
        ("air_quality", START.date()),
    ]
    assert gone_day not in [part.day for part in plan.parts if part.domain == "flood"]


def test_what_the_archive_does_not_have_is_no_restore(history_url: str, tmp_path: Path) -> None:
    write_archive(history_url, tmp_path)
    for asked in ({"start": END + DAY}, {"end": START}, {"domains": ["noise"]}):
        with pytest.raises(ArchiveError, match="has no file of what was asked for"):
            archive.plan(tmp_path, **asked)  # type: ignore[arg-type]  # the keywords are the test's own


def test_only_the_domains_that_are_asked_for_come_back(
    history_url: str, other_city_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    write_archive(history_url, tmp_path)
    assert restore(other_city_url, domains, tmp_path, domains=["flood"]).new == 74
    assert {row["thing_id"] for row in stored(other_city_url)} == {"flood-tong-dan"}


@pytest.mark.parametrize("cut_off", ["before", "after"])
def test_a_replacement_that_was_cut_off_leaves_a_whole_archive(
    history_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_off: str
) -> None:
    write_archive(history_url, tmp_path)
    with db.connect(history_url, name="test") as conn:
        ids = streams(conn)
        observations.write(conn, [value(ids["flood-tong-dan", "water_depth"], START + MINUTE, 7.0)])
    calls: list[str] = []

    def cut(path: Path, part: archive_files.Part) -> None:
        """The manifest is written before the file is put in place, and once more after."""
        calls.append(path.name)
        if cut_off == "after" and len(calls) == 2:
            raise OSError("the power went")
        wrote(path, part)
        if cut_off == "before":
            raise OSError("the power went")

    wrote = archive_files._write_manifest
    with monkeypatch.context() as patched:
        patched.setattr(archive_files, "_write_manifest", cut)
        with pytest.raises(OSError, match="the power went"):
            write_archive(history_url, tmp_path)
    assert archive_files.check(tmp_path)[1] == []
    assert write_archive(history_url, tmp_path) == 220
    assert archive_files.check(tmp_path)[1] == []


def test_several_writers_at_once_leave_an_archive_that_is_whole(history_url: str, tmp_path: Path) -> None:
    with db.connect(history_url, name="test") as conn:
        ids = streams(conn)

    def write(n: int) -> None:
        with db.connect(history_url, name="test") as conn:
            late = [
                value(ids["trung-yen-3", "co"], START + (100 * n + m) * MINUTE, 7.0) for m in range(n + 1)
            ]
            observations.write(conn, late)
        write_archive(history_url, tmp_path)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(8)))
    write_archive(history_url, tmp_path)
    assert archive_files.check(tmp_path)[1] == []
    table = pyarrow.dataset.dataset(tmp_path / "observation", format="parquet", partitioning="hive")
    assert table.count_rows() == len(stored(history_url))


def test_a_writer_that_waits_too_long_says_so(
    history_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_files, "LOCK_S", 0.2)
    with archive_files.writing(tmp_path), pytest.raises(ArchiveError, match="another process writes"):
        write_archive(history_url, tmp_path)


def test_what_the_database_does_not_know_is_named(
    history_url: str, database_url: str, other_city_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    write_archive(history_url, tmp_path)
    with pytest.raises(ArchiveError, match="Thing 'trung-yen-3'"):
        restore(database_url, domains, tmp_path)
    with db.connect(other_city_url, name="test") as conn:
        conn.execute("UPDATE datastream SET unit = 'mg/m3' WHERE property = 'pm10'")
    with pytest.raises(ArchiveError, match=r"trung-yen-3/pm10 is in ug/m3, here in mg/m3"):
        restore(other_city_url, domains, tmp_path)
    with pytest.raises(ArchiveError, match="no archive"):
        restore(other_city_url, domains, tmp_path / "elsewhere")


def test_a_derived_datastream_is_made_when_its_values_come_back(
    history_url: str, other_city_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    with db.connect(history_url, name="test") as conn:
        made = things.ensure_datastream(conn, "trung-yen-3", domains["air_quality"].properties["vn_aqi"])
        observations.write(conn, [value(made, START, 88.0, provenance=Provenance.DERIVED)])
    with db.connect(other_city_url, name="test") as conn:
        conn.execute("DELETE FROM datastream WHERE property = 'vn_aqi'")
    write_archive(history_url, tmp_path)
    restore(other_city_url, domains, tmp_path)
    assert stored(other_city_url) == stored(history_url)


def test_retention_may_delete_what_was_archived_and_only_that(history_url: str, tmp_path: Path) -> None:
    with db.connect(history_url, name="test", autocommit=True) as conn:
        ids = list(streams(conn).values())
        archive.archive_datastreams(conn, tmp_path, ids, START, END)
        assert archive_files.check(tmp_path)[1] == []
        files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
        archive.archive_datastreams(conn, tmp_path, ids[:5], START, END)  # is there already
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == files
        path = min((tmp_path / "observation").rglob("*.parquet"))
        path.write_bytes(b"PAR1")
        with pytest.raises(NotArchived, match=path.name):
            archive.archive_datastreams(conn, tmp_path, ids, START, END)


def test_the_manifest_says_what_is_in_the_file(history_url: str, tmp_path: Path) -> None:
    write_archive(history_url, tmp_path)
    path = archive_files.path_of(tmp_path, "observation", "flood", datetime(2026, 3, 14, tzinfo=UTC).date())
    assert str(path.relative_to(tmp_path)) == (
        "observation/domain=flood/month=2026-03/part-2026-03-14.parquet"
    )
    manifest = msgspec.json.decode(archive_files.manifest_of(path).read_bytes())
    # a day of Hanoi that begins with the data at 07:00: 17 hours and one value at 07:30
    assert (manifest["rows"], manifest["first"]) == (18, "2026-03-14T00:00:00Z")
    assert manifest["sha256"] == archive_files.sha256(path)


def test_days_are_hanois() -> None:
    found = list(
        archive.days(datetime(2026, 3, 14, 16, 30, tzinfo=UTC), datetime(2026, 3, 15, 18, tzinfo=UTC))
    )
    assert [str(day) for day, _, _ in found] == ["2026-03-14", "2026-03-15", "2026-03-16"]
    assert [end - start for _, start, end in found] == [timedelta(minutes=30), DAY, timedelta(hours=1)]


def test_what_retention_deletes_is_in_the_archive_and_comes_back(
    history_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    before = stored(history_url), stored(history_url, "observation_superseded")
    now = END + 60 * DAY
    policy = Policy(raw=40 * DAY, archive=True, archive_folder=tmp_path)
    with db.connect(history_url, name="test", autocommit=True) as conn:
        while not rollups.refresh(conn, now).caught_up:
            pass
        days = conn.execute("SELECT * FROM observation_1d ORDER BY datastream_id, bucket").fetchall()
        outcome = retain(conn, Retention(default=policy), now, archive=archive.archive_datastreams)
        assert {key: found.kept for key, found in outcome.domains.items() if found.kept} == {}
        # all but the day of the newest values, which pages show: Hanoi's last one has 7 hours of three properties
        left = conn.execute("SELECT count(*) AS n, min(phenomenon_time) AS first FROM observation").fetchall()
        assert left == [{"n": 7 * 3, "first": END - 7 * HOUR}]
        assert archive_files.check(tmp_path)[1] == []
        archive.restore(conn, domains, archive.plan(tmp_path))
        while not rollups.refresh(conn, now).caught_up:
            pass
        assert conn.execute("SELECT * FROM observation_1d ORDER BY datastream_id, bucket").fetchall() == days
    assert (stored(history_url), stored(history_url, "observation_superseded")) == before


def test_a_restored_database_gets_its_rollups(
    history_url: str, other_city_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    write_archive(history_url, tmp_path)
    before = hourly(history_url, NOW)
    assert len(before) == 216
    assert hourly(other_city_url, NOW) == []  # rolled up, before it has anything
    restore(other_city_url, domains, tmp_path)
    assert hourly(other_city_url, NOW) == before


def test_what_was_restored_before_a_restore_failed_gets_its_rollups(
    history_url: str, other_city_url: str, domains: dict[str, Domain], tmp_path: Path
) -> None:
    write_archive(history_url, tmp_path)
    of_air = [row for row in hourly(history_url, NOW) if row["thing_id"] == "trung-yen-3"]
    assert hourly(other_city_url, NOW) == []
    with db.connect(other_city_url, name="test") as conn:
        conn.execute("DELETE FROM datastream WHERE thing_id = 'flood-tong-dan'")
        conn.execute("DELETE FROM thing WHERE id = 'flood-tong-dan'")
    for _ in range(2):  # the second one finds nothing new
        with pytest.raises(ArchiveError, match="Thing 'flood-tong-dan'"):
            restore(other_city_url, domains, tmp_path)
    assert hourly(other_city_url, NOW) == of_air


def test_what_is_restored_while_its_day_is_rolled_up_is_rolled_up_again(
    history_url: str,
    other_city_url: str,
    domains: dict[str, Domain],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reader has read a day without its values, and the restore commits before it says how far it is."""
    write_archive(history_url, tmp_path)
    before = hourly(history_url, NOW)
    with db.connect(other_city_url, name="test") as conn:
        late = value(streams(conn)["trung-yen-3", "pm10"], END + DAY, 1.0)  # so that there is a chunk to read
        observations.write(conn, [late])
    restored = []

    def roll_up(conn: db.Connection, spans: Sequence[rollups.Span], days_until: datetime | None) -> None:
        rolled_up(conn, spans, days_until)
        if spans and spans[0].start > END and not restored:
            restored.append(restore(other_city_url, domains, tmp_path).new)

    rolled_up = rollups._roll_up
    monkeypatch.setattr(rollups, "_roll_up", roll_up)
    found = hourly(other_city_url, NOW)
    assert restored == [219]
    assert [row for row in found if row["bucket"] < END] == before
