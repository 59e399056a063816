"""Baselines and scores, by hand: what persistence and the same hour would have said, and how far off each was."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from ingest.forecasts import trees
from ingest.forecasts.examples import examples, method
from ingest.forecasts.history import History, on_grid, persistence, same_hour
from ingest.forecasts.products import PRODUCTS, Product
from ingest.forecasts.scores import by_lead, held_out
from ingest.forecasts.verify import as_frame, verify
from storage.forecasts import Issue

START = pd.Timestamp("2026-11-01", tz="UTC")
HOUR = pd.Timedelta(hours=1)
NAN = float("nan")
PM2_5 = next(product for product in PRODUCTS if product.property == "pm2_5_forecast")


def hours(values: Sequence[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"a": values}, index=pd.date_range(START, periods=len(values), freq=HOUR), dtype=float
    )


def test_persistence_is_the_last_value_for_three_steps_at_most() -> None:
    found = persistence(hours([5, NAN, NAN, NAN, NAN, 7]))["a"]
    assert found.tolist()[:4] == [5, 5, 5, 5]
    assert np.isnan(found.iloc[4])
    assert found.iloc[5] == 7


def test_the_same_hour_is_the_mean_of_the_days_before_the_issue() -> None:
    day = [float(n) for n in range(24)]
    target = hours([*day, *(value + 100 for value in day), *(value + 500 for value in day)])
    found = same_hour(target, 2, days=28)["a"]
    # issued on the third day at 05:00, for 07:00: 7 and 107 are known, 507 is yet to come
    assert found.iloc[48 + 5] == pytest.approx((7 + 107) / 2)
    # issued on the second day at 23:00, for 01:00 of the third: 1 and 101
    assert found.iloc[24 + 23] == pytest.approx((1 + 101) / 2)
    assert np.isnan(found.iloc[5])


def test_the_same_hour_a_day_ahead_is_that_of_today() -> None:
    target = hours([float(n) for n in range(48)])
    assert same_hour(target, 24, days=1)["a"].iloc[30] == 30
    assert same_hour(target, 24, days=2)["a"].iloc[30] == (30 + 6) / 2


def test_a_gap_of_the_recording_is_no_value_of_the_same_hour() -> None:
    target = hours([10.0, *[0.0] * 23, NAN, *[0.0] * 23, *[0.0] * 24])
    assert same_hour(target, 1, days=2)["a"].iloc[47] == 10.0


def test_scores_are_mean_absolute_errors_of_the_same_cases() -> None:
    scored = pd.DataFrame(
        {
            "lead": [1, 1, 2, 2, 9],
            "outcome": [10.0, 20.0, 30.0, 40.0, 0.0],
            "middle": [12.0, 19.0, 30.0, 43.0, 0.0],
            "low": [9.0, 19.5, NAN, NAN, NAN],
            "high": [15.0, 19.9, NAN, NAN, NAN],
            "persistence": [14.0, 14.0, 14.0, 34.0, 0.0],
            "climatology": [10.0, 15.0, 28.0, 50.0, 0.0],
        }
    )
    near, far = by_lead(scored, [(1, 1), (2, 3)])
    assert (near.n, near.mae, near.mae_persistence, near.mae_climatology) == (2, 1.5, 5.0, 2.5)
    assert near.coverage == 0.5  # 10 lies in 9 to 15, 20 not in 19.5 to 19.9
    assert (far.n, far.mae, far.mae_persistence, far.mae_climatology) == (2, 1.5, 11.0, 6.0)
    assert far.coverage is None


def test_what_was_issued_is_held_against_what_came_and_what_was_known_then() -> None:
    target = hours([10.0] * 24 + [20.0] * 24 + [30.0, 40.0, 50.0, 60.0])
    issued = (START + 47 * HOUR + pd.Timedelta(minutes=20)).to_pydatetime()
    rows = [
        issue(issued, START + 49 * HOUR, 38.0, low=30.0, high=45.0),
        issue(issued, START + 51 * HOUR, 66.0, low=62.0, high=70.0),
        issue(issued, START + 60 * HOUR, 1.0),  # its outcome is not known yet
    ]
    score, farther = verify(as_frame(rows, {3: "a"}), target, PM2_5)
    # at 23:20 the last hour that was over had 20; the same hour of the days before 10 and 20
    assert (score.lead_from, score.lead_to, score.n) == (1, 3, 1)
    assert (score.mae, score.mae_persistence, score.mae_climatology) == (2.0, 20.0, 25.0)
    assert score.coverage == 1.0
    assert (farther.lead_from, farther.lead_to, farther.n) == (4, 6, 1)
    assert (farther.mae, farther.mae_persistence, farther.coverage) == (6.0, 40.0, 0.0)


@pytest.mark.parametrize(
    ("claimed_h", "arrived_h", "lead"),
    [
        (5.5, 5.5, 6),
        (5.5, 5.4, 6),  # on its way for six minutes; the hour that it began in counts
        (12, 2, 3),  # an issue that nobody can prove: it was here two hours before
        (-0.1, 3, None),  # issued after the time that it is for
        (6, 0, None),
        (6, -0.1, None),
        (6, -240, None),
    ],
)
def test_a_forecast_counts_from_its_arrival_and_not_at_all_once_its_time_has_come(
    claimed_h: float, arrived_h: float, lead: int | None
) -> None:
    target = hours([10.0] * 48 + [30.0] * 24)
    time = START + 60.5 * HOUR  # of an hour that goes on: what came at 60:40 would still be an hour ahead
    claimed, arrived = ((time - pd.Timedelta(hours=h)).to_pydatetime() for h in (claimed_h, arrived_h))
    frame = as_frame([issue(claimed, time, 30.0, arrived=arrived)], {3: "a"})
    assert frame.empty is (lead is None)
    found = verify(frame, target, PM2_5)
    assert [one.n for one in found] == ([] if lead is None else [1])
    assert [one.lead_from <= lead <= one.lead_to for one in found if lead is not None] == [True] * len(found)


def issue(
    issued: datetime,
    time: pd.Timestamp,
    result: float,
    *,
    arrived: datetime | None = None,
    **parameters: float,
) -> Issue:
    return Issue(
        datastream_id=3,
        phenomenon_time=time.to_pydatetime(),
        result_time=issued,
        ingested_at=arrived or issued,
        result=result,
        parameters=dict(parameters),
    )


def daily(days: int, seed: int) -> History:
    """A daily swing with noise that has no memory: the same hour is the best guess, and persistence a bad one."""
    draw = np.random.default_rng(seed)
    clock = np.arange(days * 24)
    values = 60 + 30 * np.sin(2 * np.pi * clock / 24) + draw.normal(0, 6, len(clock))
    return History(target=hours(values.tolist()))


def test_a_forecast_sees_nothing_that_came_after_its_issue() -> None:
    history = daily(40, 1)
    issued = START + 30 * 24 * HOUR
    changed = history.target.copy()
    changed.loc[issued + HOUR :] = 999.0
    found = [examples(given, PM2_5) for given in (history, History(target=changed))]
    known, knowing_more = (all_[all_["issued"] == issued].drop(columns="outcome") for all_ in found)
    assert len(known) == 24
    pd.testing.assert_frame_equal(known, knowing_more)


def test_a_model_that_only_knows_the_swing_beats_persistence_and_its_interval_holds_its_share() -> None:
    found = held_out(daily(60, 2), few_leads(), possible=(0.0, 1500.0), seed=1)
    assert found is not None
    (group,) = found.groups
    assert group.mae < 0.5 * group.mae_persistence
    assert group.coverage == pytest.approx(0.8, abs=0.1)


def test_the_same_seed_gives_the_same_forecasts() -> None:
    history, product = daily(40, 3), few_leads()
    past = examples(history, product, most=2000, seed=5).dropna(subset=["outcome"])
    later = examples(history, product, since=history.target.index[-1])
    once, again = (
        trees.fit(past, method(product), possible=(0.0, 1500.0), seed=5).forecast(later) for _ in range(2)
    )
    pd.testing.assert_frame_equal(once, again)
    assert (once["low"] <= once["middle"]).all()
    assert (once["middle"] <= once["high"]).all()


def few_leads() -> Product:
    return Product(
        domain=PM2_5.domain,
        property=PM2_5.property,
        forecast_of=PM2_5.forecast_of,
        method="air",
        model="test",
        step=timedelta(hours=1),
        leads=(6, 12),
        lead_groups=((6, 12),),
        every=timedelta(hours=1),
        history_least=timedelta(days=21),
        history_most=timedelta(days=120),
    )


def test_a_flood_is_forecast_only_where_it_rains_or_the_street_is_wet() -> None:
    flood = next(product for product in PRODUCTS if product.method == "flood")
    times = pd.date_range(datetime(2026, 7, 1, tzinfo=UTC), periods=8 * 144, freq="10min")
    dry = pd.DataFrame({"wet": 0.0, "dry": 0.0}, index=times)
    rain = dry.copy()
    rain.loc[times[-3], "wet"] = 12.0
    found = examples(History(target=dry, drivers={"rain": rain}), flood, since=times[-1])
    assert set(found["thing"]) == {"wet"}
    assert found["lead"].tolist() == [6, 12, 18]
    assert found["rain_1h"].tolist() == [12.0] * 3


def test_when_every_street_is_dry_there_is_nothing_to_forecast() -> None:
    flood = next(product for product in PRODUCTS if product.method == "flood")
    times = pd.date_range(datetime(2026, 7, 1, tzinfo=UTC), periods=2 * 144, freq="10min")
    dry = pd.DataFrame({"a": 0.0, "b": 0.0}, index=times)
    assert examples(History(target=dry, drivers={"rain": dry}), flood).empty


def test_a_grid_has_every_step() -> None:
    frame = hours([1, 2, 3, 4]).drop(index=START + HOUR)
    assert on_grid(frame, HOUR)["a"].isna().tolist() == [False, True, False, False]
