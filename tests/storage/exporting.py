"""A little history of the shipped city, written by names, for tests of exports and the archive."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from storage import db, observations, things
from storage.model import Observation, Provenance, Quality

START: Final = datetime(2026, 3, 14, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)


def streams(conn: db.Connection) -> dict[tuple[str, str], int]:
    return {(row.thing_id, row.property): row.id for row in things.all_datastreams(conn)}


def value(datastream_id: int, time: datetime, result: float, **more: Any) -> Observation:
    return Observation(
        **{"datastream_id": datastream_id, "phenomenon_time": time, "result_time": time, "result": result}
        | more
    )


def write_history(url: str, days: int = 3) -> Mapping[tuple[str, str], int]:
    """One value an hour of two properties of a station, and of a gauge; three of them are not ordinary."""
    with db.connect(url, name="test") as conn:
        ids = streams(conn)
        hours = [START + timedelta(hours=n) for n in range(24 * days)]
        batch = [
            value(ids[thing, key], time, base + n / 10)
            for thing, key, base in (
                ("trung-yen-3", "pm2_5", 30.0),
                ("trung-yen-3", "pm10", 60.0),
                ("flood-tong-dan", "water_depth", 0.0),
            )
            for n, time in enumerate(hours)
        ]
        depth = ids["flood-tong-dan", "water_depth"]
        half = START + timedelta(minutes=30, microseconds=250_000)
        batch += [
            value(depth, half, -0.8, quality=Quality.SUSPECT, quality_reason='spike, "odd"\n=1+1'),
            value(depth, half + DAY, 1e-20, quality=Quality.FAIL, quality_reason="=cmd|' /C calc'!A0"),
            value(
                ids["trung-yen-3", "pm2_5"],
                half,
                0.1 + 0.2,
                provenance=Provenance.DERIVED,
                input_provenance=Provenance.SIMULATED,
                original=0.25,
                parameters={"of": "pm2_5", "names": ["Tông Đản", 1.5]},
                result_time=half + MINUTE,
            ),
        ]
        observations.write(conn, batch)
    return ids
