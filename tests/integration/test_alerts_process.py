"""`hanoi-alerts` as its users start it: killed, doubled, without a database, and told of new rules while it runs."""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from alerts.engine import READER
from deploy.embedded import runtime
from deploy.embedded.postgres import FOR_TESTS, Postgres
from storage import db, things
from storage.catalog import load_catalog
from storage.inventory import SHIPPED, load_inventory
from storage.migrate import migrate
from tests.integration.alert_city import City, open_city
from tests.integration.webhook_receiver import Receiver, listening
from tests.processes import free_port, ready, running, start, wait_for

pytestmark = pytest.mark.integration

EACH_ALONE = Path(__file__).parent / "each_alone.toml"
"""Every alert is a group of its own, looked at each second: who is told what does not hang on the others."""
POINTS = (
    "flood-cao-ba-quat",
    "flood-cu-loc",
    "flood-tong-dan",
    "flood-resco",
    "flood-thai-ha",
    "flood-trieu-khuc",
)
SHOWER = [0.0, 20.0, 22.0, 25.0, 20.0, *[4.0] * 11]
"""16 minutes: fires flood-15 in its fourth, clears in its sixteenth."""


@pytest.fixture
def city(city_url: str) -> Iterator[City]:
    with open_city(city_url) as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as opened:
        yield opened


def alerts_env(database_url: str, receiver: Receiver | None = None, **more: str) -> dict[str, str]:
    told = (
        {"HANOI_ALERT_WEBHOOK_URL": receiver.url, "HANOI_ALERTING_FILE": str(EACH_ALONE)} if receiver else {}
    )
    bind = f"127.0.0.1:{free_port()}"
    return {"HANOI_DATABASE_URL": database_url, "HANOI_ALERTS_BIND": bind, **told, **more}


def told_rules(receiver: Receiver) -> set[str]:
    return {alert["rule"] for got in receiver.got for alert in got["alerts"]}


@contextmanager
def alerts(env: dict[str, str], folder: Path) -> Iterator[object]:
    with running("hanoi-alerts", env=env, bind=env["HANOI_ALERTS_BIND"], folder=folder) as process:
        yield process


def metric(env: dict[str, str], name: str) -> float:
    text = httpx.get(f"http://{env['HANOI_ALERTS_BIND']}/metrics", timeout=5).text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
    return float(found[1]) if found else 0.0


def shower() -> list[list[tuple[datetime, float]]]:
    """Batches of two minutes of a shower that ends now."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=16)
    values = [(begin + timedelta(minutes=n), depth) for n, depth in enumerate(SHOWER)]
    return [values[n : n + 2] for n in range(0, len(values), 2)]


def read_to_the_end(conn: db.Connection) -> bool:
    row = conn.execute(
        "SELECT EXISTS (SELECT FROM feed_cursor WHERE reader = %(reader)s)"
        " AND NOT EXISTS (SELECT FROM observation_change c WHERE (c.xid, c.id) >"
        " (SELECT xid, id FROM feed_cursor WHERE reader = %(reader)s)) AS done",
        {"reader": READER},
    ).fetchone()
    return bool(row and row["done"])


def everything_told(conn: db.Connection) -> bool:
    rows = conn.execute(
        "SELECT (SELECT count(*) FROM alert_transition WHERE processed_at IS NULL)"
        " + (SELECT count(*) FROM alert_group_member)"
        " + (SELECT count(*) FROM notification WHERE sent_at IS NULL) AS n"
    ).fetchone()
    return rows == {"n": 0}


def test_a_value_becomes_a_notification(
    city: City, city_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    env = alerts_env(city_url, receiver)
    now = datetime.now(UTC)
    with alerts(env, tmp_path) as process:
        for late_min in (3, 2, 1, 0):
            city.write(POINTS[0], "water_depth", [(now - timedelta(minutes=late_min), 40)])
        wait_for(lambda: told_rules(receiver) == {"flood-15", "flood-30"}, "both flood rules told")
        assert metric(env, "hanoi_alerts_leading") == 1
        wait_for(lambda: metric(env, 'hanoi_alerts_transitions_total{state="firing"}') == 2, "counted")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    log = (tmp_path / "hanoi-alerts.log").read_text()
    assert re.search(r"alerts_changed (firing=\d )?pending=2", log)
    assert "s3cret" not in log
    assert "Traceback" not in log


def test_killed_again_and_again_it_loses_and_doubles_nothing(
    city: City, city_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    env = alerts_env(city_url, receiver)
    batches = shower()
    for number, batch in enumerate(batches):
        with (tmp_path / "killed.log").open("ab") as log:
            process = start("hanoi-alerts", env=env, log=log)
            wait_for(lambda: ready(env["HANOI_ALERTS_BIND"]), "ready")
            for point in POINTS:
                city.write(point, "water_depth", batch)
            time.sleep(0.03 * number)  # so that the kill comes at another moment of its work each time
            process.kill()
            process.wait()
    with alerts(env, tmp_path):
        wait_for(lambda: read_to_the_end(city.conn), "the feed read")
        wait_for(lambda: everything_told(city.conn), "everything told", limit_s=90)
    for point in POINTS:
        transitions = [t for t in city.transitions() if _thing(city, t.alert_id) == point]
        assert [t.to_state for t in transitions] == ["pending", "firing", "resolved"]
    once = {got["key"]: got for got in receiver.got}
    told = sorted((alert["thing"]["id"], got["reason"]) for got in once.values() for alert in got["alerts"])
    assert told == sorted((point, reason) for point in POINTS for reason in ("firing", "resolved"))


def _thing(city: City, alert_id: int) -> str:
    row = city.conn.execute("SELECT thing_id FROM alert WHERE id = %s", (alert_id,)).fetchone()
    assert row is not None
    return str(row["thing_id"])


def test_of_two_one_is_active_and_the_other_takes_over(
    city: City, city_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    one, two = (alerts_env(city_url, receiver) for _ in range(2))
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    with alerts(one, tmp_path / "1") as first:
        wait_for(lambda: metric(one, "hanoi_alerts_leading") == 1, "the first leads")
        with alerts(two, tmp_path / "2"):
            now = datetime.now(UTC)
            city.write(POINTS[0], "water_depth", [(now - timedelta(minutes=m), 20) for m in (3, 2, 1, 0)])
            wait_for(lambda: len(receiver.got) == 1, "told")
            assert metric(two, "hanoi_alerts_leading") == 0
            first.kill()
            wait_for(lambda: metric(two, "hanoi_alerts_leading") == 1, "the second leads")
            city.write(POINTS[1], "water_depth", [(now - timedelta(minutes=m), 20) for m in (3, 2, 1, 0)])
            wait_for(lambda: len(receiver.got) == 2, "told by the second")
    assert len(set(receiver.keys)) == 2


def test_it_waits_for_a_database_that_is_away(
    servers: tuple[runtime.Runtime, Path], receiver: Receiver, tmp_path: Path
) -> None:
    installed, folder = servers
    with Postgres(installed, folder / "away", settings=FOR_TESTS) as own:
        url = own.url("postgres", "postgres")
        migrate(url)
        _load_city(url)
        env = alerts_env(url, receiver)
        with alerts(env, tmp_path) as process:
            own.kill()
            wait_for(lambda: not ready(env["HANOI_ALERTS_BIND"]), "not ready")
            own.start()
            wait_for(lambda: ready(env["HANOI_ALERTS_BIND"]), "ready again")
            now = datetime.now(UTC)
            with open_city(url) as city:
                city.write(POINTS[0], "water_depth", [(now - timedelta(minutes=m), 20) for m in (3, 2, 1, 0)])
                wait_for(lambda: len(receiver.got) == 1, "told")
            assert process.poll() is None
    assert "database_lost" in (tmp_path / "hanoi-alerts.log").read_text()


def _load_city(url: str) -> None:
    domains = load_catalog()
    with db.connect(url, name="test") as conn:
        things.sync(conn, domains, load_inventory([SHIPPED], domains))


NOISE = """
[domain]
key = "noise"
name = { vi = "Tiếng ồn", en = "Noise" }
headline = "sound_level"
map_kinds = ["station"]

[property.sound_level]
name = { vi = "Mức ồn", en = "Sound level" }
unit = "dB"
interval_s = 60
possible = [0, 200]
plausible = [20, 140]

[[rule]]
key = "noise-loud"
property = "sound_level"
when = { above = 85 }
severity = "info"
title = { vi = "Ồn", en = "Loud" }
runbook = { vi = "Nghe.", en = "Listen." }
suggestion = true
basis = { vi = "a test", en = "a test" }
"""
NOISE_THING = """
domain = "noise"

[[thing]]
id = "noise-1"
kind = "station"
name = { vi = "Trạm ồn", en = "Noise station" }
properties = ["sound_level"]
location = { lat = 21.0, lon = 105.8, trust = "S", source = "a test" }
"""


def test_a_sixth_domain_and_its_rule_come_while_it_runs(
    city: City, city_url: str, receiver: Receiver, tmp_path: Path
) -> None:
    catalog, inventory = tmp_path / "catalog", tmp_path / "inventory"
    for folder in (catalog, inventory):
        folder.mkdir()
    env = alerts_env(city_url, receiver, HANOI_CATALOG_DIR=str(catalog), HANOI_INVENTORY_DIR=str(inventory))
    with alerts(env, tmp_path):
        shipped = metric(env, "hanoi_alerts_rules")
        (catalog / "noise.toml").write_text(NOISE.replace("above = 85", "above = 850"))
        wait_for(lambda: "rules_refused" in (tmp_path / "hanoi-alerts.log").read_text(), "refused")
        (catalog / "noise.toml").write_text(NOISE)
        (inventory / "noise.toml").write_text(NOISE_THING)
        wait_for(lambda: metric(env, "hanoi_alerts_rules") == shipped + 1, "one rule more")
        _add_noise(city, catalog, inventory)
        city.write("noise-1", "sound_level", [(datetime.now(UTC), 90)])
        wait_for(lambda: len(receiver.got) == 1, "told")
    assert told_rules(receiver) == {"noise-loud"}


def _add_noise(city: City, catalog: Path, inventory: Path) -> None:
    """What ingest does when it sees the new files."""
    domains = load_catalog([catalog])
    things.sync(city.conn, domains, load_inventory([inventory], domains))
    city.streams.update({(row.thing_id, row.property): row.id for row in things.all_datastreams(city.conn)})


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        (
            "HANOI_ALERT_WEBHOOK_URL",
            "ftp://s3cret",
            "HANOI_ALERT_WEBHOOK_URL: receiver.webhook.url: must be an http:// or https:// address",
        ),
        ("HANOI_ALERTS_BIND", "nowhere", "HANOI_ALERTS_BIND: 'nowhere' is not host:port"),
    ],
)
def test_a_wrong_setting_stops_it_with_2_and_the_name(
    variable: str, value: str, says: str, tmp_path: Path
) -> None:
    env = {**alerts_env("postgresql://127.0.0.1:1/x"), variable: value}
    with (tmp_path / "log").open("wb") as log:
        assert start("hanoi-alerts", env=env, log=log).wait(60) == 2
    assert (tmp_path / "log").read_text().startswith(says)


def test_errors_of_the_engine_are_not_swallowed(city: City, city_url: str, tmp_path: Path) -> None:
    """What the engine can't understand ends it, by name of rule and Datastream; the supervisor starts it anew."""
    city.write(POINTS[0], "water_depth", [(datetime.now(UTC), 20)])
    city.evaluate(datetime.now(UTC))
    city.conn.execute("""UPDATE alert_evaluation SET memory = '{"episode": 3}'""")
    env = alerts_env(city_url)
    with (tmp_path / "log").open("wb") as log:
        process = start("hanoi-alerts", env=env, log=log)
        city.write(POINTS[0], "water_depth", [(datetime.now(UTC), 20)])
        assert process.wait(60) == 70
    log_text = (tmp_path / "log").read_text()
    assert f"rule flood-15, Datastream {city.streams[POINTS[0], 'water_depth']}" in log_text
    assert isinstance(city.conn, psycopg.Connection)
