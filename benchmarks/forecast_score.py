"""Scores the air forecasts on the embassy's recording: fitted on January to March 2017, held out April.

    python -m benchmarks.forecast_score ../shared/data/air/hanoi_pm25_embassy_2017.csv

The figures of docs/forecasts.md. April was not looked at while the method was chosen; with --choose March is held out
instead and April is not read, which is how it was chosen.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pandas as pd

from ingest.forecasts.history import History, on_grid
from ingest.forecasts.products import PRODUCTS, Product
from ingest.forecasts.scores import HeldOut, held_out
from ingest.indicators import vn_aqi

ZONE: Final = "Asia/Ho_Chi_Minh"
SEED: Final = 1
THING: Final = "us-embassy-hanoi"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recording", type=Path)
    parser.add_argument("--choose", action="store_true", help="hold out March and leave April alone")
    arguments = parser.parse_args()
    hours = recording(arguments.recording)
    split = pd.Timestamp("2017-03-01" if arguments.choose else "2017-04-01", tz=ZONE).tz_convert("UTC")
    if arguments.choose:
        hours = hours.loc[: pd.Timestamp("2017-04-01", tz=ZONE)]
    print(f"{hours.count()} hours, {hours.index[0]:%Y-%m-%d %H:%M}Z to {hours.index[-1]:%Y-%m-%d %H:%M}Z")
    for product in PRODUCTS:
        if product.method == "air":
            series = hours if product.forecast_of == "pm2_5" else index_of(hours)
            history = History(target=series.to_frame(THING))
            possible = (0.0, 500.0) if product.forecast_of == "vn_aqi" else (0.0, 1500.0)
            found = held_out(history, product, possible=possible, seed=SEED, split=split)
            print("\n".join(lines(product, found)))


def recording(path: Path) -> pd.Series:
    """Valid hourly means, labelled by the end of the hour, in UTC."""
    table = pd.read_csv(path)
    labels = pd.to_datetime(table["Date (LT)"], format="%Y-%m-%d %I:%M %p")
    values = table["Raw Conc."].where(table["QC Name"] == "Valid")
    series = pd.Series(values.to_numpy(), index=labels.dt.tz_localize(ZONE).dt.tz_convert("UTC"))
    series = series.dropna()
    series = series[~series.index.duplicated(keep="last")]  # one hour stands there twice; later arrival wins
    return on_grid(series.to_frame(THING), pd.Timedelta(hours=1))[THING]


def index_of(hours: pd.Series) -> pd.Series:
    """VN_AQI from PM2.5 alone: the recording has nothing else, so this is its share of the index."""
    values = [None if pd.isna(value) else float(value) for value in hours]
    indices = []
    for n in range(len(values)):
        window = values[max(0, n - 11) : n + 1][::-1]
        index = vn_aqi.hourly({"pm2_5": window + [None] * (12 - len(window))})
        indices.append(float("nan") if index is None else float(index.value))
    return pd.Series(indices, index=hours.index)


def lines(product: Product, found: HeldOut | None) -> Iterable[str]:
    if found is None:
        yield f"{product.property}: too little history"
        return
    span = f"{found.split:%Y-%m-%d %H:%M}Z to {found.held_out_to:%Y-%m-%d %H:%M}Z"
    yield f"{product.property} ({product.model}): held out {span}"
    yield f"{'lead':>9} {'n':>6} {'MAE':>7} {'persist.':>9} {'same hour':>10} {'skill':>6} {'skill':>6} {'within':>7}"
    for group in found.groups:
        skills = [1 - group.mae / base for base in (group.mae_persistence, group.mae_climatology)]
        yield (
            f"{group.lead_from:>3}-{group.lead_to:>2} h {group.n:>7} {group.mae:7.2f} {group.mae_persistence:9.2f}"
            f" {group.mae_climatology:10.2f} {skills[0]:6.2f} {skills[1]:6.2f} {group.coverage or 0:7.2f}"
        )


if __name__ == "__main__":
    main()
