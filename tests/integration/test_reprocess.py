"""What was refused is stored after all when the cause is mended: once, whoever asks and however it is interrupted."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from ingest import known
from ingest.claiming import Device, Who, claim
from ingest.model import Reason
from ingest.reprocess import stragglers
from ingest.sources import Sources
from storage import db
from storage.rejections import Selection
from tests.integration.rejecting import (
    LATER,
    T0,
    Worker,
    native,
    open_reasons,
    rows,
    topic,
    values,
    worker,
)
from tests.processes import BIN, start, wait_for

pytestmark = pytest.mark.integration

STATION = "trung-yen-3"
WHO = Who(name="lan", where="test")
BENZENE = """
[property.benzene]
name = { vi = "Benzen", en = "Benzene" }
unit = "ug/m3"
interval_s = 60
possible = [0, 1000]
plausible = [0, 100]
"""
EVERYTHING = "SELECT * FROM {} ORDER BY 1, 2"
TABLES = ("rejected_message", "observation", "observation_superseded", "thing_sequence", "datastream")


def claim_as(made: Worker, device: str, thing: str, source: str = "mqtt") -> None:
    with made.registry.pool.connection() as conn:
        claim(
            conn,
            Device(source=source, device=device),
            thing,
            domains=made.registry.reference.domains,
            sources=made.sources,
            who=WHO,
            now=T0 + timedelta(hours=1),
        )


def everything(url: str) -> list[object]:
    return [rows(url, EVERYTHING.format(table)) for table in TABLES]


def test_messages_of_a_claimed_device_are_stored_and_resolved(city_url: str) -> None:
    with worker(city_url) as made:
        for minute in range(5):
            made.take(topic("air_quality", "station-x"), native(minute, pm2_5=30.0 + minute, pm10=50))
        assert values(city_url, STATION, "pm2_5") == []
        claim_as(made, "station-x", STATION)
        done = made.reprocessing().run(Selection(device="station-x"))
    assert (done.total.messages, done.total.resolved, done.counts.written) == (5, 5, 10)
    assert values(city_url, STATION, "pm2_5") == [30.0, 31.0, 32.0, 33.0, 34.0]
    assert open_reasons(city_url) == []
    (counted,) = rows(city_url, "SELECT received::text FROM thing_sequence")
    assert counted["received"] == "{[0,5)}"


def test_a_resolved_rejection_keeps_its_bytes_and_what_was_wrong(city_url: str) -> None:
    with worker(city_url) as made:
        made.take(topic("air_quality", "station-x"), native(1, pm2_5=30))
        (before,) = rows(city_url, "SELECT payload, detail, received_at FROM rejected_message")
        claim_as(made, "station-x", STATION)
        made.reprocessing().run(Selection(reason="unknown_thing"))
    (after,) = rows(city_url, "SELECT payload, detail, received_at, resolved_at FROM rejected_message")
    assert after.pop("resolved_at") == LATER
    assert after == before


def test_running_it_twice_changes_nothing(city_url: str) -> None:
    with worker(city_url) as made:
        for minute in range(4):
            made.take(topic("air_quality", "station-x"), native(minute, pm2_5=30, pm9=1))
        made.take(topic("air_quality", STATION), b"{")
        claim_as(made, "station-x", STATION)
        made.reprocessing().run(Selection())
        once = everything(city_url)
        again = made.reprocessing().run(Selection())
    assert everything(city_url) == once
    assert again.counts.written == 0


def test_what_is_still_wrong_stays_open_and_says_what_it_is_now(city_url: str) -> None:
    with worker(city_url) as made:
        made.take(topic("air_quality", "station-x"), native(1, pm2_5=30, pm9=1))
        claim_as(made, "station-x", STATION)
        done = made.reprocessing().run(Selection(reason="unknown_thing"))
    tally = done.by_reason["unknown_thing"]
    assert (tally.messages, tally.resolved, tally.still_open, tally.observations) == (1, 0, 1, 1)
    assert values(city_url, STATION, "pm2_5") == [30]
    (row,) = rows(city_url, "SELECT reason, detail, unknown_devices, resolved_at FROM rejected_message")
    assert (row["reason"], row["unknown_devices"], row["resolved_at"]) == ("unknown_property", None, None)
    assert [fault["path"] for fault in row["detail"]["faults"]] == ["$.results.pm9"]
    assert row["detail"]["stored"] == 1


def test_a_property_that_the_catalogue_learns_is_stored_with_a_new_datastream(
    city_url: str, tmp_path: Path
) -> None:
    with worker(city_url) as made:
        made.take(topic("air_quality", STATION), native(1, pm2_5=30, benzene=2.5))
    (tmp_path / "_more.toml").write_text(BENZENE, "utf-8")
    with worker(city_url, folders=[tmp_path]) as made:
        dry = made.reprocessing(dry_run=True).run(Selection(reason="unknown_property"))
        assert (dry.total.resolved, dry.total.observations) == (1, 2)
        assert open_reasons(city_url) == ["unknown_property"]
        assert rows(city_url, "SELECT 1 FROM datastream WHERE property = 'benzene'") == []
        done = made.reprocessing().run(Selection(reason="unknown_property"))
    assert (done.total.resolved, done.counts.written, done.counts.duplicate) == (1, 1, 1)
    assert values(city_url, STATION, "benzene") == [2.5]


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(reason="not_json"), 1),
        (Selection(reason="unknown_thing"), 3),
        (Selection(device="a"), 2),
        (Selection(device="b", source="mqtt"), 1),
        (Selection(source="lorawan"), 0),
        (Selection(since=T0 + timedelta(minutes=2)), 2),
        (Selection(until=T0 + timedelta(minutes=2)), 2),
        (Selection(since=T0 + timedelta(minutes=1), until=T0 + timedelta(minutes=2)), 1),
        (Selection(topic_pattern="^hanoi/v1/rain/[^/]*/observations$"), 1),
        (Selection(), 4),
    ],
)
def test_only_what_the_selection_says_is_taken(city_url: str, selection: Selection, taken: int) -> None:
    with worker(city_url) as made:
        made.take(topic("air_quality", "a"), native(0, pm2_5=1), T0)
        made.take(topic("rain", "b"), native(0, rain_interval=1), T0 + timedelta(minutes=1))
        made.take(topic("air_quality", STATION), b"{", T0 + timedelta(minutes=2))
        made.take(topic("air_quality", "a"), native(1, pm2_5=1), T0 + timedelta(minutes=3))
        assert made.reprocessing(dry_run=True).run(selection).total.messages == taken


def test_the_time_of_arrival_that_counts_is_the_first(city_url: str) -> None:
    """Its time was too far ahead when it came; that it has passed by now does not make it right."""
    with worker(city_url) as made:
        made.take(topic("air_quality", STATION), native(120, pm2_5=30), T0)
        done = made.reprocessing().run(Selection())
    assert (done.total.still_open, open_reasons(city_url)) == (1, ["time_out_of_range"])


def test_an_old_status_does_not_replace_a_newer_one(city_url: str) -> None:
    with worker(city_url) as made:
        made.take("hanoi/v1/rain/gauge-x/status", b"offline", T0)
        made.take("hanoi/v1/rain/rain-hoan-kiem/status", b"online", T0 + timedelta(minutes=5))
        claim_as(made, "gauge-x", "rain-hoan-kiem")
        done = made.reprocessing().run(Selection())
    assert done.total.resolved == 1
    (status,) = rows(city_url, "SELECT online, received_at FROM thing_status")
    assert status == {"online": True, "received_at": T0 + timedelta(minutes=5)}


def test_a_row_that_the_database_refuses_does_not_stop_the_others(city_url: str) -> None:
    with worker(city_url) as made:
        for minute in range(3):
            made.take(topic("air_quality", "station-x"), native(minute, pm2_5=30 + minute))
        with db.connect(city_url, name="test") as conn:
            conn.execute("ALTER TABLE observation ADD CHECK (result <> 31)")
        claim_as(made, "station-x", STATION)
        done = made.reprocessing().run(Selection())
    assert values(city_url, STATION, "pm2_5") == [30, 32]
    assert done.total.resolved == 2
    assert open_reasons(city_url) == ["refused_by_database"]


def test_rows_of_a_source_that_is_not_configured_are_left_alone(city_url: str) -> None:
    with worker(city_url) as made:
        made.take(topic("air_quality", "a"), native(0, pm2_5=1))
        with db.connect(city_url, name="test") as conn:
            conn.execute("UPDATE rejected_message SET source = 'lorawan'")
        before = everything(city_url)
        done = made.reprocessing().run(Selection())
    assert (done.total.skipped, done.missing_sources) == (1, {"lorawan"})
    assert everything(city_url) == before


def test_what_another_run_works_on_is_left_to_it(city_url: str) -> None:
    with worker(city_url) as made:
        for minute in range(3):
            made.take(topic("air_quality", "station-x"), native(minute, pm2_5=30))
        claim_as(made, "station-x", STATION)
        with db.connect(city_url, name="test") as other:
            other.execute("SELECT id FROM rejected_message ORDER BY received_at, id LIMIT 1 FOR UPDATE")
            done = made.reprocessing().run(Selection())
        assert done.total.resolved == 2
        assert made.reprocessing().run(Selection()).total.resolved == 1


def test_a_run_in_parts_does_what_one_run_does(city_url: str) -> None:
    with worker(city_url) as made:
        for minute in range(450):
            made.take(
                topic("air_quality", "station-x"), native(minute % 60, pm2_5=30), T0 + timedelta(hours=1)
            )
        claim_as(made, "station-x", STATION)
        parts, after = [], None
        while not parts or after is not None:
            part = made.reprocessing().run(Selection(), after=after, most=100)
            parts.append(part.total.messages)
            after = part.after
    assert (sum(parts), len(parts)) == (450, 3)
    assert open_reasons(city_url) == []
    assert len(values(city_url, STATION, "pm2_5")) == 60


def test_a_worker_that_knew_of_a_claim_too_late_is_made_good(city_url: str) -> None:
    """Its Known is as old as it was before the claim, and so is what it refused."""
    with worker(city_url) as late, worker(city_url) as made:
        claim_as(made, "station-x", STATION)
        late.take(topic("air_quality", "station-x"), native(1, pm2_5=30))
        reprocessing = made.reprocessing()
        reprocessing.clock = lambda: T0 + timedelta(hours=1, minutes=1)
        assert stragglers(reprocessing).total.resolved == 1
        assert stragglers(reprocessing).total.messages == 0
    assert values(city_url, STATION, "pm2_5") == [30]


def test_made_up_datastreams_are_told_apart(city_url: str) -> None:
    with worker(city_url) as made:
        properties = made.registry.reference.domains["air_quality"].properties
        wanted = [
            (STATION, properties["battery"]),
            (STATION, properties["rssi"]),
            (STATION, properties["battery"]),
        ]
        found = known.datastreams(known.with_datastreams(made.registry.known, wanted))
    made_up = {number: (thing, observed.key) for number, (thing, observed) in found.items() if number < 0}
    assert sorted(made_up.values()) == [(STATION, "battery"), (STATION, "rssi")]


def env(url: str) -> dict[str, str]:
    return {"HANOI_DATABASE_URL": url, "HANOI_LOG_LEVEL": "WARNING"}


def command(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "hanoi-ingest", *arguments],
        env={"HANOI_RUNTIME_DIR": "/nonexistent", **env(url)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_killed_in_the_middle_it_loses_nothing_and_doubles_nothing(city_url: str, tmp_path: Path) -> None:
    count = 3000
    with worker(city_url) as made:
        with db.connect(city_url, name="test") as conn:
            conn.execute(
                """
                INSERT INTO rejected_message (received_at, topic, payload, reason, detail, source, unknown_devices)
                SELECT %(at)s::timestamptz + n * interval '1 s', %(topic)s,
                       convert_to(format('{"time": "%%s", "results": {"pm2_5": 1}}',
                                  to_char(%(at)s::timestamptz + n * interval '1 s', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
                                  'UTF8'),
                       'unknown_thing', '{}', 'mqtt', ARRAY['station-x']
                FROM generate_series(1, %(count)s) AS n
                """,
                {"at": T0 - timedelta(days=1), "topic": topic("air_quality", "station-x"), "count": count},
            )
        claim_as(made, "station-x", STATION)

    def state() -> tuple[int, int]:
        (stored,) = rows(city_url, "SELECT count(*) AS n FROM observation")
        return _resolved(city_url), stored["n"]

    seen = 0
    for _ in range(3):
        _kill_after_a_batch(city_url, tmp_path / "log", seen)
        resolved, stored = state()
        assert resolved == stored, "the two go together"
        seen = resolved
    assert 0 < seen < count, "it was killed in the middle"
    done = command(city_url, "reprocess", "--reason", "unknown_thing")
    assert done.returncode == 0, done.stderr
    assert state() == (count, count)
    (twice,) = rows(city_url, "SELECT count(*) AS n FROM observation_superseded")
    assert twice["n"] == 0


def _resolved(url: str) -> int:
    (row,) = rows(url, "SELECT count(*) AS n FROM rejected_message WHERE resolved_at IS NOT NULL")
    return int(row["n"])


def _kill_after_a_batch(url: str, path: Path, seen: int) -> None:
    with path.open("ab") as log:
        process = start("hanoi-ingest", "reprocess", "--reason", "unknown_thing", env=env(url), log=log)
        wait_for(lambda: _resolved(url) > seen, "a batch", alive=lambda: process.poll() is None)
        process.kill()
        process.wait()
    busy = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'hanoi-ingest-command'"
    wait_for(lambda: not rows(url, busy), "the killed session is gone")


def test_the_command_prints_what_it_did_per_reason(city_url: str) -> None:
    with worker(city_url) as made:
        made.take(topic("air_quality", "station-x"), native(1, pm2_5=30, pm9=1))
        made.take(topic("air_quality", STATION), b"{")
        claim_as(made, "station-x", STATION)
    dry = command(city_url, "reprocess", "--since", "2026-11-22T10:00+07:00", "--dry-run")
    assert "dry run" in dry.stdout
    assert values(city_url, STATION, "pm2_5") == []
    done = command(city_url, "reprocess", "--since", "2026-11-22T10:00+07:00")
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[1:4]}
    assert lines == {
        "not_json": ["1", "0", "1", "0", "0"],
        "unknown_thing": ["1", "0", "1", "0", "1"],
        "all": ["2", "0", "2", "0", "1"],
    }
    assert "observations: 1 new" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "--reason"),
        (("--since", "2026-11-22T10:00"), "has no offset"),
        (("--until", "yesterday"), "no time like"),
        (("--reason", "bad_luck"), "invalid choice"),
    ],
)
def test_what_is_asked_wrongly_is_said(database_url: str, arguments: tuple[str, ...], says: str) -> None:
    done = command(database_url, "reprocess", *arguments)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr


def test_every_reason_can_be_asked_for(database_url: str) -> None:
    with worker(database_url, Sources()) as made:
        for reason in Reason:
            assert made.reprocessing().run(Selection(reason=reason.value)).by_reason == {}
