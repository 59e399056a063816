"""The native decoder: its two paths agree on anything, and a payload never makes it raise."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.decoders import native
from ingest.model import Decoded, Reason
from ingest.wire import Element, encode
from storage.model import Provenance

CONTRACT = (
    b'{"time": "2026-11-22T03:04:05Z", "results": {"pm2_5": 35.2, "pm10": 60.1}, '
    b'"flags": {"pm10": "calibrating"}}'
)

KEYS = st.sampled_from(["time", "results", "flags", "result_time", "provenance", "sequence", "pm2_5", "x"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.sampled_from(
        ["2026-11-22T03:04:05Z", "2026-11-22T03:04:05", "simulated", "fault", "a", '":', "\x00"]
    )
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
ELEMENTS = st.fixed_dictionaries(
    {
        "time": st.sampled_from(["2026-11-22T03:04:05Z", "2026-11-22T10:04:05.123456+07:00", "yesterday"]),
        "results": st.dictionaries(
            KEYS, st.floats(-100, 100) | st.booleans() | st.integers(0, 9), max_size=3
        ),
    },
    optional={
        "flags": st.dictionaries(KEYS, st.sampled_from(["fault", "estimated", "odd"]), max_size=2),
        "result_time": st.just("2026-11-22T03:05:00Z"),
        "provenance": st.sampled_from(["simulated", "replayed", "odd"]),
        "sequence": st.integers(0, 2**53) | st.floats(0, 9) | LEAVES,
        "firmware": LEAVES,
    },
)


def as_data(decoded: Decoded) -> tuple[list[Any], list[Any], list[int]]:
    return list(decoded.readings), list(decoded.faults), list(decoded.sequences)


def test_the_contract_s_example_is_understood() -> None:
    (reading,) = native.decode(CONTRACT).readings
    assert reading.time == reading.result_time == datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
    assert reading.results == {"pm2_5": 35.2, "pm10": 60.1}
    assert reading.flags == {"pm10": "calibrating"}
    assert reading.provenance is Provenance.MEASURED


@given(st.binary(max_size=200))
@example(b'{"time":1,"time":2}')
def test_any_bytes_are_readings_or_faults(payload: bytes) -> None:
    decoded = native.decode(payload)
    assert decoded.readings or decoded.faults


@given(DOCUMENTS, st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]))
def test_any_document_is_readings_or_faults(document: object, separators: tuple[str, str]) -> None:
    decoded = native.decode(json.dumps(document, separators=separators).encode())
    assert decoded.readings or decoded.faults


@given(ELEMENTS | st.lists(ELEMENTS, min_size=1, max_size=4))
def test_the_fast_path_says_what_the_careful_one_says(document: object) -> None:
    payload = json.dumps(document).encode()
    fast = native._decode_fast(payload)
    if fast is not None:
        assert as_data(fast) == as_data(native._decode_carefully(payload))


@pytest.mark.parametrize("colon", [":", " :", "\t:", " : "])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("time", '"2026-11-22T03:04:05Z"'),
        ("results", "{}"),
        ("flags", "{}"),
        ("provenance", '"measured"'),
        ("sequence", "5"),
        ("pm2_5", "1"),
        ("pm10", "1"),
    ],
)
def test_the_fast_path_takes_no_payload_with_a_key_twice(key: str, value: str, colon: str) -> None:
    text = (
        '{"time":"2026-11-22T03:04:05Z","results":{"pm2_5":1,"pm10":2},"flags":{},"provenance":"measured",'
        '"sequence":5}'
    )
    start = text.index(f'"{key}"')
    twice = f'{text[:start]}"{key}"{colon}{value},{text[start:]}'.encode()
    assert native._decode_fast(text.encode()) is not None
    assert native._decode_fast(twice) is None
    assert Reason.DUPLICATE_KEY in {fault.reason for fault in native.decode(twice).faults}


@given(
    st.integers(0, 800_000_000).map(lambda s: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
    st.dictionaries(st.sampled_from(["pm2_5", "occupied"]), st.floats(-1e6, 1e6) | st.booleans(), min_size=1),
    st.sampled_from(list(Provenance)),
)
def test_what_publishers_encode_comes_back(
    time: datetime, results: dict[str, float | bool], provenance: Provenance
) -> None:
    (reading,) = native.decode(encode([Element(time=time, results=results, provenance=provenance)])).readings
    assert (reading.time, reading.results, reading.provenance) == (time, results, provenance)


def test_every_element_s_faults_are_named_by_their_path() -> None:
    decoded = native.decode(
        b'[{"results": {"a": "x"}}, 5, {"time": "2026-11-22T03:04:05Z", "results": {"a": 1}}]'
    )
    assert [(fault.path, fault.reason.value) for fault in decoded.faults] == [
        ("$[0].time", "missing_field"),
        ("$[0].results.a", "wrong_type"),
        ("$[1]", "wrong_type"),
    ]
    assert [reading.path for reading in decoded.readings] == ["$[2]"]


def with_sequence(*sequences: str) -> bytes:
    elements = [
        f'{{"time": "2026-11-22T03:04:05Z", "results": {{"a": 1}}, "sequence": {text}}}' for text in sequences
    ]
    return f"[{', '.join(elements)}]".encode()


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("5", 5), ("5.0", 5), (str(2**53 - 1), 2**53 - 1)])
def test_a_sequence_is_an_integer(text: str, number: int) -> None:
    decoded = native.decode(with_sequence(text))
    assert (list(decoded.sequences), list(decoded.faults)) == ([number], [])


def test_an_element_without_a_sequence_has_none() -> None:
    assert list(native.decode(CONTRACT).sequences) == []
    assert as_data(native.decode(with_sequence("null")))[1:] == ([], [])


@pytest.mark.parametrize("text", ["-1", "5.5", "true", '"5"', "[5]", "NaN", str(2**53), "1e999"])
def test_a_wrong_sequence_spoils_only_the_counting(text: str) -> None:
    decoded = native.decode(with_sequence("7", text))
    assert [(fault.path, fault.reason) for fault in decoded.faults] == [("$[1].sequence", Reason.WRONG_TYPE)]
    assert [reading.path for reading in decoded.readings] == ["$[0]", "$[1]"]
    assert list(decoded.sequences) == [7]


def test_an_element_that_is_rejected_has_arrived() -> None:
    decoded = native.decode(b'{"time": "yesterday", "results": {"a": 1}, "sequence": 7}')
    assert (list(decoded.readings), list(decoded.sequences)) == ([], [7])


@given(st.dictionaries(st.sampled_from(["fw", "rssi", "value", "extra"]), DOCUMENTS, min_size=1))
def test_fields_that_nobody_reads_change_nothing(extra: dict[str, object]) -> None:
    plain = {"time": "2026-11-22T03:04:05Z", "results": {"pm2_5": 1.0, "pm10": 2.0}}
    payload = json.dumps({**plain, **extra}).encode()
    assert as_data(native.decode(payload)) == as_data(native.decode(json.dumps(plain).encode()))
    fast = native._decode_fast(payload)
    assert fast is None or as_data(fast) == as_data(native._decode_carefully(payload))


def test_a_key_twice_is_found_among_fields_that_nobody_reads() -> None:
    payload = b'{"time":"2026-11-22T03:04:05Z","fw":"1.2","results":{"pm2_5":1,"pm2_5":2}}'
    assert native._decode_fast(payload.replace(b',"pm2_5":2', b"")) is not None
    assert native._decode_fast(payload) is None
    assert Reason.DUPLICATE_KEY in {fault.reason for fault in native.decode(payload).faults}
