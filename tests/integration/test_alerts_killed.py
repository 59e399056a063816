"""`hanoi-alerts` killed with -9 at every point between read, evaluate, write, send and record.

A trigger stops the process's own transaction at the point, there it is killed, and another one goes on. The database
session of the killed one hangs where it was, with all its locks: it is the new one that has to get rid of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import pytest

from tests.integration.alert_city import City, open_city
from tests.integration.test_alerts_process import (
    POINTS,
    alerts,
    alerts_env,
    everything_told,
    read_to_the_end,
    shower,
)
from tests.integration.webhook_receiver import Receiver, listening
from tests.processes import ready, start, wait_for

pytestmark = pytest.mark.integration

STOP = 4711
DOOM = """
CREATE TABLE doom (here boolean);
INSERT INTO doom VALUES (true);
CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM doom) THEN PERFORM pg_advisory_lock(4711); END IF;
    RETURN NEW;
END $$;
"""
WAITING = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"


@dataclass(frozen=True)
class Point:
    table: str
    event: str
    when: str = "true"


KILLS = {
    "the alert is written": Point("alert", "INSERT"),
    "its transition is written": Point("alert_transition", "INSERT"),
    "what is remembered is written": Point("alert_evaluation", "INSERT OR UPDATE"),
    "the feed's cursor moves": Point("feed_cursor", "INSERT OR UPDATE", "NEW.reader = 'alerts'"),
    "the alert joins its group": Point("alert_group_member", "INSERT"),
    "the transition is routed": Point("alert_transition", "UPDATE", "NEW.processed_at IS NOT NULL"),
    "the notification is written": Point("notification", "INSERT"),
    "the group is marked as told": Point("alert_group", "UPDATE", "NEW.told_at IS NOT NULL"),
    "the notification is claimed": Point(
        "notification", "UPDATE", "NEW.attempts = 1 AND NEW.sent_at IS NULL"
    ),
    "its delivery is recorded": Point("notification", "UPDATE", "NEW.sent_at IS NOT NULL"),
}


@pytest.fixture
def city(city_url: str) -> Iterator[City]:
    with open_city(city_url) as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as opened:
        yield opened


def it_rains(city: City) -> None:
    for batch in shower():
        city.write(POINTS[0], "water_depth", batch)


def goes_on_and_tells_each_once(city: City, url: str, receiver: Receiver, folder: Path) -> None:
    with alerts(alerts_env(url, receiver), folder):
        wait_for(
            lambda: read_to_the_end(city.conn) and everything_told(city.conn), "everything told", limit_s=90
        )
    assert [t.to_state for t in city.transitions()] == ["pending", "firing", "resolved"]
    once = {got["key"]: got for got in receiver.got}
    assert [got["reason"] for got in once.values()] == ["firing", "resolved"]
    assert all(got == once[got["key"]] for got in receiver.got), "a second attempt says the same"


@pytest.mark.parametrize("where", KILLS)
def test_killed_where_something_is_written(
    city: City, city_url: str, receiver: Receiver, tmp_path: Path, where: str
) -> None:
    point = KILLS[where]
    city.conn.execute(DOOM)
    city.conn.execute(
        f"CREATE TRIGGER doom AFTER {point.event} ON {point.table} FOR EACH ROW WHEN ({point.when})"
        " EXECUTE FUNCTION stop_here()"
    )
    city.conn.execute("SELECT pg_advisory_lock(%s)", (STOP,))
    env = alerts_env(city_url, receiver)
    with (tmp_path / "killed.log").open("wb") as log:
        process = start("hanoi-alerts", env=env, log=log)
        wait_for(lambda: ready(env["HANOI_ALERTS_BIND"]), "ready")
        it_rains(city)
        wait_for(lambda: city.conn.execute(WAITING, (STOP,)).fetchone() != {"n": 0}, where)
        process.kill()
        process.wait()
    city.conn.execute("DELETE FROM doom")
    goes_on_and_tells_each_once(city, city_url, receiver, tmp_path)


def test_killed_while_it_sends(city: City, city_url: str, receiver: Receiver, tmp_path: Path) -> None:
    env = alerts_env(city_url, receiver)
    killed: list[Popen[bytes]] = []
    with (tmp_path / "killed.log").open("wb") as log:
        process = start("hanoi-alerts", env=env, log=log)

        def kill() -> None:
            """Only the first one: what it got it answers to nobody."""
            if not killed:
                killed.append(process)
                process.kill()
                process.wait()

        receiver.before_answer = kill
        wait_for(lambda: ready(env["HANOI_ALERTS_BIND"]), "ready")
        it_rains(city)
        wait_for(lambda: killed, "sent")
    goes_on_and_tells_each_once(city, city_url, receiver, tmp_path)
    assert receiver.keys.count(receiver.keys[0]) == 2, "at least once"
