"""/datastreams/{id}/observations: history, raw or rolled up, a page at a time."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BeforeValidator

from dashboard.api import problems
from dashboard.api.answers import json_answer
from dashboard.api.schema import ObservationPage
from dashboard.api.site import Site
from storage import db, observations
from storage.observations import HistoryValue, RollupRow
from storage.things import DatastreamRow

PAGE: Final = 5000
AUTO_POINTS: Final = 1500
DEFAULT_SPAN: Final = timedelta(hours=24)
BUCKET: Final = {"1h": timedelta(hours=1), "1d": timedelta(days=1)}
WAIT_S: Final = 3.0
"""How long a request waits for a database connection."""

Step = Literal["raw", "1h", "1d"]
_SPACE_FOR_PLUS: Final = re.compile(r"^(.*\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d(?::?\d\d)?)$")


def parse_time(value: object) -> datetime:
    """An ISO 8601 time with an offset, in UTC. A '+' that a query string turned into a space is put back."""
    text = _SPACE_FOR_PLUS.sub(r"\1+\2", str(value))
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("not an ISO 8601 time such as 2026-11-22T10:00:00+07:00") from None
    if time.tzinfo is None:
        raise ValueError("has no offset: write 2026-11-22T10:00:00+07:00 or …Z")
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of the calendar") from None


Time = Annotated[datetime, BeforeValidator(parse_time)]


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where the next page begins; `end` and `step` stay those of the first page."""

    datastream_id: int
    start: datetime
    end: datetime
    step: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Rows of one step, at most `limit`, and whether there are more."""

    step: Step
    rows: Sequence[HistoryValue] | Sequence[RollupRow]
    next_start: datetime | None


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["observations"])

    @routes.get(
        "/datastreams/{id}/observations",
        response_model=ObservationPage,
        summary="Values of a Datastream, oldest first",
        responses=problems.DOCUMENTED,
    )
    def list_observations(
        id: Annotated[int, Path(ge=1, lt=2**63)],
        start: Annotated[
            Time | None, Query(alias="from", description="inclusive; default: 24 h before `to`")
        ] = None,
        end: Annotated[Time | None, Query(alias="to", description="exclusive; default: now")] = None,
        step: Annotated[
            Literal["raw", "1h", "1d", "auto"],
            Query(description="auto: the finest that gives at most 1500 points; days are Hanoi's"),
        ] = "raw",
        cursor: Annotated[str | None, Query(max_length=300)] = None,
    ) -> Response:
        """`cursor` continues a page: `to` and `step` are then those of the first request."""
        stream = site.city.view.streams.get(id)
        if stream is None:
            problems.not_found(f"there is no Datastream {id}")
        now = site.clock()
        asked = _read_cursor(cursor, id) if cursor else _span(start, end, now, id, step)
        with site.pool.connection(timeout=WAIT_S) as conn:
            page = _page(conn, stream, asked)
        return json_answer(_answer(stream, page, asked, now), max_age_s=1)

    return routes


def _span(start: datetime | None, end: datetime | None, now: datetime, id: int, step: str) -> Cursor:
    end = end or now
    try:
        start = start or end - DEFAULT_SPAN
    except OverflowError:
        raise problems.BadParameter("to", "out of the calendar") from None
    if start > end:
        raise problems.BadParameter("from", "is after `to`")
    return Cursor(id, start, end, step)


def _page(conn: db.Connection, stream: DatastreamRow, asked: Cursor) -> Page:
    match asked.step:
        case "raw":
            return _raw(conn, asked, PAGE)
        case "1h" | "1d" as step:
            return _rolled_up(conn, step, asked, PAGE)
    return _auto(conn, stream, asked)


def _auto(conn: db.Connection, stream: DatastreamRow, asked: Cursor) -> Page:
    """Raw when it is few, else hours when they can't be more than the limit, else days."""
    span = asked.end - asked.start
    if span / timedelta(seconds=stream.interval_s) <= 2 * AUTO_POINTS:
        page = _raw(conn, asked, AUTO_POINTS)
        if page.next_start is None:
            return page
    step: Literal["1h", "1d"] = "1h" if span / BUCKET["1h"] <= AUTO_POINTS - 1 else "1d"
    return _rolled_up(conn, step, asked, AUTO_POINTS)


def _raw(conn: db.Connection, asked: Cursor, limit: int) -> Page:
    rows = observations.raw(conn, asked.datastream_id, asked.start, asked.end, limit + 1)
    return Page(
        step="raw",
        rows=rows[:limit],
        next_start=rows[limit].phenomenon_time if len(rows) > limit else None,
    )


def _rolled_up(conn: db.Connection, step: Literal["1h", "1d"], asked: Cursor, limit: int) -> Page:
    rows = observations.rollup(conn, asked.datastream_id, step, asked.start, asked.end, limit + 1)
    return Page(step=step, rows=rows[:limit], next_start=rows[limit].bucket if len(rows) > limit else None)


def _answer(stream: DatastreamRow, page: Page, asked: Cursor, now: datetime) -> dict[str, Any]:
    items = [
        _raw_item(row) if isinstance(row, HistoryValue) else _rollup_item(row, stream, page.step, now)
        for row in page.rows
    ]
    return {
        "datastream_id": stream.id,
        "unit": stream.unit,
        "step": page.step,
        "items": items,
        "next": _cursor(asked, page),
    }


def _raw_item(row: HistoryValue) -> dict[str, Any]:
    item = {
        "time": row.phenomenon_time,
        "result": row.result,
        "quality": row.quality,
        "provenance": row.provenance,
        "result_time": row.result_time,
    }
    if row.input_provenance is not None:
        item["input_provenance"] = row.input_provenance
    if row.quality_reason is not None:
        item["quality_reason"] = row.quality_reason
    if row.parameters is not None:
        item["parameters"] = row.parameters
    return item


def _rollup_item(row: RollupRow, stream: DatastreamRow, step: str, now: datetime) -> dict[str, Any]:
    return {
        "time": row.bucket,
        "count": row.count,
        "mean": row.mean,
        "min": row.min,
        "max": row.max,
        "first": row.first,
        "last": row.last,
        "coverage": coverage(row.count, row.bucket, BUCKET[step], stream.interval_s, now),
    }


def coverage(count: int, bucket: datetime, width: timedelta, interval_s: int, now: datetime) -> float:
    """Share of the expected reports, 0 to 1; of a bucket that is not over only its elapsed part counts."""
    elapsed_s = min(width, max(now - bucket, timedelta())).total_seconds()
    expected = max(1.0, elapsed_s / interval_s)
    return round(min(1.0, count / expected), 4)


def _cursor(asked: Cursor, page: Page) -> str | None:
    if page.next_start is None:
        return None
    after = Cursor(asked.datastream_id, page.next_start, asked.end, page.step)
    return base64.urlsafe_b64encode(msgspec.json.encode(after)).decode()


def _read_cursor(text: str, datastream_id: int) -> Cursor:
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=Cursor)
    except (ValueError, msgspec.MsgspecError):
        cursor = None
    if cursor is None or not _ours(cursor, datastream_id):
        raise problems.BadParameter("cursor", "not one that `next` gave for this Datastream")
    return cursor


def _ours(cursor: Cursor, datastream_id: int) -> bool:
    aware = cursor.start.tzinfo is not None and cursor.end.tzinfo is not None
    return aware and cursor.datastream_id == datastream_id and cursor.step in ("raw", "1h", "1d")
