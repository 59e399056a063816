"""Examples: one row for each (issue, Thing, lead) with what was known at the issue, and later what came. Pure.

Every method makes the columns `thing issued lead time persistence climatology anchor outcome` and its features. A
model learns by how much the outcome differs from the anchor, both on the method's scale.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final

import numpy as np
import pandas as pd

from ingest.forecasts.history import History, SameHour, long, persistence
from ingest.forecasts.products import Product

KEYS: Final = ("thing", "issued", "lead", "time", "persistence", "climatology", "anchor", "outcome")
HANOI_OFFSET: Final = pd.Timedelta(hours=7)
"""No daylight saving time, so the hour of the day needs no zone."""

Values = pd.Series | np.ndarray


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """How one kind of value is forecast."""

    features: Sequence[str]
    categories: Sequence[str] = ()
    """Of the features those that are names, not numbers."""
    make: Callable[[History], Callable[[int], Mapping[str, pd.DataFrame]]]
    """History → lead → for every time of issue and Thing: `anchor` and the features. `lead` itself is always one."""
    applies: Callable[[History], pd.DataFrame] | None = None
    """Whether a forecast is made at all at a time of issue, by Thing; None: always."""
    to_scale: Callable[[pd.Series], pd.Series]
    from_scale: Callable[[pd.Series], pd.Series]


def method(product: Product) -> Method:
    """Raises ValueError for a product that only others make."""
    if product.method is None:
        raise ValueError(f"{product.property}: there is no method")
    found: Method = import_module(f"ingest.forecasts.{product.method}").METHOD
    return found


def examples(
    history: History,
    product: Product,
    *,
    since: pd.Timestamp | None = None,
    most: int | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """All of the history, or those issued from a time on; the outcome of the last ones is not known yet.

    Left out is what has no persistence or climatology: there is nothing to hold a forecast against. With `most` a
    random part of the times of issue is taken, so that about so many rows remain.
    """
    how = method(product)
    now = persistence(history.target)
    applies = None if how.applies is None else how.applies(history)
    wanted = now.notna() if applies is None else applies
    times = _times(wanted if since is None else wanted.loc[since:], product, most, seed)
    usual = SameHour.of(history.target)
    of_lead = how.make(history)
    parts = []
    for lead in product.leads:
        columns = {
            "persistence": now,
            "climatology": usual.at(lead),
            "outcome": history.target.shift(-lead),
            **of_lead(lead),
        }
        parts.append(_rows(columns, product, lead, times, applies))
    found = pd.concat(parts, ignore_index=True)
    return found.dropna(subset=["persistence", "climatology", "anchor"])


def _times(wanted: pd.DataFrame, product: Product, most: int | None, seed: int) -> pd.DatetimeIndex:
    """Times of issue at which there is something to forecast, or a random part of them."""
    each = wanted.sum(axis=1)
    times = pd.DatetimeIndex(each[each > 0].index)
    rows = int(each.sum()) * len(product.leads)
    if most is None or rows <= most:
        return times
    chosen = np.random.default_rng(seed).choice(
        len(times), size=max(1, len(times) * most // rows), replace=False
    )
    return times[np.sort(chosen)]


def _rows(
    columns: Mapping[str, pd.DataFrame],
    product: Product,
    lead: int,
    times: pd.DatetimeIndex,
    applies: pd.DataFrame | None,
) -> pd.DataFrame:
    found = pd.DataFrame({key: long(frame.loc[times]) for key, frame in columns.items()})
    found.index.names = ["issued", "thing"]
    if applies is not None:
        found = found[long(applies.loc[times]).to_numpy(dtype=bool)]
    found = found.reset_index()
    found["lead"] = lead
    found["time"] = found["issued"] + lead * product.step
    return found


def hour_of_day(frame: pd.DataFrame, lead: int) -> pd.DataFrame:
    """Hanoi's hour of the time that is forecast, with its fraction, for every Thing alike."""
    step = pd.Timedelta(frame.index[1] - frame.index[0])
    times = pd.DatetimeIndex(frame.index) + lead * step + HANOI_OFFSET
    hours = times.hour + times.minute / 60
    return pd.DataFrame(dict.fromkeys(frame.columns, hours), index=frame.index)
