"""Retention in TimescaleDB's community edition: old chunks are compressed, and what is deleted leaves its rollups."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage import db, retention
from storage.migrate import migrate
from storage.retention import retain
from storage.retention_policy import Policy, Retention
from tests import community
from tests.storage.rollup_oracle import Stream, make_streams, refresh_all
from tests.storage.test_community_edition import insert, value

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def conn() -> Iterator[db.Connection]:
    try:
        with community.server() as url:
            migrate(url)
            with db.connect(url, name="test", autocommit=True) as opened:
                opened.prepare_threshold = None  # there they outlive the connection
                yield opened
    except community.NotHere as error:
        pytest.skip(str(error))


def rows(conn: db.Connection, view: str) -> list[tuple[Any, ...]]:
    statement = f"SELECT * FROM {view} ORDER BY datastream_id, bucket"  # noqa: S608
    return [tuple(row.values()) for row in conn.execute(statement)]  # type: ignore[arg-type]  # statements are the test's own, not literals


def oldest(conn: db.Connection, stream: Stream) -> datetime:
    statement = "SELECT min(phenomenon_time) AS oldest FROM observation WHERE datastream_id = %s"
    row = conn.execute(statement, (stream.id,)).fetchone()
    assert row is not None
    found: datetime = row["oldest"]
    return found


def test_chunks_are_compressed_and_raw_values_go_out_of_them_with_the_rollups_as_they_were(
    conn: db.Connection,
) -> None:
    kept, short = make_streams(conn, False, False)
    conn.execute(
        "INSERT INTO thing (id, domain, kind, name_vi, name_en) VALUES ('gauge', 'keeps', 'gauge', 'Trạm', 'Gauge')"
    )
    conn.execute("UPDATE datastream SET thing_id = 'gauge' WHERE id = %s", (kept.id,))
    start = MIDNIGHT - 56 * DAY
    for stream in (kept, short):
        insert(conn, [value(stream, start + n * 3 * HOUR, 10.0 + n % 11) for n in range(22 * 8)])
    refresh_all(conn, NOW)

    compressing = Retention(default=Policy(compress_after=timedelta(30)))
    said = retain(conn, compressing, NOW, dry_run=True)
    done = retain(conn, compressing, NOW)
    assert said.chunks_compressed == done.chunks_compressed
    assert len(done.chunks_compressed) >= 3
    assert retain(conn, compressing, NOW).chunks_compressed == []
    late = MIDNIGHT - 45 * DAY + timedelta(minutes=7)
    insert(conn, [value(kept, late, 77.0)])  # into a chunk that is compressed
    refresh_all(conn, NOW)
    assert len(retain(conn, compressing, NOW).chunks_compressed) == 1
    days, hours = rows(conn, "observation_1d"), rows(conn, "observation_1h")
    assert 77.0 in {row[5] for row in days}

    one = Retention(default=Policy(raw=timedelta(40)), domains={"keeps": Policy()})
    outcome = retain(conn, one, NOW)
    (found,) = [domain for domain in outcome.domains.values() if domain.raw_rows]
    assert found.raw_rows == 16 * 8
    assert (oldest(conn, kept), oldest(conn, short)) == (start, MIDNIGHT - 40 * DAY)
    refresh_all(conn, NOW)
    assert (rows(conn, "observation_1d"), rows(conn, "observation_1h")) == (days, hours)

    outcome = retain(conn, Retention(default=Policy(raw=timedelta(40))), NOW)
    assert len(outcome.chunks_dropped) >= 1
    assert oldest(conn, kept) == MIDNIGHT - 40 * DAY
    refresh_all(conn, NOW)
    assert (rows(conn, "observation_1d"), rows(conn, "observation_1h")) == (days, hours)
    assert retention.is_community(conn)
