"""Water depth of a street 1 to 3 hours ahead, from the depth now and the rain at the nearest gauge.

Only made while it rains there or the street is wet: on a dry street under a dry sky persistence says all there is to
say, and thousands of right zeros would hide every error that matters.
"""

from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd

from ingest.forecasts.examples import Method
from ingest.forecasts.history import History, persistence

RAIN: Final = "rain"
"""mm a step at the nearest gauge."""
WET_CM: Final = 2.0
WET_MM: Final = 0.5
WITHIN: Final = 18
"""Steps that rain counts: 3 hours."""


def make(history: History) -> Callable[[int], Mapping[str, pd.DataFrame]]:
    """The same at every lead."""
    depth = persistence(history.target)
    rain = history.drivers[RAIN]
    fixed = {
        "anchor": depth,
        "depth": depth,
        "change_10min": depth - depth.shift(1),
        "change_30min": depth - depth.shift(3),
        "deepest_3h": depth.rolling(18, min_periods=1).max(),
        "rain_10min": rain,
        "rain_30min": _sum(rain, 3),
        "rain_1h": _sum(rain, 6),
        "rain_3h": _sum(rain, 18),
        "street": pd.DataFrame(
            {name: float(n) for n, name in enumerate(depth.columns)}, index=depth.index, columns=depth.columns
        ),
    }
    return lambda lead: fixed


def applies(history: History) -> pd.DataFrame:
    wet = persistence(history.target) >= WET_CM
    return wet | (_sum(history.drivers[RAIN], WITHIN) >= WET_MM)


def _sum(rain: pd.DataFrame, steps: int) -> pd.DataFrame:
    return rain.rolling(steps, min_periods=1).sum()


METHOD: Final = Method(
    features=(
        "depth",
        "change_10min",
        "change_30min",
        "deepest_3h",
        "rain_10min",
        "rain_30min",
        "rain_1h",
        "rain_3h",
        "street",
        "lead",
    ),
    categories=("street",),
    make=make,
    applies=applies,
    to_scale=lambda values: values,
    from_scale=lambda values: values,
)
