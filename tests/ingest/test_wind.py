"""Mean wind direction: a mean of vectors."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.indicators import wind

directions = st.floats(min_value=0, max_value=360)


def apart(one: float, other: float) -> float:
    """Degrees between two directions."""
    return abs((one - other + 180) % 360 - 180)


@pytest.mark.parametrize(
    ("degrees", "mean"),
    [
        ([350, 10], 0),
        ([355, 5, 15], 5),
        ([90], 90),
        ([0, 360], 0),
        ([0, 90], 45),
        ([180, 270, 270, 180], 225),
        ([10, 10, 190], 10),
    ],
)
def test_the_mean_goes_the_short_way_round(degrees: list[float], mean: float) -> None:
    found = wind.mean_direction(degrees)
    assert found is not None
    assert apart(found.degrees, mean) == pytest.approx(0, abs=1e-9)


def test_the_resultant_says_how_far_they_agree() -> None:
    same, across = wind.mean_direction([70, 70, 70]), wind.mean_direction([0, 90])
    assert same is not None
    assert same.resultant == pytest.approx(1)
    assert across is not None
    assert across.resultant == pytest.approx(math.sqrt(0.5))


@pytest.mark.parametrize(
    "degrees", [[], [0, 180], [90, 270, 90, 270], [0, 120, 240], list(range(0, 360, 30))]
)
def test_directions_that_cancel_out_have_no_mean(degrees: list[float]) -> None:
    assert wind.mean_direction(degrees) is None


def test_a_calm_has_no_direction() -> None:
    assert wind.blowing([(10, 0.0), (20, 0.4), (30, 0.5), (40, None)]) == [30, 40]
    assert wind.mean_direction(wind.blowing([(10, 0.0), (20, 0.0)])) is None


@given(directions, st.lists(st.floats(min_value=-80, max_value=80), min_size=1, max_size=30))
def test_the_mean_lies_among_directions_of_one_half(center: float, offsets: list[float]) -> None:
    found = wind.mean_direction([(center + offset) % 360 for offset in offsets])
    assert found is not None
    assert 0 <= found.degrees < 360
    turned = (found.degrees - center + 180) % 360 - 180
    assert min(offsets) - 1e-6 <= turned <= max(offsets) + 1e-6


@given(st.lists(directions, min_size=1, max_size=30), directions)
def test_turning_every_vane_turns_the_mean(degrees: list[float], by: float) -> None:
    before = wind.mean_direction(degrees, least_resultant=0.2)
    after = wind.mean_direction([(value + by) % 360 for value in degrees], least_resultant=0.1)
    if before is not None:
        assert after is not None
        assert after.resultant == pytest.approx(before.resultant)
        assert apart(after.degrees, (before.degrees + by) % 360) == pytest.approx(0, abs=1e-6)


@given(st.permutations([3.0, 350.0, 41.5, 300.0, 12.25, 7.0]))
def test_any_order_gives_the_same(degrees: list[float]) -> None:
    assert wind.mean_direction(degrees) == wind.mean_direction(sorted(degrees))
