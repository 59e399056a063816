"""Promise 1 of the design, writer by writer: what is acknowledged, what is tried again, what is rejected."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest

from deploy.embedded.postgres import Postgres
from ingest.metrics import Metrics
from ingest.model import Envelope, Fault, Position, Prepared, Reason
from ingest.writer import Writer
from storage import db, rejections
from storage.model import Observation
from tests.processes import wait_for

pytestmark = pytest.mark.integration

T0 = datetime(2026, 11, 22, 3, tzinfo=UTC)


def message(number: int, result: float | None = 1.0, **more: object) -> Prepared:
    time = T0 + timedelta(minutes=number)
    fields: dict[str, object] = {
        "topic": "hanoi/v1/rain/x/observations",
        "payload": b"%d" % number,
        "received_at": T0,
        "position": Position(1, number),
        **more,
    }
    if result is None:
        fault = Fault(reason=Reason.NOT_JSON, path="$", message="line 1, column 1")
        return Prepared(envelope=Envelope(**fields), faults=[fault])  # type: ignore[arg-type]  # the keywords are the test's own
    observation = Observation(datastream_id=1, phenomenon_time=time, result_time=time, result=result)
    return Prepared(envelope=Envelope(**fields), observations=[observation])  # type: ignore[arg-type]  # the keywords are the test's own


class Acks:
    """Remembers what was acknowledged, and what was in the database at that moment."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.positions: list[int] = []
        self.stored_at_ack: list[int] = []

    def __call__(self, positions: Sequence[Position]) -> None:
        with db.connect(self.url, name="test") as conn:
            row = conn.execute("SELECT count(*) AS n FROM observation").fetchone()
        self.positions += [position.packet_id for position in positions]
        self.stored_at_ack.append(row["n"] if row else -1)


@contextmanager
def writer(url: str, acks: Acks) -> Iterator[Writer]:
    made = Writer(database_url=url, commit=acks, metrics=Metrics(), stop=Event())
    try:
        yield made
    finally:
        made.close()


@contextmanager
def writing(url: str, acks: Acks, *messages: Prepared) -> Iterator[Thread]:
    """A writer in a thread, so that it may go on trying while the test mends the database."""
    with writer(url, acks) as made:
        thread = Thread(target=made.write, args=(messages,))
        thread.start()
        try:
            yield thread
        finally:
            made.stop.set()
            thread.join()


def count(url: str, table: str) -> int:
    with db.connect(url, name="test") as conn:
        row = conn.execute(f"SELECT count(*) AS n FROM {table}").fetchone()  # noqa: S608 - names of ours
    return int(row["n"]) if row else 0


def test_acks_come_after_the_commit_and_in_order_of_arrival(database_url: str) -> None:
    acks = Acks(database_url)
    with writer(database_url, acks) as ours:
        ours.write([message(n) for n in range(5)])
    assert acks.positions == [0, 1, 2, 3, 4]
    assert acks.stored_at_ack == [5]


def test_a_value_that_the_database_refuses_is_rejected_alone(database_url: str) -> None:
    acks = Acks(database_url)
    poisoned = [message(n, float("nan") if n == 6 else 1.0) for n in range(10)]
    with writer(database_url, acks) as ours:
        ours.write(poisoned)
    assert sorted(acks.positions) == list(range(10))
    assert count(database_url, "observation") == 9
    with db.connect(database_url, name="test") as conn:
        (row,) = rejections.newest(conn, 10)
    assert (row.reason, row.payload) == ("refused_by_database", b"6")


def test_an_error_we_do_not_know_is_never_acknowledged(database_url: str) -> None:
    acks = Acks(database_url)
    with db.connect(database_url, name="test") as conn:
        conn.execute("ALTER TABLE observation RENAME TO observation_away")
    with writing(database_url, acks, message(1)) as thread:
        thread.join(1.0)
        assert thread.is_alive(), "it goes on trying"
        assert acks.positions == []
        with db.connect(database_url, name="test") as conn:
            conn.execute("ALTER TABLE observation_away RENAME TO observation")
        wait_for(lambda: acks.positions == [1], "the message, once the table is back")
    assert count(database_url, "observation") == 1


def test_a_read_only_database_is_waited_for(database_url: str, postgres: Postgres) -> None:
    acks = Acks(database_url)
    name = database_url.rsplit("/", 1)[1]
    with db.connect(postgres.superuser_url, name="test", autocommit=True) as conn:
        conn.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")  # type: ignore[arg-type]  # statements are the test's own, not literals
        with writing(database_url, acks, message(1)) as thread:
            thread.join(1.0)
            assert acks.positions == []
            conn.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")  # type: ignore[arg-type]  # statements are the test's own, not literals
            wait_for(lambda: acks.positions == [1], "the message, once it may be written")


def refused(packet_id: int, *, at_s: float = 0, **more: object) -> Prepared:
    """The same broken bytes each time."""
    received = T0 + timedelta(seconds=at_s)
    return message(1, None, position=Position(1, packet_id), received_at=received, **more)


def test_a_rejection_delivered_again_is_one_row_and_equal_ones_are_many(database_url: str) -> None:
    acks = Acks(database_url)
    with writer(database_url, acks) as ours:
        ours.write([refused(7)])
        ours.write([refused(7, at_s=9, redelivered=True)])
        assert count(database_url, "rejected_message") == 1
        ours.write([refused(8, at_s=10), refused(9, at_s=11, redelivered=True)])
        assert count(database_url, "rejected_message") == 3
    assert acks.positions == [7, 7, 8, 9]


def test_what_a_publisher_sent_again_after_a_lost_broker_is_taken_up_once(database_url: str) -> None:
    lost = {"resent_between": (T0 - timedelta(seconds=10), T0)}
    with writer(database_url, Acks(database_url)) as ours:
        ours.write([refused(7, at_s=-60), refused(8, at_s=-1)])
        ours.write([refused(1, at_s=5, **lost)])
        assert count(database_url, "rejected_message") == 2
        ours.write([refused(2, at_s=6, **lost), refused(3, at_s=7, **lost)])
        assert count(database_url, "rejected_message") == 4


def test_what_comes_again_after_a_second_loss_is_the_same_row_still(database_url: str) -> None:
    first = {"resent_between": (T0 - timedelta(seconds=100), T0)}
    second = {"resent_between": (T0 - timedelta(seconds=50), T0 + timedelta(seconds=60))}
    with writer(database_url, Acks(database_url)) as ours:
        ours.write([refused(1, at_s=-90), refused(2, at_s=-80)])
        ours.write([refused(1, at_s=5, **first), refused(2, at_s=6, **first)])
        ours.write([refused(1, at_s=65, **second), refused(2, at_s=66, **second)])
        assert count(database_url, "rejected_message") == 2
        ours.write([refused(3, at_s=67, **second)])
        assert count(database_url, "rejected_message") == 3
