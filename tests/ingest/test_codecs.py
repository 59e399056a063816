"""Device codecs on the makers' published vectors (domain.md 8.9, 7.2), and on any bytes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.conversion import canonical
from ingest.decoders import codecs
from ingest.decoders.codecs import Installed, NotDecodable
from storage.model import Domain

VECTORS = [
    (
        "decentlab_dl_tbrg",
        "0202f8000300040258409a00000c54",
        1,
        {"rain_interval": 0.4, "interval_s": 600, "rain_counter": 1653.8, "battery": 3.156},
    ),
    ("decentlab_dl_tbrg", "0202f800020c54", 1, {"battery": 3.156}),
    (
        "decentlab_dl_pheht",
        "0252b800030000884282c77f637ff60c5c",
        1,
        {"water_temperature": 21.14, "ph": 7.11, "ph_mv": -1.0, "orp": -15.7, "battery": 3.164},
    ),
    ("decentlab_dl_pheht", "0252b800020c5c", 1, {"battery": 3.164}),
    ("decentlab_dl_mbx", "02012f000304d200010bb1", 1, {"distance": 1234, "samples": 1, "battery": 2.993}),
    ("decentlab_dl_mbx", "02012f00020bb1", 1, {"battery": 2.993}),
    (
        "decentlab_dl_pm",
        "021b50000f0c25002500270027002701f50107012c012d012d012d67bd618dbd10",
        1,
        {
            "pm1": 3.7,
            "pm2_5": 3.9,
            "pm4": 3.9,
            "pm10": 3.9,
            "temperature": 24.357,
            "humidity": 41.63,
            "pressure": 96800,
            "battery": 3.109,
        },
    ),
    (
        "decentlab_dl_pm",
        "021b50000d0c2567bd618dbd10",
        1,
        {"temperature": 24.357, "humidity": 41.63, "pressure": 96800, "battery": 3.109},
    ),
    ("decentlab_dl_pm", "021b5000010c25", 1, {"battery": 3.109}),
    ("milesight_em500_swl", "01756403770200", 85, {"battery_percent": 100, "water_depth": 2}),
    ("bosch_tps110", "01", 1, {"occupied": True}),
    ("bosch_tps110", "00", 1, {"occupied": False}),
    ("bosch_tps110", "01ff", 2, {"occupied": True, "temperature": -1}),
]


@pytest.mark.parametrize(("device", "frame", "f_port", "expected"), VECTORS)
def test_published_vector(device: str, frame: str, f_port: int, expected: dict[str, float]) -> None:
    assert codecs.find(device).decode(bytes.fromhex(frame), f_port) == expected


def test_a_parking_sensor_tells_its_bay_when_it_starts() -> None:
    # The start-up example of the device's published codec: codes 804 and 885, firmware 0.29.2, occupied.
    frame = bytes([0x24, 3, 0, 0, 0x75, 3, 0, 0, 0, 0, 0, 0, 0, 29, 2, 3, 1])
    assert codecs.find("bosch_tps110").decode(frame, 3) == {"occupied": True}


def test_distance_becomes_depth_where_the_height_over_the_ground_is_known() -> None:
    frame = bytes.fromhex("02012f000304d200010bb1")
    values = codecs.find("decentlab_dl_mbx").decode(frame, 1, Installed(reference_mm=1200))
    assert (
        values["water_depth"] == -34
    )  # 1200 − 1234: the echo came from below the ground; validation judges it
    assert "distance" not in values


def test_a_bucket_of_another_size_counts_other_rain() -> None:
    frame = bytes.fromhex("0202f8000300040258409a00000c54")
    values = codecs.find("decentlab_dl_tbrg").decode(frame, 1, Installed(tip_mm=0.2))
    assert values["rain_interval"] == 0.8
    assert values["rain_counter"] == 3307.6  # 16538 tips


def test_the_rain_counter_has_32_bits() -> None:
    frame = bytes.fromhex("0202f80003" + "0000" + "0258" + "ffff" + "ffff" + "0c54")
    values = codecs.find("decentlab_dl_tbrg").decode(frame, 1)
    assert values["rain_counter"] == 429496729.5  # (2^32 − 1) · 0.1 mm


def test_what_a_probe_kept_comes_with_its_time() -> None:
    # 1795310400 = 0x6b024340 is 2026-11-22T01:20:00Z by GNU date; 0x001f is 31 cm, ffff is no measurement.
    frame = bytes.fromhex("20ce" + "4043026b" + "1f00" + "20ce" + "9845026b" + "ffff")
    codec = codecs.find("milesight_em500_swl")
    assert codec.decode(frame, 85) == {}
    assert codecs.history(codec, frame) == [(datetime(2026, 11, 22, 1, 20, tzinfo=UTC), {"water_depth": 31})]


@pytest.mark.parametrize(
    ("device", "frame", "f_port", "said"),
    [
        ("decentlab_dl_pm", "", 1, "0 bytes, at least 5"),
        ("decentlab_dl_pm", "011b5000010c25", 1, "protocol version 1, expected 2"),
        ("decentlab_dl_pm", "021b5000010c", 1, "6 bytes, expected 7"),
        ("decentlab_dl_pm", "021b5000010c2500", 1, "8 bytes, expected 7"),
        ("decentlab_dl_mbx", "02012f000f0bb1", 1, "sensor groups 0x000f, this device has 2"),
        ("decentlab_dl_mbx", "02012f0003000000000bb1", 1, "no echo"),
        ("milesight_em500_swl", "017564037702", 85, "byte 3: channel 03 77 has 2 bytes"),
        ("milesight_em500_swl", "04", 85, "byte 0: a channel without a type"),
        ("milesight_em500_swl", "0367ff00", 85, "byte 0: channel 03 67 is none"),
        ("milesight_em500_swl", "0377ffff", 85, "collection failed"),
        ("milesight_em500_swl", "0377fdff", 85, "out of range"),
        ("bosch_tps110", "01", 0, "port 0, expected 1, 2 or 3"),
        ("bosch_tps110", "0101", 1, "2 bytes on port 1, expected 1"),
        ("bosch_tps110", "", 1, "0 bytes on port 1"),
    ],
)
def test_what_is_not_the_devices_is_refused_with_what_was_expected(
    device: str, frame: str, f_port: int, said: str
) -> None:
    with pytest.raises(NotDecodable, match=said):
        codecs.find(device).decode(bytes.fromhex(frame), f_port)


@pytest.mark.parametrize("device", codecs.names())
def test_any_bytes_raise_nothing_else(device: str) -> None:
    codec = codecs.find(device)
    heads = [bytes.fromhex(frame) for name, frame, *_ in VECTORS if name == device]

    @settings(max_examples=1000, deadline=None, database=None)
    @given(
        head=st.sampled_from([b"", *heads]),
        cut=st.integers(0, 40),
        rest=st.binary(max_size=40),
        f_port=st.integers(0, 4),
    )
    def run(head: bytes, cut: int, rest: bytes, f_port: int) -> None:
        try:
            values = codec.decode(head[:cut] + rest, f_port)
            kept = codecs.history(codec, head[:cut] + rest)
        except NotDecodable:
            return
        assert all(isinstance(value, float | bool) for value in values.values())
        assert all(time.tzinfo is not None and then for time, then in kept)

    run()


@pytest.mark.parametrize("device", codecs.names())
def test_every_key_is_a_property_in_a_unit_that_converts(device: str, domains: dict[str, Domain]) -> None:
    known = {key for domain in domains.values() for key in domain.properties}
    for key, meaning in codecs.find(device).PROPERTIES.items():
        assert meaning.property in known or key == "distance"
        assert meaning.unit is None or canonical(meaning.unit)
