"""What The Things Stack and ChirpStack uplinks become in the end: translated, converted, checked; and odd documents."""

import base64
import copy
import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import decoders
from ingest.decoders import chirpstack, the_things_stack
from ingest.model import Reason
from ingest.sources import load_sources
from storage.catalog import ReferenceDataError
from tests.ingest.decoder_cases import Case, cases

UPLINKS = [case for case in cases() if case.decoder_name in ("the_things_stack", "chirpstack")]


def _case(decoder: str, name: str) -> Case:
    return next(case for case in UPLINKS if (case.decoder_name, case.folder.name) == (decoder, name))


def test_other_events_are_named() -> None:
    said = {
        case.folder.name: case.decoder.decode(case.payload, case.context).faults[0].message
        for case in UPLINKS
        if case.folder.name.startswith("documented_") and not case.folder.name.endswith(("_up", "_uplink"))
    }
    assert said == {
        "documented_ack": "expected an up event, got ack",
        "documented_join": said["documented_join"],  # both servers have one
        "documented_location": "expected an up event, got location",
        "documented_log": "expected an up event, got log",
        "documented_status": "expected an up event, got status",
    }
    case = _case("the_things_stack", "documented_join")
    (fault,) = case.decoder.decode(case.payload, case.context).faults
    assert fault.message == "expected an uplink_message, got join_accept"


def test_the_same_uplink_delivered_again_has_the_same_key() -> None:
    """Its own time of arrival must not count, or a redelivery would be a second observation."""
    for case in UPLINKS:
        first = case.decoder.decode(case.payload, case.context)
        a_week_later = case.context.received_at + timedelta(days=7)  # as long as the broker keeps our session
        later = msgspec.structs.replace(case.context, received_at=a_week_later)
        assert case.decoder.decode(case.payload, later) == first


def test_the_later_of_two_versions_of_an_uplink_is_the_correction() -> None:
    """The same frame through the server twice: the key is the gateway's time, and result_time tells which is newer."""
    case = _case("the_things_stack", "documented_uplink")
    event = json.loads(case.payload)
    event["uplink_message"]["received_at"] = "2020-02-12T15:15:45.9Z"
    event["uplink_message"]["decoded_payload"]["temperature"] = 2.0
    (first,) = case.decoder.decode(case.payload, case.context).readings
    (second,) = case.decoder.decode(json.dumps(event).encode(), case.context).readings
    assert second.time == first.time
    assert second.result_time > first.result_time


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ('codec = "acme_9000"', "options: `codec`: 'acme_9000' is none of bosch_tps110, decentlab_dl_mbx"),
        ("reference_mm = -1", "options: `reference_mm` is from 0 to 100000 mm"),
        ("tip_mm = nan", "options: `tip_mm` is more than 0"),
        ('device = "name"', "options: Invalid enum value 'name'"),
        ("refrence_mm = 1", "options: Object contains unknown field `refrence_mm`"),
    ],
)
def test_a_wrong_option_is_named_with_file_and_source(tmp_path: Path, options: str, said: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(
        f'[[source]]\nname = "lora"\ndecoder = "chirpstack"\ntopics = ["application/#"]\n[source.options]\n{options}\n'
    )
    with pytest.raises(ReferenceDataError) as raised:
        load_sources(path)
    assert str(raised.value).startswith(f"{path}: source lora: {said}")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(width=32)
    | st.text(max_size=8)
    | st.sampled_from(
        ["2026-11-22T03:04:05Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "gkHe"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.parametrize("decoder", [the_things_stack.__name__, chirpstack.__name__])
def test_documents_with_anything_in_any_place_raise_nothing(decoder: str) -> None:
    """Bytes that are changed at random seldom stay JSON; here one value of a good document is another one."""
    name = decoder.rpartition(".")[2]
    own = [case for case in UPLINKS if case.decoder_name == name and _is_object(case.payload)]

    @settings(max_examples=1500, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=st.sampled_from(own), at=st.integers(0, 10_000), value=JSON)
    def run(case: Case, at: int, value: Any) -> None:
        document = json.loads(case.payload)
        places = list(_places(document))
        holder, key = places[at % len(places)]
        holder[key] = copy.deepcopy(value)
        decoded = decoders.find(name).decode(json.dumps(document).encode(), case.context)
        assert decoded.readings or decoded.faults
        for reading in decoded.readings:
            assert reading.time.tzinfo is not None
            assert all(math.isfinite(result) for result in reading.results.values())

    run()


def _is_object(payload: bytes) -> bool:
    try:
        return isinstance(json.loads(payload), dict)
    except ValueError:
        return False


def _places(value: Any) -> Any:
    """Every place in a document that holds a value: (object or array, key)."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _formatted(decoded: Any, **more: Any) -> Any:
    """The documented uplink of The Things Stack with another decoded object."""
    case = _case("the_things_stack", "documented_uplink")
    event = json.loads(case.payload)
    event["uplink_message"] |= {"decoded_payload": decoded, **more}
    return case.decoder.decode(json.dumps(event).encode(), case.context)


def test_a_long_key_above_many_values_is_refused_once() -> None:
    """Each value keeps its own dotted key: 60 KB took 800 MB when every one had the long key in it."""
    decoded = _formatted({"k" * 60_000: [1] * 4000, "good": 1})
    assert "good" in decoded.readings[0].results
    assert [fault.reason for fault in decoded.faults] == [Reason.WRONG_TYPE]
    assert "a key of 60001 characters, at most 255" in decoded.faults[0].message
    assert len(decoded.faults[0].path) < 300


def test_long_keys_that_are_nested_are_refused_at_255_characters() -> None:
    decoded = _formatted({"a" * 200: {"b" * 54: 1, "c" * 55: [1] * 100}})
    assert f"{'a' * 200}.{'b' * 54}" in decoded.readings[0].results
    assert len(decoded.faults) == 1


def test_an_object_has_at_most_2000_values() -> None:
    decoded = _formatted({"list": [1] * 3000})
    assert [(fault.reason, fault.path) for fault in decoded.faults] == [
        (Reason.TOO_LARGE, "$.uplink_message.decoded_payload.list.2000")
    ]
    results = decoded.readings[0].results
    assert "list.1999" in results
    assert "list.2000" not in results


def test_an_rssi_of_0_is_none() -> None:
    def rssi(*values: Any) -> float | bool | None:
        received = [{"rssi": value} for value in values]
        decoded = _formatted({"good": 1}, rx_metadata=received)
        found: float | bool | None = decoded.readings[0].results.get("rssi")
        return found

    assert rssi(0, -97, -101) == -97
    assert rssi(0) is None


def _coded(codec: str, frame: str) -> Any:
    case = _case("the_things_stack", "documented_uplink")
    event = json.loads(case.payload)
    event["uplink_message"] |= {"f_port": 85, "frm_payload": base64.b64encode(bytes.fromhex(frame)).decode()}
    options = msgspec.convert({"codec": codec}, the_things_stack.Options)
    context = msgspec.structs.replace(case.context, options=options, device_options={})
    return case.decoder.decode(json.dumps(event).encode(), context)


def test_what_a_probe_kept_is_not_lost_with_a_measurement_that_failed() -> None:
    # Kept: 31 cm at 1795310400 (2026-11-22T01:20:00Z by GNU date); now: ffff, collection failed.
    decoded = _coded("milesight_em500_swl", "20ce" + "4043026b" + "1f00" + "0377" + "ffff")
    assert [fault.reason for fault in decoded.faults] == [Reason.NOT_DECODABLE]
    assert "collection failed" in decoded.faults[0].message
    kept, _ = decoded.readings  # the other is the rssi's
    assert (kept.time, kept.results) == (datetime(2026, 11, 22, 1, 20, tzinfo=UTC), {"water_depth": 31})


def test_a_frame_that_is_cut_off_is_one_fault() -> None:
    decoded = _coded("milesight_em500_swl", "20ce4043026b1f000377")
    assert [fault.reason for fault in decoded.faults] == [Reason.NOT_DECODABLE]
    assert [set(reading.results) for reading in decoded.readings] == [{"rssi"}]


def test_the_battery_of_a_sensor_that_heard_no_echo_is_kept() -> None:
    # The maker's frame with distance and samples 0; battery 0bb1 is 2993 mV.
    decoded = _coded("decentlab_dl_mbx", "02012f0003000000000bb1")
    assert "no echo" in decoded.faults[0].message
    assert decoded.readings[0].results["battery"] == 2.993
