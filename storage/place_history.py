"""What a Thing observed, in hours or days, all of its Datastreams at once: what its pages are made of."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final, Literal

from storage import db
from storage.observations import RollupRow

Step = Literal["1h", "1d"]
BLOCKS: Final[Mapping[Step, Literal["hourly", "daily"]]] = {"1h": "hourly", "1d": "daily"}
MOST_ROWS: Final = 20_000
"""Of one answer: a month of hours of 27 Datastreams."""


@contextmanager
def within(conn: db.Connection, seconds: float) -> Iterator[None]:
    """A transaction whose statements each end after so long, with db.Cancelled."""
    with conn.transaction():
        conn.execute(
            db.statements("place_history")["limit_time"], {"milliseconds": str(round(seconds * 1000))}
        )
        yield


def rollups(
    conn: db.Connection, datastream_ids: Sequence[int], step: Step, start: datetime, end: datetime
) -> dict[int, list[RollupRow]]:
    """By Datastream, oldest first, the buckets that begin from `start` (inclusive) to `end` (exclusive).

    A day is Hanoi's. A bucket without a usable value is left out.
    """
    asked = {"datastream_ids": list(datastream_ids), "start": start, "end": end, "limit": MOST_ROWS}
    found: defaultdict[int, list[RollupRow]] = defaultdict(list)
    for row in conn.execute(db.statements("place_history")[BLOCKS[step]], asked).fetchall():
        found[row.pop("datastream_id")].append(RollupRow(**row))
    return dict(found)


def first_day(conn: db.Connection, datastream_ids: Sequence[int]) -> datetime | None:
    """When the first day with a value began, Hanoi's; None: there was none yet."""
    asked = {"datastream_ids": list(datastream_ids)}
    row = conn.execute(db.statements("place_history")["first_day"], asked).fetchone()
    return row["first"] if row else None
