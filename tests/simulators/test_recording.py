"""Recordings: the counts and traps of ../shared/data/README.md, and small files for every rule of a mapping."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulators.mapping import load_mapping
from simulators.recording import Recording, RecordingError, read
from simulators.replay import BATCH, moved_to, paced
from tests.simulators.city import reference, utc

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"
MAX = float("inf")

MAPPING = """
domain = "water_quality"
thing = "somewhere"
missing = [-999, "NA"]

[time]
columns = ["when"]
zone = "Asia/Ho_Chi_Minh"
label = "end"
period_s = 3600

[property.dissolved_oxygen]
column = "do"

[property.water_temperature]
column = "temp"
"""


def recorded(file: str, mapping: str) -> Recording:
    path = SHARED / "data" / file
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return read(path, load_mapping(mapping, reference().domains))


def small(folder: Path, rows: str, mapping: str = MAPPING) -> Recording:
    (folder / "mapping.toml").write_text(mapping)
    (folder / "small.csv").write_text("when,do,temp\n" + rows)
    return read(folder / "small.csv", load_mapping(str(folder / "mapping.toml"), reference().domains))


def test_the_embassy_has_2773_valid_hours_at_as_many_times() -> None:
    recording = recorded("air/hanoi_pm25_embassy_2017.csv", "embassy_pm25")
    assert recording.rows == 2880
    assert recording.invalid_rows == 107
    assert recording.observations == 2773
    assert len({element.time for element in recording.elements}) == 2773


def test_the_embassys_clock_change_is_repaired_by_row_order() -> None:
    """On 2017-03-12 '03:00' stands twice; the first, 26.9, is 02:00. Around them 31.8 and 31.6."""
    recording = recorded("air/hanoi_pm25_embassy_2017.csv", "embassy_pm25")
    held = {element.time: element.results["pm2_5"] for element in recording.elements}
    hours = [held[utc(f"2017-03-12T0{hour}:00:00")] for hour in (1, 2, 3, 4)]
    assert hours == [31.8, 26.9, 25.2, 31.6]


def test_the_embassys_day_ends_at_midnight_and_its_negative_hour_is_a_reading() -> None:
    recording = recorded("air/hanoi_pm25_embassy_2017.csv", "embassy_pm25")
    assert recording.elements[0].time == datetime(2016, 12, 31, 18, tzinfo=UTC)
    assert recording.elements[0].results == {"pm2_5": 179.0}
    assert min(element.results["pm2_5"] for element in recording.elements) == -0.8


def test_the_embassys_values_are_those_of_its_rows() -> None:
    """Read again with nothing but the csv module."""
    recording = recorded("air/hanoi_pm25_embassy_2017.csv", "embassy_pm25")
    with (SHARED / "data" / "air/hanoi_pm25_embassy_2017.csv").open() as file:
        valid = [float(row["Raw Conc."]) for row in csv.DictReader(file) if row["QC Name"] == "Valid"]
    assert [element.results["pm2_5"] for element in recording.elements] == valid


def test_the_rain_of_the_environment_agency_has_1016_quarter_hours() -> None:
    recording = recorded("rain/ea_rain_305111_2024.csv", "ea_rain")
    assert recording.observations == 1016
    assert recording.elements[0].time == datetime(2024, 5, 13, 18, 15, tzinfo=UTC)
    times = [element.time for element in recording.elements]
    assert times == sorted(times)


def test_the_sonde_has_4035_values_in_each_mapped_column() -> None:
    recording = recorded("water/lake_sonde_exo3_2019.csv", "lake_sonde")
    counts = {
        key: sum(key in element.results for element in recording.elements)
        for key in recording.elements[0].results
    }
    assert counts == dict.fromkeys(
        [
            "water_temperature",
            "dissolved_oxygen",
            "conductivity",
            "turbidity",
            "chlorophyll_a",
            "phycocyanin",
        ],
        4035,
    )
    assert recording.observations == 6 * 4035


def test_the_sondes_lake_is_warmest_in_the_afternoon_of_its_zone() -> None:
    """The zone is inferred: were the labels UTC, the warmest hour would be 11 o'clock local time."""
    recording = recorded("water/lake_sonde_exo3_2019.csv", "lake_sonde")
    first = recording.elements[0]
    assert first.time == datetime(2019, 12, 4, 18, 5, tzinfo=UTC)
    assert first.results == {
        "water_temperature": 5.681,
        "dissolved_oxygen": 10.43,
        "conductivity": 15.8,
        "turbidity": 2.77,
        "chlorophyll_a": 12.33,
        "phycocyanin": -0.37,
    }


def test_local_labels_become_utc_and_missing_cells_are_left_out(tmp_path: Path) -> None:
    recording = small(
        tmp_path, "2026-01-02T07:00:00,5.5,-999.0\n2026-01-02T08:00:00,NA,\n2026-01-02T09:00:00,-1,30\n"
    )
    assert [(element.time.isoformat(), element.results) for element in recording.elements] == [
        ("2026-01-02T00:00:00+00:00", {"dissolved_oxygen": 5.5}),
        ("2026-01-02T02:00:00+00:00", {"dissolved_oxygen": -1.0, "water_temperature": 30.0}),
    ]
    assert (recording.rows, recording.missing_cells) == (3, 3)
    assert all(
        element.provenance == "replayed" and element.result_time is None for element in recording.elements
    )


def test_a_beginning_is_moved_to_the_end_of_its_period(tmp_path: Path) -> None:
    mapping = MAPPING.replace('label = "end"', 'label = "beginning"')
    assert small(tmp_path, "2026-01-02T07:00:00,5,20\n", mapping).elements[0].time == utc(
        "2026-01-02T08:00:00"
    )


def test_units_are_converted(tmp_path: Path) -> None:
    fahrenheit = MAPPING.replace('column = "temp"', f'column = "temp"\nfactor = {5 / 9}\noffset = {-160 / 9}')
    results = small(tmp_path, "2026-01-02T07:00:00,5,86\n", fahrenheit).elements[0].results
    assert results["water_temperature"] == pytest.approx(30)


def test_only_rows_that_the_quality_column_accepts_are_published(tmp_path: Path) -> None:
    mapping = MAPPING.replace(
        '[property.water_temperature]\ncolumn = "temp"', '[rows]\ncolumn = "temp"\nvalid = ["ok"]'
    )
    recording = small(tmp_path, "2026-01-02T07:00:00,5,ok\n2026-01-02T08:00:00,6,bad\n", mapping)
    assert (recording.observations, recording.invalid_rows) == (1, 1)


@pytest.mark.parametrize(
    ("hours", "repaired"),
    [
        ((1, 3, 3, 4), (1, 2, 3, 4)),  # the gap is before
        ((1, 2, 2, 4), (1, 2, 3, 4)),  # the gap is behind
    ],
)
def test_a_repeated_label_is_moved_into_the_gap_beside_it(
    tmp_path: Path, hours: tuple[int, ...], repaired: tuple[int, ...]
) -> None:
    mapping = MAPPING.replace("period_s = 3600", 'period_s = 3600\nrepair = "row_order"')
    rows = "".join(f"2026-01-02T{hour:02d}:00:00,{n},20\n" for n, hour in enumerate(hours))
    recording = small(tmp_path, rows, mapping)
    assert [element.time for element in recording.elements] == [
        utc(f"2026-01-02T{h:02d}:00:00") for h in repaired
    ]
    assert [element.results["dissolved_oxygen"] for element in recording.elements] == [0, 1, 2, 3]


def test_a_row_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    recording = small(tmp_path, "2026-01-02T07:00:00,5,20\n2026-01-02T07:00:00,5,20\n")
    assert (recording.observations, recording.repeated_rows) == (2, 1)


@pytest.mark.parametrize(
    ("rows", "before", "after", "message"),
    [
        ("2026-01-02T07:00:00,5,20\n2026-01-02T07:00:00,6,20\n", "", "", "lines 2 and 3"),
        ("2026-01-02T07:00:00,five,20\n", "", "", "line 2: do: 'five'"),
        ("2026-01-02T07:00:00,inf,20\n", "", "", "line 2: do: 'inf'"),
        ("2026-01-02T07:00:00,nan,20\n", "", "", "line 2: do: 'nan'"),
        ("02/01/2026,5,20\n", "", "", "when"),
        ("2026-01-02T07:00:00+07:00,5,20\n", "", "", "when"),
        (
            "2026-01-02T07:00:00,5,20\n",
            'zone = "Asia/Ho_Chi_Minh"',
            "",
            "line 2: when: '2026-01-02T07:00:00' has no offset",
        ),
        ("2026-01-02T07:00:00,5,20\n", 'column = "do"', 'column = "DO"', "no column 'DO'"),
        ("2026-03-08T02:30:00,5,20\n", "Asia/Ho_Chi_Minh", "America/New_York", "America/New_York"),
        (
            "2026-01-02T07:00:00,5,20\n2026-01-02T07:00:00,6,20\n",
            "period_s = 3600",
            'period_s = 3600\nrepair = "row_order"',
            "line 3: when",
        ),
    ],
)
def test_what_a_mapping_does_not_fit_is_said_by_file_line_and_column(
    tmp_path: Path, rows: str, before: str, after: str, message: str
) -> None:
    with pytest.raises(RecordingError) as error:
        small(tmp_path, rows, MAPPING.replace(before, after) if before else MAPPING)
    assert "small.csv" in str(error.value)
    assert message in str(error.value)


def test_an_empty_or_missing_file_is_said(tmp_path: Path) -> None:
    mapping = load_mapping("ea_rain", reference().domains)
    (tmp_path / "empty.csv").write_text("")
    for name in ("empty.csv", "absent.csv"):
        with pytest.raises(RecordingError, match=name):
            read(tmp_path / name, mapping)


def test_at_maximal_speed_rows_travel_in_arrays(tmp_path: Path) -> None:
    first = datetime.fromisoformat("2026-01-01T00:00:00")
    rows = "".join(f"{(first + timedelta(hours=n)).isoformat()},5,20\n" for n in range(2 * BATCH + 1))
    elements = small(tmp_path, rows).elements
    due = list(paced(elements, MAX))
    assert [len(batch) for _, batch in due] == [BATCH, BATCH, 1]
    assert [element for _, batch in due for element in batch] == list(elements)
    assert {at for at, _ in due} == {0.0}


def test_at_60x_an_hour_takes_a_minute(tmp_path: Path) -> None:
    elements = small(
        tmp_path, "2026-01-02T07:00:00,5,20\n2026-01-02T08:00:00,6,20\n2026-01-02T10:00:00,7,20\n"
    ).elements
    assert [at for at, _ in paced(elements, 60)] == [0, 60, 180]
    assert [at for at, _ in paced(elements, 1)] == [0, 3600, 10800]


def test_started_now_each_value_happens_when_it_is_published(tmp_path: Path) -> None:
    elements = small(tmp_path, "2026-01-02T07:00:00,5,20\n2026-01-02T08:00:00,6,20\n").elements
    now = datetime(2026, 11, 22, 3, tzinfo=UTC)
    assert [element.time for element in moved_to(elements, now, 60)] == [now, now + timedelta(minutes=1)]
