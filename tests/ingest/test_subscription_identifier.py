"""The subscription identifier among the properties of a PUBLISH (MQTT 5, 2.2.2 and 3.3.2.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.mqtt_client import read_identifier


def packed(**values: object) -> bytes:
    """As paho writes them, without the length in front (below 128 bytes)."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has none
    for name, value in values.items():
        setattr(properties, name, value)
    whole: bytes = properties.pack()  # type: ignore[no-untyped-call]  # paho has no types for it
    assert whole[0] == len(whole) - 1 < 128
    return whole[1:]


@given(st.integers(1, 268_435_455))
def test_every_identifier_is_read(identifier: int) -> None:
    assert read_identifier(packed(SubscriptionIdentifier=identifier)) == identifier


def test_it_is_found_between_all_other_properties_and_the_highest_counts() -> None:
    every = packed(
        PayloadFormatIndicator=1,
        MessageExpiryInterval=60,
        TopicAlias=5,
        ResponseTopic="a/b",
        CorrelationData=b"\x0b\x01",
        UserProperty=[("k", "v"), ("Đường", "Láng")],
        ContentType="application/json",
    )
    assert read_identifier(every) is None
    assert read_identifier(every + packed(SubscriptionIdentifier=7)) == 7
    assert (
        read_identifier(packed(SubscriptionIdentifier=300) + every + packed(SubscriptionIdentifier=7)) == 300
    )


@pytest.mark.parametrize("broken", [b"\x0b", b"\x0b\xff", b"\x7f\x01", b"\x26\x00", b"\x02\x00"])
def test_what_cannot_be_read_has_none_so_that_the_message_is_handled(broken: bytes) -> None:
    assert read_identifier(broken) is None


@given(st.binary(max_size=60))
def test_any_bytes_end_in_a_number_or_none(properties: bytes) -> None:
    assert (read_identifier(properties) or 1) >= 0
