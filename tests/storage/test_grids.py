"""Several Datastreams over one span, on two weeks of a real lake: the SQL gives what pandas makes of the file."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from storage import db, grids, observations, rollups, things
from storage.model import HANOI, Observation, Provenance, Quality
from storage.things import DatastreamRow
from tests.public_site import Writer

pytestmark = pytest.mark.integration

RECORDING = Path(__file__).resolve().parents[2] / ".." / "shared/data/water/lake_sonde_exo3_2019.csv"
SONDE, OTHER = "west-lake-trich-sai", "west-lake-nhat-tan"
LIMITS = (10.5, 11.0, 4.0)
"""The recorded lake is never short of oxygen: limits that it crosses, and one that it does not."""
START, END = datetime(2019, 12, 5, tzinfo=HANOI), datetime(2019, 12, 18, tzinfo=HANOI)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def recorded() -> pd.Series:
    """Dissolved oxygen by Hanoi's time (the file's is that of Virginia: simulators/mappings/lake_sonde.toml)."""
    if not RECORDING.is_file():
        pytest.skip(f"{RECORDING} is not there")
    table = pd.read_csv(RECORDING, usecols=["date.time", "ODO_conc"])
    times = pd.to_datetime(table["date.time"]).dt.tz_localize("America/New_York").dt.tz_convert(HANOI)
    return pd.Series(table["ODO_conc"].to_numpy(), index=times).dropna().groupby(level=0).first()


@pytest.fixture
def conn(city_url: str, recorded: pd.Series) -> Iterator[db.Connection]:
    points = [(at.to_pydatetime(), float(value)) for at, value in recorded.items()]
    writer = Writer(city_url)
    writer.write(SONDE, "dissolved_oxygen", *points)
    writer.write(SONDE, "dissolved_oxygen", (START + DAY / 7, 0.1), quality=Quality.SUSPECT)
    with db.connect(city_url, name="test", autocommit=True) as opened:
        while not rollups.refresh(opened, datetime.now(UTC)).caught_up:
            pass
        yield opened


def streams(conn: db.Connection, key: str = "dissolved_oxygen") -> list[DatastreamRow]:
    found = things.all_datastreams(conn)
    return [one for one in found if one.property == key and one.thing_id in (SONDE, OTHER)]


def test_the_lowest_of_each_day_and_its_hour(conn: db.Connection, recorded: pd.Series) -> None:
    found = grids.lowest_of_days(conn, streams(conn), LIMITS, START, END)
    span = recorded[(recorded.index >= START) & (recorded.index < END)]
    hourly = span.resample("1h").min().dropna()
    days = hourly.groupby(hourly.index.normalize())
    assert [one.day for one in found] == list(days.groups)
    assert len(found) == 13
    for one, (_, hours) in zip(found, days, strict=True):
        assert one.lowest == hours.min()
        assert one.hour == hours.idxmin()
        assert one.hours_below == [int((hours < limit).sum()) for limit in LIMITS]
    assert any(one.hours_below[0] for one in found)
    assert not any(one.hours_below[2] for one in found)


@pytest.mark.parametrize(("step", "rule"), [("1h", "1h"), ("1d", "1D")])
def test_buckets_have_the_means_and_extremes(
    conn: db.Connection, recorded: pd.Series, step: Any, rule: str
) -> None:
    found = grids.grid(conn, streams(conn), START, END, step=step)
    span = recorded[(recorded.index >= START) & (recorded.index < END)]
    expected = span.resample(rule).agg(["mean", "min", "max", "count"]).dropna()
    assert [cell.at for cell in found.cells] == list(expected.index)
    for cell, (_, row) in zip(found.cells, expected.iterrows(), strict=True):
        assert cell.mean == pytest.approx(row["mean"])
        assert (cell.min, cell.max, cell.count) == (row["min"], row["max"], row["count"])
    assert sum(cell.suspect for cell in found.cells) == 1


@pytest.mark.parametrize(
    ("length", "step"), [(DAY, "raw"), (3 * DAY, "1h"), (62 * DAY, "1h"), (63 * DAY, "1d"), (400 * DAY, "1d")]
)
def test_the_step_follows_the_span(conn: db.Connection, length: timedelta, step: str) -> None:
    assert grids.grid(conn, streams(conn), START, START + length).step == step


def test_raw_values_are_there_with_what_is_doubted(conn: db.Connection, recorded: pd.Series) -> None:
    found = grids.grid(conn, streams(conn), START, START + DAY)
    usable = [cell for cell in found.cells if cell.count]
    span = recorded[(recorded.index >= START) & (recorded.index < START + DAY)]
    assert [(cell.at, cell.mean) for cell in usable] == list(span.items())
    assert [(cell.mean, cell.suspect) for cell in found.cells if not cell.count] == [(0.1, 1)]


def test_values_above_a_limit_and_the_newest_come_with_what_they_were_made_of(conn: db.Connection) -> None:
    made = {"exceeded": ["pm2_5_24h"]}
    [stream] = [
        one for one in things.all_datastreams(conn) if (one.thing_id, one.property) == ("hoan-kiem", "vn_aqi")
    ]
    rows = [
        Observation(
            datastream_id=stream.id,
            phenomenon_time=START + n * DAY,
            result_time=START + n * DAY,
            result=result,
            quality=quality,
            provenance=Provenance.DERIVED,
            input_provenance=Provenance.REPLAYED,
            parameters=made if result > 100 else {},
        )
        for n, (result, quality) in enumerate(
            [(100.0, Quality.GOOD), (100.01, Quality.GOOD), (300.0, Quality.FAIL), (40.0, Quality.GOOD)]
        )
    ]
    observations.write(conn, rows)
    [above] = grids.above(conn, [stream], 100.0, START, END)
    assert (above.result, above.parameters, above.input_provenance) == (100.01, made, "replayed")
    newest = grids.newest_before(conn, [stream], START, START + 2.5 * DAY)
    assert newest[stream.id].result == 100.01
    assert grids.newest_before(conn, [stream], START + 3 * DAY, END) == {}
