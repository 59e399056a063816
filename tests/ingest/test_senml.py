"""SenML beyond the golden folders: the published resolved forms, and packs that are made and read back."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decoders import Context, senml
from ingest.model import Decoded, Reason
from tests.conftest import SHARED

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
MADE_AT = datetime.fromtimestamp(1498780179, UTC)
"""When the published resolved forms were made."""
LABELS = {"bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "n": 0, "u": 1, "v": 2, "vb": 4, "t": 6}
"""RFC 8428, table 4."""


def read(payload: bytes, now: datetime = NOW, **options: Any) -> Decoded:
    context = Context(topic="t", received_at=now, options=msgspec.convert(options, senml.Options))
    return senml.decode(payload, context)


def as_cbor(pack: list[dict[str, Any]]) -> bytes:
    return cbor2.dumps([{LABELS[label]: value for label, value in record.items()} for record in pack])


def resolved(decoded: Decoded) -> set[tuple[str, str, float, float | bool]]:
    """(name, unit, seconds since 1970, value), the name put together again."""
    return {
        (
            f"{reading.device}:{key}" if key != reading.units.get(key) else str(reading.device),
            reading.units.get(key, ""),
            reading.time.timestamp(),
            value,
        )
        for reading in decoded.readings
        for key, value in reading.results.items()
    }


@pytest.mark.parametrize("example", ["ex1", "ex2", "ex3", "ex5"])
@pytest.mark.parametrize("encoding", ["json", "cbor"])
def test_the_published_examples_resolve_as_published(example: str, encoding: str) -> None:
    folder = SHARED / "data" / "senml"
    if not folder.is_dir():
        pytest.skip(f"senml/{example}.json is in ../shared, which is absent")
    payload = (folder / f"{example}.json").read_bytes()
    published = json.loads((folder / f"{example}.resolved.json").read_bytes())
    if encoding == "cbor":
        payload = as_cbor(json.loads(payload))
    decoded = read(payload, MADE_AT, encoding=encoding)
    assert list(decoded.faults) == []
    assert resolved(decoded) == {(r["n"], r["u"], r["t"], r["v"]) for r in published}


records = st.fixed_dictionaries(
    {
        "device": st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9:./_-]{0,10}[A-Za-z0-9])?", fullmatch=True),
        "key": st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,6}[a-z0-9])?", fullmatch=True),
        "unit": st.sampled_from(["", "Cel", "%RH", "ug/m3"]),
        "time": st.integers(2**28, 2**32),
        "value": st.booleans() | st.floats(-1e9, 1e9),
    }
)
rewritings = st.fixed_dictionaries({"time": st.integers(0, 2**32), "unit": st.booleans()})


def packed(record: dict[str, Any], rewriting: dict[str, Any] | None) -> dict[str, Any]:
    """A record with everything in base fields or, without a rewriting, nothing but the name of the device."""
    base_time = rewriting["time"] if rewriting else 0
    label = "vb" if isinstance(record["value"], bool) else "v"
    in_base = rewriting is not None and rewriting["unit"]
    return {
        "bn": record["device"] + ":",
        "bt": base_time,
        "bu": record["unit"] if in_base else "",
        "n": record["key"],
        "t": record["time"] - base_time,
        label: record["value"],
        **({} if in_base else {"u": record["unit"]}),
    }


@given(
    st.lists(st.tuples(records, st.none() | rewritings), min_size=1, max_size=8),
    st.sampled_from(["json", "cbor"]),
)
def test_what_is_packed_is_read_back(sent: list[tuple[dict[str, Any], Any]], encoding: str) -> None:
    pack = [packed(record, rewriting) for record, rewriting in sent]
    decoded = read(as_cbor(pack) if encoding == "cbor" else json.dumps(pack).encode(), encoding=encoding)
    assert list(decoded.faults) == []
    found = [
        (r.device, key, "" if isinstance(value, bool) else r.units.get(key, ""), r.time.timestamp(), value)
        for r in decoded.readings
        for key, value in r.results.items()
    ]
    expected = [
        (r["device"], r["key"], "" if isinstance(r["value"], bool) else r["unit"], r["time"], r["value"])
        for r, _ in sent
    ]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def test_one_device_and_time_is_one_reading_and_the_same_key_again_is_another() -> None:
    pack = [{"bn": "a:", "n": key, "v": value} for key, value in (("x", 1), ("y", 2), ("x", 3), ("z", 4))]
    readings = read(json.dumps(pack).encode()).readings
    assert [dict(reading.results) for reading in readings] == [{"x": 1, "y": 2}, {"x": 3, "z": 4}]
    assert {reading.time for reading in readings} == {NOW}
    assert readings[1].paths == {"x": "$[2].v", "z": "$[3].v"}


def test_a_pack_without_times_has_the_time_of_its_arrival() -> None:
    later = NOW + timedelta(seconds=3)
    assert [reading.time for reading in read(b'[{"n": "a", "v": 1}]', later).readings] == [later]


@pytest.mark.parametrize("label", ["bn", "n", "bu", "u"])
def test_text_is_short(label: str) -> None:
    fields = {"n": "a", "v": 1, label: "a" * (senml.MAX_TEXT + 1)}
    (fault,) = read(json.dumps([fields]).encode()).faults
    assert (fault.reason, fault.path) == (Reason.WRONG_TYPE, f"$[0].{label}")


def test_cbor_makes_no_other_object_of_a_tag_than_a_decimal_fraction() -> None:
    accepted = {
        tag
        for tag in range(66_000)
        if read(cbor2.dumps([{0: "a", 2: cbor2.CBORTag(tag, [-2, 27315])}]), encoding="cbor").readings
    }
    assert accepted == {4}


def test_a_large_pack_of_cbor_nests_no_deeper_than_records() -> None:
    """Keys may be arrays, whose hashes can be made to collide; 26,000 of them would take half a minute."""
    small = cbor2.dumps([{0: "a", 2: 1, (1, 2): 3}])
    assert read(small, encoding="cbor").readings
    large = cbor2.dumps([{0: "a", 2: 1, (1, 2): 3, "x": "x" * 65_536}])
    assert [fault.reason for fault in read(large, encoding="cbor").faults] == [Reason.TOO_DEEP]
    assert read(cbor2.dumps([{0: "a", 2: 1, "x": "x" * 65_536}]), encoding="cbor").readings


@pytest.mark.parametrize("key", [b"v", 1.5, True, None, 99])
def test_a_key_of_cbor_that_is_no_label_is_ignored(key: Any) -> None:
    (reading,) = read(cbor2.dumps([{0: "a", 2: 1, key: "x"}]), encoding="cbor").readings
    assert reading.results == {"value": 1.0}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"encoding": "xml"}, "encoding"),
        ({"split": "first"}, "split"),
        ({"device_from_topic": 0}, "device_from_topic"),
        ({"device": "x"}, "device"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], names: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=names):
        msgspec.convert(options, senml.Options)


@pytest.mark.parametrize("encoding", ["json", "cbor"])
def test_a_pack_has_a_bounded_number_of_records(encoding: str) -> None:
    """Half a million empty maps are half a megabyte of CBOR."""
    payload = b"[" + b",".join([b"{}"] * 50_001) + b"]"
    if encoding == "cbor":
        payload = b"\x9a" + (500_000).to_bytes(4, "big") + b"\xa0" * 500_000
    decoded = read(payload, encoding=encoding)
    assert [(fault.reason, fault.path) for fault in decoded.faults] == [(Reason.TOO_LARGE, "$")]
