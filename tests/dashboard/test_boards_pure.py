"""What a board's file may say, and how series of several units are laid out: without a database."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.control_room.board_panels import BoardFile, kept, read, written
from dashboard.control_room.refused import Refused
from dashboard.figures.shared_axis import Drawn, Point, shared_axis
from storage.catalog import load_catalog

KEY = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,30}", fullmatch=True)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=100)
WIDTH = st.integers(1, 3)
PANELS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "kind": st.just("domain"),
                "page": KEY,
                "panel": KEY,
                "choices": st.dictionaries(KEY, TEXT, max_size=3),
                "width": WIDTH,
            }
        ),
        st.fixed_dictionaries({"kind": st.just("series"), "thing": KEY, "property": KEY, "width": WIDTH}),
        st.fixed_dictionaries(
            {
                "kind": st.just("explore"),
                "series": st.lists(st.tuples(KEY, KEY).map(":".join), min_size=1, max_size=8),
                "width": WIDTH,
            }
        ),
        st.fixed_dictionaries(
            {"kind": st.just("title"), "text": TEXT.filter(lambda text: text.strip()), "width": WIDTH}
        ),
        st.fixed_dictionaries({"kind": st.just("text"), "text": TEXT, "width": WIDTH}),
    ),
    max_size=24,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abkindwexyz", max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
START = datetime(2026, 11, 22, tzinfo=UTC)
RIGHT: dict[str, Any] = {
    "format": "hanoi-board",
    "version": 1,
    "title": "Tây Mỗ",
    "panels": [
        {"kind": "title", "text": "Air", "width": 3},
        {"kind": "series", "thing": "a", "property": "b"},
    ],
}


@given(PANELS)
def test_what_is_exported_is_imported_as_it_was(panels: list[dict[str, Any]]) -> None:
    file = json.dumps(written("Ca đêm", panels)).encode()
    found = read(BoardFile, file, "vi")
    assert found.title == "Ca đêm"
    assert kept(found.panels) == panels


@given(JSON)
def test_any_other_json_is_refused_in_words_and_not_by_an_error(value: Any) -> None:
    for content in (value, {**RIGHT, "panels": value}, {**RIGHT, "panels": [value]}):
        if content == {**RIGHT, "panels": []}:
            continue
        with pytest.raises(Refused) as refused:
            read(BoardFile, json.dumps(content).encode(), "en")
        assert refused.value.code == "board_faults"
        assert refused.value.values["faults"]


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"format": "grafana"}, "format: must be 'hanoi-board'"),
        ({"version": 2}, "version: must be 1"),
        ({"title": ""}, "title: can't be empty"),
        ({"owner": "lan"}, "owner: nobody knows this field"),
        ({"panels": [{"kind": "title", "text": "a", "width": 4}]}, "panel 1, width: must be 3 at most"),
        ({"panels": [RIGHT["panels"][0], {"kind": "series", "thing": "a"}]}, "panel 2, property: is missing"),
        ({"panels": [{"kind": "explore", "series": ["a:b", "c"]}]}, "panel 1, series, 2: is not written so"),
        ({"panels": [{"text": "a"}]}, "panel 1: kind is missing"),
        ({"panels": [RIGHT["panels"][0]] * 25}, "panels: has at most 24"),
    ],
)
def test_a_fault_is_named_with_its_place(change: dict[str, Any], faults: str) -> None:
    with pytest.raises(Refused) as refused:
        read(BoardFile, json.dumps({**RIGHT, **change}).encode(), "en")
    assert refused.value.values["faults"] == faults


def test_a_file_that_is_no_json_is_called_so() -> None:
    with pytest.raises(Refused) as refused:
        read(BoardFile, b"{", "vi")
    assert refused.value.values["faults"] == "tệp: không phải JSON"


def drawn(*properties: tuple[str, str]) -> dict[str, Any]:
    catalog = load_catalog()
    series = [
        Drawn(
            name=key,
            observed=catalog[domain].properties[key],
            points=[Point(at=START + timedelta(hours=n), mean=10.0 + n) for n in range(3)],
            doubtful=(),
            gap=timedelta(hours=2),
        )
        for domain, key in properties
    ]
    return shared_axis(series, START, START + timedelta(days=1), language="en")


def axes(figure: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {key: value for key, value in figure["layout"].items() if key.startswith("yaxis")}


PM = ("air_quality", "pm2_5")
PM10 = ("air_quality", "pm10")
OXYGEN = ("water_quality", "dissolved_oxygen")
DEPTH = ("flood", "water_depth")


def test_series_of_one_unit_share_their_axis() -> None:
    figure = drawn(PM, PM10)
    assert [axis["title"]["text"] for axis in axes(figure).values()] == ["µg/m³"]
    assert {trace["yaxis"] for trace in figure["data"]} == {"y"}


def test_two_units_stand_left_and_right_of_one_plot() -> None:
    found = axes(drawn(PM, OXYGEN, PM10))
    assert [axis["title"]["text"] for axis in found.values()] == ["µg/m³", "mg/L"]
    assert (found["yaxis2"]["side"], found["yaxis2"]["overlaying"]) == ("right", "y")


def test_more_units_have_a_plot_each_that_does_not_touch_the_next() -> None:
    figure = drawn(PM, OXYGEN, DEPTH)
    domains = [axis["domain"] for axis in axes(figure).values()]
    assert [trace["yaxis"] for trace in figure["data"]] == ["y", "y2", "y3"]
    assert {trace["xaxis"] for trace in figure["data"]} == {"x"}
    assert domains[0][1] == 1
    assert domains[-1][0] == pytest.approx(0)
    assert all(below[1] < above[0] for above, below in itertools.pairwise(domains))


def test_a_series_without_values_keeps_its_axis_and_its_name() -> None:
    catalog = load_catalog()
    nothing = Drawn(
        name="silent",
        observed=catalog["flood"].properties["water_depth"],
        points=(),
        doubtful=(),
        gap=timedelta(hours=2),
    )
    figure = shared_axis([nothing], START, START + timedelta(days=1), language="en")
    [trace] = figure["data"]
    assert (trace["name"], len(trace["x"]), trace["y"]) == ("silent", 1, [None])
    assert figure["layout"]["annotations"][0]["text"] == "No data in this span"
