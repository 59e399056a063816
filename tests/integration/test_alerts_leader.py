"""One leads: a frozen leader is relieved, and when it thaws it can neither write nor tell."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import leader
from tests.integration.alert_city import City, open_city
from tests.integration.test_alerts_process import POINTS, alerts, alerts_env, metric
from tests.integration.webhook_receiver import Receiver, listening
from tests.processes import wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def city(city_url: str) -> Iterator[City]:
    with open_city(city_url) as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as opened:
        yield opened


def flood(city: City, point: str) -> None:
    now = datetime.now(UTC)
    city.write(point, "water_depth", [(now - timedelta(minutes=m), 20) for m in (3, 2, 1, 0)])


def told_things(receiver: Receiver) -> list[str]:
    return [alert["thing"]["id"] for got in receiver.got for alert in got["alerts"]]


def sent(city: City) -> int:
    """How many messages are recorded as sent: before that a leader that ends leaves them to be sent again."""
    row = city.conn.execute("SELECT count(*) AS n FROM notification WHERE sent_at IS NOT NULL").fetchone()
    assert row is not None
    return int(row["n"])


def test_a_frozen_leader_is_relieved_and_thaws_as_a_standby(
    city: City, city_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    one, two = (alerts_env(city_url, receiver) for _ in range(2))
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    with alerts(one, tmp_path / "1") as first, alerts(two, tmp_path / "2"):
        wait_for(lambda: metric(one, "hanoi_alerts_leading") == 1, "the first leads")
        flood(city, POINTS[0])
        wait_for(lambda: sent(city) == 1, "told by the first, and recorded")
        assert told_things(receiver) == [POINTS[0]]
        before = leader.current(city.conn)
        first.send_signal(signal.SIGSTOP)
        try:
            wait_for(lambda: metric(two, "hanoi_alerts_leading") == 1, "the second leads")
            flood(city, POINTS[1])
            wait_for(lambda: told_things(receiver) == list(POINTS[:2]), "told by the second")
        finally:
            first.send_signal(signal.SIGCONT)
        wait_for(lambda: metric(one, "hanoi_alerts_leading") == 0, "the first stands by")
        flood(city, POINTS[2])
        wait_for(lambda: told_things(receiver) == list(POINTS[:3]), "told once")
        after = leader.current(city.conn)
        assert before is not None
        assert after is not None
        assert after.term == before.term + 1
        terms = city.conn.execute("SELECT term, at FROM alert_transition ORDER BY id").fetchall()
        assert {row["term"] for row in terms} == {before.term, after.term}
        assert [row["term"] for row in terms] == sorted(row["term"] for row in terms)
    assert len(set(receiver.keys)) == len(receiver.keys)
    assert "leader_frozen" in (tmp_path / "2" / "hanoi-alerts.log").read_text()


def test_what_a_leader_was_sending_when_it_froze_is_sent_again_under_the_same_key(
    city: City, city_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    one, two = (alerts_env(city_url, receiver) for _ in range(2))
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    with alerts(one, tmp_path / "1") as first, alerts(two, tmp_path / "2"):
        wait_for(lambda: metric(one, "hanoi_alerts_leading") == 1, "the first leads")
        receiver.before_answer = lambda: first.send_signal(signal.SIGSTOP)
        flood(city, POINTS[0])
        try:
            wait_for(lambda: told_things(receiver) == [POINTS[0]], "got from the first")
            wait_for(lambda: len(receiver.keys) == 2, "got from the second")
            wait_for(lambda: sent(city) == 1, "recorded by the second")
            receiver.before_answer = lambda: None
        finally:
            first.send_signal(signal.SIGCONT)
        flood(city, POINTS[1])
        wait_for(lambda: sent(city) == 2, "the next one is told")
    assert told_things(receiver) == [POINTS[0], POINTS[0], POINTS[1]]
    assert receiver.keys[0] == receiver.keys[1] != receiver.keys[2]


def test_two_that_start_together_tell_once(
    city: City, city_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    for point in POINTS:
        flood(city, point)
    one, two = (alerts_env(city_url, receiver) for _ in range(2))
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    with alerts(one, tmp_path / "1"), alerts(two, tmp_path / "2"):
        wait_for(lambda: len(told_things(receiver)) >= len(POINTS), "everybody told")
        leading = metric(one, "hanoi_alerts_leading") + metric(two, "hanoi_alerts_leading")
        assert leading == 1
    assert sorted(told_things(receiver)) == sorted(POINTS)
