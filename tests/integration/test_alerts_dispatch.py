"""From the outbox to a receiver that really listens."""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from alerts.dispatch import ATTEMPTS, Dispatcher
from alerts.metrics import Metrics
from alerts.notifiers import Notifier
from alerts.notifiers.webhook import Webhook
from storage import db
from storage.model import Provenance
from tests.integration.alert_city import City, open_city
from tests.integration.webhook_receiver import Hostile, Receiver, hostile, listening

pytestmark = pytest.mark.integration

NOW = datetime(2026, 7, 20, 10, 0, tzinfo=UTC)
POINT = "flood-cao-ba-quat"


@pytest.fixture
def city(city_url: str) -> Iterator[City]:
    with open_city(city_url) as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as opened:
        yield opened


class Clock:
    """Stands still until it is put forward."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def dispatcher(clock: Clock, *receivers: Notifier) -> Dispatcher:
    return Dispatcher(receivers=receivers, metrics=Metrics(), clock=clock)


def flood(city: City, *, drains: bool = False, provenance: Provenance = Provenance.MEASURED) -> None:
    """A street that floods before NOW, and drains too."""
    values = [20.0] * 4 + ([2.0] * 12 if drains else [])
    begin = NOW - timedelta(minutes=len(values) - 1)
    series = [(begin + timedelta(minutes=number), value) for number, value in enumerate(values)]
    city.write(POINT, "water_depth", series, provenance=provenance)
    city.evaluate(NOW)


def notifications(conn: db.Connection) -> list[dict[str, object]]:
    return conn.execute("SELECT * FROM alert_notification ORDER BY transition_id").fetchall()


def test_a_firing_alert_reaches_the_webhook(city: City, receiver: Receiver, clock: Clock) -> None:
    flood(city)
    assert dispatcher(clock, Webhook(receiver.url)).run(city.conn) == 1
    (got,) = receiver.got
    assert got["status"] == "actual"
    assert got["simulated"] is False
    assert got["transition"]["to"] == "firing"
    assert got["alert"]["rule"] == "flood-15"
    assert got["alert"]["severity"] == "warning"
    assert got["thing"]["id"] == POINT
    assert got["thing"]["location"] == {"lat": 21.03018, "lon": 105.8395}
    assert got["evidence"]["last"]["value"] == 20
    assert got["text"] == {
        "vi": "Ngập từ 15 cm – Cao Bá Quát: 20 cm (ngưỡng 15 cm), 16:59 20/07/2026",
        "en": "Street flooded 15 cm or more – Cao Ba Quat: 20 cm (limit 15 cm), 16:59 20/07/2026",
    }
    assert receiver.keys == [got["key"]]
    assert city.outcomes() == [("pending", "only_pending"), ("firing", "routed")]


def test_it_is_sent_once(city: City, receiver: Receiver, clock: Clock) -> None:
    flood(city)
    for _ in range(3):
        dispatcher(clock, Webhook(receiver.url)).run(city.conn)
        clock.forward(3600)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("provenance", "mark"),
    [
        (Provenance.SIMULATED, "[SIMULATED] "),
        (Provenance.REPLAYED, "[REPLAYED] "),
        (Provenance.FORECAST, "[FORECAST] "),
    ],
)
def test_nothing_that_is_not_real_leaves_as_an_actual_warning(
    city: City, receiver: Receiver, clock: Clock, provenance: Provenance, mark: str
) -> None:
    flood(city, provenance=provenance, drains=True)
    dispatcher(clock, Webhook(receiver.url)).run(city.conn)
    assert [got["transition"]["to"] for got in receiver.got] == ["firing", "resolved"]
    for got in receiver.got:
        assert got["status"] == "exercise"
        assert got["simulated"] is (provenance is Provenance.SIMULATED)
        assert got["provenance"] == provenance.value
        assert got["text"]["en"].startswith(mark)


def test_after_a_500_it_is_sent_again_with_the_same_key(city: City, receiver: Receiver, clock: Clock) -> None:
    receiver.answers.append((500, {}))
    flood(city)
    sender = dispatcher(clock, Webhook(receiver.url))
    sender.run(city.conn)
    (row,) = notifications(city.conn)
    assert (row["attempts"], row["last_error"], row["sent_at"]) == (1, "webhook: answered 500", None)
    assert sender.run(city.conn) == 0
    clock.forward(2)
    assert sender.run(city.conn) == 1
    (row,) = notifications(city.conn)
    assert (row["attempts"], row["last_error"], row["sent_at"]) == (2, None, clock.now)
    assert receiver.statuses == [500, 200]
    assert len(set(receiver.keys)) == 1


def test_a_receiver_that_asks_to_wait_is_waited_for(city: City, receiver: Receiver, clock: Clock) -> None:
    receiver.answers.append((429, {"Retry-After": "90"}))
    flood(city)
    sender = dispatcher(clock, Webhook(receiver.url))
    sender.run(city.conn)
    clock.forward(89)
    assert sender.run(city.conn) == 0
    clock.forward(1)
    assert sender.run(city.conn) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 410, 301])
def test_what_trying_again_can_not_mend_is_a_dead_letter(
    city: City, receiver: Receiver, clock: Clock, status: int
) -> None:
    receiver.answers.append((status, {}))
    flood(city)
    sender = dispatcher(clock, Webhook(receiver.url))
    sender.run(city.conn)
    clock.forward(86_400)
    assert sender.run(city.conn) == 0
    (row,) = notifications(city.conn)
    assert row["dead_at"] == NOW
    assert row["last_error"] == f"webhook: answered {status}"


def test_trying_ends_after_its_last_attempt(city: City, receiver: Receiver, clock: Clock) -> None:
    receiver.answers.extend([(503, {})] * 100)
    flood(city)
    sender = dispatcher(clock, Webhook(receiver.url))
    for _ in range(100):
        sender.run(city.conn)
        clock.forward(600)
    (row,) = notifications(city.conn)
    assert row["attempts"] == ATTEMPTS == len(receiver.got)
    assert row["dead_at"] is not None


def test_the_end_is_not_told_before_the_beginning(city: City, receiver: Receiver, clock: Clock) -> None:
    receiver.answers.append((503, {}))
    flood(city, drains=True)
    sender = dispatcher(clock, Webhook(receiver.url))
    sender.run(city.conn)
    assert [got["transition"]["to"] for got in receiver.got] == ["firing"]
    clock.forward(2)
    sender.run(city.conn)
    assert [got["transition"]["to"] for got in receiver.taken()] == ["firing", "resolved"]


def test_nobody_there_is_tried_again_and_the_address_stays_secret(
    city: City, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    flood(city)
    with listening() as gone:
        url = gone.url
    with caplog.at_level(logging.DEBUG, logger="alerts"):
        dispatcher(clock, Webhook(url)).run(city.conn)
    (row,) = notifications(city.conn)
    assert row["last_error"] == "webhook: ConnectError"
    assert row["dead_at"] is None
    assert "notification_failed" in caplog.text
    assert "s3cret-token" not in caplog.text + str(row) + repr(Webhook(url))


DRIPS: Final = 600
"""Of a tenth of a second each: an answer that is read to its end is a test that fails, not one that hangs."""


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize(
    ("pieces", "piece", "wait_s"), [(DRIPS, b"x", 0.1), (800, b"x" * 65_536, 0)], ids=["drips", "50 MB"]
)
def test_the_body_of_an_answer_is_not_read(
    city: City, clock: Clock, encoding: str, pieces: int, piece: bytes, wait_s: float
) -> None:
    flood(city)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {pieces * len(piece)}\r\n\r\n"
    with hostile(head.encode(), [piece] * pieces, wait_s=wait_s) as receiver:
        dispatcher(clock, Webhook(receiver.url)).run(city.conn)
    assert cut_off(receiver)
    (row,) = notifications(city.conn)
    assert (row["attempts"], row["last_error"], row["sent_at"]) == (1, None, NOW)


def test_a_refusal_whose_body_drips_is_tried_again(city: City, clock: Clock) -> None:
    flood(city)
    head = f"HTTP/1.1 503 Busy\r\nContent-Length: {DRIPS}\r\n\r\n".encode()
    with hostile(head, [b"x"] * DRIPS, wait_s=0.1) as receiver:
        dispatcher(clock, Webhook(receiver.url)).run(city.conn)
    assert cut_off(receiver)
    (row,) = notifications(city.conn)
    assert (row["last_error"], row["sent_at"], row["dead_at"]) == ("webhook: answered 503", None, None)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"HTTP/1.1 102 Processing\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n"),
    ],
    ids=["silence", "a header without end", "interim answers without end"],
)
def test_headers_that_do_not_end_are_given_up_and_tried_again(
    city: City, clock: Clock, head: bytes, piece: bytes
) -> None:
    flood(city)
    with hostile(head, [*[piece] * DRIPS, b"\r\n\r\n"], wait_s=0.1) as receiver:
        dispatcher(clock, Webhook(receiver.url, deadline_s=1.0)).run(city.conn)
    assert receiver.requests == 1
    (row,) = notifications(city.conn)
    assert (row["last_error"], row["sent_at"], row["dead_at"]) == ("webhook: TimeoutError", None, None)


def cut_off(receiver: Hostile) -> bool:
    """Its one sender hung up before it had said all."""
    return receiver.requests == 1 and receiver.said_all == 0


def test_without_a_receiver_transitions_are_done_with(city: City, clock: Clock) -> None:
    flood(city)
    assert dispatcher(clock).run(city.conn) == 0
    assert city.outcomes() == [("pending", "only_pending"), ("firing", "no_receiver")]
    assert notifications(city.conn) == []


def test_two_dispatchers_send_once(city: City, city_url: str, receiver: Receiver, clock: Clock) -> None:
    flood(city, drains=True)
    with db.connect(city_url, name="other", autocommit=True) as other:
        one, two = (dispatcher(clock, Webhook(receiver.url)) for _ in range(2))
        assert one.run(city.conn) + two.run(other) == 2
    assert len(receiver.got) == 2


def test_one_that_died_after_claiming_is_taken_up_again(city: City, receiver: Receiver, clock: Clock) -> None:
    flood(city)
    dead = dispatcher(clock, Webhook(receiver.url))
    dead._route(city.conn)
    assert dead._claim(city.conn) is not None
    sender = dispatcher(clock, Webhook(receiver.url))
    assert sender.run(city.conn) == 0
    clock.forward(61)
    assert sender.run(city.conn) == 1


class DatabaseGoneAfterSending:
    """The receiver has it, and then the record can't be made."""

    name = "webhook"

    def __init__(self, url: str) -> None:
        self._inner = Webhook(url)

    def send(self, key: str, document: Mapping[str, Any]) -> None:
        self._inner.send(key, document)
        raise db.DatabaseUnreachable("gone")


def test_what_was_sent_and_not_recorded_is_sent_again_with_the_same_key(
    city: City, receiver: Receiver, clock: Clock
) -> None:
    flood(city)
    with pytest.raises(db.DatabaseUnreachable):
        dispatcher(clock, DatabaseGoneAfterSending(receiver.url)).run(city.conn)
    clock.forward(61)
    dispatcher(clock, Webhook(receiver.url)).run(city.conn)
    assert len(receiver.keys) == 2
    assert len(set(receiver.keys)) == 1


@pytest.mark.parametrize(
    "url", ["ftp://example.org/x", "example.org/hook", "", "http://", "http://[::bad/s3cret"]
)
def test_an_address_that_is_none_is_refused_by_the_name_of_its_variable(url: str) -> None:
    with pytest.raises(
        ValueError, match="HANOI_ALERT_WEBHOOK_URL: must be an http:// or https:// address"
    ) as error:
        Webhook(url)
    assert "s3cret" not in str(error.value)
