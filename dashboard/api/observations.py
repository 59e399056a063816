"""/datastreams/{id}/observations: history, raw or rolled up, a page at a time."""

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BeforeValidator

from dashboard.api import problems
from dashboard.api.answers import json_answer, next_page
from dashboard.api.schema import ObservationPage
from dashboard.api.site import Site
from storage import observations
from storage.observations import MOST_POINTS, History, HistoryValue, RollupRow
from storage.things import DatastreamRow

PAGE: Final = 5000
DEFAULT_SPAN: Final = timedelta(hours=24)
BUCKET: Final = {"1h": timedelta(hours=1), "1d": timedelta(days=1)}
WAIT_S: Final = 3.0
"""How long a request waits for a database connection."""

Step = Literal["raw", "1h", "1d", "auto"]
Qualities = tuple[Literal[1, 2, 3, 4, 9], ...]
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
    """Where the next page begins; `end`, `step` and `qualities` stay those of the first page."""

    datastream_id: int
    start: datetime
    end: datetime
    step: Step
    qualities: Qualities | None = None


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["observations"])

    @routes.get(
        "/datastreams/{id}/observations",
        response_model=ObservationPage,
        summary="Values of a Datastream, oldest first",
        responses={status: problems.DOCUMENTED[status] for status in (404, 422, 503)},
    )
    def list_observations(
        id: Annotated[int, Path(ge=1, lt=2**63)],
        start: Annotated[
            Time | None, Query(alias="from", description="inclusive; default: 24 h before `to`")
        ] = None,
        end: Annotated[Time | None, Query(alias="to", description="exclusive; default: now")] = None,
        step: Annotated[
            Step,
            Query(description="auto: the finest that gives at most 1500 points; days are Hanoi's"),
        ] = "raw",
        quality: Annotated[
            str | None,
            Query(
                pattern="^[12349](,[12349]){0,4}$",
                description="raw values of these qualities only",
                examples=["1,2"],
            ),
        ] = None,
        cursor: Annotated[str | None, Query(max_length=300)] = None,
    ) -> Response:
        """`cursor` continues a page: `to`, `step` and `quality` are then those of the first request."""
        stream = site.city.view.streams.get(id)
        if stream is None or not site.city.view.may_be_read(stream):
            problems.not_found(f"there is no Datastream {id}")
        now = site.clock()
        asked = _read_cursor(cursor, id) if cursor else _asked(id, start, end, now, step, quality)
        with site.pool.connection(timeout=WAIT_S) as conn:
            page = observations.series(
                conn,
                stream,
                asked.start,
                asked.end,
                most=MOST_POINTS if asked.step == "auto" else PAGE,
                step=asked.step,
                qualities=asked.qualities,
            )
        answer = _answer(stream, page, asked, now)
        return json_answer(answer, max_age_s=1, headers=next_page(answer["next"]))

    return routes


def _asked(
    id: int, start: datetime | None, end: datetime | None, now: datetime, step: Step, quality: str | None
) -> Cursor:
    end = end or now
    try:
        start = start or end - DEFAULT_SPAN
    except OverflowError:
        raise problems.BadParameter("to", "out of the calendar") from None
    if start > end:
        raise problems.BadParameter("from", "is after `to`")
    if quality is None:
        return Cursor(id, start, end, step)
    if step in ("1h", "1d"):
        raise problems.BadParameter("quality", "only raw values have one")
    return Cursor(
        id, start, end, step, msgspec.convert([int(part) for part in quality.split(",")], Qualities)
    )


def _answer(stream: DatastreamRow, page: History, asked: Cursor, now: datetime) -> dict[str, Any]:
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
    item: dict[str, Any] = {
        "time": row.bucket,
        "count": row.count,
        "mean": row.mean,
        "min": row.min,
        "max": row.max,
        "first": row.first,
        "last": row.last,
        "coverage": coverage(row.count, row.bucket, BUCKET[step], stream.interval_s, now),
        "provenance": row.provenance,
    }
    item |= {key: n for key in ("suspect", "fail", "missing") if (n := getattr(row, key))}
    if row.suspect and row.mean_with_suspect is not None:
        item["mean_with_suspect"] = row.mean_with_suspect
    return item


def coverage(count: int, bucket: datetime, width: timedelta, interval_s: int, now: datetime) -> float:
    """Share of the expected reports, 0 to 1; of a bucket that is not over only its elapsed part counts."""
    elapsed_s = min(width, max(now - bucket, timedelta())).total_seconds()
    expected = max(1.0, elapsed_s / interval_s)
    return round(min(1.0, count / expected), 4)


def _cursor(asked: Cursor, page: History) -> str | None:
    if page.next_start is None:
        return None
    after = Cursor(asked.datastream_id, page.next_start, asked.end, page.step, asked.qualities)
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
    if cursor.start.tzinfo is None or cursor.end.tzinfo is None or cursor.start > cursor.end:
        return False
    chosen = cursor.qualities is None or (cursor.step == "raw" and len(cursor.qualities) > 0)
    return chosen and cursor.datastream_id == datastream_id and cursor.step != "auto"
