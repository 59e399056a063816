"""How good forecasts are: errors against those of persistence and the same hour, on the same cases. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from ingest.forecasts import trees
from ingest.forecasts.examples import examples, method
from ingest.forecasts.history import History
from ingest.forecasts.products import HELD_OUT, Product

MOST_EXAMPLES: Final = 60_000
"""A model is fitted on about so many at most, and scored on as many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupScore:
    """Of the leads from `lead_from` to `lead_to` steps, both inclusive. Errors are in the unit of the values."""

    lead_from: int
    lead_to: int
    n: int
    mae: float
    mae_persistence: float
    mae_climatology: float
    coverage: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldOut:
    """A model fitted on what was known at `split` and scored on all that was issued from then on."""

    groups: Sequence[GroupScore]
    trained_from: pd.Timestamp
    split: pd.Timestamp
    held_out_to: pd.Timestamp


def held_out(
    history: History,
    product: Product,
    *,
    possible: tuple[float, float],
    seed: int,
    split: pd.Timestamp | None = None,
) -> HeldOut | None:
    """The origin rolls over the held-out part, and each forecast sees only what was known at its issue.

    1. Fit on examples whose outcome came up to `split` (default: the newest quarter is held out).
    2. Forecast at every step from `split` on.
    3. Compare with what came. None where one of the two parts is empty.
    """
    index = history.target.index
    if len(index) < 2:
        return None
    split = split if split is not None else index[int(len(index) * (1 - HELD_OUT))]
    known = history.until(split)
    past = examples(known, product, most=MOST_EXAMPLES, seed=seed).dropna(subset=["outcome"])
    later = examples(history, product, since=split, most=MOST_EXAMPLES, seed=seed).dropna(subset=["outcome"])
    if past.empty or later.empty:
        return None
    model = trees.fit(past, method(product), possible=possible, seed=seed)
    scored = pd.concat([later, model.forecast(later)], axis=1)
    return HeldOut(
        groups=by_lead(scored, product.lead_groups),
        trained_from=index[0],
        split=split,
        held_out_to=scored["time"].max(),
    )


def by_lead(scored: pd.DataFrame, groups: Sequence[tuple[int, int]]) -> list[GroupScore]:
    """Columns lead, outcome, middle, persistence, climatology, and low and high where there is an interval."""
    found = []
    for first, last in groups:
        cases = scored[scored["lead"].between(first, last)]
        if not cases.empty:
            found.append(_score(cases, first, last))
    return found


def _score(cases: pd.DataFrame, first: int, last: int) -> GroupScore:
    with_interval = cases.dropna(subset=["low", "high"])
    inside = with_interval["outcome"].between(with_interval["low"], with_interval["high"])
    return GroupScore(
        lead_from=first,
        lead_to=last,
        n=len(cases),
        mae=_mean_error(cases, "middle"),
        mae_persistence=_mean_error(cases, "persistence"),
        mae_climatology=_mean_error(cases, "climatology"),
        coverage=None if with_interval.empty else float(inside.mean()),
    )


def _mean_error(cases: pd.DataFrame, column: str) -> float:
    return float((cases[column] - cases["outcome"]).abs().mean())
