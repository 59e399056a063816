"""What the catalogue says of forecasts, and which scores let one be shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.catalog import ReferenceDataError, load_catalog
from storage.forecasts import LEAST_CASES, Score, deciding, may_be_shown, shown_values
from storage.model import Domain
from storage.observations import HistoryValue

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
MODEL = ("air_quality", "pm2_5_forecast", "trees")

NOISE = """
[domain]
key = "noise"
name = {{ vi = "Tiếng ồn", en = "Noise" }}
headline = "{headline}"
map_kinds = ["meter"]
[property.level]
name = {{ vi = "Mức ồn", en = "Sound level" }}
unit = "dB[SPL]"
interval_s = 60
possible = [0, 200]
plausible = [20, 130]
bands = [ {{ level = 0, label = {{ vi = "Ồn", en = "Loud" }}, color = "#B23948" }} ]
[property.is_loud]
name = {{ vi = "Ồn", en = "Loud" }}
unit = "1"
boolean = true
interval_s = 60
possible = [0, 1]
plausible = [0, 1]
[property.ahead]
name = {{ vi = "Dự báo", en = "Forecast" }}
unit = "{unit}"
interval_s = 3600
possible = [0, 200]
plausible = [20, 130]
forecast_of = "{of}"
{more}
"""


def load(
    folder: Path, *, of: str = "level", unit: str = "dB[SPL]", headline: str = "level", more: str = ""
) -> Domain:
    (folder / "noise.toml").write_text(NOISE.format(of=of, unit=unit, headline=headline, more=more))
    return load_catalog([folder])["noise"]


def test_a_forecast_is_on_the_scale_of_what_it_foretells(tmp_path: Path) -> None:
    properties = load(tmp_path).properties
    assert properties["ahead"].forecast_of == "level"
    assert properties["ahead"].bands == properties["level"].bands


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"of": "loudness"}, "property.ahead.forecast_of: the domain has no property 'loudness'"),
        ({"of": "ahead"}, "property.ahead.forecast_of: 'ahead' is a forecast itself"),
        ({"of": "is_loud"}, "'is_loud' is yes or no"),
        ({"unit": "%"}, "property.ahead.forecast_of: 'level' is in dB[SPL], not in %"),
        ({"headline": "ahead"}, "domain.headline: 'ahead' is a forecast"),
        ({"more": "derived = true"}, "property.ahead"),
        ({"more": "checks = { spike = 3 }"}, "property.ahead"),
    ],
)
def test_a_forecast_of_what_can_t_be_foretold_is_refused(
    tmp_path: Path, given: dict[str, str], said: str
) -> None:
    with pytest.raises(ReferenceDataError, match=r"noise\.toml") as refused:
        load(tmp_path, **given)
    assert said in str(refused.value)


def test_the_shipped_catalogue_foretells_four_properties(domains: dict[str, Domain]) -> None:
    found = {
        key: observed.forecast_of
        for domain in domains.values()
        for key, observed in domain.properties.items()
        if observed.forecast_of
    }
    assert found == {
        "pm2_5_forecast": "pm2_5",
        "vn_aqi_forecast": "vn_aqi",
        "water_depth_forecast": "water_depth",
        "parking_occupancy_forecast": "parking_occupancy",
    }


def score(mae: float = 5.0, **more: object) -> Score:
    made = Score(
        scored_at=NOW,
        domain="air_quality",
        property="pm2_5_forecast",
        model="trees",
        basis="held_out",
        lead_from_h=4,
        lead_to_h=6,
        n=1000,
        mae=mae,
        mae_persistence=8.0,
        mae_climatology=6.0,
        coverage=0.8,
        level=0.8,
        trained_from=None,
        trained_to=None,
        held_out_from=NOW - timedelta(days=7),
        held_out_to=NOW,
        provenance="measured",
    )
    return replace(made, **more)  # type: ignore[arg-type]  # the keywords are the test's own


def test_skill_is_one_less_the_error_s_share_of_the_baseline_s() -> None:
    assert score(2.0).skill_persistence() == 0.75
    assert score(9.0).skill_climatology() == -0.5
    assert score(0.0, mae_persistence=0.0).skill_persistence() is None


@pytest.mark.parametrize(
    ("given", "beats"),
    [
        (score(5.9), True),
        (score(6.0), False),
        (score(7.0), False),  # better than persistence alone
        (score(5.0, mae_persistence=4.0), False),  # better than the same hour alone
        (score(5.0, n=LEAST_CASES - 1), False),
    ],
)
def test_a_forecast_beats_both_or_is_not_shown(given: Score, beats: bool) -> None:
    assert may_be_shown([given], 5.0, None) is beats


@pytest.mark.parametrize(("lead_h", "shown"), [(3.9, False), (4, True), (5.2, True), (6, True), (7, False)])
def test_it_is_shown_at_the_leads_where_it_does(lead_h: float, shown: bool) -> None:
    assert may_be_shown([score()], lead_h, "measured") is shown


@pytest.mark.parametrize(
    ("scored_on", "made_from", "shown"),
    [
        ("simulated", "simulated", True),
        ("simulated", "measured", False),
        ("simulated", None, False),
        ("measured", "simulated", True),
        ("replayed", "measured", True),
    ],
)
def test_what_was_proved_in_simulation_holds_for_the_simulated_city_alone(
    scored_on: str, made_from: str | None, shown: bool
) -> None:
    assert may_be_shown([score(provenance=scored_on)], 5, made_from) is shown


def test_what_it_issued_decides_before_what_it_did_on_held_out_data() -> None:
    worse = score(9.0, basis="issued")
    assert deciding([worse, score()])[MODEL] == [worse]


def test_too_few_or_old_issues_do_not_decide() -> None:
    few = score(9.0, basis="issued", n=LEAST_CASES - 1)
    old = score(9.0, basis="issued", held_out_to=NOW - timedelta(days=15))
    assert deciding([few, score()])[MODEL] == [score()]
    assert deciding([score(), old])[MODEL] == [score()]


def test_of_a_datastream_s_forecasts_those_of_proved_models_and_leads_are_shown() -> None:
    values = [value("trees", 5), value("trees", 12), value("other", 5), value(None, 5)]
    assert shown_values(values, {"trees": [score()]}) == {"trees": [values[0]]}


def value(model: str | None, lead_h: float) -> HistoryValue:
    return HistoryValue(
        datastream_id=1,
        phenomenon_time=NOW + timedelta(hours=lead_h),
        result_time=NOW,
        result=40.0,
        quality=2,
        quality_reason=None,
        provenance="forecast",
        input_provenance="measured",
        parameters=None if model is None else {"model": model, "lead_h": lead_h},
    )
