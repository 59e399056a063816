"""The MQTT session's traps, on a real broker."""

import pytest
from paho.mqtt.publish import single

from deploy.embedded.mosquitto import Mosquitto
from ingest.model import Envelope
from ingest.transport import MqttTransport, Subscription
from ingest.wire import BrokerAddress
from tests.processes import publish, wait_for

pytestmark = pytest.mark.integration

TOPIC = "hanoi/v1/rain/x/observations"


def source(broker: Mosquitto, receive_maximum: int = 100) -> MqttTransport:
    address = BrokerAddress.parse(broker.url("ingest"))
    made = MqttTransport(
        address=address,
        client_id="hanoi-ingest",
        subscriptions=[Subscription(filter="hanoi/v1/#")],
        receive_maximum=receive_maximum,
    )
    made.start()
    wait_for(lambda: made.connected, "subscribed")
    return made


def receive(made: MqttTransport, least: int) -> list[Envelope]:
    batch: list[Envelope] = []
    wait_for(lambda: batch.extend(made.receive(100, 0.1)) or len(batch) >= least, f"{least} messages")
    return batch


def test_what_was_queued_while_no_process_ran_is_delivered_to_the_next(broker: Mosquitto) -> None:
    source(broker).stop()
    publish(broker.url("publisher"), [(TOPIC, b"%d" % n) for n in range(50)])
    broker.restart()
    again = source(broker)
    assert [envelope.payload for envelope in receive(again, 50)] == [b"%d" % n for n in range(50)]
    again.stop()


def test_what_was_not_committed_comes_again_marked_as_redelivered(broker: Mosquitto) -> None:
    first = source(broker)
    publish(broker.url("publisher"), [(TOPIC, b"a"), (TOPIC, b"b")])
    a, b = receive(first, 2)
    assert not a.redelivered
    first.commit([a.position])
    first.stop()
    second = source(broker)
    (again,) = receive(second, 1)
    assert (again.payload, again.redelivered) == (b"b", True)
    assert again.position.packet_id == b.position.packet_id
    second.stop()


def test_an_ack_of_an_earlier_connection_is_not_sent(broker: Mosquitto) -> None:
    made = source(broker)
    publish(broker.url("publisher"), [(TOPIC, b"before")])
    (before,) = receive(made, 1)
    broker.kill()
    wait_for(lambda: not made.connected, "the loss noticed")
    broker.start()
    wait_for(lambda: made.connected, "connected again")
    (again,) = receive(made, 1)
    made.commit([before.position])
    made.stop()
    third = source(broker)
    (once_more,) = receive(third, 1)
    assert [again.payload, once_more.payload] == [b"before", b"before"]
    third.stop()


def test_a_message_of_qos_0_wants_no_answer(broker: Mosquitto) -> None:
    made = source(broker)
    address = BrokerAddress.parse(broker.url("publisher"))
    auth = {"username": address.user or "", "password": address.password or ""}
    single(TOPIC, b"0", qos=0, hostname=address.host, port=address.port, auth=auth)  # type: ignore[arg-type]  # paho wants a dictionary of its own
    made.commit([envelope.position for envelope in receive(made, 1)])
    publish(broker.url("publisher"), [(TOPIC, b"1")])
    (after,) = receive(made, 1)
    assert after.position.generation == 1, "the broker did not hang up"
    made.stop()


def test_receive_maximum_bounds_what_is_in_flight(broker: Mosquitto) -> None:
    made = source(broker, receive_maximum=7)
    publish(broker.url("publisher"), [(TOPIC, b"%d" % n) for n in range(30)])
    batch = receive(made, 7)
    assert made.receive(100, 0.5) == []
    assert len(batch) == 7
    made.commit([envelope.position for envelope in batch])
    assert len(receive(made, 7)) == 7
    made.stop()


def test_a_retained_status_is_not_sent_again_at_each_connection(broker: Mosquitto) -> None:
    first = source(broker)
    publish(broker.url("publisher"), [("hanoi/v1/rain/x/status", b"online")])
    first.commit([envelope.position for envelope in receive(first, 1)])
    first.stop()
    second = source(broker)
    assert second.receive(10, 0.5) == []
    second.stop()


@pytest.mark.parametrize("url", ["http://h:1", "mqtt://", "localhost:1883", ""])
def test_a_wrong_address_names_the_variable_and_no_password(url: str) -> None:
    with pytest.raises(ValueError, match="HANOI_MQTT_URL: expected mqtt"):
        BrokerAddress.parse(url)
