"""Attributes of a Thing that something is computed from are checked when the inventory is loaded."""

from pathlib import Path

import pytest

from storage.catalog import ReferenceDataError, load_catalog
from storage.inventory import load_inventory

POINT = """
domain = "parking"

[[thing]]
id = "car-park"
kind = "parking_point"
name = {{ vi = "Bãi xe", en = "Car park" }}
properties = []
attributes = {{ {attributes} }}
"""


def load(folder: Path, attributes: str) -> dict[str, object]:
    (folder / "parking.toml").write_text(POINT.format(attributes=attributes), "utf-8")
    (thing,) = load_inventory([folder], load_catalog())
    return thing.attributes


def test_a_tariff_may_say_more_than_is_counted_with(tmp_path: Path) -> None:
    said = 'tariff = { first_min = 60, first_vnd = 10000, decision = "44/2017" }, capacity = 3, anything = "else"'
    assert load(tmp_path, said)["tariff"] == {"first_min": 60, "first_vnd": 10000, "decision": "44/2017"}


@pytest.mark.parametrize(
    "attributes",
    [
        "capacity = -1",
        'capacity = "14"',
        "max_stay_min = 0",
        "tariff = { first_min = 60 }",
        "tariff = { first_min = 60, first_vnd = 1.5 }",
        'tariff = { first_min = 60, first_vnd = 1, overnight = { from = "18:00", to = "24:00", vnd = 1 } }',
        'tariff = { first_min = 60, first_vnd = 1, from = "2018-13-01" }',
        "tariff = { first_min = 60, first_vnd = 1, steps = [{ after_min = 120, hour_vnd = 1 }] }",
        "tariff = { first_min = 60, first_vnd = 1, steps = [{ after_min = 60, hour_vnd = 1 },"
        " { after_min = 60, hour_vnd = 2 }] }",
        'gauges = "rain-cau-giay"',
        'basin = "Tô Lịch"',
    ],
)
def test_what_can_t_be_counted_with_is_refused_with_file_and_key(tmp_path: Path, attributes: str) -> None:
    with pytest.raises(ReferenceDataError, match=r"parking\.toml: .*attributes"):
        load(tmp_path, attributes)
