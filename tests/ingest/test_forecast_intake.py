"""Forecasts that others make: which are taken, which are refused and why, and what is kept of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest import clocks
from ingest.decoders import native
from ingest.model import Envelope, Position, Reason
from ingest.prepare import prepare
from ingest.sources import Sources
from ingest.validate import Checked, Known, check
from ingest.wire import MessageKind, Topic
from storage.model import Domain, Observation, Provenance, Quality

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
TOPIC = Topic("air_quality", "trung-yen-3", MessageKind.OBSERVATIONS)
HOUR = timedelta(hours=1)


@pytest.fixture
def known(domains: dict[str, Domain]) -> Known:
    return Known(
        domains=domains,
        things={("air_quality", "trung-yen-3"): {"pm2_5": 7, "pm2_5_forecast": 8, "vn_aqi": 9}},
        domain_by_thing={"trung-yen-3": "air_quality"},
    )


def taken(known: Known, element: dict[str, Any]) -> Checked:
    decoded = native.decode(json.dumps(element).encode())
    assert not decoded.faults
    return check(TOPIC, decoded.readings, known, NOW)


def element(
    *, ahead: timedelta = 6 * HOUR, issued: timedelta = -HOUR, key: str = "pm2_5_forecast", **more: Any
) -> dict[str, Any]:
    return {
        "time": (NOW + ahead).isoformat(),
        "result_time": (NOW + issued).isoformat(),
        "provenance": "forecast",
        "results": {key: 40.5},
        **more,
    }


def test_a_forecast_is_stored_with_its_issue_its_lead_and_what_its_maker_says(known: Known) -> None:
    said = {"low": 22.0, "high": 71, "level": 0.8, "model": "CAMS 2026", "secret": "left out"}
    (observation,) = taken(known, element(parameters={"pm2_5_forecast": said})).observations
    assert observation == Observation(
        datastream_id=8,
        phenomenon_time=NOW + 6 * HOUR,
        result_time=NOW - HOUR,
        result=40.5,
        quality=Quality.GOOD,
        provenance=Provenance.FORECAST,
        parameters={"model": "CAMS 2026", "low": 22.0, "high": 71.0, "level": 0.8, "lead_h": 7.0},
    )


def test_a_forecast_whose_maker_says_nothing_is_of_an_unnamed_model(known: Known) -> None:
    (observation,) = taken(known, element()).observations
    assert observation.parameters == {"model": "unnamed", "lead_h": 7.0}


@pytest.mark.parametrize(
    ("ahead", "issued", "good"),
    [
        (timedelta(days=10), timedelta(), True),
        (timedelta(days=10, seconds=1), timedelta(), False),
        (6 * HOUR, timedelta(minutes=10), True),
        (6 * HOUR, timedelta(minutes=11), False),
        (-48 * HOUR, -50 * HOUR, True),  # an archive of past forecasts
        (-HOUR, timedelta(), False),  # issued after the time that it is for
        (6 * HOUR, 6 * HOUR, False),
    ],
)
def test_a_forecast_is_for_ten_days_ahead_at_most_and_issued_before_that_time(
    known: Known, ahead: timedelta, issued: timedelta, good: bool
) -> None:
    found = taken(known, element(ahead=ahead, issued=issued))
    assert bool(found.observations) is good
    assert [fault.reason for fault in found.faults] == ([] if good else [Reason.TIME_OUT_OF_RANGE])


def test_without_a_time_of_issue_it_is_refused_and_told_why(known: Known) -> None:
    sent = element(ahead=-HOUR)
    del sent["result_time"]
    (fault,) = taken(known, sent).faults
    assert fault.reason is Reason.TIME_OUT_OF_RANGE
    assert fault.path == "$.result_time"
    assert fault.message.startswith("result_time is missing: ")


def test_an_issue_at_the_very_time_that_it_is_for_is_not_called_missing(known: Known) -> None:
    (fault,) = taken(known, element(ahead=-HOUR, issued=-HOUR)).faults
    assert "before the time that it is for" in fault.message
    assert "missing" not in fault.message


@pytest.mark.parametrize("provenance", [p for p in Provenance if p is not Provenance.FORECAST])
def test_a_forecast_property_takes_forecasts_only(known: Known, provenance: Provenance) -> None:
    (fault,) = taken(known, element(ahead=-HOUR, issued=-HOUR) | {"provenance": provenance.value}).faults
    assert (fault.reason, fault.path) == (Reason.WRONG_PROVENANCE, "$.results.pm2_5_forecast")
    assert "'pm2_5'" in fault.message


@pytest.mark.parametrize("ahead", [3 * HOUR, timedelta(days=400), -timedelta(days=20_000)])
def test_a_forecast_without_its_provenance_is_told_so_whatever_its_time(
    known: Known, ahead: timedelta
) -> None:
    sent = {"time": (NOW + ahead).isoformat(), "results": {"pm2_5_forecast": 40.5}}
    found = taken(known, sent)
    assert [(fault.reason, fault.path) for fault in found.faults] == [
        (Reason.WRONG_PROVENANCE, "$.results.pm2_5_forecast")
    ]
    assert not found.observations


def test_beside_it_what_is_observed_ahead_of_time_is_still_refused_for_that(known: Known) -> None:
    sent = {"time": (NOW + HOUR).isoformat(), "results": {"pm2_5_forecast": 40.5, "pm2_5": 30}}
    found = taken(known, sent)
    assert [(fault.reason, fault.path) for fault in found.faults] == [
        (Reason.WRONG_PROVENANCE, "$.results.pm2_5_forecast"),
        (Reason.TIME_OUT_OF_RANGE, "$.time"),
    ]
    assert not found.observations


def test_no_other_property_takes_a_forecast(known: Known) -> None:
    (fault,) = taken(known, element(key="pm2_5")).faults
    assert (fault.reason, fault.path) == (Reason.WRONG_PROVENANCE, "$.results.pm2_5")


def test_a_derived_property_is_taken_from_nobody_forecast_or_not(known: Known) -> None:
    (fault,) = taken(known, element(key="vn_aqi")).faults
    assert fault.reason is Reason.UNKNOWN_PROPERTY


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ("high", "$.parameters"),
        ({"pm2_5_forecast": 3}, "$.parameters.pm2_5_forecast"),
        ({"pm2_5_forecast": {"low": "little"}}, "$.parameters.pm2_5_forecast.low"),
        ({"pm2_5_forecast": {"level": 80}}, "$.parameters.pm2_5_forecast.level"),
        ({"pm2_5_forecast": {"level": 0}}, "$.parameters.pm2_5_forecast.level"),
        ({"pm2_5_forecast": {"level": 1.0}}, "$.parameters.pm2_5_forecast.level"),
        ({"pm2_5_forecast": {"model": "x" * 65}}, "$.parameters.pm2_5_forecast.model"),
        ({"pm2_5_forecast": {"model": ""}}, "$.parameters.pm2_5_forecast.model"),
        ({"pm2_5_forecast": {"model": "agency\n"}}, "$.parameters.pm2_5_forecast.model"),
        ({"pm2_5_forecast": {"model": "air\u202e1"}}, "$.parameters.pm2_5_forecast.model"),
    ],
)
def test_wrong_parameters_are_named_and_the_value_counts(parameters: object, path: str) -> None:
    decoded = native.decode(json.dumps(element(parameters=parameters)).encode())
    assert [(fault.reason, fault.path) for fault in decoded.faults] == [(Reason.WRONG_TYPE, path)]
    assert len(decoded.readings) == 1


@pytest.mark.parametrize(
    "name",
    ["air_quantile_trees_1", "flood_quantile_trees_1", " Air_Quantile_Trees_1", "air_quantile_trees_2"],
)
def test_nobody_s_forecast_goes_by_the_name_of_our_models(known: Known, name: str) -> None:
    said = {"model": name, "low": 20.0, "high": 60.0}
    found = taken(known, element(parameters={"pm2_5_forecast": said}))
    (fault,) = found.faults
    assert (fault.reason, fault.path) == (Reason.WRONG_PROVENANCE, "$.parameters.pm2_5_forecast.model")
    assert name in fault.message
    (observation,) = found.observations
    assert observation.parameters == {"model": "unnamed", "low": 20.0, "high": 60.0, "lead_h": 7.0}


@pytest.mark.parametrize(
    "name", ["quantile_trees_1", "air_quantile_trees_1_agency", "none", "x" * 64, "Đài KTTV"]
)
def test_any_other_name_is_its_maker_s_own(known: Known, name: str) -> None:
    found = taken(known, element(parameters={"pm2_5_forecast": {"model": name}}))
    assert not found.faults
    assert [one.parameters for one in found.observations] == [{"model": name, "lead_h": 7.0}]


@pytest.mark.parametrize(
    ("low", "high", "wrong"),
    [(90.0, 10.0, "low"), (-900.0, 50.0, "low"), (20.0, 9e9, "high"), (None, 9e9, "high")],
)
def test_an_impossible_interval_is_left_out_and_the_value_counts(
    known: Known, low: float | None, high: float, wrong: str
) -> None:
    said = {"model": "agency", "high": high, "level": 0.8} | ({} if low is None else {"low": low})
    found = taken(known, element(parameters={"pm2_5_forecast": said}))
    (fault,) = found.faults
    assert (fault.reason, fault.path) == (Reason.OUT_OF_RANGE, f"$.parameters.pm2_5_forecast.{wrong}")
    (observation,) = found.observations
    assert (observation.result, observation.parameters) == (40.5, {"model": "agency", "lead_h": 7.0})


def test_an_interval_of_no_width_is_one(known: Known) -> None:
    said = {"low": 40.5, "high": 40.5}
    (observation,) = taken(known, element(parameters={"pm2_5_forecast": said})).observations
    assert observation.parameters == {"model": "unnamed", **said, "lead_h": 7.0}


def test_parameters_of_what_is_no_forecast_are_passed_over() -> None:
    sent = {"time": NOW.isoformat(), "results": {"pm2_5": 20}, "parameters": {"pm2_5": {"low": 1}}}
    decoded = native.decode(json.dumps(sent).encode())
    assert not decoded.faults
    assert decoded.readings[0].parameters == {}


SENSORTHINGS = """
[[source]]
name = "agency"
decoder = "sensorthings"
topics = ["v1.1/#"]
provenance = "forecast"
[source.devices]
77 = { thing = "trung-yen-3", options = { property = "pm2_5_forecast" } }
"""


def test_a_forecast_in_another_format_comes_by_the_same_path(known: Known, sources: Sources) -> None:
    body = {
        "phenomenonTime": (NOW + 5 * HOUR).isoformat(),
        "resultTime": (NOW - HOUR).isoformat(),
        "result": 61,
        "Datastream": {"@iot.id": 77},
    }
    envelope = Envelope(
        topic="v1.1/Observations",
        payload=json.dumps(body).encode(),
        received_at=NOW,
        position=Position(1, 1),
    )
    prepared, _ = prepare(envelope, known, sources)
    assert not prepared.faults
    (observation,) = prepared.observations
    assert (observation.phenomenon_time, observation.result) == (NOW + 5 * HOUR, 61.0)
    assert observation.provenance is Provenance.FORECAST
    assert observation.parameters == {"model": "unnamed", "lead_h": 6.0}
    assert prepared.newest == {}


def test_a_forecast_says_nothing_of_a_thing_s_clock(known: Known) -> None:
    readings = native.decode(json.dumps(element()).encode()).readings
    assert clocks.newest(((TOPIC, reading) for reading in readings), known.domains) == {}


@pytest.mark.parametrize("provenance", ["measured", "simulated"])
def test_nor_does_one_that_was_sent_as_if_it_were_observed(known: Known, provenance: str) -> None:
    """Three hours ahead it would be a clock three hours fast."""
    late = (NOW + 3 * HOUR).isoformat()
    sent = [
        {"time": late, "provenance": provenance, "results": {"pm2_5_forecast": 40.5}},
        {"time": NOW.isoformat(), "provenance": provenance, "results": {"pm2_5": 30.0}},
    ]
    readings = native.decode(json.dumps(sent).encode()).readings
    assert clocks.newest(((TOPIC, reading) for reading in readings), known.domains) == {"trung-yen-3": NOW}
    envelope = Envelope(
        topic="hanoi/v1/air_quality/trung-yen-3/observations",
        payload=json.dumps(sent).encode(),
        received_at=NOW,
        position=Position(1, 1),
    )
    prepared, _ = prepare(envelope, known, Sources())
    assert prepared.newest == {"trung-yen-3": NOW}


def test_what_is_observed_beside_a_forecast_has_the_station_s_time(known: Known) -> None:
    sent = {"time": NOW.isoformat(), "results": {"pm2_5_forecast": 40.5, "pm2_5": 30}}
    readings = native.decode(json.dumps(sent).encode()).readings
    assert clocks.newest(((TOPIC, reading) for reading in readings), known.domains) == {"trung-yen-3": NOW}


@pytest.fixture
def sources(tmp_path: Any) -> Sources:
    from ingest.sources import load_sources

    path = tmp_path / "sources.toml"
    path.write_text(SENSORTHINGS)
    return load_sources(path)
