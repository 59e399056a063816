"""Scenario files: the shipped ones and broken ones."""

from pathlib import Path

import pytest

from simulators.scenarios import SHIPPED, Effect, ScenarioError, load_scenario
from tests.simulators.city import reference


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.toml")))
def test_every_shipped_scenario_loads_and_names_properties_that_exist(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.duration_s > 0
    for effect in scenario.effect:
        assert effect.property in reference().domains[effect.domain].properties


def test_the_shipped_storm_brings_50_to_100_mm_in_two_hours() -> None:
    storm = load_scenario("storm").storm_from(0)
    assert storm is not None
    assert 50 < storm.curve.fallen_mm(7200) < 100


def test_an_effect_is_a_line_between_knots_and_nothing_outside() -> None:
    effect = Effect(
        domain="rain",
        property="battery",
        factor=((0.0, 1.0), (10.0, 3.0), (20.0, 1.0)),
        offset=((0.0, 5.0), (20.0, 5.0)),
    )
    assert effect.on(10, -60) == 10
    assert effect.on(10, 300) == 10 * 2 + 5
    assert effect.on(10, 600) == 10 * 3 + 5
    assert effect.on(10, 1200) == 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "name"),
        ('name = { vi = "a", en = "b" }\n[strom]\n', "strom"),
        ('name = { vi = "a", en = "b" }\n[storm]\nmm_h = [[0, "x"], [1, 2]]\n', "mm_h"),
        ('name = { vi = "a", en = "b" }\n[storm]\nmm_h = [[5, 0], [5, 2]]\n', "minutes must rise"),
        ('name = { vi = "a", en = "b" }\n[[effect]]\ndomain = "rain"\n', "property"),
        ("name = ", ""),
    ],
)
def test_a_broken_file_is_refused_by_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as error:
        load_scenario(str(path))
    assert str(path) in str(error.value)
    assert message in str(error.value)


def test_an_unknown_name_lists_those_that_there_are() -> None:
    with pytest.raises(ScenarioError, match="storm"):
        load_scenario("tsunami")
