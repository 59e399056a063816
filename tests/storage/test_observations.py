"""Promise 2 of the design: twice is once, and a correction keeps what it replaced."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import db, derived, incoming, live, observations
from storage.model import Observation, Provenance, Quality
from storage.observations import WriteCounts

pytestmark = pytest.mark.integration

T0 = datetime(2026, 11, 22, 3, tzinfo=UTC)


def seen(result: float, *, later_s: int = 0, stream: int = 1, minute: int = 0) -> Observation:
    time = T0 + timedelta(minutes=minute)
    return Observation(
        datastream_id=stream,
        phenomenon_time=time,
        result_time=time + timedelta(seconds=later_s),
        result=result,
    )


def write(url: str, *batch: Observation, expect_new: bool = True) -> WriteCounts:
    with db.connect(url, name="test") as conn:
        return observations.write(conn, batch, expect_new=expect_new)


def current(url: str) -> list[tuple[datetime, float]]:
    with db.connect(url, name="test") as conn:
        values = observations.between(conn, [1], T0 - timedelta(days=9), T0 + timedelta(days=9))
    return [(v.result_time, v.result) for v in values]


def set_aside(url: str) -> list[float]:
    with db.connect(url, name="test") as conn:
        rows = conn.execute("SELECT result FROM observation_superseded ORDER BY result").fetchall()
    return [row["result"] for row in rows]


@pytest.mark.parametrize("expect_new", [True, False])
def test_a_redelivered_batch_changes_nothing(database_url: str, expect_new: bool) -> None:
    batch = [seen(1.0), seen(2.0, minute=1), seen(3.0, stream=2)]
    assert write(database_url, *batch, expect_new=expect_new) == WriteCounts(written=3)
    assert write(database_url, *batch, expect_new=expect_new) == WriteCounts(duplicate=3)
    assert current(database_url) == [(T0, 1.0), (T0 + timedelta(minutes=1), 2.0)]
    assert set_aside(database_url) == []


def test_the_newest_result_time_wins_and_the_old_value_is_kept(database_url: str) -> None:
    write(database_url, seen(1.0))
    assert write(database_url, seen(5.0, later_s=60)) == WriteCounts(corrected=1)
    assert current(database_url) == [(T0 + timedelta(seconds=60), 5.0)]
    assert set_aside(database_url) == [1.0]


def test_an_older_result_that_comes_late_is_set_aside(database_url: str) -> None:
    write(database_url, seen(5.0, later_s=60))
    assert write(database_url, seen(1.0)) == WriteCounts(outdated=1)
    assert current(database_url) == [(T0 + timedelta(seconds=60), 5.0)]
    assert set_aside(database_url) == [1.0]
    assert write(database_url, seen(1.0)) == WriteCounts(duplicate=1)


def test_at_equal_result_time_the_later_arrival_wins(database_url: str) -> None:
    write(database_url, seen(1.0))
    assert write(database_url, seen(2.0)) == WriteCounts(corrected=1)
    assert current(database_url) == [(T0, 2.0)]


def test_a_redelivery_of_the_replaced_value_does_not_bring_it_back(database_url: str) -> None:
    write(database_url, seen(1.0))
    write(database_url, seen(2.0))
    assert write(database_url, seen(1.0)) == WriteCounts(duplicate=1)
    assert current(database_url) == [(T0, 2.0)]


def test_versions_of_one_key_in_one_batch_keep_their_order(database_url: str) -> None:
    counts = write(database_url, seen(1.0), seen(2.0), seen(3.0, later_s=9), seen(2.5, later_s=5), seen(1.0))
    assert counts == WriteCounts(written=1, corrected=2, outdated=1, duplicate=1)
    assert current(database_url) == [(T0 + timedelta(seconds=9), 3.0)]
    assert set_aside(database_url) == [1.0, 2.0, 2.5]


def test_every_field_comes_back_as_it_was_written(database_url: str) -> None:
    time = datetime(2017, 3, 12, 2, 59, 59, 123456, tzinfo=UTC)
    write(
        database_url,
        Observation(
            datastream_id=1,
            phenomenon_time=time,
            result_time=time + timedelta(microseconds=1),
            result=-0.8,
            quality=Quality.SUSPECT,
            quality_reason="implausible",
            provenance=Provenance.DERIVED,
            input_provenance=Provenance.REPLAYED,
        ),
    )
    with db.connect(database_url, name="test") as conn:
        (value,) = observations.raw(conn, 1, time, time + timedelta(seconds=1), 10)
    assert (value.phenomenon_time, value.result_time) == (time, time + timedelta(microseconds=1))
    assert (value.result, value.quality, value.quality_reason) == (-0.8, 3, "implausible")
    assert (value.provenance, value.input_provenance) == ("derived", "replayed")


def test_the_feed_tells_what_changed_and_only_that(database_url: str) -> None:
    with db.connect(database_url, name="test", autocommit=True) as conn:
        start = live.here(conn)
        write(database_url, seen(1.0), seen(2.0, minute=1))
        write(database_url, seen(1.0), seen(2.5, minute=1, later_s=1))
        write(database_url, seen(1.0))
        first, second = live.changes_after(conn, start)
    assert first.keys == ((1, T0), (1, T0 + timedelta(minutes=1)))
    assert second.keys == ((1, T0 + timedelta(minutes=1)),)


def test_the_feed_skips_no_batch_that_commits_out_of_order(database_url: str) -> None:
    with (
        db.connect(database_url, name="slow") as slow,
        db.connect(database_url, name="quick") as quick,
        db.connect(database_url, name="reader", autocommit=True) as reader,
    ):
        start = live.here(reader)
        observations.write(slow, [seen(1.0)])
        observations.write(quick, [seen(2.0, minute=1)])
        quick.commit()
        assert live.changes_after(reader, start) == []
        slow.commit()
        keys = [change.keys for change in live.changes_after(reader, start)]
    assert keys == [((1, T0),), ((1, T0 + timedelta(minutes=1)),)]


def test_a_reader_of_the_feed_holds_so_many_keys_at_a_time_and_skips_none(database_url: str) -> None:
    with db.connect(database_url, name="test", autocommit=True) as conn:
        position = live.here(conn)
        for first in range(0, 40, 10):
            write(database_url, *(seen(1.0, minute=first + n) for n in range(10)))
        write(database_url, *(seen(1.0, minute=100 + n) for n in range(incoming.CHANGE_KEYS + 1)))
        pages = []
        while changes := live.changes_after(conn, position, keys=20):
            position = changes[-1].position
            pages.append([time for change in changes for _, time in change.keys])
        assert [len(page) for page in pages] == [20, 20, incoming.CHANGE_KEYS, 1]
        assert len(live.changes_after(conn, live.Position(), batches=3)) == 3
    assert len({time for page in pages for time in page}) == 40 + incoming.CHANGE_KEYS + 1


def test_a_durable_reader_that_fails_gets_the_same_changes_again(database_url: str) -> None:
    write(database_url, seen(1.0))
    with db.connect(database_url, name="test", autocommit=True) as conn:
        with pytest.raises(RuntimeError, match="worker died"), live.next_changes(conn, "derive"):
            raise RuntimeError("worker died")
        with live.next_changes(conn, "derive") as changes:
            assert [change.keys for change in changes] == [((1, T0),)]
        with live.next_changes(conn, "derive") as changes:
            assert changes == []


VERSIONS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([0, 5, 9]), st.sampled_from([1.0, 2.0, 3.0])), max_size=12
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=VERSIONS, batch=VERSIONS)
def test_a_batch_leads_to_what_one_after_the_other_leads_to(
    database_url: str, before: list[tuple[int, int, float]], batch: list[tuple[int, int, float]]
) -> None:
    def run(parts: list[list[Observation]]) -> tuple[object, object, WriteCounts]:
        counts = WriteCounts()
        for part in parts:
            counts += write(database_url, *part, expect_new=False)
        with db.connect(database_url, name="test") as conn:
            state = conn.execute(
                "SELECT datastream_id, result_time, result FROM observation ORDER BY 1, 2, 3"
            ).fetchall()
            aside = conn.execute(
                "SELECT datastream_id, result_time, result FROM observation_superseded ORDER BY 1, 2, 3"
            ).fetchall()
            conn.execute("TRUNCATE observation, observation_superseded")
        return state, aside, counts

    def versions(of: list[tuple[int, int, float]]) -> list[Observation]:
        return [seen(result, stream=1 + stream, later_s=later) for stream, later, result in of]

    one_by_one = run([[version] for version in versions(before + batch)])
    together = run([versions(before), versions(batch)])
    assert together == one_by_one


def test_a_key_that_stands_thousands_of_times_in_a_batch_is_folded(database_url: str) -> None:
    many = [seen(float(n % 7), later_s=n) for n in range(5000)]
    counts = write(database_url, *many)
    assert counts == WriteCounts(written=1, corrected=4999)
    assert current(database_url) == [(T0 + timedelta(seconds=4999), float(4999 % 7))]
    assert len(set_aside(database_url)) == 4999


@pytest.mark.parametrize(("flag", "quality"), [("fault", 4), ("calibrating", 4), ("estimated", 3)])
def test_a_value_sent_again_with_a_flag_gets_its_quality(database_url: str, flag: str, quality: int) -> None:
    write(database_url, seen(1.0))
    flagged = msgspec.structs.replace(seen(1.0), quality=Quality(quality), quality_reason=flag)
    assert write(database_url, flagged) == WriteCounts(corrected=1)
    with db.connect(database_url, name="test") as conn:
        row = conn.execute("SELECT quality, quality_reason FROM observation").fetchone()
    assert row == {"quality": quality, "quality_reason": flag}
    assert write(database_url, seen(1.0)) == WriteCounts(duplicate=1), (
        "a redelivery of the first takes it back"
    )
    with db.connect(database_url, name="test") as conn:
        row = conn.execute("SELECT quality, quality_reason FROM observation").fetchone()
    assert row == {"quality": quality, "quality_reason": flag}


def test_at_equal_result_time_what_arrived_earlier_loses_though_it_is_written_later(
    database_url: str,
) -> None:
    write(database_url, seen(22.0))
    early = msgspec.structs.replace(seen(11.0), arrived=datetime.now(UTC) - timedelta(minutes=1))
    assert write(database_url, early, expect_new=False) == WriteCounts(outdated=1)
    assert current(database_url) == [(T0, 22.0)]
    assert set_aside(database_url) == [11.0]
    late = msgspec.structs.replace(seen(33.0), arrived=datetime.now(UTC) + timedelta(minutes=1))
    assert write(database_url, late, expect_new=False) == WriteCounts(corrected=1)
    assert current(database_url) == [(T0, 33.0)]


DAY = timedelta(days=1)


def aged(conn: db.Connection, **days: float) -> None:
    """Batches m0, m1, … of the minutes 0, 1, … were committed so many days ago."""
    for minute, ago in enumerate(days.values()):
        conn.execute(
            "UPDATE observation_change SET committed_at = %s WHERE phenomenon_time = ARRAY[%s]::timestamptz[]",
            (T0 - ago * DAY, T0 + timedelta(minutes=minute)),
        )


def times(changes: list[live.Change]) -> list[int]:
    return [(time - T0) // timedelta(minutes=1) for change in changes for _, time in change.keys]


def prune(conn: db.Connection) -> int:
    return live.forget(conn, T0 - 3 * DAY, T0 - 14 * DAY)


def test_the_feed_keeps_what_a_durable_reader_has_not_read(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    for minute in range(4):
        write(database_url, seen(1.0, minute=minute))
    with db.connect(database_url, name="test", autocommit=True) as conn:
        aged(conn, m0=9, m1=8, m2=7, m3=1)
        with live.next_changes(conn, "quick"):
            pass
        with live.next_changes(conn, "slow", batches=2):
            pass
        derived.followed_to(conn, T0)  # a clock, which is no place in the feed
        assert prune(conn) == 2
        assert times(live.changes_after(conn, live.Position())) == [2, 3]
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert f"feed_reader_behind reader=slow since={(T0 - 7 * DAY).isoformat()}" in caplog.text
        caplog.clear()
        with live.next_changes(conn, "slow") as changes:
            assert times(changes) == [2, 3]
        assert prune(conn) == 1
        assert times(live.changes_after(conn, live.Position())) == [3]
        assert caplog.records == []


def test_what_nobody_has_read_for_two_weeks_goes_and_is_named(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    for minute in range(4):
        write(database_url, seen(1.0, minute=minute))
    with db.connect(database_url, name="test", autocommit=True) as conn:
        aged(conn, m0=20, m1=16, m2=15, m3=13)
        with live.next_changes(conn, "derive", batches=1):
            pass
        assert prune(conn) == 3
        lost = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        first, last = (T0 + timedelta(minutes=minute) for minute in (1, 2))
        assert lost == [
            f"feed_reader_lost reader=derive from={first.isoformat()} to={last.isoformat()} changes=2"
        ]
        with live.next_changes(conn, "derive") as changes:
            assert times(changes) == [3]


def test_a_reader_that_was_never_seen_keeps_nothing(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(database_url, seen(1.0))
    with db.connect(database_url, name="test", autocommit=True) as conn:
        aged(conn, m0=4)
        assert prune(conn) == 1
    assert caplog.records == []
