"""The public feed on a real database: what is published of alerts, what is taken back, and never twice."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

import psycopg
import pytest

from alerts.model import Public
from alerts.publish import Publisher
from alerts.rules import RuleBook
from simulators.scenarios import Happening, load_scenario
from simulators.streams import streams_of
from simulators.weather import Weather
from storage import alert_actions, db, inventory, leader
from storage.inventory import load_inventory
from storage.model import Domain, Provenance
from tests.alerts.cap_reader import Cap, read
from tests.integration.alert_city import City, open_city, shipped

pytestmark = pytest.mark.integration

NOW: Final = datetime(2026, 7, 20, 10, 0, tzinfo=UTC)
POINT: Final = "flood-cao-ba-quat"
PUBLISHER: Final = Publisher(sender="ops.example.vn", site_url="https://hanoi.example")


def minute(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def ruled(public: Public, *keys: str) -> RuleBook:
    """Some of the shipped rules, all published alike."""
    return RuleBook.of(replace(rule, public=public) for rule in shipped().by_key.values() if rule.key in keys)


class Feed:
    """A city and what its public feed holds."""

    def __init__(self, city: City, domains: Mapping[str, Domain]) -> None:
        self.city = city
        self.domains = domains
        self.silenced = False

    def depths(self, *depths: float, begin: float, provenance: Provenance = Provenance.MEASURED) -> None:
        """One a minute from minute `begin` on, each evaluated and published when it came."""
        for number, depth in enumerate(depths):
            time = minute(begin + number)
            self.city.write(POINT, "water_depth", [(time, depth)], provenance=provenance)
            self.city.evaluate(time)
            self.publish(time)

    def correct(
        self, time: datetime, depth: float, now: datetime, provenance: Provenance = Provenance.MEASURED
    ) -> None:
        self.city.write(POINT, "water_depth", [(time, depth)], result_time=now, provenance=provenance)
        self.city.evaluate(now)

    def publish(self, now: datetime, conn: db.Connection | None = None) -> int:
        return PUBLISHER.publish(
            conn or self.city.conn,
            self.city.term,
            now,
            book=self.city.engine.book,
            domains=self.domains,
            is_silenced=lambda labels: self.silenced,
        )

    def approve(self, now: datetime) -> None:
        [alert] = [one for one in self.city.alerts() if one["state"] == "firing"]
        assert alert_actions.approve(self.city.conn, alert["id"], actor="lan", source="test", now=now)

    def rows(self) -> list[dict[str, Any]]:
        return self.city.conn.execute("SELECT * FROM cap_message ORDER BY id").fetchall()

    def messages(self) -> list[Cap]:
        """All of them, each valid, each saying what its row says, each referring to what was there before."""
        found: list[Cap] = []
        for row in self.rows():
            got = read(row["document"])
            said = (got.texts["identifier"], got.texts["msgType"], got.texts["status"])
            assert said == (row["identifier"], row["msg_type"], row["status"])
            assert set(got.references) <= {earlier.reference for earlier in found}
            found.append(got)
        return found

    def kinds(self) -> list[str]:
        return [f"{got.texts['status']} {got.texts['msgType']}" for got in self.messages()]

    def reasons(self) -> list[str]:
        rows = self.city.conn.execute("SELECT detail FROM alert_event WHERE kind = 'published' ORDER BY id")
        return [row["detail"]["reason"] for row in rows.fetchall()]


@pytest.fixture
def approved(city_url: str, domains: dict[str, Domain]) -> Iterator[Feed]:
    """Alerts wait for an operator, as by default."""
    with open_city(city_url, ruled(Public.APPROVE, "flood-15")) as city:
        yield Feed(city, domains)


@pytest.fixture
def automatic(city_url: str, domains: dict[str, Domain]) -> Iterator[Feed]:
    """Alerts are published by themselves."""
    with open_city(city_url, ruled(Public.AUTO, "flood-15")) as city:
        yield Feed(city, domains)


# The life of an alert.


def test_a_flood_is_told_made_worse_and_taken_back(approved: Feed) -> None:
    approved.depths(20, 20, 20, 20, begin=0)
    assert approved.kinds() == [], "nobody approved it"
    approved.approve(minute(4))
    approved.depths(21, 29, 35, 36, begin=4)
    approved.depths(*[5] * 15, begin=8)
    assert approved.kinds() == ["Actual Alert", "Actual Update", "Actual Cancel"]
    assert approved.reasons() == ["fired", "changed", "ended"]
    alert, update, cancel = approved.messages()
    assert update.references == [alert.reference]
    assert cancel.references == [alert.reference, update.reference]
    told = [got.infos["en-US"].texts for got in (alert, update, cancel)]
    assert [texts["severity"] for texts in told] == ["Moderate", "Severe", "Severe"]
    assert "21 cm at 20 Jul 2026 17:04" in told[0]["description"]
    assert "35 cm (Severe: cars should not enter)" in told[1]["description"]
    assert cancel.infos["vi-VN"].responses == ["AllClear"]
    assert alert.infos["vi-VN"].circle == (21.03018, 105.8395, 0.2)
    assert alert.texts["sent"] == "2026-07-20T17:04:00+07:00"


def test_it_is_refreshed_as_long_as_it_fires_and_never_expires_before(approved: Feed) -> None:
    approved.depths(20, 20, 20, begin=0)
    approved.approve(minute(2))
    for step in range(2, 400):
        approved.publish(minute(step))
    sent = [row["sent_at"] for row in approved.rows()]
    assert sent == [minute(2), minute(152), minute(302)]
    expires = [row["expires_at"] for row in approved.rows()]
    assert all(begin < end for begin, end in zip(sent[1:], expires, strict=False))
    assert approved.reasons() == ["fired", "refreshed", "refreshed"]
    assert [len(got.references) for got in approved.messages()] == [0, 1, 1]


def test_what_nobody_approved_before_it_ended_is_never_told(approved: Feed) -> None:
    approved.depths(20, 20, 20, *[0] * 12, begin=0)
    approved.publish(minute(20))
    assert approved.rows() == []


def test_what_an_operator_refuses_is_not_told_or_taken_back(automatic: Feed) -> None:
    automatic.depths(20, 20, 20, begin=0)
    assert automatic.kinds() == ["Actual Alert"]
    [alert] = automatic.city.alerts()
    alert_actions.refuse(
        automatic.city.conn,
        alert["id"],
        reason="camera shows a dry street",
        actor="lan",
        source="test",
        now=minute(3),
    )
    automatic.depths(20, 35, begin=3)
    assert automatic.kinds() == ["Actual Alert", "Actual Cancel"]
    assert "operator" in automatic.messages()[-1].texts["note"]
    assert automatic.messages()[-1].infos["en-US"].responses == ["None"], "an operator's word is no all-clear"


def test_what_never_was_is_withdrawn(automatic: Feed) -> None:
    automatic.depths(20, 20, 20, begin=0)
    for number in range(3):
        automatic.correct(minute(number), 1, minute(5))
    automatic.publish(minute(5))
    assert automatic.kinds() == ["Actual Alert", "Actual Cancel"]
    cancel = automatic.messages()[-1]
    assert "it never was" in cancel.texts["note"]
    assert "không xảy ra" in cancel.texts["note"]
    assert cancel.infos["en-US"].texts["certainty"] == "Unlikely"


def test_a_sensor_that_falls_silent_is_no_all_clear(automatic: Feed) -> None:
    automatic.depths(20, 20, 20, begin=0)
    later = minute(7 * 60)
    automatic.city.let_time_pass(later)
    automatic.publish(later)
    cancel = automatic.messages()[-1]
    assert cancel.texts["msgType"] == "Cancel"
    assert "no all-clear" in cancel.texts["note"]
    assert cancel.infos["en-US"].responses == ["None"]


def test_history_that_comes_late_is_not_told(automatic: Feed) -> None:
    automatic.city.write(POINT, "water_depth", [(minute(number), 20.0) for number in range(3)])
    automatic.city.evaluate(minute(24 * 60))
    automatic.publish(minute(24 * 60))
    assert automatic.rows() == []


def test_a_rule_that_publishes_nothing_publishes_nothing(city_url: str, domains: dict[str, Domain]) -> None:
    with open_city(city_url, ruled(Public.NEVER, "flood-15")) as city:
        feed = Feed(city, domains)
        feed.depths(60, 60, 60, begin=0)
        [alert] = city.alerts()
        assert not alert_actions.approve(city.conn, alert["id"], actor="lan", source="test", now=minute(3))
        assert feed.publish(minute(3)) == 0


def test_a_silence_holds_back_but_takes_nothing_back(automatic: Feed) -> None:
    automatic.silenced = True
    automatic.depths(20, 20, 20, begin=0)
    assert automatic.kinds() == []
    automatic.silenced = False
    automatic.publish(minute(4))
    automatic.silenced = True
    automatic.depths(20, 35, begin=5)
    assert automatic.kinds() == ["Actual Alert", "Actual Update"]


def test_an_acknowledged_alert_stays_published(automatic: Feed) -> None:
    automatic.depths(20, 20, 20, begin=0)
    [alert] = automatic.city.alerts()
    alert_actions.acknowledge(
        automatic.city.conn, alert["id"], note="pumps run", actor="lan", source="test", now=minute(3)
    )
    automatic.depths(20, begin=3)
    assert automatic.kinds() == ["Actual Alert"]


def test_a_point_that_citizens_may_not_see_is_not_told(automatic: Feed) -> None:
    automatic.city.conn.execute("UPDATE thing SET is_public = false WHERE id = %s", (POINT,))
    automatic.depths(60, 60, 60, begin=0)
    assert automatic.rows() == []


# Nothing that is not real leaves as a warning.


@pytest.mark.parametrize("provenance", [p for p in Provenance if p not in ("measured", "manual")])
def test_only_real_values_make_a_warning(automatic: Feed, provenance: Provenance) -> None:
    automatic.depths(20, 20, 20, 35, *[0] * 12, begin=0, provenance=provenance)
    assert automatic.kinds() == ["Exercise Alert", "Exercise Update", "Exercise Cancel"]


def test_one_simulated_value_among_measured_ones_makes_it_an_exercise(automatic: Feed) -> None:
    automatic.depths(20, begin=0, provenance=Provenance.SIMULATED)
    automatic.depths(20, 20, 20, 35, begin=1)
    assert automatic.kinds() == ["Exercise Alert", "Exercise Update"]


def test_a_simulated_value_in_a_warning_ends_it_and_an_exercise_begins(automatic: Feed) -> None:
    automatic.depths(20, 20, 20, begin=0)
    automatic.depths(77, begin=3, provenance=Provenance.SIMULATED)
    automatic.publish(minute(3.5))
    assert automatic.kinds() == ["Actual Alert", "Actual Cancel", "Exercise Alert"]
    alert, cancel, exercise = automatic.messages()
    assert cancel.references == [alert.reference]
    assert "77" not in cancel.words
    assert exercise.references == []


def test_the_database_itself_takes_no_simulated_warning(automatic: Feed) -> None:
    automatic.depths(20, 20, 20, begin=0)
    change = "UPDATE cap_message SET provenance = 'simulated'"
    with pytest.raises(psycopg.errors.CheckViolation):
        automatic.city.conn.execute(change)


def test_a_simulated_storm_publishes_exercises_only(city_url: str, domains: dict[str, Domain]) -> None:
    """Every rule by itself, every flooded street of the storm, from the first drop to the last dry one."""
    keys = ("flood-15", "flood-30", "rain-heavy", "rain-very-heavy")
    with open_city(city_url, ruled(Public.AUTO, *keys)) as city:
        feed = Feed(city, domains)
        last = _storm(feed)
        feed.publish(last)
        fired = [alert for alert in city.alerts() if alert["firing_since"]]
        assert len({alert["thing_id"] for alert in fired if alert["rule"] == "flood-15"}) >= 11, (
            "50 to 100 mm in two hours floods 11 points: drainage company, 2022"
        )
        messages = feed.messages()
        assert {got.texts["status"] for got in messages} == {"Exercise"}
        for got in messages:
            assert got.infos["vi-VN"].texts["headline"].startswith("[MÔ PHỎNG] ")
            assert got.infos["en-US"].texts["headline"].startswith("[SIMULATED] ")
        by_alert: dict[int, list[str]] = {}
        for row in feed.rows():
            by_alert.setdefault(row["alert_id"], []).append(row["msg_type"])
        assert by_alert.keys() == {alert["id"] for alert in fired}
        for kinds in by_alert.values():
            assert (kinds[0], kinds[-1]) == ("Alert", "Cancel")
            assert set(kinds[1:-1]) <= {"Update"}
        assert not any(alert["published"] for alert in city.alerts())


def _storm(feed: Feed) -> datetime:
    """Writes what gauges and flood points send, a quarter of an hour at a time; returns the end."""
    begin = int(NOW.timestamp())
    scenario = load_scenario("storm")
    assert scenario is not None
    storm = scenario.storm_from(begin)
    weather = Weather(seed=12, scenario_storms=[storm] if storm else [])
    things = [
        thing
        for thing in load_inventory([inventory.SHIPPED], dict(feed.domains))
        if thing.domain in ("rain", "flood")
    ]
    happenings = [Happening(scenario=scenario, start=begin)]
    streams = streams_of(dict(feed.domains), things, seed=12, weather=weather, happenings=happenings)
    now = NOW
    for start in range(begin, begin + 27_000, 900):
        now = datetime.fromtimestamp(start + 900, UTC)
        for (thing, observed), values in _values(streams, start).items():
            feed.city.write(thing, observed, values, provenance=Provenance.SIMULATED)
        feed.city.evaluate(now)
        feed.city.let_time_pass(now)
        feed.publish(now)
    return now


def _values(streams: Mapping[Any, Any], start: int) -> dict[tuple[str, str], list[tuple[datetime, float]]]:
    found: dict[tuple[str, str], list[tuple[datetime, float]]] = {}
    for stream in streams.values():
        for topic, payload in stream.messages(start, start + 900):
            if topic.endswith("/observations"):
                said = json.loads(payload)
                for element in said if isinstance(said, list) else [said]:
                    assert element["provenance"] == "simulated"
                    time = datetime.fromisoformat(element["time"])
                    for observed, value in element["results"].items():
                        if observed in ("water_depth", "rain_interval"):
                            found.setdefault((topic.split("/")[3], observed), []).append((time, value))
    return found


# Once, whatever happens.


class Dying:
    """A connection whose server process is ended after so many statements, as when this process is killed."""

    def __init__(self, conn: db.Connection, after: int, kill: Callable[[int], None]) -> None:
        self._conn, self._left, self._kill = conn, after, kill

    def execute(self, *arguments: Any) -> Any:
        self._spend()
        return self._conn.execute(*arguments)

    def transaction(self) -> "_DyingTransaction":
        return _DyingTransaction(self, self._conn.transaction())

    def _spend(self) -> None:
        if self._left == 0:
            self._kill(self._conn.info.backend_pid)
        self._left -= 1


class _DyingTransaction:
    """The commit is a statement too."""

    def __init__(self, conn: Dying, inner: Any) -> None:
        self._conn, self._inner = conn, inner

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        if error[0] is None:
            self._conn._spend()
        return self._inner.__exit__(*error)


def test_killed_anywhere_a_message_is_in_the_feed_once(automatic: Feed, city_url: str) -> None:
    automatic.silenced = True
    automatic.depths(20, 20, 20, begin=0)
    automatic.silenced = False

    def kill(pid: int) -> None:
        automatic.city.conn.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    deaths = 0
    for statements in range(50):
        with db.connect(city_url, name="dying", autocommit=True) as conn:
            try:
                automatic.publish(minute(3), Dying(conn, statements, kill))  # type: ignore[arg-type]  # a connection that dies
            except db.DatabaseUnreachable:
                deaths += 1
                assert automatic.rows() == []
                assert not automatic.city.alerts()[0]["published"]
                assert automatic.reasons() == []
            else:
                break
    assert deaths >= 8, "one before each statement and one before the commit"
    assert automatic.publish(minute(3)) == 0
    assert automatic.kinds() == ["Actual Alert"]
    assert automatic.reasons() == ["fired"]


def test_two_at_once_publish_once(automatic: Feed, city_url: str) -> None:
    automatic.silenced = True
    automatic.depths(20, 20, 20, begin=0)
    automatic.silenced = False
    together, counts = threading.Barrier(4), []

    def publish() -> None:
        with db.connect(city_url, name="racer", autocommit=True) as conn:
            together.wait()
            counts.append(automatic.publish(minute(3), conn))

    threads = [threading.Thread(target=publish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts) == [0, 0, 0, 1]
    assert automatic.kinds() == ["Actual Alert"]


def test_who_does_not_lead_any_more_publishes_nothing(automatic: Feed, city_url: str) -> None:
    automatic.silenced = True
    automatic.depths(20, 20, 20, begin=0)
    automatic.silenced = False
    with db.connect(city_url, name="other", autocommit=True) as other:
        leader.take_over(other, "other")
    with pytest.raises(leader.Deposed):
        automatic.publish(minute(3))
    assert automatic.rows() == []
