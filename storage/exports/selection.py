"""What an export takes: Datastreams, a span, a step. Nothing else decides which rows are in a file."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from storage import db, things
from storage.model import Domain, Quality
from storage.things import ThingRow

Step = Literal["raw", "1h", "1d"]
SLICE: Final = {"raw": timedelta(days=1), "1h": timedelta(days=7), "1d": timedelta(days=91)}
"""What one COPY takes: the server sorts no more than this, and the progress bar moves as often."""


class SelectionError(ValueError):
    """An export that can't be; the message names the option."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The options as they were given; () is everything."""

    domains: Sequence[str] = ()
    things: Sequence[str] = ()
    properties: Sequence[str] = ()
    start: datetime | None = None
    """None: from the first value on."""
    end: datetime
    step: Step = "raw"
    qualities: Collection[int] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """An export: these Datastreams, from `start` (inclusive) to `end` (exclusive)."""

    things: Sequence[ThingRow]
    """Those that have a chosen Datastream, by id."""
    streams_of: dict[str, list[int]]
    """Thing → its chosen Datastreams."""
    start: datetime
    end: datetime
    step: Step
    qualities: tuple[int, ...] | None

    @property
    def datastream_ids(self) -> list[int]:
        return sorted(id for ids in self.streams_of.values() for id in ids)

    @property
    def slices(self) -> Iterator[tuple[datetime, datetime]]:
        """The span in parts that begin at whole days of UTC, oldest first."""
        width = SLICE[self.step]
        start = self.start
        while start < self.end:
            day = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            end = min(day + width, self.end)
            yield start, end
            start = end


def select(
    conn: db.Connection,
    asked: Asked,
    public: Mapping[str, Domain] | None = None,
    unasked: Collection[str] = (),
) -> Selection:
    """What is asked of what this database has. Raises SelectionError naming the option.

    `unasked` are domains that are left out unless they or their Things are named: the platform's own.
    `public` is the catalogue where the public shall read it: then Datastreams of forecasts are left out, and those
    that the catalogue does not know, which may be forecasts. Which of them may be shown the public API decides anew
    every few seconds by their scores; a file would keep what it refuses a minute later.
    """
    _require_possible(asked)
    city = {row.id: row for row in things.all_things(conn)}
    streams = [
        row
        for row in things.all_datastreams(conn)
        if public is None or _is_observed(public, city[row.thing_id].domain, row.property)
    ]
    _require_known("--domain", asked.domains, {row.domain for row in city.values()})
    _require_known("--thing", asked.things, set(city))
    if public is not None:
        _require_observed(public, asked.properties)
    _require_known("--property", asked.properties, {row.property for row in streams})
    streams_of: dict[str, list[int]] = {}
    for row in streams:
        domain = city[row.thing_id].domain
        if (
            (domain in asked.domains if asked.domains else asked.things or domain not in unasked)
            and (not asked.things or row.thing_id in asked.things)
            and (not asked.properties or row.property in asked.properties)
        ):
            streams_of.setdefault(row.thing_id, []).append(row.id)
    if not streams_of:
        raise SelectionError("--domain, --thing, --property: no Datastream is all of these")
    ids = [id for of in streams_of.values() for id in of]
    return Selection(
        things=[city[id] for id in sorted(streams_of)],
        streams_of=streams_of,
        start=(asked.start or _first(conn, asked.step, ids) or asked.end).astimezone(UTC),
        end=asked.end.astimezone(UTC),
        step=asked.step,
        qualities=None if asked.qualities is None else tuple(sorted(asked.qualities)),
    )


def _require_possible(asked: Asked) -> None:
    if asked.start is not None and asked.start >= asked.end:
        raise SelectionError(f"--from: {asked.start.isoformat()} is not before --to {asked.end.isoformat()}")
    if asked.qualities is None:
        return
    known = {int(quality) for quality in Quality}
    if not asked.qualities or not set(asked.qualities) <= known:
        raise SelectionError(f"--quality: not some of {', '.join(map(str, sorted(known)))}")
    if asked.step != "raw":
        raise SelectionError(f"--quality: only raw values have one, and --step is {asked.step}")


def _is_observed(catalogue: Mapping[str, Domain], domain: str, key: str) -> bool:
    known = catalogue[domain].properties.get(key) if domain in catalogue else None
    return known is not None and known.forecast_of is None


def _require_observed(catalogue: Mapping[str, Domain], properties: Sequence[str]) -> None:
    for domain in catalogue.values():
        for key in properties:
            if key in domain.properties and domain.properties[key].forecast_of is not None:
                raise SelectionError(
                    f"--property: '{key}' is a forecast, --public has none;"
                    " those that may be shown are at /api/v1/forecasts"
                )


def _require_known(option: str, given: Sequence[str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            some = ", ".join(sorted(known)[:12]) + (" …" if len(known) > 12 else "")
            raise SelectionError(f"{option}: there is no '{name}' here; there are: {some}")


def _first(conn: db.Connection, step: Step, datastream_ids: list[int]) -> datetime | None:
    block = "first_raw" if step == "raw" else "first_rolled_up"
    row = conn.execute(db.statements("exports")[block], {"datastream_ids": datastream_ids}).fetchone()
    return row["first"] if row else None
