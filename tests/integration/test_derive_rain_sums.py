"""Sums of rain as derived Datastreams: what is late, twice, in any order or missing; and the basin's mean."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.derivations import rain
from ingest.derive import Deriver
from storage import db, inventory, observations, rollups, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.model import Observation, Provenance, Quality
from storage.observations import HistoryValue
from storage.retention import retain
from storage.retention_policy import Policy, Retention

pytestmark = pytest.mark.integration

START: Final = datetime(2026, 11, 20, tzinfo=UTC)
NOW: Final = START + timedelta(hours=3, minutes=7)
MINUTE: Final = timedelta(minutes=1)
GAUGE: Final = "rain-cau-giay"
Minutes = Mapping[int, float]
"""Minute from START → mm."""


class City:
    """The gauges of a database and what is derived for them."""

    def __init__(self, conn: db.Connection) -> None:
        self.conn = conn
        self.deriver = Deriver(known=rain.DERIVATIONS)

    def stream(self, thing: str, key: str) -> int | None:
        rows = things.all_datastreams(self.conn)
        return next((row.id for row in rows if (row.thing_id, row.property) == (thing, key)), None)

    def send(
        self,
        values: Minutes,
        *,
        gauge: str = GAUGE,
        quality: Quality = Quality.GOOD,
        provenance: Provenance = Provenance.MEASURED,
        later: timedelta = timedelta(),
    ) -> None:
        stream = self.stream(gauge, "rain_interval")
        assert stream is not None
        batch = [
            Observation(
                datastream_id=stream,
                phenomenon_time=at(minute),
                result_time=at(minute) + later,
                result=mm,
                quality=quality,
                provenance=provenance,
            )
            for minute, mm in values.items()
        ]
        with self.conn.transaction():
            observations.write(self.conn, batch)

    def derive(self, now: datetime = NOW) -> int:
        return self.deriver.run(self.conn, load_catalog(), now)

    def values(self, key: str, thing: str = GAUGE) -> dict[int, HistoryValue]:
        """By minute from START; what was withdrawn is left out."""
        stream = self.stream(thing, key)
        if stream is None:
            return {}
        rows = observations.between(self.conn, [stream], START - timedelta(days=9), START + timedelta(days=9))
        return {
            int((row.phenomenon_time - START).total_seconds() / 60): row
            for row in rows
            if row.quality < Quality.MISSING
        }

    def all_values(self, thing: str) -> dict[tuple[str, int], tuple[Any, ...]]:
        return {
            (key, minute): (
                row.result,
                row.quality,
                row.quality_reason,
                row.input_provenance,
                str(row.parameters),
            )
            for key in rain.RainOfGauge().outputs
            for minute, row in self.values(key, thing).items()
        }


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def every_five(*, until: int = 180, mm: float = 0.2) -> dict[int, float]:
    return dict.fromkeys(range(5, until + 1, 5), mm)


@pytest.fixture
def city(city_url: str) -> Iterator[City]:
    with db.connect(city_url, name="test", autocommit=True) as conn:
        yield City(conn)


def test_each_tenth_minute_has_the_sums_of_the_windows_that_end_there(city: City) -> None:
    city.send(every_five(), provenance=Provenance.SIMULATED)
    city.derive()
    ten, hour, three = (city.values(key) for key in ("rain_10min", "rain_1h", "rain_3h"))
    assert sorted(ten) == list(range(10, 181, 10))
    assert ten[10].result == 0.4
    assert (hour[60].result, hour[60].parameters) == (2.4, {"coverage": 1.0})
    assert (three[180].result, three[180].quality) == (7.2, 1)
    assert (hour[60].provenance, hour[60].input_provenance) == ("derived", "simulated")
    intensity = city.values("rain_intensity")[60]
    assert (intensity.result, intensity.parameters) == (1.0, {"rain_1h": 2.4, "coverage": 1.0})
    share = city.values("rain_design_share")[180]
    assert share.result == 2.3  # 7.2 of 310 mm
    assert (share.quality, share.quality_reason) == (3, "coverage")  # of 48 h only 3 are known


def test_running_again_writes_nothing(city: City) -> None:
    city.send(every_five())
    assert city.derive() > 0
    assert city.derive(NOW + timedelta(seconds=10)) == 0


def test_suspect_and_failed_reports_do_not_count_and_the_coverage_says_so(city: City) -> None:
    city.send(every_five(until=40))
    city.send({45: 50.0}, quality=Quality.SUSPECT)
    city.send({50: 70.0}, quality=Quality.FAIL)
    city.send({55: 0.2, 60: 0.2}, quality=Quality.NOT_EVALUATED)
    city.derive()
    hour = city.values("rain_1h")[60]
    assert (hour.result, hour.parameters) == (2.0, {"coverage": 0.833})
    assert 50 not in city.values("rain_10min")


def test_a_gauge_that_falls_silent_loses_coverage_by_the_clock_alone(city: City) -> None:
    city.send(every_five(until=60))
    city.derive(at(61))
    for minute in range(70, 131, 10):
        city.derive(at(minute) + timedelta(seconds=5))
    hour = city.values("rain_1h")
    assert (hour[100].result, hour[100].quality_reason) == (0.8, "coverage")
    assert hour[110].parameters == {"coverage": 0.167}
    assert 120 not in hour
    assert 130 not in hour


def test_a_late_report_changes_the_windows_that_hold_it_and_nothing_else(city: City) -> None:
    complete = every_five()
    city.send({minute: mm for minute, mm in complete.items() if minute != 45})
    city.derive()
    before = {key: city.values(key) for key in rain.WINDOWS}
    city.send({45: 5.0})
    city.derive(NOW + timedelta(minutes=1))
    touched = {"rain_10min": {50}, "rain_1h": set(range(50, 101, 10)), "rain_3h": set(range(50, 181, 10))}
    for key, minutes in touched.items():
        after = city.values(key)
        assert {minute for minute in after if after[minute] != before[key].get(minute)} == minutes
        assert all(
            after[m].result == pytest.approx(before[key][m].result + 5) for m in minutes & set(before[key])
        )


def test_a_correction_there_and_back_is_followed_both_ways(city: City) -> None:
    city.send(every_five())
    city.derive()
    city.send({60: 9.0}, later=timedelta(minutes=1))
    city.derive(NOW + timedelta(minutes=1))
    assert city.values("rain_1h")[60].result == 11.2
    city.send({60: 0.2}, later=timedelta(minutes=2))
    city.derive(NOW + timedelta(minutes=2))
    assert city.values("rain_1h")[60].result == 2.4


def test_a_report_that_turns_out_to_be_wrong_takes_back_what_was_said_of_it_alone(city: City) -> None:
    city.send({30: 8.0})
    city.derive()
    assert city.values("rain_10min")[30].result == 8.0
    city.send({30: 8.4}, quality=Quality.FAIL, later=timedelta(minutes=1))
    city.derive(NOW + timedelta(minutes=1))
    assert city.values("rain_10min") == {}
    assert city.values("rain_48h") == {}


def test_a_gauge_of_another_interval_is_covered_by_its_own(city: City) -> None:
    """EA 305111 reports each 15 minutes: `attributes.interval_s = 900`."""
    domains = load_catalog()
    things.sync(city.conn, domains, load_inventory([inventory.SHIPPED, inventory.RECORDED], domains))
    city.send(dict.fromkeys(range(15, 181, 15), 0.2), gauge="ea-305111", provenance=Provenance.REPLAYED)
    city.derive()
    hour = city.values("rain_1h", "ea-305111")
    assert (hour[60].result, hour[60].parameters) == (0.8, {"coverage": 1.0})
    assert (hour[70].result, hour[70].parameters) == (0.8, {"coverage": 1.0})
    assert hour[60].input_provenance == "replayed"
    assert city.values("rain_10min", "ea-305111") == {}


def test_three_days_of_heavy_rain_are_level_two(city: City) -> None:
    """120 mm a day for three days: more than two days of 100 to 200 mm [M]."""
    city.send(dict.fromkeys(range(5, 3 * 1440 + 1, 5), 120 / 288))
    city.derive(START + timedelta(days=3, minutes=1))
    risk = city.values("rain_risk_level")
    assert (risk[1440].result, risk[2 * 1440].result, risk[3 * 1440].result) == (1.0, 1.0, 2.0)
    assert risk[3 * 1440].parameters is not None
    assert (risk[3 * 1440].parameters["indicative"], risk[3 * 1440].parameters["days"]) == (True, 3)


def gauges() -> list[str]:
    (basin,) = (t for t in load_inventory([inventory.SHIPPED], load_catalog()) if t.kind == "basin")
    return list(basin.attributes["gauges"])


def test_the_basin_has_the_mean_of_its_gauges_that_report(city: City) -> None:
    two_days = range(5, 2880 + 1, 5)
    for n, gauge in enumerate(gauges()[:9], start=1):
        city.send(dict.fromkeys(two_days, n * 0.1), gauge=gauge)
    city.send(
        dict.fromkeys(range(5, 1441, 5), 9.0), gauge=gauges()[9]
    )  # half of it is not known: not counted
    city.send(dict.fromkeys(two_days, 9.0), gauge="rain-long-bien")  # across the river
    city.derive(START + timedelta(days=2, minutes=1))
    mean = city.values("rain_48h", "to-lich-basin")[2880]
    assert mean.result == pytest.approx(0.5 * 576)  # mean of 0.1 … 0.9 mm in each of 576 intervals
    assert mean.parameters == {"coverage": 0.818, "gauges": 9, "gauges_in_all": 11}
    assert (mean.quality, mean.input_provenance) == (1, "measured")
    assert city.values("rain_design_share", "to-lich-basin")[2880].result == 92.9  # 288 of 310 mm
    assert city.values("rain_1h", "to-lich-basin") == {}


def test_the_basin_follows_a_late_report_of_one_of_its_gauges(city: City) -> None:
    two_days = range(5, 2880 + 1, 5)
    for gauge in gauges():
        city.send(dict.fromkeys(two_days, 0.1), gauge=gauge)
    now = START + timedelta(days=2, minutes=1)
    city.derive(now)
    city.send({2400: 22.1}, gauge=gauges()[0], later=timedelta(minutes=1))
    city.derive(now + timedelta(minutes=1))
    mean = city.values("rain_48h", "to-lich-basin")
    assert mean[2390].result == pytest.approx(47.8)
    assert mean[2400].result == pytest.approx(48 + 22 / 11)
    assert mean[2880].result == pytest.approx(57.6 + 22 / 11)
    assert 1440 not in mean  # of no gauge more than half of the 48 h was known then


REPORTS: Final[Sequence[tuple[int, float, int]]] = [
    *((minute, round(minute % 35 * 0.2, 1), 0) for minute in range(5, 100, 5)),
    *((minute, 4.4, 1) for minute in (20, 45, 70)),  # corrections
    *((minute, 0.6, 2) for minute in (45,)),
]
"""(minute, mm, how often it was corrected before)"""
_names = itertools.cycle(
    thing.id for thing in load_inventory([inventory.SHIPPED], load_catalog()) if thing.kind == "gauge"
)


@given(
    reports=st.permutations(REPORTS),
    again=st.lists(st.sampled_from(REPORTS), max_size=12),
    cuts=st.lists(st.integers(0, len(REPORTS)), max_size=3),
)
@settings(max_examples=14, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_and_any_repetition_ends_in_the_same_values(
    city: City, reports: list[tuple[int, float, int]], again: list[tuple[int, float, int]], cuts: list[int]
) -> None:
    """Another gauge each time gets the same reports otherwise; one in order and at once says what must come out."""
    gauge = next(name for name in _names if name != GAUGE)
    if not city.values("rain_1h"):
        for minute, mm, corrected in REPORTS:
            city.send({minute: mm}, later=timedelta(seconds=corrected))
        city.derive()
    for start, end in itertools.pairwise([0, *sorted(cuts), len(reports)]):
        for minute, mm, corrected in reports[start:end]:
            city.send({minute: mm}, gauge=gauge, later=timedelta(seconds=corrected))
        city.derive()
    for minute, mm, corrected in again:
        city.send({minute: mm}, gauge=gauge, later=timedelta(seconds=corrected))
    city.derive()
    assert city.all_values(gauge) == city.all_values(GAUGE)


def test_sums_of_days_that_are_kept_outlive_the_days_before_that_they_are_made_of(city_url: str) -> None:
    """Retention as it runs: 1 mm each five minutes of eight days, of which the first four go."""
    days, midnight = timedelta(days=1), START - timedelta(hours=7)  # of Hanoi
    with db.connect(city_url, name="test", autocommit=True) as conn:
        city = City(conn)
        city.send({-420 + 5 * n: 1.0 for n in range(8 * 288)})
        city.derive(START + 8 * days)
        while not rollups.refresh(conn, START + 9 * days).caught_up:
            pass
        outcome = retain(conn, Retention(default=Policy(raw=60 * days)), midnight + 64 * days)
        assert outcome.domains["rain"].raw_rows > 4 * 288
        held = {key: city.stream(GAUGE, key) for key in ("rain_1h", "rain_48h")}
        asked = "SELECT phenomenon_time, result, quality FROM observation WHERE datastream_id = %s ORDER BY 1"
        before = {key: conn.execute(asked, (id,)).fetchall() for key, id in held.items()}
        cutoff = midnight + 4 * days
        assert before["rain_48h"][0]["phenomenon_time"] == cutoff  # the full two days: 576 times 1 mm
        assert before["rain_48h"][0]["result"] == 576.0
        assert city.values("rain_1h")[7 * 1440 - 420 + 60].result == 12.0

        plan = city.deriver.plan(conn, load_catalog())
        tasks = plan.between(midnight, midnight + 8 * days)
        written = [city.deriver.compute(conn, plan, batch, NOW + 9 * days) for batch in plan.batches(tasks)]
        assert sum(counts.total() for counts in written) == 0
        late = {cutoff + 7 * MINUTE, cutoff + 3 * days + 7 * MINUTE}
        city.send({(time - START) // MINUTE: 3.0 for time in late}, later=8 * days)
        city.derive(START + 9 * days)
        after = {key: conn.execute(asked, (id,)).fetchall() for key, id in held.items()}
        changed = {key: changed_times(before[key], after[key]) for key in held}
        three_days = cutoff + 3 * days  # all sums of a gauge look back as far as its risk level
        assert min(changed["rain_48h"]) > three_days
        assert three_days < min(changed["rain_1h"]) <= three_days + 10 * MINUTE
        assert city.values("rain_1h")[7 * 1440 - 420 + 60].result == 15.0


def changed_times(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> set[datetime]:
    """Of what is there before or after, and is not the same."""
    a, b = ({row["phenomenon_time"]: row["result"] for row in rows} for rows in (before, after))
    return {time for time in a.keys() | b.keys() if a.get(time) != b.get(time)}
