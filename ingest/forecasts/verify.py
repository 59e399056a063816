"""Forecasts as they were issued, by us or by others, against what came: the same scores as for held-out data. Pure."""

from collections.abc import Iterable
from datetime import timedelta

import pandas as pd

from ingest.forecasts.history import CLIMATOLOGY_DAYS, long, persistence
from ingest.forecasts.products import Product
from ingest.forecasts.scores import GroupScore, by_lead
from storage.forecasts import Issue

FARTHEST = timedelta(days=10)
"""Of others' forecasts; ours end earlier."""


def verify(issues: pd.DataFrame, target: pd.DataFrame, product: Product) -> list[GroupScore]:
    """Columns thing, time, issued, middle, low, high. Errors at the leads of the product, and beyond them as one group.

    Persistence is what was known at the issue, the climatology the mean of the same time on the 28 days before it.
    """
    step = pd.Timedelta(product.step)
    known, came = long(persistence(target)), long(target)
    cases = issues.copy()
    cases["label"] = cases["time"].dt.ceil(step)
    cases["origin"] = cases["issued"].dt.floor(step)
    cases["lead"] = (
        ((cases["label"] - cases["origin"]).dt.total_seconds() / step.total_seconds()).round().astype(int)
    )
    cases["outcome"] = _at(came, cases["label"], cases["thing"])
    cases["persistence"] = _at(known, cases["origin"], cases["thing"])
    cases["climatology"] = _climatology(came, cases)
    last = product.lead_groups[-1][1]
    groups = (*product.lead_groups, (last + 1, int(FARTHEST / product.step)))
    return by_lead(cases.dropna(subset=["outcome", "persistence", "climatology"]), groups)


def as_frame(issues: Iterable[Issue], things: dict[int, str]) -> pd.DataFrame:
    """With the model that made each.

    What was not here before the time that it is for foretold nothing, whatever time of issue it claims: it is left out.
    The lead is counted from its arrival, which we know, and not from a time of issue before that.
    """
    rows = [
        {
            "thing": things[issue.datastream_id],
            "time": issue.phenomenon_time,
            "issued": issue.known_from,
            "middle": issue.result,
            "low": _number(issue, "low"),
            "high": _number(issue, "high"),
            "level": _number(issue, "level"),
            "model": str((issue.parameters or {}).get("model")),
        }
        for issue in issues
        if issue.known_from < issue.phenomenon_time
    ]
    frame = pd.DataFrame(rows, columns=["thing", "time", "issued", "middle", "low", "high", "level", "model"])
    for column in ("time", "issued"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    for column in ("middle", "low", "high", "level"):
        frame[column] = frame[column].astype(float)
    return frame


def _number(issue: Issue, key: str) -> float | None:
    value = (issue.parameters or {}).get(key)
    return float(value) if isinstance(value, int | float) else None


def _climatology(came: pd.Series, cases: pd.DataFrame) -> pd.Series:
    total = pd.Series(0.0, index=cases.index)
    known = total.copy()
    ahead = (cases["label"] - cases["origin"]).dt.ceil("D").dt.days
    for day in range(CLIMATOLOGY_DAYS):
        before = cases["label"] - pd.to_timedelta(ahead + day, unit="D")
        value = _at(came, before, cases["thing"])
        total = total + value.fillna(0.0)
        known = known + value.notna()
    return total / known.where(known > 0)


def _at(values: pd.Series, times: pd.Series, things: pd.Series) -> pd.Series:
    found = values.reindex(pd.MultiIndex.from_arrays([times, things]))
    return pd.Series(found.to_numpy(), index=times.index)
