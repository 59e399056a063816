"""Rain of gauges that only count: each drop once, whatever arrives late, twice, corrected, or measured after all."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ingest import derive_rain
from storage import catalog, db, inventory, observations, things
from storage.model import Calibration, Observation, Provenance, Quality
from storage.reference import Reference

pytestmark = pytest.mark.integration

T0 = datetime(2026, 11, 21, 3, tzinfo=UTC)
GAUGE = "rain-cau-giay"
Rain = dict[int, tuple[float, int, str | None]]
"""Minute → mm, quality, reason."""


class Gauge:
    """A gauge of the shipped inventory and what the database has of it."""

    def __init__(self, conn: db.Connection) -> None:
        self.conn = conn
        self.reference = Reference(catalog_folders=[catalog.SHIPPED], inventory_folders=[inventory.SHIPPED])

    def stream(self, key: str) -> int:
        rows = things.all_datastreams(self.conn)
        return next(row.id for row in rows if (row.thing_id, row.property) == (GAUGE, key))

    def send(
        self,
        key: str,
        values: dict[int, float],
        *,
        quality: Quality = Quality.GOOD,
        provenance: Provenance = Provenance.MEASURED,
        later: timedelta = timedelta(),
    ) -> None:
        """Minute → value; `later` is how long after its time each value was made."""
        stream = self.stream(key)
        batch = [
            Observation(
                datastream_id=stream,
                phenomenon_time=T0 + timedelta(minutes=minute),
                result_time=T0 + timedelta(minutes=minute) + later,
                result=value,
                quality=quality,
                provenance=provenance,
            )
            for minute, value in values.items()
        ]
        with self.conn.transaction():
            observations.write(self.conn, batch)

    def count(self, *counter: float, first: int = 0, **more: object) -> None:
        """Readings five minutes apart."""
        self.send("rain_counter", {first + 5 * n: mm for n, mm in enumerate(counter)}, **more)  # type: ignore[arg-type]  # the keywords are the test's own

    def derive(self) -> int:
        """Until nothing is left to do: what is written comes back through the feed."""
        written = derive_rain.run(self.conn, self.reference)
        assert derive_rain.run(self.conn, self.reference) == 0
        return written

    def rows(self) -> list[observations.HistoryValue]:
        day = timedelta(days=400)
        return observations.between(self.conn, [self.stream("rain_interval")], T0 - day, T0 + day)

    def rain(self) -> Rain:
        """What is derived, by minute."""
        return {
            round((row.phenomenon_time - T0) / timedelta(minutes=1)): (
                row.result,
                row.quality,
                row.quality_reason,
            )
            for row in self.rows()
            if row.provenance == "derived"
        }

    def fallen(self) -> float:
        """What counts."""
        return sum(row.result for row in self.rows() if row.quality < Quality.FAIL)


@pytest.fixture
def gauge(city_url: str) -> Iterator[Gauge]:
    with db.connect(city_url, name="test", autocommit=True) as conn:
        yield Gauge(conn)


def test_each_reading_gives_the_rain_since_the_one_before(gauge: Gauge) -> None:
    gauge.count(10.0, 10.4, 10.4, 11.0, provenance=Provenance.SIMULATED)
    assert gauge.derive() == 3
    assert gauge.rain() == {5: (0.4, 1, None), 10: (0.0, 1, None), 15: (0.6, 1, None)}
    assert {(row.provenance, row.input_provenance) for row in gauge.rows()} == {("derived", "simulated")}


def test_rollover_reset_gap_and_cap_are_told_apart(gauge: Gauge) -> None:
    gauge.count(13107.0, 0.2, 0.4, 0.0, 0.2)
    gauge.send("rain_counter", {60: 1.0, 65: 500.0, 70: 500.2})
    gauge.derive()
    assert gauge.rain() == {
        5: (0.4, 1, None),
        10: (0.2, 1, None),
        15: (0.0, 3, "counter_reset"),
        20: (0.2, 1, None),
        60: (0.8, 3, "gap"),
        65: (499.0, 4, "above_cap"),
        70: (0.2, 3, "suspect_counter"),
    }


def test_a_late_reading_divides_its_span_and_its_correction_there_and_back_is_followed(gauge: Gauge) -> None:
    gauge.send("rain_counter", {0: 10.0, 10: 11.0})
    gauge.derive()
    assert gauge.rain() == {10: (1.0, 1, None)}
    gauge.send("rain_counter", {5: 10.4})
    gauge.derive()
    assert gauge.rain() == {5: (0.4, 1, None), 10: (0.6, 1, None)}
    gauge.send("rain_counter", {5: 10.8}, later=timedelta(hours=1))
    gauge.derive()
    assert gauge.rain() == {5: (0.8, 1, None), 10: (0.2, 1, None)}
    gauge.send("rain_counter", {5: 10.4}, later=timedelta(hours=2))
    gauge.derive()
    assert gauge.rain() == {5: (0.4, 1, None), 10: (0.6, 1, None)}


def test_a_reading_that_turns_out_to_have_failed_gives_its_water_to_the_next(gauge: Gauge) -> None:
    gauge.count(10.0, 10.4, 11.0)
    gauge.derive()
    gauge.send("rain_counter", {5: 10.6}, quality=Quality.FAIL, later=timedelta(hours=1))
    gauge.derive()
    assert gauge.rain() == {5: (0.4, 4, "counter_left_out"), 10: (1.0, 1, None)}
    assert gauge.fallen() == 1.0
    gauge.send("rain_counter", {5: 10.4}, later=timedelta(hours=2))
    gauge.derive()
    assert gauge.rain() == {5: (0.4, 1, None), 10: (0.6, 1, None)}


def test_a_replaced_value_is_kept(gauge: Gauge) -> None:
    gauge.send("rain_counter", {0: 10.0, 10: 11.0})
    gauge.derive()
    gauge.send("rain_counter", {5: 10.4})
    gauge.derive()
    kept = gauge.conn.execute("SELECT result, provenance FROM observation_superseded").fetchall()
    assert kept == [{"result": 1.0, "provenance": "derived"}]


def test_a_gauge_that_sends_both_has_nothing_derived(gauge: Gauge) -> None:
    gauge.count(10.0, 10.4, 11.0)
    gauge.send("rain_interval", {0: 0.2, 5: 0.4, 10: 0.6})
    assert gauge.derive() == 0
    assert gauge.rain() == {}


def test_what_the_gauge_measured_takes_the_place_of_what_was_derived(gauge: Gauge) -> None:
    gauge.count(10.0, 10.4, 11.0)
    gauge.derive()
    gauge.send("rain_interval", {5: 0.4, 10: 0.5})  # at the same times, one with the same value
    gauge.derive()
    assert [(row.result, row.provenance) for row in gauge.rows()] == [(0.4, "measured"), (0.5, "measured")]
    gauge.count(11.0, 11.2, first=10)  # the next reading, and one that comes again
    gauge.derive()
    assert gauge.rain() == {15: (0.2, 1, None)}


def test_a_total_within_a_span_takes_the_span_back(gauge: Gauge) -> None:
    gauge.send("rain_counter", {0: 10.0, 60: 12.0, 120: 12.4})
    gauge.derive()
    gauge.send("rain_interval", {57: 1.8})
    gauge.derive()
    assert gauge.rain() == {60: (2.0, 4, "superseded_by_measured"), 120: (0.4, 3, "gap")}
    assert gauge.fallen() == pytest.approx(1.8 + 0.4)


def test_totals_of_a_gauge_that_counts_at_each_tip_take_back_what_they_hold(gauge: Gauge) -> None:
    """The total of 5:00 is about (0:00, 5:00], so the tips of 1:00 and 3:00 are in it."""
    gauge.send("rain_counter", {0: 10.0, 1: 10.2, 3: 10.4, 6: 10.6})
    gauge.derive()
    assert gauge.fallen() == pytest.approx(0.6)
    gauge.send("rain_interval", {5: 0.4})
    gauge.derive()
    assert {minute for minute, value in gauge.rain().items() if value[2] == "superseded_by_measured"} == {
        1,
        3,
        6,
    }


def test_a_measured_value_older_than_the_reading_s_correction_still_wins(gauge: Gauge) -> None:
    gauge.count(10.0, 10.4)
    gauge.send("rain_counter", {5: 10.6}, later=timedelta(days=1))
    gauge.derive()
    gauge.send("rain_interval", {5: 0.4})
    gauge.derive()
    assert [(row.result, row.provenance) for row in gauge.rows()] == [(0.4, "measured")]


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_arrival_ends_the_same(gauge: Gauge, seed: int) -> None:
    """Counter, totals and corrections in any order, with a run after some of them: as if all had come at once."""
    dice = random.Random(seed)
    sendings: list[tuple[str, dict[int, float]]] = []
    mm = 13100.0
    for minute in range(0, 100, 5):
        if dice.random() < 0.8:
            sendings.append(("rain_counter", {minute: round(mm % 13107.2, 1)}))
        if dice.random() < 0.2:
            sendings.append(("rain_interval", {minute: 0.2}))
        mm += 0.2 * dice.randrange(6)
    dice.shuffle(sendings)
    for key, values in sendings:
        gauge.send(key, values)
        if dice.random() < 0.5:
            derive_rain.run(gauge.conn, gauge.reference)
    gauge.derive()
    stepwise = {minute: value for minute, value in gauge.rain().items() if value[1] < Quality.FAIL}
    anew = at_once(gauge)
    assert stepwise == {minute: value for minute, value in anew.items() if value[1] < Quality.FAIL}


def at_once(gauge: Gauge) -> Rain:
    """The same with nothing derived before: all values in one look at the whole feed."""
    gauge.conn.execute("DELETE FROM observation WHERE provenance = 'derived'")
    gauge.conn.execute("DELETE FROM feed_cursor WHERE reader = %s", (derive_rain.READER,))
    derive_rain.run(gauge.conn, gauge.reference)
    return gauge.rain()


def test_a_gauge_without_a_datastream_for_it_gets_one_with_its_first_rain(gauge: Gauge) -> None:
    gauge.conn.execute("DELETE FROM datastream WHERE property = 'rain_interval'")
    gauge.count(10.0)
    assert gauge.derive() == 0
    gauge.count(10.4, first=5)
    assert gauge.derive() == 1
    assert gauge.rain() == {5: (0.4, 1, None)}


def test_the_inventory_says_how_a_gauge_counts(gauge: Gauge) -> None:
    attributes = """'{"resolution_mm": 0.1, "counter_bits": 8, "interval_s": 1800}'"""
    gauge.conn.execute(f"UPDATE thing SET properties = {attributes} WHERE id = '{GAUGE}'")  # noqa: S608
    gauge.send("rain_counter", {0: 25.5, 60: 0.1})
    gauge.derive()
    assert gauge.rain() == {60: (0.2, 1, None)}


def test_a_calibrated_counter_rolls_over_where_the_gauge_does_and_rains_by_the_gain(gauge: Gauge) -> None:
    calibration = Calibration(gain=1.1, valid_from=T0)
    gauge.reference.things = tuple(
        replace(thing, calibrations={"rain_counter": (calibration,)}) if thing.id == GAUGE else thing
        for thing in gauge.reference.things
    )
    stream = gauge.stream("rain_counter")
    batch = [
        Observation(
            datastream_id=stream,
            phenomenon_time=T0 + timedelta(minutes=minute),
            result_time=T0 + timedelta(minutes=minute),
            result=1.1 * sent,
            original=sent,
        )
        for minute, sent in {0: 13107.0, 5: 0.2}.items()
    ]
    with gauge.conn.transaction():
        observations.write(gauge.conn, batch)
    gauge.derive()
    assert gauge.rain() == {5: (0.44, 1, None)}


def test_a_counter_beyond_its_range_is_suspect_and_never_less_than_nothing(gauge: Gauge) -> None:
    gauge.count(13110.0, 13110.2, 0.2)
    gauge.derive()
    assert gauge.rain() == {5: (0.2, 3, "counter_beyond_range"), 10: (0.2, 3, "counter_beyond_range")}


def test_what_calibration_makes_impossible_counts_nowhere(gauge: Gauge) -> None:
    upside_down = Calibration(gain=-1.0, valid_from=T0)
    gauge.reference.things = tuple(
        replace(thing, calibrations={"rain_counter": (upside_down,)}) if thing.id == GAUGE else thing
        for thing in gauge.reference.things
    )
    gauge.count(10.0, 10.4)
    gauge.derive()
    assert gauge.rain() == {5: (-0.4, 4, "out_of_range")}


def test_spans_far_apart_are_each_looked_at_with_their_own_neighbours(gauge: Gauge) -> None:
    year = 365 * 24 * 60
    gauge.send("rain_counter", {-year: 1.0, 5 - year: 1.2, 0: 10.0, 5: 10.4})
    gauge.derive()
    assert gauge.rain() == {
        5 - year: (0.2, 1, None),
        0: (8.8, 3, "gap"),
        5: (0.4, 1, None),
    }


def test_misreadings_are_found_whichever_reading_comes_last(gauge: Gauge) -> None:
    counter = {0: 10.0, 5: 9000.0, 10: 10.2, 15: 10.4}
    expected = {5: (8990.0, 4, "above_cap"), 10: (0.2, 1, None), 15: (0.2, 1, None)}
    whichever_comes_last(gauge, counter, expected)


def test_misreadings_far_too_low_are_found_whichever_reading_comes_last(gauge: Gauge) -> None:
    counter = {0: 1000.0, 5: 10.0, 10: 1000.4, 15: 1000.6}
    expected = {5: (10.0, 4, "counter_misread"), 10: (0.4, 1, None), 15: (0.2, 1, None)}
    whichever_comes_last(gauge, counter, expected)


def whichever_comes_last(gauge: Gauge, counter: dict[int, float], expected: Rain) -> None:
    for last in counter:
        gauge.conn.execute("TRUNCATE observation, observation_superseded")
        for minute in [*(one for one in counter if one != last), last]:
            gauge.send("rain_counter", {minute: counter[minute]})
            derive_rain.run(gauge.conn, gauge.reference)
        gauge.derive()
        found = {minute: value for minute, value in gauge.rain().items() if value[2] != "counter_left_out"}
        assert found == expected


def delete_before(gauge: Gauge, key: str, minute: int) -> None:
    """As retention does."""
    stream, time = gauge.stream(key), T0 + timedelta(minutes=minute)
    gauge.conn.execute(
        "DELETE FROM observation WHERE datastream_id = %s AND phenomenon_time < %s", (stream, time)
    )
    gauge.conn.execute("INSERT INTO rollup_horizon VALUES (%s, %s)", (stream, time))


def test_rain_of_a_deleted_past_stays_as_it_is(gauge: Gauge) -> None:
    gauge.count(*(10.0 + 0.2 * n for n in range(40)))
    gauge.derive()
    before = gauge.rain()
    delete_before(gauge, "rain_counter", 100)
    gauge.send("rain_counter", {52: 10.1, 101: 14.0})  # before it, and between the first two that are left
    gauge.derive()
    after = gauge.rain()
    assert {minute: after[minute] for minute in before} == {**before, 105: after[105]}
    assert set(after) - set(before) == {101}


def test_rain_far_enough_behind_a_deleted_past_is_corrected(gauge: Gauge) -> None:
    gauge.count(*(10.0 + 0.2 * n for n in range(40)))
    gauge.derive()
    delete_before(gauge, "rain_counter", 50)
    gauge.send("rain_counter", {150: 16.2}, later=timedelta(hours=1))
    gauge.derive()
    assert (gauge.rain()[150], gauge.rain()[155]) == ((0.4, 1, None), (0.0, 1, None))


def test_a_gauge_that_comes_back_after_its_past_was_deleted_rains_from_its_second_reading(
    gauge: Gauge,
) -> None:
    gauge.count(10.0, 10.2)
    gauge.derive()
    delete_before(gauge, "rain_counter", 60)
    gauge.count(10.2, 10.4, 10.6, first=600)
    gauge.derive()
    assert gauge.rain() == {5: (0.2, 1, None), 605: (0.2, 1, None), 610: (0.2, 1, None)}


def test_rain_is_not_derived_where_what_the_gauge_sent_itself_was_deleted(gauge: Gauge) -> None:
    gauge.count(*(10.0 + 0.2 * n for n in range(12)))
    gauge.send("rain_interval", {5 * n: 0.2 for n in range(1, 12)})
    gauge.derive()
    assert gauge.rain() == {}
    delete_before(gauge, "rain_interval", 60)
    gauge.send("rain_counter", {22: 10.9})
    gauge.derive()
    assert gauge.rain() == {}
