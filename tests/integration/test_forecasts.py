"""Forecasts from what is stored to what is shown: the embassy's recording, others' forecasts, and what is not shown."""

import csv
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest

from dashboard.api import schema
from deploy.embedded.mosquitto import Mosquitto
from ingest.assess import Assessor
from ingest.derive import Deriver
from ingest.forecasts.products import PRODUCTS, Product, made_by_others
from ingest.forecasts.run import Done, Run, run
from storage import catalog, db, forecasts, inventory, observations, things
from storage.forecasts import Score
from storage.model import Domain, Observation, Provenance, Quality
from storage.reference import Reference
from tests.conftest import SHARED
from tests.integration.alert_city import open_city
from tests.processes import ingest_env, publish, running, wait_for
from tests.public_site import Served, serving

pytestmark = pytest.mark.integration

RECORDING = SHARED / "data/air/hanoi_pm25_embassy_2017.csv"
STATION = "trung-yen-3"
HANOI = "Asia/Ho_Chi_Minh"
PM2_5 = next(product for product in PRODUCTS if product.property == "pm2_5_forecast")
FEW_LEADS = replace(PM2_5, leads=(5, 6), lead_groups=((4, 6),))
"""Fitted in a moment."""
END = pd.Timestamp("2017-04-01", tz=HANOI)
HOUR = timedelta(hours=1)


@pytest.fixture
def conn(city_url: str) -> Iterator[db.Connection]:
    with db.connect(city_url, name="test", autocommit=True) as opened:
        yield opened


def recorded() -> dict[pd.Timestamp, float]:
    """Valid hours of January to March 2017, by the end of the hour."""
    if not RECORDING.exists():
        pytest.skip(f"the recording {RECORDING} is absent")
    with RECORDING.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["QC Name"] == "Valid"]
    times = [pd.Timestamp(datetime.strptime(r["Date (LT)"], "%Y-%m-%d %I:%M %p"), tz=HANOI) for r in rows]  # noqa: DTZ007
    return {time: float(row["Raw Conc."]) for time, row in zip(times, rows, strict=True) if time <= END}


def stream(conn: db.Connection, key: str, thing: str = STATION) -> int:
    rows = things.all_datastreams(conn)
    return next(row.id for row in rows if (row.thing_id, row.property) == (thing, key))


def write(
    conn: db.Connection,
    hours: dict[pd.Timestamp, float],
    *,
    provenance: Provenance = Provenance.REPLAYED,
    result_time: datetime | None = None,
) -> None:
    id = stream(conn, "pm2_5")
    batch = [
        Observation(
            datastream_id=id,
            phenomenon_time=time.to_pydatetime(),
            result_time=result_time or time.to_pydatetime(),
            result=value,
            provenance=provenance,
        )
        for time, value in hours.items()
    ]
    with conn.transaction():
        observations.write(conn, batch, expect_new=False)


def forecast(
    conn: db.Connection, domains: dict[str, Domain], now: datetime, product: Product | None = None
) -> Done:
    (done,) = run(conn, domains, Run(now=now, seed=1), [product or FEW_LEADS])
    return done


def stored(conn: db.Connection) -> dict[datetime, tuple[float, datetime, dict[str, Any] | None]]:
    ids = [row.id for row in things.all_datastreams(conn) if row.property == "pm2_5_forecast"]
    start = END.to_pydatetime() - 60 * 24 * HOUR
    rows = observations.between(conn, ids, start, start + 90 * 24 * HOUR)
    return {row.phenomenon_time: (row.result, row.result_time, row.parameters) for row in rows}


def test_the_embassy_s_hours_from_the_database_to_the_public_page(
    conn: db.Connection, city_url: str, domains: dict[str, Domain]
) -> None:
    hours = recorded()
    write(conn, hours)
    now = END.to_pydatetime() + timedelta(minutes=6)
    done = forecast(conn, domains, now, PM2_5)

    scores = [score for score in done.scores if score.basis == "held_out"]
    assert [(score.lead_from_h, score.lead_to_h) for score in scores] == [(1, 3), (4, 6), (7, 12), (13, 24)]
    split = pd.Timestamp(scores[0].held_out_from)
    for score in scores:
        assert score.provenance == "replayed"
        leads = range(int(score.lead_from_h), int(score.lead_to_h) + 1)
        n, mae_persistence, mae_same_hour = by_hand(hours, split, leads)
        assert score.n == n
        assert score.mae_persistence == pytest.approx(mae_persistence)
        assert score.mae_climatology == pytest.approx(mae_same_hour)
        assert score.skill_persistence() == pytest.approx(1 - score.mae / mae_persistence)
        assert score.coverage == pytest.approx(0.8, abs=0.12)

    shown = [score for score in scores if score.beats_both()]
    leads_shown = sorted(
        lead for score in shown for lead in range(int(score.lead_from_h), int(score.lead_to_h) + 1)
    )
    assert leads_shown, "the method has no skill at all on the recording"
    made = stored(conn)
    assert sorted(made) == [END.to_pydatetime() + lead * HOUR for lead in leads_shown]
    for result, issued, parameters in made.values():
        assert parameters is not None
        assert parameters["low"] <= result <= parameters["high"]
        assert issued == now
    assert [value.property for value in observations.latest(conn, [STATION])[STATION]] == ["pm2_5"]
    with serving(city_url, clock=lambda: now) as served:
        wait_for(lambda: served.site.city.view.forecasts, "the forecasts are read")
        page = schema.ThingForecasts.model_validate(get(served, f"/forecasts/{STATION}"))
        (item,) = page.items
        assert [value.time for value in item.items] == sorted(made)
        assert (item.provenance, item.input_provenance) == ("forecast", "replayed")
        catalogue = schema.ForecastCatalogue.model_validate(get(served, "/forecasts"))
        of_pm2_5 = next(one for one in catalogue.items if one.property == "pm2_5_forecast")
        assert [model.shown for model in of_pm2_5.models] == [True]
        assert [one.models for one in catalogue.items if one.property != "pm2_5_forecast"] == [[]] * 3
        nothing_is_taken_for_now(served, newest=END.to_pydatetime())
        answer = served.http.get(
            f"/api/v1/datastreams/{item.datastream_id}/observations",
            params={"from": now.isoformat(), "to": (now + 25 * HOUR).isoformat()},
        )
        assert [one["provenance"] for one in answer.json()["items"]] == ["forecast"] * len(made)


def by_hand(
    hours: dict[pd.Timestamp, float], split: pd.Timestamp, leads: Sequence[int]
) -> tuple[int, float, float]:
    """Cases and errors of the two baselines, from the recording and without any of our code."""
    day = pd.Timedelta(days=1)
    of_persistence, of_same_hour = [], []
    for origin in pd.date_range(split.tz_convert(HANOI), END, freq="h"):
        known = next((hours[t] for back in range(4) if (t := origin - back * HOUR) in hours), None)
        for lead in leads:
            time = origin + lead * HOUR
            same = [hours[t] for n in range(1, 29) if (t := time - n * day) in hours and t <= origin]
            if known is not None and same and time in hours:
                of_persistence.append(abs(known - hours[time]))
                of_same_hour.append(abs(sum(same) / len(same) - hours[time]))
    n = len(of_persistence)
    return n, sum(of_persistence) / n, sum(of_same_hour) / n


def nothing_is_taken_for_now(served: Served, *, newest: datetime) -> None:
    item = schema.ThingItem.model_validate(get(served, f"/things/{STATION}"))
    assert "pm2_5_forecast" not in {one.property for one in item.datastreams}
    latest = next(one.latest for one in item.datastreams if one.property == "pm2_5")
    assert latest is not None
    assert (latest.time, latest.provenance) == (newest, "replayed")
    features = get(served, "/map/air_quality.geojson")["features"]
    properties = next(one["properties"] for one in features if one["id"] == STATION)
    assert set(properties["values"]) == {"pm2_5"}
    assert properties["forecasts"]["pm2_5"]["provenance"] == "forecast"
    assert served.site.city.view.newest[item_id(item, "pm2_5")].phenomenon_time == newest


def item_id(item: schema.ThingItem, key: str) -> int:
    return next(one.id for one in item.datastreams if one.property == key)


def get(served: Served, path: str) -> Any:
    answer = served.http.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def swing(days: int, *, end: pd.Timestamp = END) -> dict[pd.Timestamp, float]:
    """A swing of the day with a slower one, that a model can learn."""
    times = pd.date_range(end - pd.Timedelta(days=days), end, freq="h")
    return {
        time: 60
        + 25 * math.sin(2 * math.pi * n / 24)
        + 20 * math.sin(2 * math.pi * n / 170)
        + 3 * math.sin(n * n)
        for n, time in enumerate(times)
    }


def test_a_late_correction_of_the_inputs_does_not_rewrite_what_was_issued(
    conn: db.Connection, domains: dict[str, Domain]
) -> None:
    hours = swing(30)
    write(conn, hours)
    now = END.to_pydatetime() + timedelta(minutes=6)
    assert forecast(conn, domains, now).issued > 0
    before = stored(conn)
    last = {time: value + 80 for time, value in list(hours.items())[-6:]}
    write(conn, last, result_time=now + timedelta(minutes=1))
    Deriver().run(conn, domains, now + timedelta(minutes=2))
    assert stored(conn) == before

    later = now + HOUR
    write(conn, {END + pd.Timedelta(hours=1): 100.0})
    assert forecast(conn, domains, later).issued > 0
    assert {issued for _, issued, _ in stored(conn).values()} == {now, later}
    id = stream(conn, "pm2_5_forecast")
    every = forecasts.issued(conn, [id], END.to_pydatetime(), END.to_pydatetime() + 48 * HOUR)
    kept = {(one.phenomenon_time, one.result) for one in every if one.result_time == now}
    assert kept == {(time, result) for time, (result, _, _) in before.items()}


def test_with_too_little_history_nothing_is_fitted(conn: db.Connection, domains: dict[str, Domain]) -> None:
    write(conn, swing(20))
    done = forecast(conn, domains, END.to_pydatetime() + timedelta(minutes=6))
    assert (done.outcome, done.issued) == ("too_little_history", 0)
    assert not done.scores
    assert forecasts.newest_scores(conn) == []


def noise(days: int) -> dict[pd.Timestamp, float]:
    """A random walk: nothing beats persistence on it."""
    import random

    draw, value, found = random.Random(7), 60.0, {}
    for time in pd.date_range(END - pd.Timedelta(days=days), END, freq="h"):
        value = min(400.0, max(10.0, value + draw.choice((-6.0, 6.0))))
        found[time] = value
    return found


def test_what_beats_nothing_is_scored_and_not_issued(conn: db.Connection, domains: dict[str, Domain]) -> None:
    write(conn, noise(22))
    now = END.to_pydatetime() + timedelta(minutes=6)
    scored = forecast(conn, domains, now).scores
    worse = [replace(score, mae=score.mae_persistence + 1) for score in scored]
    with conn.transaction():
        forecasts.write_scores(conn, [replace(score, scored_at=now + HOUR) for score in worse])
    done = forecast(conn, domains, now + 2 * HOUR)
    assert (done.outcome, done.issued) == ("beats_nothing", 0)


def test_a_dry_run_writes_nothing(conn: db.Connection, domains: dict[str, Domain]) -> None:
    write(conn, swing(30))
    how = Run(now=END.to_pydatetime() + timedelta(minutes=6), dry_run=True)
    (done,) = run(conn, domains, how, [FEW_LEADS])
    assert done.issued > 0
    assert done.scores
    assert stored(conn) == {}
    assert forecasts.newest_scores(conn) == []


def test_ours_does_not_write_over_a_forecast_of_somebody_else(
    conn: db.Connection, domains: dict[str, Domain]
) -> None:
    write(conn, swing(30))
    now = END.to_pydatetime() + timedelta(minutes=6)
    theirs = Observation(
        datastream_id=things.ensure_datastream(
            conn, STATION, domains["air_quality"].properties["pm2_5_forecast"]
        ),
        phenomenon_time=now + 5 * HOUR,
        result_time=now - HOUR,
        result=77.0,
        provenance=Provenance.FORECAST,
        parameters={"model": "agency", "lead_h": 6.0},
    )
    with conn.transaction():
        observations.write(conn, [theirs])
    assert forecast(conn, domains, now).issued == 0
    assert [result for result, _, _ in stored(conn).values()] == [77.0]


def test_others_are_scored_by_what_they_issued(conn: db.Connection, domains: dict[str, Domain]) -> None:
    """An agency that is always 1 ug/m3 too high, on a city whose hours swing by tens."""
    hours = swing(30)
    write(conn, hours, provenance=Provenance.MEASURED)
    id = things.ensure_datastream(conn, STATION, domains["air_quality"].properties["pm2_5_forecast"])
    issues = [
        Observation(
            datastream_id=id,
            phenomenon_time=time.to_pydatetime(),
            result_time=time.to_pydatetime() - 5 * HOUR,
            result=value + 1,
            quality=Quality.GOOD,
            provenance=Provenance.FORECAST,
            arrived=time.to_pydatetime() - 5 * HOUR,
            parameters={"model": "agency", "lead_h": 5.0},
        )
        for time, value in list(hours.items())[-200:]
    ]
    with conn.transaction():
        observations.write(conn, issues, expect_new=False)
    done = forecast(conn, domains, END.to_pydatetime() + timedelta(minutes=6))
    (score,) = [score for score in done.scores if score.model == "agency"]
    assert (score.basis, score.lead_from_h, score.n, score.provenance) == ("issued", 4, 200, "measured")
    assert score.mae == pytest.approx(1.0)
    assert score.coverage is None
    assert score.beats_both()


def test_nobody_scores_in_hindsight(conn: db.Connection, domains: dict[str, Domain]) -> None:
    """An oracle sends what came, with a time of issue six hours before it, and takes its two true misses back."""
    hours = swing(30)
    write(conn, hours, provenance=Provenance.MEASURED)
    id = things.ensure_datastream(conn, STATION, domains["air_quality"].properties["pm2_5_forecast"])
    last = list(hours.items())[-200:]
    issues = [
        Observation(
            datastream_id=id,
            phenomenon_time=time.to_pydatetime(),
            result_time=time.to_pydatetime() - 6 * HOUR,
            result=value,
            provenance=Provenance.FORECAST,
            arrived=time.to_pydatetime() + timedelta(minutes=1),
            parameters={"model": "oracle", "lead_h": 6.0},
        )
        for time, value in last[:-2]
    ]
    misses = [
        Observation(
            datastream_id=id,
            phenomenon_time=time.to_pydatetime(),
            result_time=time.to_pydatetime() - 6 * HOUR,
            result=value + 50,
            provenance=Provenance.FORECAST,
            arrived=time.to_pydatetime() - 6 * HOUR,
            parameters={"model": "oracle", "lead_h": 6.0},
        )
        for time, value in last[-2:]
    ]
    flagged, replaced = misses
    back = [
        msgspec.structs.replace(
            flagged, quality=Quality.FAIL, quality_reason="fault", arrived=END.to_pydatetime()
        ),
        msgspec.structs.replace(
            replaced,
            result=replaced.result - 50,
            result_time=END.to_pydatetime() - HOUR,
            arrived=END.to_pydatetime(),
        ),
    ]
    for batch in ([*issues, *misses], back):
        with conn.transaction():
            observations.write(conn, batch, expect_new=False)
    done = forecast(conn, domains, END.to_pydatetime() + timedelta(minutes=6))
    (score,) = [score for score in done.scores if score.model == "oracle"]
    assert (score.n, score.lead_from_h, score.lead_to_h) == (2, 4, 6)
    assert score.mae == pytest.approx(50.0)
    assert not score.beats_both()


def test_a_forecast_moves_no_alert_no_check_and_no_index(city_url: str, domains: dict[str, Domain]) -> None:
    now = END.to_pydatetime()
    with open_city(city_url) as city:
        air = domains["air_quality"].properties
        for key, base in (("vn_aqi_forecast", 490.0), ("pm2_5_forecast", 600.0)):
            city.streams[STATION, key] = things.ensure_datastream(city.conn, STATION, air[key])
            ahead = [(now + n * HOUR, base + (n % 2) * 9) for n in range(-12, 12)]
            issued = now - 13 * HOUR
            city.write(STATION, key, ahead, provenance=Provenance.FORECAST, result_time=issued)
        reference = Reference(catalog_folders=[catalog.SHIPPED], inventory_folders=[inventory.SHIPPED])
        assert Assessor(reference=reference).run(city.conn) == {}
        Deriver().run(city.conn, domains, now)
        city.evaluate(now)
        assert city.alerts() == []
        rows = things.all_datastreams(city.conn)
        derived = [row.id for row in rows if row.thing_id == STATION and row.derived]
        assert observations.between(city.conn, derived, now - 48 * HOUR, now + 48 * HOUR) == []


STREETS = ("flood-cao-ba-quat", "flood-tong-dan", "flood-resco", "flood-ke-ve")
FLOOD = next(product for product in PRODUCTS if product.method == "flood")
SHOWER_EVERY = 30 * 6
"""Steps of ten minutes."""


def showers(conn: db.Connection, end: datetime, days: int) -> None:
    """Every 30 hours it rains for an hour on the whole city; the streets fill meanwhile and empty within three."""
    steps = days * 144
    times = [end - n * timedelta(minutes=10) for n in range(steps, -1, -1)]
    since = [(n - steps) % SHOWER_EVERY for n in range(steps + 1)]
    rain = [10.0 if n < 6 else 0.0 for n in since]
    filled = [min(n + 1, 6) * 7.0 - max(0, n - 5) * 2.5 for n in since]
    ids = {(row.thing_id, row.property): row.id for row in things.all_datastreams(conn)}
    series = {
        ids[street, "water_depth"]: [max(0.0, (3 + k) / 4 * d) for d in filled]
        for k, street in enumerate(STREETS)
    }
    series |= {id: rain for (_, key), id in ids.items() if key == "rain_interval"}
    batch = [
        Observation(
            datastream_id=id,
            phenomenon_time=time,
            result_time=time,
            result=value,
            provenance=Provenance.SIMULATED,
        )
        for id, values in series.items()
        for time, value in zip(times, values, strict=True)
    ]
    with conn.transaction():
        observations.write(conn, batch)


def test_a_flood_is_foretold_while_it_rains_and_not_when_the_streets_are_dry(
    conn: db.Connection, domains: dict[str, Domain]
) -> None:
    end = END.to_pydatetime()
    showers(conn, end, 12)
    done = forecast(conn, domains, end + timedelta(seconds=30), FLOOD)
    assert {(score.lead_from_h, score.provenance) for score in done.scores} == {
        (1, "simulated"),
        (2, "simulated"),
        (3, "simulated"),
    }
    assert (done.outcome, done.issued) == ("issued", 12)
    rows = {row.id: row.thing_id for row in things.all_datastreams(conn) if row.property == FLOOD.property}
    ahead = forecasts.ahead(conn, rows, end)
    assert {rows[one.datastream_id] for one in ahead} == set(STREETS)
    assert {one.phenomenon_time - end for one in ahead} == {HOUR, 2 * HOUR, 3 * HOUR}
    assert {(one.provenance, one.input_provenance) for one in ahead} == {("forecast", "simulated")}
    dry = forecast(conn, domains, end - 10 * HOUR, FLOOD)
    assert (dry.outcome, dry.issued) == ("not_called_for", 0)


def test_a_forecast_that_we_have_no_model_for_is_scored_too(
    conn: db.Connection, domains: dict[str, Domain]
) -> None:
    air = domains["air_quality"]
    ahead = replace(air.properties["pm2_5_forecast"], key="pm2_5_of_others")
    city = {"air_quality": replace(air, properties={**air.properties, ahead.key: ahead})}
    hours = swing(10)
    write(conn, hours, provenance=Provenance.MEASURED)
    id = things.ensure_datastream(conn, STATION, ahead)
    issues = [
        Observation(
            datastream_id=id,
            phenomenon_time=time.to_pydatetime(),
            result_time=time.to_pydatetime() - 2 * HOUR,
            result=value - 3,
            provenance=Provenance.FORECAST,
            arrived=time.to_pydatetime() - 2 * HOUR,
            parameters={"model": "agency", "lead_h": 2.0, "low": value - 4, "high": value - 2, "level": 0.9},
        )
        for time, value in list(hours.items())[-120:]
    ]
    with conn.transaction():
        observations.write(conn, issues, expect_new=False)
    now = END.to_pydatetime() + timedelta(minutes=6)
    (product,) = made_by_others(city)
    (done,) = run(conn, city, Run(now=now), [product])
    (score,) = done.scores
    assert (score.property, score.model, score.basis, score.n) == (ahead.key, "agency", "issued", 120)
    assert score.mae == pytest.approx(3.0)
    assert (score.coverage, score.level) == (0.0, 0.9)
    (again,) = run(conn, city, Run(now=now + HOUR), [product])
    assert again.scores == ()


def test_a_forecast_of_others_comes_by_mqtt_and_is_shown_when_it_was_proved(
    city_url: str, broker: Mosquitto, tmp_path: Path, conn: db.Connection
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    env = ingest_env(city_url, broker.url("ingest"))
    said = {"pm2_5_forecast": {"low": 30, "high": 70, "level": 0.9, "model": "agency"}}
    ahead = {
        "time": (now + 3 * HOUR).isoformat(),
        "result_time": (now - HOUR).isoformat(),
        "provenance": "forecast",
        "results": {"pm2_5_forecast": 48.0},
        "parameters": said,
    }
    measured = {"time": now.isoformat(), "results": {"pm2_5": 21.0}}
    wrong = {**ahead, "provenance": "measured", "time": now.isoformat(), "result_time": now.isoformat()}
    topic = f"hanoi/v1/air_quality/{STATION}/observations"
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path):
        sent = [(topic, json.dumps(one).encode()) for one in (measured, ahead, wrong)]
        publish(broker.url("publisher"), sent)
        wait_for(lambda: rejections(conn), "the wrong one is refused")
        wait_for(lambda: written(conn), "the forecast is stored")
    assert rejections(conn) == ["wrong_provenance"]
    with serving(city_url) as served:
        assert get(served, f"/forecasts/{STATION}")["items"] == []
        wait_for(lambda: served.site.forecasts.models, "the forecast is read")
        listed = schema.ForecastCatalogue.model_validate(get(served, "/forecasts"))
        assert {one.property: [m.model_dump() for m in one.models] for one in listed.items if one.models} == {
            "pm2_5_forecast": [{"model": "agency", "shown": False, "scores": []}]
        }
        id = stream(conn, "pm2_5_forecast")
        assert served.http.get(f"/api/v1/datastreams/{id}/observations").status_code == 404
        latest = {d["property"]: d["latest"] for d in get(served, f"/things/{STATION}")["datastreams"]}
        assert latest["pm2_5"]["result"] == 21.0
        with conn.transaction():
            forecasts.write_scores(conn, [proved(now)])
        wait_for(lambda: get(served, f"/forecasts/{STATION}")["items"], "the forecast is shown")
        page = schema.ThingForecasts.model_validate(get(served, f"/forecasts/{STATION}"))
        (item,) = page.items
        assert (item.model, item.input_provenance) == ("agency", None)
        (value,) = item.items
        assert (value.result, value.low, value.high, value.level) == (48.0, 30.0, 70.0, 0.9)
        assert (value.time, value.issued) == (now + 3 * HOUR, now - HOUR)
        listed = schema.ForecastCatalogue.model_validate(get(served, "/forecasts"))
        (model,) = next(one.models for one in listed.items if one.property == "pm2_5_forecast")
        assert (model.model, model.shown, len(model.scores)) == ("agency", True, 1)


def rejections(conn: db.Connection) -> list[str]:
    return [row["reason"] for row in conn.execute("SELECT reason FROM rejected_message").fetchall()]


def written(conn: db.Connection) -> bool:
    row = conn.execute("SELECT count(*) AS n FROM observation WHERE provenance = 'forecast'").fetchone()
    return bool(row and row["n"])


def proved(now: datetime) -> Score:
    return Score(
        scored_at=now,
        domain="air_quality",
        property="pm2_5_forecast",
        model="agency",
        basis="issued",
        lead_from_h=4,
        lead_to_h=6,
        n=500,
        mae=5.0,
        mae_persistence=9.0,
        mae_climatology=8.0,
        coverage=None,
        level=None,
        trained_from=None,
        trained_to=None,
        held_out_from=now - 14 * 24 * HOUR,
        held_out_to=now,
        provenance="measured",
    )
