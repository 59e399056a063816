"""The alert engine on a real TimescaleDB: what it records of values, once, whatever happens to it."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from alerts.rules import RuleBook, parse_rules
from ingest import derivations
from storage import alert_log, db
from storage.catalog import load_catalog
from storage.model import Provenance, Quality
from tests.integration.alert_city import City, open_city

pytestmark = pytest.mark.integration

NOW = datetime(2026, 7, 20, 10, 0, tzinfo=UTC)
POINT = "flood-cao-ba-quat"
DEPTHS = [0, 6, 15, 22, 27, 22, 16, 13, *[12] * 12]
"""The product level for flooded streets: from 15 cm on for two minutes it fires, below 13 cm for ten it clears."""


@pytest.fixture
def city(city_url: str) -> Iterator[City]:
    with open_city(city_url) as opened:
        yield opened


def minute(number: float, begin: datetime = NOW) -> datetime:
    return begin + timedelta(minutes=number)


def depths(values: list[float], begin: datetime = NOW) -> list[tuple[datetime, float]]:
    return [(minute(number, begin), value) for number, value in enumerate(values)]


def test_a_flooded_street_fires_and_clears(city: City) -> None:
    for time, depth in depths(DEPTHS):
        city.write(POINT, "water_depth", [(time, depth)])
        city.evaluate(time)
    (alert,) = city.alerts()
    assert (alert["rule"], alert["thing_id"], alert["state"]) == ("flood-15", POINT, "resolved")
    assert (alert["pending_since"], alert["firing_since"], alert["resolved_at"]) == (
        minute(2),
        minute(4),
        minute(18),
    )
    assert (alert["peak"], alert["value"], alert["limit_value"], alert["unit"]) == (27, 12, 15, "cm")
    assert city.outcomes() == [("pending", "only_pending"), ("firing", None), ("resolved", None)]


def test_values_of_one_batch_all_count(city: City) -> None:
    city.write(POINT, "water_depth", depths(DEPTHS))
    city.evaluate(minute(20))
    assert [t.to_state for t in city.transitions()] == ["pending", "firing", "resolved"]


def test_a_transition_carries_its_evidence(city: City) -> None:
    city.write(POINT, "water_depth", depths([15, 22, 27]))
    city.evaluate(minute(2))
    evidence = city.transitions()[-1].evidence
    assert (evidence["limit"], evidence["clear"], evidence["unit"]) == (15, 13, "cm")
    assert (evidence["for_s"], evidence["keep_firing_for_s"]) == (120, 600)
    assert evidence["first"]["value"] == 15
    assert evidence["last"]["value"] == 27
    assert datetime.fromisoformat(evidence["last"]["time"]) == minute(2)
    assert evidence["last"]["quality"] == 1
    assert evidence["last"]["provenance"] == "measured"
    assert datetime.fromisoformat(evidence["last"]["arrived"]).tzinfo is not None


def test_suspect_values_do_not_fire(city: City) -> None:
    city.write(POINT, "water_depth", depths([40] * 5), quality=Quality.SUSPECT)
    city.evaluate(minute(5))
    assert city.alerts() == []


def test_a_derived_value_is_as_trustworthy_as_its_inputs(city: City) -> None:
    for inputs, thing in [(Provenance.SIMULATED, "hang-dau"), (Provenance.MEASURED, "kim-lien")]:
        city.write(thing, "vn_aqi", [(NOW, 160)], provenance=Provenance.DERIVED, input_provenance=inputs)
    city.evaluate(NOW)
    assert {alert["thing_id"]: alert["simulated"] for alert in city.alerts()} == {
        "hang-dau": True,
        "kim-lien": False,
    }


def test_history_tells_nobody(city: City) -> None:
    city.write(POINT, "water_depth", depths(DEPTHS, NOW - timedelta(hours=48)))
    city.evaluate(NOW)
    assert city.outcomes() == [
        ("pending", "only_pending"),
        ("firing", "retrospective"),
        ("resolved", "firing_was_not_announced"),
    ]


def test_history_that_reaches_the_present_tells_once(city: City) -> None:
    begin = NOW - timedelta(hours=5)
    for hour in range(5):
        city.write(POINT, "water_depth", depths([20] * 60, begin + timedelta(hours=hour)))
        city.evaluate(NOW)
        expected = [] if hour < 4 else ["firing"]
        assert city.outbox() == expected
    city.write(POINT, "water_depth", [(NOW, 21)])
    city.evaluate(NOW)
    assert city.outbox() == ["firing"]
    assert city.transitions()[1].at == begin + timedelta(minutes=2)


def test_late_values_within_the_horizon_tell_and_older_ones_do_not(city: City) -> None:
    for late_min, told in [(25, ["firing", "resolved"]), (90, [])]:
        begin = NOW - timedelta(minutes=late_min)
        thing = "flood-cu-loc" if told else "flood-tong-dan"
        city.write(thing, "water_depth", [(NOW, 0)])
        city.evaluate(NOW)
        city.write(thing, "water_depth", depths(DEPTHS, begin))
        city.evaluate(NOW)
        assert city.outbox() == told
        city.conn.execute("UPDATE alert_transition SET processed_at = now(), outcome = 'test'")


def test_a_correction_withdraws_and_tells_who_was_told(city: City) -> None:
    city.write(POINT, "water_depth", depths([0, 20, 20, 20]))
    city.evaluate(minute(3))
    city.write(POINT, "water_depth", [(minute(n), 2) for n in (1, 2, 3)], result_time=minute(10))
    city.evaluate(minute(10))
    (alert,) = city.alerts()
    assert alert["state"] == "resolved"
    assert alert["withdrawn_at"] == minute(10)
    assert [(t.to_state, t.reason) for t in city.transitions()][-1] == ("resolved", "corrected")
    assert city.outbox() == ["firing", "resolved"]
    assert [row.withdrawn for row in alert_log.recent(city.conn, 10)] == [True]


def test_for_elapses_without_data_when_the_feed_is_read(city: City) -> None:
    city.write("ltk-01-b01", "battery", [(NOW, 2.9), (minute(59), 2.9), (minute(118), 2.9)])
    city.evaluate(minute(118))
    city.let_time_pass(minute(120))
    assert [alert["state"] for alert in city.alerts()] == ["pending"]
    city.let_time_pass(minute(121))
    (alert,) = city.alerts()
    assert (alert["state"], alert["firing_since"]) == ("firing", minute(120))
    assert city.outbox() == ["firing"]


def test_time_does_not_pass_over_values_that_were_written_and_not_read(city: City) -> None:
    now = datetime.now(UTC)  # the feed's own times are the server's
    begin = now - timedelta(minutes=119)
    city.write("ltk-01-b01", "battery", [(begin, 2.9), (begin + timedelta(minutes=90), 2.9)])
    city.evaluate(now)
    city.write("ltk-01-b01", "battery", [(begin + timedelta(minutes=100), 3.6)])
    city.let_time_pass(now + timedelta(hours=1))
    assert [alert["state"] for alert in city.alerts()] == ["pending"]
    city.evaluate(now)
    assert [t.to_state for t in city.transitions()] == ["pending", "inactive"]


def test_a_silent_sensor_resolves_in_the_end(city: City) -> None:
    city.write(POINT, "water_depth", depths([20] * 5))
    city.evaluate(minute(5))
    city.let_time_pass(minute(7 * 60))
    last = city.transitions()[-1]
    assert (last.to_state, last.reason, last.at) == ("resolved", "silent", minute(4 + 6 * 60))


def test_a_round_that_fails_leaves_nothing_and_is_done_again(city: City, city_url: str) -> None:
    city.write(POINT, "water_depth", depths(DEPTHS))
    with db.connect(city_url, name="doomed", autocommit=True) as doomed:
        _die_at_commit(city.conn)
        with pytest.raises(psycopg.Error):
            city.engine.read_changes(doomed, city.term, minute(20))
    assert city.alerts() == []
    city.conn.execute("DROP TRIGGER die ON feed_cursor")
    city.evaluate(minute(20))
    assert [t.to_state for t in city.transitions()] == ["pending", "firing", "resolved"]


def _die_at_commit(conn: db.Connection) -> None:
    """Ends the session that moves the cursor, when everything else of the round is written."""
    conn.execute(
        """
        CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$
        """
    )
    conn.execute("CREATE TRIGGER die AFTER INSERT ON feed_cursor FOR EACH ROW EXECUTE FUNCTION die()")


def test_alerts_of_a_removed_rule_are_resolved(city: City) -> None:
    city.write(POINT, "water_depth", depths([20] * 5))
    city.evaluate(minute(5))
    kept = RuleBook.of(r for r in city.engine.book.by_key.values() if r.domain != "flood")
    city.use(kept, minute(6))
    (alert,) = city.alerts()
    assert alert["state"] == "resolved"
    assert city.transitions()[-1].reason == "rule_removed"
    assert city.conn.execute("SELECT count(*) AS n FROM alert_evaluation").fetchone() == {"n": 0}


def test_a_rule_that_comes_later_looks_at_what_comes_then(city: City) -> None:
    everything = city.engine.book
    city.use(RuleBook.of([]), NOW)
    city.write(POINT, "water_depth", depths([20] * 5))
    city.evaluate(minute(5))
    city.use(everything, minute(5))
    city.write(POINT, "water_depth", depths([20] * 3, minute(5)))
    city.evaluate(minute(8))
    (alert,) = city.alerts()
    assert alert["pending_since"] == minute(5)


def test_whatever_the_order_of_arrival_the_record_is_the_same(city: City) -> None:
    """Three points, the same values: in order, shuffled in rounds of all sizes, and with corrections on the way."""
    chance = random.Random(5)
    values = depths([max(0.0, chance.gauss(16, 9)) for _ in range(160)])
    city.write("flood-cu-loc", "water_depth", values)
    city.evaluate(minute(160))
    shuffled = chance.sample(values, len(values))
    while shuffled:
        size = chance.randint(1, 12)
        city.write("flood-tong-dan", "water_depth", shuffled[:size])
        wrong = [(time, chance.uniform(0, 40)) for time, _ in shuffled[:size]]
        city.write("flood-thanh-dam", "water_depth", wrong)
        city.evaluate(minute(160))
        city.let_time_pass(minute(160))
        city.write("flood-thanh-dam", "water_depth", shuffled[:size], result_time=minute(500))
        shuffled = shuffled[size:]
    city.evaluate(minute(160))
    in_order, shuffled_in, corrected = (
        [
            _essence(alert)
            for alert in city.alerts()
            if alert["thing_id"] == thing and not alert["withdrawn_at"]
        ]
        for thing in ("flood-cu-loc", "flood-tong-dan", "flood-thanh-dam")
    )
    assert len(in_order) > 5
    assert shuffled_in == in_order
    assert corrected == in_order


def _essence(alert: dict[str, object]) -> list[object]:
    names = ("rule", "state", "pending_since", "firing_since", "resolved_at", "peak", "value")
    return [alert[name] for name in names]


def test_the_public_role_sees_what_citizens_may(city: City, city_url: str) -> None:
    city.write(POINT, "water_depth", depths([20] * 5), provenance=Provenance.SIMULATED)
    city.write("flood-cu-loc", "water_depth", depths([20]))
    city.write("ltk-01-b01", "battery", [(minute(60 * n), 2.9) for n in range(3)])
    city.evaluate(minute(121))
    assert {row.rule for row in alert_log.active(city.conn)} == {"flood-15", "parking-battery-low"}
    with db.connect(city_url, name="test", schema="public_view") as public:
        public.execute("SET ROLE hanoi_public")
        (seen,) = alert_log.active(public)
        assert (seen.thing_id, seen.state, seen.simulated) == (POINT, "firing", True)
        assert seen.thing_name_vi.startswith("Cao Bá Quát")
        assert alert_log.recent(public, 10) == [seen]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            alert_log.transitions(public, seen.id)


def test_pages_are_told_at_the_commit(city: City, city_url: str) -> None:
    with db.connect(city_url, name="page", autocommit=True) as page:
        page.execute("LISTEN alert_changed")
        city.write(POINT, "water_depth", depths([0]))
        city.evaluate(minute(1))
        assert list(page.notifies(timeout=0.2)) == []
        city.write(POINT, "water_depth", [(minute(1), 15)])
        city.evaluate(minute(1))
        assert [n.channel for n in page.notifies(timeout=5, stop_after=1)] == [alert_log.CHANNEL]


def test_a_value_that_no_rule_looks_at_costs_nothing(city: City) -> None:
    city.write(POINT, "battery", [(NOW, 3.6)])
    city.evaluate(NOW)
    assert city.conn.execute("SELECT count(*) AS n FROM alert_evaluation").fetchone() == {"n": 0}
    assert city.engine.metrics.registry.get_sample_value("hanoi_alerts_samples_total") == 0


def test_the_shipped_rules_look_at_datastreams_that_exist(city: City) -> None:
    watched = {
        (row["domain"], row["property"])
        for row in city.conn.execute(
            "SELECT DISTINCT t.domain, d.property FROM datastream d JOIN thing t ON t.id = d.thing_id"
        ).fetchall()
    }
    catalogue = load_catalog()
    outputs = {key for derivation in derivations.find() for key in derivation.outputs}
    derived = {(key, p) for key, domain in catalogue.items() for p in domain.properties if p in outputs}
    assert set(parse_rules(catalogue).by_series) <= watched | derived, "some are made when first derived"
