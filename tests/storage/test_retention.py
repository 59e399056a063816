"""What is deleted, and above all what is not: real chunks, real rollups, hours of data of some months ago."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import db, observations, retention, rollups, things
from storage.model import Observation
from storage.retention import Day, Kept, Limits, Outcome, decide, retain
from storage.retention_policy import Policy, Retention

integration = pytest.mark.integration

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
"""Of the 22nd in Hanoi."""
AIR, RAIN = ("hoan-kiem", "pm2_5"), ("rain-cau-giay", "rain_interval")
SHORT = Policy(raw=timedelta(60))


def test_days_go_in_order_and_stop_at_one_that_is_not_rolled_up() -> None:
    def day(datastream_id: int, n: int, accounted: bool = True) -> Day:
        return Day(datastream_id=datastream_id, day=MIDNIGHT + n * DAY, rows=1, accounted=accounted)

    until = dict.fromkeys((1, 2, 3, 4), MIDNIGHT + 4 * DAY)
    limits = Limits(until=until, held={2: MIDNIGHT + 1.5 * DAY}, horizons={3: MIDNIGHT + 2 * DAY})
    days = [
        *(day(1, 0), day(1, 1, False), day(1, 2), day(1, 4)),
        *(day(2, 0), day(2, 1), day(2, 2)),
        *(day(3, 0, False), day(3, 2)),
        *(day(4, 0), day(5, 0)),
    ]
    gone, kept = decide(days, limits, stopped={4})
    assert gone == [day(1, 0), day(2, 0), day(3, 2)]
    assert kept == {
        Kept.NOT_ROLLED_UP: [day(1, 1, False), day(1, 2), day(4, 0)],
        Kept.ALERT: [day(2, 1), day(2, 2)],
        Kept.LATE: [day(3, 0, False)],
    }


class City:
    """A database with the Things of Hanoi, and what a test asks of it."""

    def __init__(self, conn: db.Connection) -> None:
        self.conn = conn
        self.ids = {(row.thing_id, row.property): row.id for row in things.all_datastreams(conn)}

    def write(self, key: tuple[str, str], times: Sequence[datetime], result: float = 10.0) -> None:
        rows = [
            Observation(
                datastream_id=self.ids[key], phenomenon_time=at, result_time=at, result=result + n % 7
            )
            for n, at in enumerate(times)
        ]
        with self.conn.transaction():
            observations.write(self.conn, rows)

    def roll_up(self) -> None:
        """Up to two days after the newest values: the empty ones since then only cost time."""
        while not rollups.refresh(self.conn, MIDNIGHT - 48 * DAY).caught_up:
            pass

    def retain(self, policy: Policy = SHORT, *, dry_run: bool = False, **domains: Policy) -> Outcome:
        return retain(self.conn, Retention(default=policy, domains=domains), NOW, dry_run=dry_run)

    def one(self, statement: str, **asked: Any) -> Any:
        row = self.conn.execute(statement, asked).fetchone()  # type: ignore[arg-type]  # statements are the test's own, not literals
        assert row is not None
        return next(iter(row.values()))

    def raw(self, key: tuple[str, str]) -> int:
        return int(
            self.one("SELECT count(*) FROM observation WHERE datastream_id = %(id)s", id=self.ids[key])
        )

    def oldest(self, key: tuple[str, str]) -> datetime:
        found: datetime = self.one(
            "SELECT min(phenomenon_time) FROM observation WHERE datastream_id = %(id)s", id=self.ids[key]
        )
        return found

    def days(self) -> list[tuple[Any, ...]]:
        rows = self.conn.execute("SELECT * FROM observation_1d ORDER BY datastream_id, bucket").fetchall()
        return [tuple(row.values()) for row in rows]

    def hours(self) -> list[tuple[Any, ...]]:
        rows = self.conn.execute("SELECT * FROM observation_1h ORDER BY datastream_id, bucket").fetchall()
        return [tuple(row.values()) for row in rows]

    @property
    def chunks(self) -> int:
        return len(retention.chunks(self.conn, "observation"))


@pytest.fixture
def city(city_url: str) -> Iterator[City]:
    with db.connect(city_url, name="test", autocommit=True) as conn:
        yield City(conn)


def hourly(first: int, last: int) -> list[datetime]:
    """Every hour of the days from so many days ago to so many days ago, of Hanoi."""
    start, end = MIDNIGHT - first * DAY, MIDNIGHT - last * DAY
    return [start + n * HOUR for n in range((end - start) // HOUR)]


@integration
def test_without_a_policy_nothing_is_deleted(city: City) -> None:
    city.write(AIR, hourly(90, 50))
    city.roll_up()
    assert city.retain(Policy()) == Outcome(dry_run=False)
    assert city.raw(AIR) == 40 * 24


@integration
def test_whole_days_go_chunks_are_dropped_and_the_rollups_stay_as_they_are(city: City) -> None:
    city.write(AIR, hourly(90, 50))
    city.write(RAIN, hourly(90, 50))
    city.roll_up()
    days, hours, chunks = city.days(), city.hours(), city.chunks
    outcome = city.retain()
    assert city.oldest(AIR) == city.oldest(RAIN) == MIDNIGHT - 60 * DAY
    assert city.raw(AIR) == city.raw(RAIN) == 10 * 24
    assert (outcome.domains["air_quality"].raw_rows, outcome.domains["rain"].raw_rows) == (720, 720)
    assert outcome.domains["air_quality"].raw_from == MIDNIGHT - 90 * DAY
    assert outcome.domains["air_quality"].raw_to == MIDNIGHT - 60 * DAY
    assert len(outcome.chunks_dropped) >= 3
    assert city.chunks == chunks - len(outcome.chunks_dropped)
    assert (city.days(), city.hours()) == (days, hours)
    city.roll_up()
    assert (city.days(), city.hours()) == (days, hours)
    assert city.retain().domains["air_quality"].raw_rows == 0


@integration
def test_each_domain_by_its_own_policy(city: City) -> None:
    city.write(AIR, hourly(90, 50))
    city.write(RAIN, hourly(90, 50))
    city.roll_up()
    days, hours, chunks = city.days(), city.hours(), city.chunks
    outcome = city.retain(Policy(), rain=SHORT)
    assert (city.raw(AIR), city.raw(RAIN)) == (40 * 24, 10 * 24)
    assert (outcome.domains["rain"].raw_rows, outcome.domains["air_quality"].raw_rows) == (720, 0)
    assert (city.chunks, city.days(), city.hours()) == (chunks, days, hours)
    outcome = city.retain(SHORT, rain=SHORT)
    assert (city.raw(AIR), outcome.domains["air_quality"].raw_rows) == (10 * 24, 720)
    assert (city.days(), city.hours()) == (days, hours)
    assert len(outcome.chunks_dropped) >= 3


@integration
def test_a_dry_run_says_the_same_and_changes_nothing(city: City) -> None:
    city.write(AIR, hourly(90, 50))
    city.write(RAIN, hourly(90, 50))
    city.roll_up()
    policies = {"rain": Policy(raw=timedelta(60), hourly=timedelta(60), daily=timedelta(70))}
    before = city.hours(), city.days(), city.raw(AIR), city.raw(RAIN), city.chunks
    said = city.retain(SHORT, dry_run=True, **policies)
    assert (city.hours(), city.days(), city.raw(AIR), city.raw(RAIN), city.chunks) == before
    done = city.retain(SHORT, **policies)
    assert said.detail() == done.detail()
    assert said.chunks_dropped == done.chunks_dropped
    assert (done.domains["rain"].hourly_rows, done.domains["rain"].daily_rows) == (720, 20)


@integration
def test_nothing_goes_before_it_is_rolled_up(city: City) -> None:
    city.write(AIR, hourly(90, 50))
    outcome = city.retain()
    assert (city.raw(AIR), outcome.behind) == (40 * 24, True)
    assert outcome.domains["air_quality"].kept == {Kept.NOT_ROLLED_UP: 720}


@integration
def test_a_correction_that_the_rollups_have_not_seen_keeps_what_it_touches(city: City) -> None:
    city.write(AIR, hourly(90, 50))
    city.roll_up()
    at = MIDNIGHT - 70 * DAY
    with city.conn.transaction():
        corrected = Observation(
            datastream_id=city.ids[AIR], phenomenon_time=at, result_time=at + HOUR, result=99.0
        )
        observations.write(city.conn, [corrected])
    assert city.retain().behind
    assert city.oldest(AIR) <= at
    city.roll_up()
    assert not city.retain().behind
    assert city.raw(AIR) == 10 * 24
    assert 99.0 in {row["max"] for row in city.conn.execute("SELECT max FROM observation_1d")}
    assert city.one("SELECT count(*) FROM observation_superseded") == 0


@integration
def test_a_day_that_the_rollups_do_not_account_for_stays_with_all_that_follow(city: City) -> None:
    damages = [
        f"UPDATE {table} SET {damage} WHERE datastream_id = %(id)s AND bucket = %(at)s"  # noqa: S608
        for table in ("rollup_hour", "rollup_day")
        for damage in (
            "good = good - 1",
            "good = good - 1, fail = fail + 1",
            "max = max + 1",
            "min = NULL",
            "provenance = 'manual'",
        )
    ]
    sound, *hurt = [("trung-yen-3", key) for key in ("pm2_5", "pm10", "no2", "so2", "co", "o3")]
    hurt += [("minh-khai", key) for key in ("pm2_5", "pm10", "no2", "so2", "co")]
    for key in (sound, *hurt):
        city.write(key, hourly(70, 55))
    city.roll_up()
    damaged = MIDNIGHT - 65 * DAY
    for key, damage in zip(hurt, damages, strict=True):
        touched = city.conn.execute(damage, {"id": city.ids[key], "at": damaged})  # type: ignore[arg-type]  # statements are the test's own, not literals
        assert touched.rowcount == 1
    outcome = city.retain()
    assert city.oldest(sound) == MIDNIGHT - 60 * DAY
    assert {key: city.oldest(key) for key in hurt} == dict.fromkeys(hurt, damaged)
    assert outcome.domains["air_quality"].kept == {Kept.NOT_ROLLED_UP: len(hurt) * 5 * 24}
    assert outcome.domains["air_quality"].raw_rows == (10 + len(hurt) * 5) * 24


@integration
def test_what_comes_late_for_a_day_that_is_gone_stays_raw_and_wipes_nothing(city: City) -> None:
    city.write(AIR, hourly(90, 50))
    city.roll_up()
    city.retain()
    days, hours = city.days(), city.hours()
    late = MIDNIGHT - 75 * DAY + timedelta(minutes=20)
    city.write(AIR, [late], 500.0)
    city.roll_up()
    assert (city.days(), city.hours()) == (days, hours)
    outcome = city.retain()
    assert outcome.domains["air_quality"].kept == {Kept.LATE: 1}
    assert (city.raw(AIR), city.oldest(AIR)) == (10 * 24 + 1, late)


@integration
def test_the_newest_day_of_a_silent_datastream_stays_until_it_is_heard_again(city: City) -> None:
    silent = ("trung-yen-3", "pm2_5")
    city.write(AIR, hourly(90, 50))
    city.write(silent, hourly(90, 80))
    city.roll_up()
    outcome = city.retain()
    assert outcome.domains["air_quality"].kept == {}
    assert city.oldest(AIR) == MIDNIGHT - 60 * DAY
    assert (city.oldest(silent), city.raw(silent)) == (MIDNIGHT - 81 * DAY, 24)
    (latest,) = observations.latest(city.conn, [silent[0]])[silent[0]]
    assert latest.phenomenon_time == MIDNIGHT - 80 * DAY - HOUR
    weeks = [
        chunk for chunk in retention.chunks(city.conn, "observation") if chunk.end <= MIDNIGHT - 60 * DAY
    ]
    assert len(weeks) <= 2, "chunks without that day are dropped as before"
    assert city.retain().domains["air_quality"].raw_rows == 0

    city.write(silent, hourly(58, 57))
    city.roll_up()
    assert city.retain().domains["air_quality"].raw_rows == 24
    assert city.oldest(silent) == MIDNIGHT - 58 * DAY


@integration
def test_an_open_alert_keeps_the_values_since_it_began(city: City) -> None:
    city.write(AIR, hourly(90, 50))
    city.roll_up()
    began = MIDNIGHT - 70 * DAY + 5 * HOUR
    city.conn.execute(
        """
        INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, state, title_vi, title_en,
                           runbook_vi, runbook_en, unit, value, value_time, peak, pending_since, provenance,
                           for_citizens)
        VALUES ('r', 'air_quality', 'hoan-kiem', %(id)s, 'pm2_5', 'info', 'pending', '-', '-', '-', '-', '-', 1,
                %(at)s, 1, %(at)s, 'measured', false)
        """,
        {"id": city.ids[AIR], "at": began},
    )
    outcome = city.retain()
    assert city.oldest(AIR) == MIDNIGHT - 71 * DAY
    assert outcome.domains["air_quality"].kept == {Kept.ALERT: 11 * 24}


@integration
def test_hours_and_days_go_by_their_own_lengths(city: City) -> None:
    city.write(AIR, hourly(90, 50))
    city.roll_up()
    outcome = city.retain(Policy(raw=timedelta(60), hourly=timedelta(70), daily=timedelta(80)))
    assert (outcome.domains["air_quality"].hourly_rows, outcome.domains["air_quality"].daily_rows) == (
        480,
        10,
    )
    assert city.one("SELECT min(bucket) FROM observation_1h") == MIDNIGHT - 70 * DAY
    assert city.one("SELECT min(bucket) FROM observation_1d") == MIDNIGHT - 80 * DAY
    city.roll_up()
    assert city.one("SELECT min(bucket) FROM observation_1h") == MIDNIGHT - 70 * DAY


@integration
def test_resolved_rejections_and_old_extents_go_open_ones_and_the_newest_stay(city: City) -> None:
    old, young = NOW - 61 * DAY, NOW - 59 * DAY
    for received, resolved in ((old, old), (old, None), (old, young), (young, young)):
        city.conn.execute(
            "INSERT INTO rejected_message (received_at, topic, payload, reason, detail, source, resolved_at)"
            " VALUES (%s, 't', 'x', 'not_json', '{}', 'test', %s)",
            (received, resolved),
        )
    for at in (old, old - DAY, old - 2 * DAY):
        city.conn.execute(
            "INSERT INTO flood_extent (thing_id, phenomenon_time, features, provenance)"
            " VALUES ('flood-tong-dan', %s, '[]', 'measured')",
            (at,),
        )
    said, done = city.retain(dry_run=True), city.retain()
    assert (said.rejections, said.domains["flood"].extents) == (1, 2)
    assert (done.rejections, done.domains["flood"].extents) == (1, 2)
    assert city.one("SELECT count(*) FROM rejected_message WHERE resolved_at IS NULL") == 1
    assert city.one("SELECT phenomenon_time FROM flood_extent") == old


class Archive:
    """Stands in for the Parquet files: it remembers what it was given, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.given: list[tuple[Path, list[int], datetime, datetime]] = []

    def __call__(
        self, conn: db.Connection, folder: Path, ids: Collection[int], start: datetime, end: datetime
    ) -> None:
        if self.fails:
            raise retention.NotArchived("no space left")
        self.given.append((folder, sorted(ids), start, end))


@integration
def test_what_is_to_be_archived_goes_only_after_it_was(city: City, tmp_path: Path) -> None:
    city.write(AIR, hourly(90, 50))
    city.write(RAIN, hourly(90, 50))
    city.roll_up()
    policies = Retention(
        default=SHORT, domains={"rain": Policy(raw=timedelta(60), archive=True, archive_folder=tmp_path)}
    )
    outcome = retain(city.conn, policies, NOW, archive=Archive(fails=True))
    assert city.raw(RAIN) == 40 * 24
    assert outcome.domains["rain"].kept[Kept.NOT_ARCHIVED] > 0
    archive = Archive()
    retain(city.conn, policies, NOW, archive=archive)
    assert (city.raw(RAIN), city.raw(AIR)) == (10 * 24, 10 * 24)
    assert {(folder, tuple(ids)) for folder, ids, _, _ in archive.given} == {(tmp_path, (city.ids[RAIN],))}
    spans = sorted((start, end) for _, _, start, end in archive.given)
    covered = spans[0][0]
    for start, end in spans:
        assert start <= covered
        covered = max(covered, end)
    assert (spans[0][0] <= MIDNIGHT - 90 * DAY, covered) == (True, MIDNIGHT - 60 * DAY)


@integration
def test_who_is_writing_to_an_old_chunk_goes_first(city: City, city_url: str) -> None:
    city.write(AIR, hourly(90, 50))
    city.write(RAIN, hourly(51, 50))
    city.roll_up()
    late = MIDNIGHT - 88 * DAY + timedelta(minutes=1)
    row = Observation(datastream_id=city.ids[RAIN], phenomenon_time=late, result_time=late, result=1.0)
    with db.connect(city_url, name="writer") as writer, writer.transaction():
        observations.write(writer, [row])
        outcome = city.retain()
        assert outcome.domains["air_quality"].kept[Kept.BUSY] > 0
        assert city.oldest(AIR) == MIDNIGHT - 90 * DAY
    city.roll_up()
    city.retain()
    assert (city.raw(AIR), city.raw(RAIN)) == (10 * 24, 24)


@integration
def test_the_apache_edition_does_not_compress(city: City) -> None:
    city.write(AIR, hourly(90, 50))
    assert city.retain(Policy(compress_after=timedelta(30))).chunks_compressed == []
