"""Tables that are written by the csv module and read back, options that contradict themselves, and sizes."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decoders import Context, csv_table
from ingest.model import Decoded, Reason

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def read(text: str, **options: Any) -> Decoded:
    made = msgspec.convert(options, csv_table.Options)
    return csv_table.decode(
        text.encode(), Context(topic="file:a.csv", received_at=NOW, zone=HANOI, options=made)
    )


def written(rows: list[list[str]], delimiter: str, quoting: int) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting).writerows(rows)  # type: ignore[arg-type]  # one of csv's
    return text.getvalue()


numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
names = st.text(
    st.characters(exclude_characters="()[]\x00", exclude_categories=["C", "Z"]), min_size=1, max_size=8
)


@given(
    columns=st.lists(
        names.filter(lambda name: name not in ("time", "NA") and normalize("NFC", name) == name),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    rows=st.lists(st.lists(numbers, min_size=4, max_size=4), min_size=1, max_size=6),
    dialect=st.sampled_from([(",", "."), (";", ","), (";", "."), ("\t", ","), ("|", ".")]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_is_written_is_read(
    columns: list[str], rows: list[list[float | None]], dialect: tuple[str, str], quoting: int
) -> None:
    delimiter, decimal = dialect
    times = [datetime(2026, 11, 22, 10, tzinfo=HANOI) + timedelta(minutes=n) for n in range(len(rows))]
    table = [["time", *columns]]
    for time, row in zip(times, rows, strict=True):
        cells = ["" if value is None else repr(value).replace(".", decimal) for value in row[: len(columns)]]
        table.append([time.strftime("%d/%m/%Y %H:%M"), *cells])
    decoded = read(
        written(table, delimiter, quoting),
        delimiter=delimiter,
        decimal=decimal,
        device="d",
        time_format="%d/%m/%Y %H:%M",
    )
    expected = [
        (time, {name: value for name, value in zip(columns, row, strict=False) if value is not None})
        for time, row in zip(times, rows, strict=True)
    ]
    found = [(reading.time, dict(reading.results)) for reading in decoded.readings]
    assert found == [(time, results) for time, results in expected if results]
    assert [fault.reason for fault in decoded.faults] == ([] if found else [Reason.EMPTY])


def test_vietnamese_may_be_composed_or_not() -> None:
    """As some keyboards type it, and macOS names files: ờ as o, horn and grave accent."""
    text = "Thời gian,Điểm,Độ đục\n2026-11-22T03:00:00Z,Hồ Tây,1\n"
    assert normalize("NFD", text) != text
    (reading,) = read(normalize("NFD", text), time_columns=["Thời gian"], device_column="Điểm").readings
    assert (reading.device, dict(reading.results)) == ("Hồ Tây", {"Độ đục": 1.0})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_end_of_line_is_one(end: str) -> None:
    text = end.join(["time,device,ph", "2026-11-22T03:00:00Z,d,7", "", "2026-11-22T03:01:00Z,d,x", ""])
    decoded = read(text)
    assert [dict(reading.results) for reading in decoded.readings] == [{"ph": 7.0}]
    assert [fault.path for fault in decoded.faults] == ["line 4, column ph"]


@pytest.mark.parametrize(
    "text", ["1.234,5", "1 234,5", "1,2,3", "0x1F", "1_000", "１２", "--1", "1e", "1.5", "", "e5"]
)
def test_what_is_no_number_with_a_decimal_comma_is_refused(text: str) -> None:
    decoded = read(
        f"time;ph\n2026-11-22T03:00:00Z;{text}\n", delimiter=";", decimal=",", device="d", missing=["NA"]
    )
    assert [fault.reason for fault in decoded.faults] == [Reason.WRONG_TYPE]


@pytest.mark.parametrize(
    ("header", "key", "unit"),
    [
        ("PM2.5 (µg/m³)", "PM2.5", "µg/m³"),
        ("PM2.5(µg/m³)", "PM2.5", "µg/m³"),
        ("Water temp [°C]", "Water temp", "°C"),
        ("pH", "pH", None),
        ("pH ()", "pH", None),
        ("a (b) (c)", "a (b) (c)", None),
    ],
)
def test_a_header_may_have_the_unit(header: str, key: str, unit: str | None) -> None:
    (reading,) = read(f"time,{header}\n2026-11-22T03:00:00Z,1\n", device="d").readings
    assert reading.results == {key: 1.0}
    assert reading.units == ({} if unit is None else {key: unit})


def test_a_table_of_nothing_but_missing_values_is_empty() -> None:
    decoded = read("time,device,ph\n2026-11-22T03:00:00Z,d,NA\n")
    assert [fault.reason for fault in decoded.faults] == [Reason.EMPTY]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"decimal": ","}, "delimiter and decimal"),
        ({"delimiter": '"'}, "delimiter"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"time_format": "%H:%M"}, "year, month and day"),
        ({"time_format": "%Y-%m-%d %Q"}, "time_format"),
        ({"time_columns": []}, "time_columns"),
        ({"statuses": {"x": "good"}}, "status_column"),
        ({"status_column": "s", "statuses": {"x": "bad"}}, "statuses"),
        ({"device": ""}, "device"),
        ({"separator": ";"}, "separator"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.convert(options, csv_table.Options)
