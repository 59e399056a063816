"""What rollups have to be, computed by pandas and numpy from the raw rows, and values to roll up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from storage import db, rollups

Row = tuple[int, datetime]
COUNTS = {"good": 1, "not_evaluated": 2, "suspect": 3, "fail": 4, "missing": 9}
NAMES = (
    "count",
    "mean",
    "min",
    "max",
    "first",
    "last",
    *COUNTS,
    "mean_with_suspect",
    "coverage",
    "provenance",
)
WEAKER_AND_WEAKER = ("measured", "manual", "derived", "replayed", "forecast", "simulated")
VIEWS = {"observation_1h": timedelta(hours=1), "observation_1d": timedelta(days=1)}


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A Datastream with what its rollups depend on."""

    id: int
    interval_s: int
    circular: bool


def make_streams(conn: db.Connection, *circular: bool, interval_s: int = 300) -> list[Stream]:
    """Datastreams of a Thing that is public."""
    conn.execute(
        "INSERT INTO thing (id, domain, kind, name_vi, name_en)"
        " VALUES ('station', 'air_quality', 'station', 'Trạm', 'Station')"
    )
    made = []
    for n, round_ in enumerate(circular):
        row = conn.execute(
            "INSERT INTO datastream (thing_id, property, unit, interval_s, circular)"
            " VALUES ('station', %s, 'ug/m3', %s, %s) RETURNING id",
            (f"p{n}", interval_s, round_),
        ).fetchone()
        assert row
        made.append(Stream(id=row["id"], interval_s=interval_s, circular=round_))
    conn.commit()
    return made


def stored(conn: db.Connection, view: str) -> dict[Row, dict[str, Any]]:
    rows = conn.execute(f"SELECT * FROM {view}").fetchall()  # noqa: S608 a name of ours
    return {(row.pop("datastream_id"), row.pop("bucket").astimezone(UTC)): row for row in rows}


def expected(conn: db.Connection, view: str, streams: Sequence[Stream]) -> dict[Row, dict[str, Any]]:
    """From the raw rows as they are now."""
    rows = conn.execute(
        "SELECT datastream_id, phenomenon_time, result, quality, provenance, input_provenance FROM observation"
    ).fetchall()
    moment = conn.execute("SELECT now()").fetchone()
    assert moment
    frame = pd.DataFrame(
        rows,
        columns=["datastream_id", "phenomenon_time", "result", "quality", "provenance", "input_provenance"],
    )
    times = pd.to_datetime(frame["phenomenon_time"], utc=True)
    local = times.dt.tz_convert("Asia/Ho_Chi_Minh")
    start = times.dt.floor("h") if view == "observation_1h" else local.dt.normalize().dt.tz_convert("UTC")
    known = {stream.id: stream for stream in streams}
    found = {}
    for (id, bucket), group in frame.assign(start=start).groupby(["datastream_id", "start"]):
        elapsed = min(VIEWS[view], moment["now"] - bucket)
        group = group.sort_values("phenomenon_time")
        found[id, bucket.to_pydatetime().astimezone(UTC)] = _bucket(group, known[id], elapsed)
    return found


def _bucket(group: pd.DataFrame, stream: Stream, elapsed: timedelta) -> dict[str, Any]:
    counts = group["quality"].value_counts()
    usable = group.loc[group["quality"].isin([1, 2]), "result"]
    reports = max(1.0, elapsed.total_seconds() / stream.interval_s)
    return {
        "count": len(usable),
        "mean": _mean(usable, stream.circular),
        "min": None if usable.empty else usable.min(),
        "max": None if usable.empty else usable.max(),
        "first": None if usable.empty else usable.iloc[0],
        "last": None if usable.empty else usable.iloc[-1],
        **{name: int(counts.get(quality, 0)) for name, quality in COUNTS.items()},
        "mean_with_suspect": _mean(group.loc[group["quality"].isin([1, 2, 3]), "result"], stream.circular),
        "coverage": min(1.0, len(usable) / reports),
        "provenance": _weakest(group.loc[group["quality"].isin([1, 2, 3])]),
    }


def _weakest(values: pd.DataFrame) -> str | None:
    """Of the values and of what they were made of."""
    origins: list[str] = [*values["provenance"], *values["input_provenance"].dropna()]
    return max(origins, key=WEAKER_AND_WEAKER.index, default=None)


def _mean(values: "pd.Series[float]", circular: bool) -> float | None:
    if values.empty:
        return None
    if not circular:
        return float(values.mean())
    vector = np.exp(1j * np.radians(values.to_numpy())).mean()
    return None if abs(vector) < 1e-9 else float(np.degrees(np.angle(vector)) % 360)


def require_same(
    found: dict[Row, dict[str, Any]],
    wanted: dict[Row, dict[str, Any]],
    streams: Sequence[Stream],
    *,
    coverage: float = 1e-3,
) -> None:
    """The same buckets with the same numbers. `coverage` allows for the time between two looks at the clock."""
    more, fewer = sorted(found.keys() - wanted.keys()), sorted(wanted.keys() - found.keys())
    assert not more, more[:10]
    assert not fewer, fewer[:10]
    circular = {stream.id for stream in streams if stream.circular}
    for key, row in wanted.items():
        assert set(found[key]) == set(NAMES)
        assert found[key]["provenance"] == row["provenance"], (
            key,
            found[key]["provenance"],
            row["provenance"],
        )
        for name in NAMES[:-1]:
            one, other = found[key][name], row[name]
            round_ = key[0] in circular and name in ("mean", "mean_with_suspect")
            allowed = coverage if name == "coverage" else 1e-9
            assert _close(one, other, allowed, round_), (key, name, one, other)


def _close(one: float | None, other: float | None, allowed: float, circular: bool) -> bool:
    if one is None or other is None:
        return one is other
    apart = abs(one - other)
    if circular:
        return min(apart % 360, -apart % 360) <= 1e-7
    return apart <= allowed * max(1.0, abs(one), abs(other))


def refresh_all(conn: db.Connection, now: datetime) -> rollups.Refreshed:
    """Until everything is rolled up; the calls together."""
    buckets = left_out = 0
    while True:
        done = rollups.refresh(conn, now)
        buckets, left_out = buckets + done.buckets, left_out + done.left_out
        if done.caught_up:
            return rollups.Refreshed(buckets=buckets, left_out=left_out, caught_up=True)
