"""PM2.5 and VN_AQI of the next 24 hours, from the station's own hours.

On a logarithmic scale and relative to the mean of the last 24 hours, so that what was learnt in a dirty month holds in
a clean one. The anchor leads from the last hour to that mean within some hours. Chosen on January to March 2017
of the embassy's recording; April was looked at once, for the score.
"""

from collections.abc import Callable, Mapping
from math import exp
from typing import Final

import numpy as np
import pandas as pd

from ingest.forecasts.examples import Method, hour_of_day
from ingest.forecasts.history import History, SameHour, persistence

OFFSET: Final = 5.0
"""Added before the logarithm: the difference between 1 and 2 is no doubling that anybody breathes."""
FADES_H: Final = 6.0


def make(history: History) -> Callable[[int], Mapping[str, pd.DataFrame]]:
    hours = history.target
    now = to_scale(persistence(hours))
    base = to_scale(_mean(hours, 24))
    last = now - base
    fixed = {
        "last": last,
        "change_3h": now - to_scale(persistence(hours).shift(3)),
        "mean_3h": to_scale(_mean(hours, 3)) - base,
        "mean_6h": to_scale(_mean(hours, 6)) - base,
        "mean_12h": to_scale(_mean(hours, 12)) - base,
        "mean_3d": to_scale(_mean(hours, 72)) - base,
        "mean_7d": to_scale(_mean(hours, 168)) - base,
        "hour_issued": hour_of_day(hours, 0),
    }
    usual = {
        "day_before": SameHour.of(hours, days=1),
        "same_hour_7d": SameHour.of(hours, days=7),
        "same_hour_28d": SameHour.of(hours),
    }

    def of_lead(lead: int) -> Mapping[str, pd.DataFrame]:
        faded = last * exp(-lead / FADES_H)
        return {
            **fixed,
            "anchor": base + faded,
            "last_faded": faded,
            "hour": hour_of_day(hours, lead),
            **{name: to_scale(one.at(lead)) - base for name, one in usual.items()},
        }

    return of_lead


def to_scale(values: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(np.log(values.clip(lower=0.0) + OFFSET))


def _mean(hours: pd.DataFrame, width: int) -> pd.DataFrame:
    """Of the last hours, where at least half of them are there."""
    return hours.rolling(width, min_periods=(width + 1) // 2).mean()


METHOD: Final = Method(
    features=(
        "last",
        "last_faded",
        "change_3h",
        "mean_3h",
        "mean_6h",
        "mean_12h",
        "mean_3d",
        "mean_7d",
        "day_before",
        "same_hour_7d",
        "same_hour_28d",
        "hour",
        "hour_issued",
        "lead",
    ),
    make=make,
    to_scale=lambda values: np.log(values.clip(lower=0.0) + OFFSET),
    from_scale=lambda values: np.exp(values) - OFFSET,
)
