"""Gradient-boosted quantile trees (scikit-learn): the middle is the forecast, the outer ones its interval. Pure."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ingest.forecasts.examples import Method
from ingest.forecasts.products import LEVEL

LOW: Final = (1 - LEVEL) / 2
QUANTILES: Final = {"low": LOW, "middle": 0.5, "high": 1 - LOW}


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    method: Method
    trees: Mapping[str, HistGradientBoostingRegressor]
    possible: tuple[float, float]

    def forecast(self, examples: pd.DataFrame) -> pd.DataFrame:
        """`low`, `middle` and `high` of each example, in the property's unit and in this order."""
        inputs = features(examples, self.method.features)
        with one_core():
            found = {
                name: self.method.from_scale(examples["anchor"] + tree.predict(inputs))
                for name, tree in self.trees.items()
            }
        ordered = np.sort(pd.DataFrame(found)[list(QUANTILES)].to_numpy(), axis=1)
        return pd.DataFrame(ordered.clip(*self.possible), index=examples.index, columns=list(QUANTILES))


def fit(examples: pd.DataFrame, method: Method, *, possible: tuple[float, float], seed: int) -> Fitted:
    """On the examples whose outcome is known. The same examples and seed give the same forecasts."""
    known = examples.dropna(subset=["outcome"])
    target = method.to_scale(known["outcome"]) - known["anchor"]
    inputs = features(known, method.features)
    categories = [name in method.categories for name in method.features]
    with one_core():
        trees = {
            name: _tree(quantile, categories, len(known), seed).fit(inputs, target)
            for name, quantile in QUANTILES.items()
        }
    return Fitted(method=method, trees=trees, possible=possible)


def _tree(quantile: float, categories: Sequence[bool], rows: int, seed: int) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(
        loss="quantile",
        quantile=quantile,
        max_iter=100,
        learning_rate=0.05,
        max_leaf_nodes=8,
        min_samples_leaf=_least_in_leaf(rows),
        categorical_features=categories,
        early_stopping=False,
        random_state=seed,
    )


def one_core() -> AbstractContextManager[object]:
    """The others are for ingest; and on busy ones OpenMP's threads wait for each other most of the time."""
    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="openmp")
    return limits


def features(examples: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """As the trees take them; NaN is a value of its own there."""
    return examples[list(names)].to_numpy(dtype=np.float64)


def _least_in_leaf(rows: int) -> int:
    """Neighbouring hours are much alike, so a leaf needs many of them."""
    return max(20, min(200, rows // 100))
