"""From the database to a History: the values of a forecast's property, step by step, and what drives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, radians
from typing import Final

import pandas as pd

from ingest.derivation import City, floor
from ingest.forecasts.flood import RAIN
from ingest.forecasts.history import History, on_grid
from ingest.forecasts.products import Product
from storage import db, forecasts
from storage.model import Provenance, weakest
from storage.things import DatastreamRow, ThingRow

LEAST_OF_STEP: Final = 0.75
"""Share of the values that a step usually has; with less it is missing. As for VN_AQI, whose Decision sets none."""
RAIN_PROPERTY: Final = "rain_interval"
DRIVEN_BY_RAIN: Final = frozenset({"flood"})
"""Methods that need the rain at the nearest gauge."""
WET_WITHIN: Final = timedelta(hours=3)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The Datastreams that a product is made from."""

    target: Mapping[str, DatastreamRow]
    """By Thing."""
    rain: Mapping[str, DatastreamRow]
    """By Thing: the nearest gauge's."""

    @property
    def ids(self) -> list[int]:
        return sorted({row.id for row in (*self.target.values(), *self.rain.values())})


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    history: History
    until: datetime
    """The newest step that is over."""
    provenance: Provenance
    """The weakest of everything in it."""

    @property
    def span(self) -> timedelta:
        index = self.history.target.index
        found: timedelta = (index[-1] - index[0]).to_pytimedelta()
        return found


def inputs(city: City, product: Product) -> Inputs:
    """Things that have the property, as far as everything that drives it is known for them."""
    target = {
        thing.id: row
        for thing in city.things.values()
        if thing.domain == product.domain
        and (row := city.streams.get(thing.id, {}).get(product.forecast_of)) is not None
    }
    if product.method not in DRIVEN_BY_RAIN:
        return Inputs(target=target, rain={})
    gauges = [
        (thing, row)
        for thing in city.things.values()
        if thing.lat is not None and (row := city.streams.get(thing.id, {}).get(RAIN_PROPERTY)) is not None
    ]
    near = {id: row for id in target if (row := _nearest(city.things[id], gauges)) is not None}
    return Inputs(target={id: row for id, row in target.items() if id in near}, rain=near)


def _nearest(thing: ThingRow, gauges: Sequence[tuple[ThingRow, DatastreamRow]]) -> DatastreamRow | None:
    """As the crow flies; a degree of longitude is shorter than one of latitude."""
    if thing.lat is None or thing.lon is None or not gauges:
        return None
    lat, lon, narrow = thing.lat, thing.lon, cos(radians(thing.lat))

    def apart(gauge: tuple[ThingRow, DatastreamRow]) -> float:
        place = gauge[0]
        return ((place.lat or 0.0) - lat) ** 2 + (((place.lon or 0.0) - lon) * narrow) ** 2

    return min(gauges, key=apart)[1]


def is_called_for(conn: db.Connection, product: Product, found: Inputs, now: datetime) -> bool:
    """Whether there is anything to forecast; of floods only while a street is wet or it rained lately."""
    if product.method not in DRIVEN_BY_RAIN:
        return bool(found.target)
    since = now - WET_WITHIN
    rain = {row.id for row in found.rain.values()}
    depth = [row.id for row in found.target.values()]
    return forecasts.any_above(conn, rain, since, now, 0.1) or forecasts.any_above(
        conn, depth, since, now, 2.0
    )


def load(conn: db.Connection, product: Product, found: Inputs, now: datetime) -> Loaded | None:
    """What was known at `now`; None where there is nothing."""
    until = floor(now, product.step)
    after = until - product.history_most
    columns = {row.id: thing for thing, row in found.target.items()}
    target = _frame(conn, list(columns), after, until, product.step).rename(columns=columns)
    if target.empty or len(target) < 2:
        return None
    drivers = {RAIN: _rain(conn, product, found, target, after, until)} if found.rain else {}
    provenance = forecasts.weakest_input(conn, found.ids, after, until)
    history = History(
        target=target.sort_index(axis=1), drivers={k: v.sort_index(axis=1) for k, v in drivers.items()}
    )
    return Loaded(history=history, until=until, provenance=weakest({provenance or Provenance.MEASURED}))


def _rain(
    conn: db.Connection,
    product: Product,
    found: Inputs,
    target: pd.DataFrame,
    after: datetime,
    until: datetime,
) -> pd.DataFrame:
    """mm of each step at each Thing's gauge; a step without a report is missing."""
    gauges = sorted({row.id for row in found.rain.values()})
    sums = _frame(conn, gauges, after, until, product.step, sums=True).reindex(target.index)
    return pd.DataFrame(
        {thing: _column(sums, found.rain[thing].id) for thing in target.columns}, index=target.index
    )


def _column(frame: pd.DataFrame, id: int) -> pd.Series:
    return frame[id] if id in frame else pd.Series(float("nan"), index=frame.index)


def _frame(
    conn: db.Connection,
    ids: Sequence[int],
    after: datetime,
    until: datetime,
    step: timedelta,
    *,
    sums: bool = False,
) -> pd.DataFrame:
    """Label × Datastream on a grid up to `until`: means of well-filled steps, or sums of all that was reported."""
    rows = forecasts.steps(conn, ids, after, until, step)
    table = pd.DataFrame(
        {
            "label": pd.to_datetime([row.label for row in rows], utc=True),
            "id": [row.datastream_id for row in rows],
            "mean": [row.mean for row in rows],
            "count": [float(row.count) for row in rows],
        }
    )
    if table.empty:
        return pd.DataFrame()
    if sums:
        table["mean"] *= table["count"]
    else:
        usual = table.groupby("id")["count"].transform("median")
        table = table[table["count"] >= LEAST_OF_STEP * usual]
    frame = table.pivot(index="label", columns="id", values="mean")
    frame.loc[pd.Timestamp(until)] = frame.loc[pd.Timestamp(until)] if until in frame.index else float("nan")
    return on_grid(frame.sort_index(), pd.Timedelta(step))
