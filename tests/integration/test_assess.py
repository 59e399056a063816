"""The quality checks on a real database: the same flags however and whenever the values came."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.embedded.mosquitto import Mosquitto
from ingest.assess import Assessor
from ingest.quality import assess, is_neighbour, is_open
from storage import db, live, observations, quality, things
from storage.model import Observation, Provenance, Quality
from storage.quality import StoredValue, Stretch, Verdict
from storage.reference import Reference
from tests.processes import ingest_env, publish, running, wait_for

pytestmark = pytest.mark.integration

START = datetime(2026, 11, 21, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

CATALOG = """
[domain]
key = "noise"
name = { vi = "Tiếng ồn", en = "Noise" }
headline = "level"
map_kinds = ["microphone"]

[property.level]
name = { vi = "Mức ồn", en = "Sound level" }
unit = "dB[SPL]"
interval_s = 60
possible = [-100, 194]
plausible = [-50, 140]
checks = { spike = 3, step_per_min = 4, stuck = { for_min = 10, tolerance = 1, except = [0] } }

[property.unchecked]
name = { vi = "Khác", en = "Another" }
unit = "1"
interval_s = 60
possible = [-100, 100]
plausible = [-100, 100]
"""
INVENTORY = """
domain = "noise"

[[thing]]
id = "microphone"
kind = "microphone"
name = { vi = "Hồ Hoàn Kiếm", en = "Hoan Kiem Lake" }
properties = ["level", "unchecked"]
"""

Flags = dict[datetime, tuple[int, str | None]]


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "inventory").mkdir()
    (tmp_path / "catalog" / "noise.toml").write_text(CATALOG)
    (tmp_path / "inventory" / "noise.toml").write_text(INVENTORY)
    return Reference(catalog_folders=[tmp_path / "catalog"], inventory_folders=[tmp_path / "inventory"])


@pytest.fixture
def conn(database_url: str, reference: Reference) -> Iterator[db.Connection]:
    with db.connect(database_url, name="test", autocommit=True) as opened:
        things.sync(opened, reference.domains, reference.things)
        yield opened


def stream(conn: db.Connection, key: str = "level") -> int:
    return next(row.id for row in things.all_datastreams(conn) if row.property == key)


def value(
    datastream_id: int,
    minute: float,
    result: float,
    *,
    quality: Quality = Quality.GOOD,
    reason: str | None = None,
    provenance: Provenance = Provenance.MEASURED,
    made: int = 0,
) -> Observation:
    time = START + minute * MINUTE
    return Observation(
        datastream_id=datastream_id,
        phenomenon_time=time,
        result_time=time + timedelta(seconds=made),
        result=result,
        quality=quality,
        quality_reason=reason,
        provenance=provenance,
    )


def write(conn: db.Connection, values: Sequence[Observation]) -> None:
    with conn.transaction():
        observations.write(conn, values)


def write_series(conn: db.Connection, values: Sequence[float], first: int = 0) -> None:
    datastream_id = stream(conn)
    write(conn, [value(datastream_id, n, float(v)) for n, v in enumerate(values, start=first)])


def flags(conn: db.Connection) -> Flags:
    rows = observations.between(conn, [stream(conn)], START - MINUTE, START + timedelta(days=2))
    return {row.phenomenon_time: (row.quality, row.quality_reason) for row in rows}


def reasons(conn: db.Connection) -> dict[int, str]:
    """Minute → reason, of the values that have one."""
    return {(t - START) // MINUTE: reason for t, (_, reason) in flags(conn).items() if reason is not None}


def expected(values: Sequence[Observation], reference: Reference) -> Flags:
    """The flags of the whole series at once, in order of time."""
    checks = reference.domains["noise"].properties["level"].checks
    assert checks is not None
    ordered = sorted(values, key=lambda v: v.phenomenon_time)
    neighbours = [v for v in ordered if is_neighbour(v.quality, v.quality_reason, v.provenance)]
    found = assess([(v.phenomenon_time, v.result) for v in neighbours], checks)
    judged = {
        v.phenomenon_time: (int(Quality.SUSPECT), reason)
        for v, reason in zip(neighbours, found, strict=True)
        if reason and is_open(v.quality, v.quality_reason, v.provenance)
    }
    return {v.phenomenon_time: (int(v.quality), v.quality_reason) for v in ordered} | judged


def test_a_spike_is_marked_when_its_neighbour_arrives(conn: db.Connection, reference: Reference) -> None:
    assessor = Assessor(reference=reference)
    write_series(conn, [30, 31, 35])
    assert assessor.run(conn) == {}
    write_series(conn, [31, 30], first=3)
    assert assessor.run(conn) == {"spike": 1}
    assert flags(conn)[START + 2 * MINUTE] == (3, "spike")


def test_running_again_changes_nothing_and_tells_nobody(conn: db.Connection, reference: Reference) -> None:
    write_series(conn, [30, 31, 60, 31, 30])
    Assessor(reference=reference).run(conn)
    before, here = flags(conn), live.here(conn)
    assert Assessor(reference=reference).run(conn) == {}
    assert flags(conn) == before
    assert live.changes_after(conn, here) == []


def test_a_check_s_own_change_is_not_looked_at_again(
    conn: db.Connection, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it make another one: two that work in turn come to an end."""
    asked: list[int] = []
    stretches = quality.stretches

    def counted(conn: db.Connection, wanted: Sequence[Stretch]) -> list[list[StoredValue]]:
        asked.append(len(wanted))
        return stretches(conn, wanted)

    monkeypatch.setattr(quality, "stretches", counted)
    write_series(conn, [30, 31, 35, 31, 30])
    one, other = Assessor(reference=reference), Assessor(reference=reference)
    assert one.run(conn) == {"spike": 1}
    assert sum(asked) == 1
    here = live.here(conn)
    assert other.run(conn) == one.run(conn) == {}
    assert live.changes_after(conn, here) == []


def test_the_change_of_quality_is_in_the_feed(conn: db.Connection, reference: Reference) -> None:
    write_series(conn, [30, 31, 35, 31, 30])
    here = live.here(conn)
    Assessor(reference=reference).run(conn)
    keys = [key for change in live.changes_after(conn, here) for key in change.keys]
    assert keys == [(stream(conn), START + 2 * MINUTE)]


def test_a_late_neighbour_gives_a_value_its_good_name_back(conn: db.Connection, reference: Reference) -> None:
    datastream_id = stream(conn)
    assessor = Assessor(reference=reference)
    write(conn, [value(datastream_id, n, v) for n, v in ((0, 30.0), (2, 38.0), (4, 38.0))])
    assert assessor.run(conn) == {"spike": 1}
    write(conn, [value(datastream_id, n, v) for n, v in ((1, 34.0), (3, 38.0))])
    assert assessor.run(conn) == {"passed": 1}
    assert set(flags(conn).values()) == {(1, None)}


def test_a_corrected_value_is_judged_anew(conn: db.Connection, reference: Reference) -> None:
    write_series(conn, [30, 31, 60, 31, 30])
    assessor = Assessor(reference=reference)
    assessor.run(conn)
    assert set(reasons(conn)) == {1, 2, 3}
    write(conn, [value(stream(conn), 2, 31.5, made=60)])
    assert assessor.run(conn) == {"passed": 2}
    assert reasons(conn) == {}


def test_a_value_that_breaks_a_flat_stretch_late_frees_what_follows(
    conn: db.Connection, reference: Reference
) -> None:
    write_series(conn, [30.0] * 20 + [33.0] + [30.0] * 11)
    datastream_id = stream(conn)
    assessor = Assessor(reference=reference)
    assessor.run(conn)
    assert reasons(conn) == dict.fromkeys([*range(10, 20), 31], "stuck")
    write(conn, [value(datastream_id, 9.5, 32.0)])
    assessor.run(conn)
    assert reasons(conn) == {31: "stuck"}


def test_a_gap_that_is_filled_late_makes_one_stretch_of_two(
    conn: db.Connection, reference: Reference
) -> None:
    datastream_id = stream(conn)
    assessor = Assessor(reference=reference)
    write(conn, [value(datastream_id, n, 30.0) for n in range(14) if n not in (5, 6, 7)])
    assessor.run(conn)
    assert reasons(conn) == {}
    write(conn, [value(datastream_id, 6, 30.0)])
    assessor.run(conn)
    assert reasons(conn) == {10: "stuck", 11: "stuck", 12: "stuck", 13: "stuck"}


def test_what_others_said_stays(conn: db.Connection, reference: Reference) -> None:
    """A fault is no neighbour, so the lone 60 beside it is still seen between the values around them."""
    datastream_id = stream(conn)
    flagged = [
        value(datastream_id, 0, 30.0),
        value(datastream_id, 1, 90.0, quality=Quality.FAIL, reason="fault"),
        value(datastream_id, 2, 60.0, quality=Quality.SUSPECT, reason="estimated"),
        value(datastream_id, 3, 30.0),
    ]
    write(conn, flagged)
    Assessor(reference=reference).run(conn)
    assert reasons(conn) == {1: "fault", 2: "estimated", 3: "step"}


def test_other_datastreams_are_left_alone(conn: db.Connection, reference: Reference) -> None:
    unchecked = stream(conn, "unchecked")
    write(conn, [value(unchecked, n, v) for n, v in enumerate((0.0, 90.0, 0.0))])
    assert Assessor(reference=reference).run(conn) == {}


def test_a_datastream_made_later_is_found(conn: db.Connection, reference: Reference) -> None:
    assessor = Assessor(reference=reference)
    write_series(conn, [30])
    assessor.run(conn)
    conn.execute(
        "INSERT INTO thing (id, domain, kind, name_vi, name_en) VALUES ('new', 'noise', 'm', 'x', 'x')"
    )
    new = things.ensure_datastream(conn, "new", reference.domains["noise"].properties["level"])
    write(conn, [value(new, n, v) for n, v in enumerate((30.0, 31.0, 35.0, 31.0, 30.0))])
    assert assessor.run(conn) == {"spike": 1}


def test_a_value_that_was_corrected_meanwhile_is_not_judged(
    conn: db.Connection, reference: Reference
) -> None:
    write_series(conn, [30, 31, 35, 31, 30])
    at = START + 2 * MINUTE
    seen = StoredValue(at, at, 34.0, 1, None, "measured")
    verdict = Verdict(datastream_id=stream(conn), seen=seen, quality=Quality.SUSPECT, quality_reason="spike")
    with conn.transaction():
        assert quality.judge(conn, [verdict]) is None
    assert reasons(conn) == {}


def test_a_worker_that_dies_half_way_leaves_the_work_to_the_next(
    conn: db.Connection, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is lost after the verdicts were written: nothing of the round counts."""
    write_series(conn, [30, 31, 35, 31, 30])
    judge = quality.judge

    def dies(lost: db.Connection, verdicts: Sequence[Verdict]) -> None:
        judge(lost, verdicts)
        raise db.DatabaseUnreachable("gone")

    monkeypatch.setattr(quality, "judge", dies)
    with pytest.raises(db.DatabaseUnreachable, match="gone"):
        Assessor(reference=reference).run(conn)
    monkeypatch.setattr(quality, "judge", judge)
    assert reasons(conn) == {}
    assert Assessor(reference=reference).run(conn) == {"spike": 1}


SEGMENTS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 5.0, 5.0, 9.0, 14.0]),
        st.sampled_from(["still", "still", "nearly still", "noise"]),
        st.integers(1, 24),
    ),
    min_size=1,
    max_size=5,
)
FLAGGED = {"fault": Quality.FAIL, "estimated": Quality.SUSPECT, "implausible": Quality.SUSPECT}


def history(segments: Sequence[tuple[float, str, int]], chance: Random) -> list[Observation]:
    """Stretches that stand still, nearly do or don't, with gaps and with values that somebody else has flagged."""
    final: list[Observation] = []
    minute = 0.0
    for base, kind, length in segments:
        for _ in range(length):
            minute += chance.choice([1] * 20 + [0.5, 2, 3, 3.5])
            said = chance.choice([None] * 20 + ["fault", "estimated", "implausible", "forecast"])
            wobble = {"still": 0, "nearly still": 1, "noise": 5}[kind]
            final.append(
                value(
                    1,
                    minute,
                    base + chance.randint(0, wobble),
                    quality=FLAGGED.get(said or "", Quality.GOOD),
                    reason=said if said in FLAGGED else None,
                    provenance=Provenance.FORECAST if said == "forecast" else Provenance.MEASURED,
                    made=10,
                )
            )
    return final


def arrivals(final: Sequence[Observation], chance: Random) -> Iterator[list[Observation]]:
    """The same in batches: shuffled here and there or everywhere, some twice, some with another value before."""
    came: list[tuple[float, Observation]] = []
    far = chance.choice([0, 5, len(final)])
    for n, v in enumerate(final):
        place = n + chance.uniform(0, far)
        came.append((place, v))
        if chance.random() < 0.1:
            came.append((n + chance.uniform(0, len(final)), v))
        if chance.random() < 0.1:
            before = {"result": v.result + 4, "result_time": v.phenomenon_time, "quality": Quality.GOOD}
            wrong = msgspec.structs.replace(v, **before, quality_reason=None)
            came.append((n + chance.uniform(0, len(final)), wrong))
    rest = [v for _, v in sorted(came, key=lambda pair: pair[0])]
    while rest:
        size = chance.choice([1, 1, 5, 30])
        yield rest[:size]
        rest = rest[size:]


@given(segments=SEGMENTS, seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_order_of_arrival_does_not_matter(
    conn: db.Connection, reference: Reference, segments: list[tuple[float, str, int]], seed: int
) -> None:
    chance = Random(seed)
    final = history(segments, chance)
    conn.execute("TRUNCATE observation, observation_superseded, observation_change, feed_cursor")
    assessor = Assessor(reference=reference)
    datastream_id = stream(conn)
    for batch in arrivals(final, chance):
        write(conn, [msgspec.structs.replace(v, datastream_id=datastream_id) for v in batch])
        if chance.random() < 0.5:
            assessor.run(conn)
    assessor.run(conn)
    assert flags(conn) == expected(final, reference)


def test_ingest_marks_a_spike_that_came_by_mqtt_and_counts_it(
    city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    env = ingest_env(city_url, broker.url("ingest"))
    bind = env["HANOI_INGEST_BIND"]
    now = datetime.now(UTC).replace(microsecond=0)
    sent = [
        ({"time": (now - timedelta(minutes=5 * n)).isoformat(), "results": {"pm2_5": pm}})
        for n, pm in ((4, 30.0), (3, 31.0), (2, 150.0), (1, 30.0), (0, 31.0))
    ]
    topic = "hanoi/v1/air_quality/trung-yen-3/observations"
    with ExitStack() as stack:
        conn = stack.enter_context(db.connect(city_url, name="test", autocommit=True))
        pm = next(
            row.id
            for row in things.all_datastreams(conn)
            if (row.thing_id, row.property) == ("trung-yen-3", "pm2_5")
        )

        def marked() -> list[tuple[float, str | None]]:
            rows = observations.between(conn, [pm], now - timedelta(hours=1), now + MINUTE)
            return [(row.result, row.quality_reason) for row in rows if row.quality == Quality.SUSPECT]

        stack.enter_context(running("hanoi-ingest", env=env, bind=bind, folder=tmp_path))
        publish(broker.url("publisher"), [(topic, msgspec.json.encode(element)) for element in sent])
        wait_for(lambda: marked() == [(150.0, "spike")], "the spike is marked")
        text = httpx.get(f"http://{bind}/metrics").text
    counted = Counter(line for line in text.splitlines() if line.startswith("hanoi_ingest_assessed_total"))
    assert 'hanoi_ingest_assessed_total{reason="spike"} 1.0' in counted
