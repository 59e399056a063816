"""A forecast is never taken for how things are, and shown only where it may be."""

from dataclasses import replace
from datetime import timedelta

from dashboard.condition import condition
from dashboard.data import CityView
from dashboard.forecasts import foretelling, shown
from dashboard.map_snapshot import feature_collection
from storage.observations import HistoryValue, LiveValue
from storage.things import DatastreamRow
from tests.dashboard.small_city import NOW, STREAMS, THINGS, value, view
from tests.storage.test_forecast_rules import score

AHEAD = DatastreamRow(
    id=99, thing_id="hoan-kiem", property="pm2_5_forecast", unit="ug/m3", derived=False, interval_s=60
)
"""Reported more often than anything the station measures, so that it would be its last report."""
HOUR = timedelta(hours=1)


def foretold(
    lead_h: int, result: float, *, model: str = "trees", inputs: str | None = "measured"
) -> HistoryValue:
    return HistoryValue(
        datastream_id=AHEAD.id,
        phenomenon_time=NOW + lead_h * HOUR,
        result_time=NOW,
        result=result,
        quality=2,
        quality_reason=None,
        provenance="forecast",
        input_provenance=inputs,
        parameters={"model": model, "lead_h": float(lead_h), "low": 10.0, "high": 70.0, "level": 0.8},
    )


def live(result: float, *, lead_h: int) -> LiveValue:
    was = value("hoan-kiem", "pm2_5", result, at=NOW + lead_h * HOUR, provenance="forecast")
    return LiveValue(
        **{
            **{name: getattr(was, name) for name in LiveValue.__struct_fields__},
            "datastream_id": AHEAD.id,
            "property": AHEAD.property,
        }
    )


def city(*values: LiveValue) -> CityView:
    empty = CityView(domains=view().domains).with_things(THINGS, [*STREAMS.values(), AHEAD])
    return empty.with_values(values)[0]


def test_a_forecast_is_no_current_value() -> None:
    was = value("hoan-kiem", "pm2_5", 20, at=NOW - timedelta(minutes=1))
    seen, news = city(was).with_values([live(300, lead_h=5)])
    assert news == []
    assert seen.values_of("hoan-kiem") == {"pm2_5": was}
    assert AHEAD.id not in seen.newest
    assert [stream.property for stream in seen.streams_of["hoan-kiem"]] == ["pm2_5", "vn_aqi", "battery"]


def test_a_forecast_among_observations_is_no_current_value_either() -> None:
    """Before forecast properties were told apart, a message could say so."""
    stray = value("hoan-kiem", "pm2_5", 300, at=NOW + HOUR, provenance="forecast")
    assert city(stray).newest == {}


def test_a_station_that_only_forecasts_was_never_heard() -> None:
    seen = city(live(300, lead_h=1))
    shown_now = condition(seen, seen.domains["air_quality"], seen.things["hoan-kiem"], NOW)
    assert (shown_now.state, shown_now.time) == ("never", None)


def test_a_silent_station_with_a_new_forecast_is_stale() -> None:
    seen = city(value("hoan-kiem", "pm2_5", 20, at=NOW - HOUR), live(30, lead_h=1))
    shown_now = condition(seen, seen.domains["air_quality"], seen.things["hoan-kiem"], NOW)
    assert (shown_now.state, shown_now.time) == ("stale", NOW - HOUR)


def test_a_catalogue_read_again_says_anew_what_is_a_forecast() -> None:
    air = city().domains["air_quality"]
    own = {**air.properties, "pm2_5_forecast": replace(air.properties["pm2_5_forecast"], forecast_of=None)}
    seen = city().with_domains({**city().domains, "air_quality": replace(air, properties=own)})
    assert AHEAD in seen.streams_of["hoan-kiem"]


def test_without_a_score_nothing_is_shown() -> None:
    assert shown(city(), [], [foretold(5, 40)]) == {}


def test_who_foretells_is_known_before_any_score() -> None:
    ahead = [foretold(5, 40, model="agency"), foretold(6, 40, model="trees"), foretold(7, 40, model="agency")]
    assert foretelling(city(), ahead) == {("air_quality", "pm2_5_forecast"): {"agency", "trees"}}


def test_with_a_score_that_is_worse_nothing_is_shown() -> None:
    assert shown(city(), [score(6.5)], [foretold(5, 40)]) == {}


def test_with_a_better_score_it_is_shown_at_the_leads_of_the_score() -> None:
    (one,) = shown(city(), [score(5.0)], [foretold(5, 40), foretold(6, 50), foretold(7, 60)])["hoan-kiem"]
    assert [(v.time, v.result, v.low, v.high) for v in one.values] == [
        (NOW + 5 * HOUR, 40, 10.0, 70.0),
        (NOW + 6 * HOUR, 50, 10.0, 70.0),
    ]
    assert not one.is_whole


def test_the_history_of_a_forecast_is_open_only_while_all_of_it_may_be_shown() -> None:
    seen = city()
    assert not seen.may_be_read(AHEAD)
    whole = replace(seen, forecasts=shown(seen, [score(5.0)], [foretold(5, 40)]))
    part = replace(seen, forecasts=shown(seen, [score(5.0)], [foretold(5, 40), foretold(9, 60)]))
    assert (whole.may_be_read(AHEAD), part.may_be_read(AHEAD)) == (True, False)
    assert seen.may_be_read(STREAMS["hoan-kiem", "pm2_5"])


def test_the_map_has_the_highest_value_to_come_beside_and_not_among_its_values() -> None:
    seen = city(value("hoan-kiem", "pm2_5", 20))
    ahead = [foretold(4, 40), foretold(5, 90, inputs="simulated"), foretold(6, 50)]
    seen = replace(seen, forecasts=shown(seen, [score(5.0)], ahead))
    (feature,) = feature_collection(seen, seen.domains["air_quality"], NOW, bays=False)["features"]
    properties = feature["properties"]
    assert set(properties["values"]) == {"pm2_5"}
    assert properties["time"] == NOW
    highest = properties["forecasts"]["pm2_5"]
    assert (highest["result"], highest["time"], highest["low"], highest["high"]) == (
        90,
        NOW + 5 * HOUR,
        10.0,
        70.0,
    )
    assert (highest["provenance"], highest["model"]) == ("forecast", "trees")


def test_a_forecast_from_simulated_data_brings_the_banner() -> None:
    seen = city(value("hoan-kiem", "pm2_5", 20))
    seen = replace(seen, forecasts=shown(seen, [score(5.0)], [foretold(5, 40, inputs="simulated")]))
    collection = feature_collection(seen, seen.domains["air_quality"], NOW, bays=False)
    assert collection["simulated"] is True


def test_a_map_without_a_forecast_says_nothing_of_one() -> None:
    seen = city(value("hoan-kiem", "pm2_5", 20))
    (feature,) = feature_collection(seen, seen.domains["air_quality"], NOW, bays=False)["features"]
    assert "forecasts" not in feature["properties"]
