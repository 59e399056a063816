"""Our network loop under paho: the packets that it reads itself, and what it does when memory is full."""

import socket
import struct
import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt._packet import decode_publish
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from deploy.embedded.mosquitto import Mosquitto
from ingest import transport as transport_module
from ingest.model import Envelope
from ingest.mqtt_client import BufferedSocket, read_publish
from ingest.transport import MqttTransport, Subscription
from ingest.wire import BrokerAddress
from tests.processes import publish, wait_for

TEXT = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])


@given(
    topic=st.text(TEXT, max_size=80),
    payload=st.binary(max_size=300),
    qos=st.sampled_from([0, 1]),
    mid=st.integers(1, 65535),
    dup=st.booleans(),
    expiry=st.none() | st.integers(0, 2**32 - 1),
    users=st.lists(st.tuples(st.text(TEXT, max_size=40), st.text(TEXT, max_size=80)), max_size=3),
)
def test_a_publish_is_read_as_paho_reads_it(
    topic: str,
    payload: bytes,
    qos: int,
    mid: int,
    dup: bool,
    expiry: int | None,
    users: list[tuple[str, str]],
) -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has none
    if expiry is not None:
        properties.MessageExpiryInterval = expiry
    if users:
        properties.UserProperty = users
    header = 0x30 | qos << 1 | (8 if dup else 0)
    name = topic.encode()
    packet = bytearray(struct.pack("!H", len(name)) + name + (struct.pack("!H", mid) if qos else b""))
    packet += properties.pack() + payload  # type: ignore[no-untyped-call]  # paho has no types for it
    expected = decode_publish(header, packet, MQTTProtocolVersion.MQTTv5)
    read = read_publish(header, packet)
    assert read is not None
    assert (read.topic.encode(), read.payload, read.qos, read.mid, read.dup) == (
        expected.topic,
        expected.payload,
        expected.qos,
        expected.mid,
        expected.dup,
    )


@given(st.binary(max_size=60), st.integers(0x30, 0x3F))
def test_what_is_not_well_formed_is_left_to_paho(packet: bytes, header: int) -> None:
    read = read_publish(header, packet)
    assert read is None or len(read.topic.encode()) + len(read.payload) < len(packet)


def test_qos_2_is_left_to_paho() -> None:
    assert read_publish(0x34, b"\x00\x01t\x00\x07\x00x") is None


def test_a_socket_reads_ahead_and_sends_at_once() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        ours.setblocking(False)
        buffered = BufferedSocket(ours)
        with pytest.raises(BlockingIOError):
            buffered.recv(1)
        theirs.send(b"abc")
        assert buffered.recv(1) == b"a"
        assert buffered.pending() == 2
        assert buffered.recv(10) == b"bc"
        buffered.send(b"1")
        buffered.send(b"2")
        assert buffered.unsent == 2
        buffered.flush()
        assert theirs.recv(10) == b"12"
        theirs.shutdown(socket.SHUT_WR)
        assert buffered.recv(1) == b""
        buffered.close()


def test_what_the_kernel_does_not_take_is_kept() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        ours.setblocking(False)
        buffered = BufferedSocket(ours)
        sent = bytes(range(256)) * 8192
        buffered.send(sent)
        buffered.flush()
        assert 0 < buffered.unsent < len(sent)
        received = bytearray()
        while len(received) < len(sent):
            received += theirs.recv(65536)
            buffered.flush()
        assert received == sent
        buffered.close()


@pytest.mark.integration
def test_nothing_is_read_while_memory_is_full_and_the_session_stays(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport_module, "QUEUED_BYTES", 1_000_000)
    monkeypatch.setattr(transport_module, "KEEPALIVE_S", 5)
    made = MqttTransport(
        address=BrokerAddress.parse(broker.url("ingest")),
        client_id="hanoi-ingest",
        subscriptions=[Subscription(filter="hanoi/v1/#")],
    )
    made.start()
    try:
        wait_for(lambda: made.connected, "subscribed")
        messages = [("hanoi/v1/rain/x/observations", b"%04d" % n + bytes(100_000)) for n in range(200)]
        publish(broker.url("publisher"), messages)
        threading.Event().wait(12)  # over two keepalives, so that a ping goes unanswered into the buffer
        waiting = made._bytes_in - made._bytes_out
        assert waiting < 1_000_000 + 4 * 256 * 1024, "bounded by the limit and one turn's reading"
        assert made.connected
        generation = made._generation
        received: list[Envelope] = []
        while len(received) < len(messages):
            batch = made.receive(50, 5.0)
            assert batch, f"{len(received)} of {len(messages)} came"
            received += batch
            made.commit([envelope.position for envelope in batch])
        assert [envelope.payload[:4] for envelope in received] == [payload[:4] for _, payload in messages]
        assert made._generation == generation, "never disconnected"
        assert all(envelope.received_at <= datetime.now(UTC) for envelope in received)
    finally:
        made.stop()
