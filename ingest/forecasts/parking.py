"""Occupancy of a parking point up to an hour ahead, in percent, from its own last hours and the same hour before."""

from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd

from ingest.forecasts.examples import HANOI_OFFSET, Method, hour_of_day
from ingest.forecasts.history import History, SameHour, persistence


def make(history: History) -> Callable[[int], Mapping[str, pd.DataFrame]]:
    share = persistence(history.target)
    usual = SameHour.of(history.target)
    fixed = {
        "anchor": share,
        "share": share,
        "change_15min": share - share.shift(1),
        "change_1h": share - share.shift(4),
        "off_usual": share - usual.means,
    }

    def of_lead(lead: int) -> Mapping[str, pd.DataFrame]:
        usual_then = usual.at(lead)
        return {
            **fixed,
            "usual_then": usual_then,
            "usual_change": usual_then - usual.means,
            "hour": hour_of_day(share, lead),
            "weekend": _weekend(share, lead),
        }

    return of_lead


def _weekend(frame: pd.DataFrame, lead: int) -> pd.DataFrame:
    step = pd.Timedelta(frame.index[1] - frame.index[0])
    times = pd.DatetimeIndex(frame.index) + lead * step + HANOI_OFFSET
    weekend = (times.dayofweek >= 5).astype(float)
    return pd.DataFrame(dict.fromkeys(frame.columns, weekend), index=frame.index)


METHOD: Final = Method(
    features=(
        "share",
        "change_15min",
        "change_1h",
        "usual_then",
        "usual_change",
        "off_usual",
        "hour",
        "weekend",
        "lead",
    ),
    make=make,
    to_scale=lambda values: values,
    from_scale=lambda values: values,
)
