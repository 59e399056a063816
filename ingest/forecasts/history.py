"""What a model is given: values on a regular grid of time, a column a Thing, and the two baselines. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

CLIMATOLOGY_DAYS: Final = 28
"""The same-hour climatology is the mean of the same time of day over so many days before the issue [S]."""
HOLDS_STEPS: Final = 3
"""A value that is missing is taken from so many steps before at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """Times (aware, UTC) are the ends of steps; NaN is missing."""

    target: pd.DataFrame
    """Time × Thing, in the property's unit."""
    drivers: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Other inputs, such as the rain at the nearest gauge, on the same grid and Things."""

    def until(self, time: pd.Timestamp) -> "History":
        """What was known then."""
        return History(
            target=self.target.loc[:time],
            drivers={key: frame.loc[:time] for key, frame in self.drivers.items()},
        )


def on_grid(frame: pd.DataFrame, step: pd.Timedelta) -> pd.DataFrame:
    """Every step from the first to the last; steps without a value are NaN."""
    if frame.empty:
        return frame
    times = pd.date_range(frame.index.min(), frame.index.max(), freq=step, name="time")
    return frame.reindex(times)


def persistence(target: pd.DataFrame) -> pd.DataFrame:
    """At each time the value that is known, which persistence takes for every lead."""
    return target.ffill(limit=HOLDS_STEPS)


@dataclass(frozen=True, kw_only=True, slots=True)
class SameHour:
    """Means of a time of day over several days; computed once, asked for every lead."""

    means: pd.DataFrame
    """At each time the mean of it and of the same time on the days before it."""
    steps_a_day: int

    @classmethod
    def of(cls, target: pd.DataFrame, *, days: int = CLIMATOLOGY_DAYS) -> "SameHour":
        steps_a_day = round(pd.Timedelta(days=1) / step_of(target))
        total = pd.DataFrame(0.0, index=target.index, columns=target.columns)
        known = total.copy()
        for day in range(days):
            before = target.shift(day * steps_a_day)
            total = total + before.fillna(0.0)
            known = known + before.notna()
        return cls(means=total / known.where(known > 0), steps_a_day=steps_a_day)

    def at(self, lead: int) -> pd.DataFrame:
        """At each time of issue the mean for the time of day `lead` steps ahead, over the days before the issue.

        Only what was known at the issue is used. NaN where no such day has a value.
        """
        nearest = -(-lead // self.steps_a_day)
        return self.means.shift(nearest * self.steps_a_day - lead)


def same_hour(target: pd.DataFrame, lead: int, *, days: int = CLIMATOLOGY_DAYS) -> pd.DataFrame:
    """The baseline at one lead."""
    return SameHour.of(target, days=days).at(lead)


def step_of(frame: pd.DataFrame) -> pd.Timedelta:
    """The grid's step."""
    return pd.Timedelta(frame.index[1] - frame.index[0])


def long(frame: pd.DataFrame) -> pd.Series:
    """(time, Thing) → value."""
    stacked = frame.stack(future_stack=True)
    assert isinstance(stacked, pd.Series)  # one level of columns
    return stacked
