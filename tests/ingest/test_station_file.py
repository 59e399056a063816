"""The station file beyond its golden folders: the table of indicators, names of files, messages of faults."""

import pytest

from ingest.decoders import Context, station_file
from ingest.model import Reason
from storage.model import Domain
from tests.ingest.decoder_cases import Case, cases

CASES = {case.folder.name: case for case in cases() if case.decoder_name == "station_file"}


def _context(name: str, case: Case = CASES["five_columns"]) -> Context:
    context = case.context
    return Context(topic=f"file:{name}", received_at=context.received_at, options=context.options)


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("VL_CANG_NUOC01_20230506000500.txt", "VL_CANG_NUOC01"),  # the name that domain.md 6.2 quotes
        ("hanam3/2019/05/30/HN_A_B_20190530000500.TXT", "HN_A_B"),
        ("HN_A_B_20190530000500", "HN_A_B"),
        ("HN_A_B_2019053000.txt", "HN_A_B_2019053000"),  # no time: all of it is the station
        ("station.txt", "station"),
        (".txt", ".txt"),
    ],
)
def test_the_station_is_in_the_name_of_the_file(name: str, device: str) -> None:
    payload = b"PM10\t60\tug/m3\t20190530000500\t00\n"
    (reading,) = station_file.decode(payload, _context(name)).readings
    assert reading.device == device


def test_faults_say_what_was_expected() -> None:
    case = CASES["broken_lines"]
    faults = station_file.decode(case.payload, case.context).faults
    assert [(fault.path, fault.message) for fault in faults] == [
        ("line 2", "expected a number, got 'abc'"),
        ("line 3", "1 tab-separated columns, expected indicator, value, unit, time, status"),
        ("line 4", "'20231306000500' is no time as yyyyMMddHHmmss"),
        ("line 5", "expected a time as yyyyMMddHHmmss and a status of two digits, got '2023050600'"),
        ("line 6", "expected a number, got 'NaN'"),
        ("line 7", "'PM10' has another value for this time in line 1"),
        ("line 8", "6 tab-separated columns, expected indicator, value, unit, time, status"),
    ]


@pytest.mark.parametrize(
    ("written", "value"),
    [("35.2", 35.2), ("35,2", 35.2), ("-0,8", -0.8), ("+5", 5.0), (".5", 0.5), ("7.", 7.0), ("1e-3", 0.001)],
)
def test_decimal_points_and_commas(written: str, value: float) -> None:
    payload = f"PM10\t{written}\tug/m3\t20190530000500\t00".encode()
    (reading,) = station_file.decode(payload, _context("A_B_C_20190530000500.txt")).readings
    assert reading.results == {"PM10": value}


def test_a_comma_before_three_digits_is_decimal_only_where_the_file_says_so() -> None:
    """1,234 µg/m3 of NO2 may be 1.234 or 1234: a station whose other values have a comma settles it."""
    ambiguous = b"NO2\t1,234\tug/m3\t20190530000500\t00\n"
    context = _context("A_B_C_20190530000500.txt")
    alone = station_file.decode(ambiguous, context)
    assert [(f.reason, f.path, f.message) for f in alone.faults] == [
        (Reason.WRONG_TYPE, "line 1", "'1,234' may be 1.234 or 1234")
    ]
    assert not alone.readings
    for other in (b"18,4", b"0,125", b"-,5", b"1234,567", b"1,2345"):
        decoded = station_file.decode(ambiguous + b"PM10\t" + other + b"\tug/m3\n", context)
        assert decoded.readings[0].results["NO2"] == 1.234
        assert not decoded.faults
    for other in (b"18.4", b"123,456", b"1234"):
        decoded = station_file.decode(ambiguous + b"PM2,5\t" + other + b"\tug/m3\n", context)
        assert decoded.faults[0].path == "line 1"


@pytest.mark.parametrize(
    "line",
    [
        "PM10\t1",  # of 120.5
        "PM10\t120.5",
        "PM10\t120.5\tug/m3",
        "PM10\t120.5\tug/m3\t20190530000500",
        "PM10\t120.5\tug/m3\t20190530000500\t",
        "PM10\t120.5\tug/m3\t20190530000500\t0",
        "PM10\t120.5\t20190530000500\t00",
    ],
)
def test_a_last_line_without_an_end_is_not_stored(line: str) -> None:
    whole = "NO2\t18.4\tug/m3\t20190530000500\t00\r\n"
    decoded = station_file.decode(f"{whole}{line}".encode(), _context("A_B_C_20190530000500.txt"))
    assert [reading.results for reading in decoded.readings] == [{"NO2": 18.4}]
    assert [(f.reason, f.path, f.message) for f in decoded.faults] == [
        (Reason.MISSING_FIELD, "line 2", "the last line has no end: cut off?")
    ]


def test_a_last_line_with_all_five_columns_needs_no_end() -> None:
    payload = b"PM10\t120.5\tug/m3\t20190530000500\t00"
    decoded = station_file.decode(payload, _context("A_B_C_20190530000500.txt"))
    assert [reading.results for reading in decoded.readings] == [{"PM10": 120.5}]
    assert not decoded.faults


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        ("mg/m3\t20190530000500\t00", "ug/m3\t20190530000500\t00", "unit"),
        ("mg/m3\t20190530000500\t00", "mg/m3\t20190530000500\t02", "status"),
    ],
)
def test_one_value_in_two_units_or_states_is_a_fault(first: str, second: str, what: str) -> None:
    payload = f"CO\t1\t{first}\nCO\t1\t{second}\n".encode()
    decoded = station_file.decode(payload, _context("A_B_C_20190530000500.txt"))
    assert [(f.reason, f.path, f.message) for f in decoded.faults] == [
        (Reason.DUPLICATE_KEY, "line 2", f"'CO' has another {what} for this time in line 1")
    ]
    assert [reading.units for reading in decoded.readings] == [{"CO": "mg/m3"}]


@pytest.mark.parametrize(
    "written", ["1.234,5", "1,234.5", "35.2.1", "inf", "1e999", "0x10", "١٢", "1_0", "--5"]
)
def test_what_is_no_plain_number_is_refused(written: str) -> None:
    payload = f"PM10\t{written}\tug/m3\t20190530000500\t00".encode()
    decoded = station_file.decode(payload, _context("A_B_C_20190530000500.txt"))
    assert [fault.reason for fault in decoded.faults] == [Reason.WRONG_TYPE]
    assert not decoded.readings


def test_the_same_line_twice_is_no_fault() -> None:
    payload = b"PM10\t60\tug/m3\t20190530000500\t00\n" * 2
    decoded = station_file.decode(payload, _context("A_B_C_20190530000500.txt"))
    assert len(decoded.readings) == 1
    assert not decoded.faults


def test_every_spelling_is_a_property_that_a_thing_may_send(domains: dict[str, Domain]) -> None:
    known = {
        key for domain in domains.values() for key, prop in domain.properties.items() if not prop.derived
    }
    assert {meaning.property for meaning in station_file.PROPERTIES.values()} <= known
    for spelling, ours in [
        ("PM-2-5", "pm2_5"),
        ("pm2.5", "pm2_5"),
        ("NH4+", "ammonium"),
        ("PH", "ph"),
        ("ph", "ph"),
    ]:
        assert station_file.PROPERTIES[spelling].property == ours
