"""Forecasts and how good they were: what models are made from, their scores, and which forecasts may be shown."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from psycopg.rows import tuple_row

from storage import db
from storage.model import Provenance, weakest
from storage.observations import HistoryValue

Basis = Literal["held_out", "issued"]
"""Scored on a part of the history that the model was not fitted on, or on what it issued and what then came."""

LEAST_CASES: Final = 100
"""A score of fewer says nothing [S]."""
VERIFIED_OVER: Final = timedelta(days=14)
"""What was issued is scored over so many days, and decides no longer than that [S]."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """Of one model at the leads from `lead_from_h` to `lead_to_h`, both inclusive. Errors in the property's unit."""

    scored_at: datetime
    domain: str
    property: str
    model: str
    basis: Basis
    lead_from_h: float
    lead_to_h: float
    n: int
    mae: float
    mae_persistence: float
    mae_climatology: float
    coverage: float | None
    level: float | None
    trained_from: datetime | None
    trained_to: datetime | None
    held_out_from: datetime
    held_out_to: datetime
    provenance: str
    """The weakest of the data that it was scored on."""

    def skill_persistence(self) -> float | None:
        """1 is perfect, 0 no better than persistence, below 0 worse; None where persistence made no error."""
        return _skill(self.mae, self.mae_persistence)

    def skill_climatology(self) -> float | None:
        return _skill(self.mae, self.mae_climatology)

    def beats_both(self) -> bool:
        return self.n >= LEAST_CASES and self.mae < min(self.mae_persistence, self.mae_climatology)


class Step(msgspec.Struct, frozen=True, gc=False):
    """The mean of a step of time that ends at `label`."""

    datastream_id: int
    label: datetime
    mean: float
    count: int


class Issue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A forecast as it was issued at `result_time`, whether or not a later one replaced it."""

    datastream_id: int
    phenomenon_time: datetime
    result_time: datetime
    ingested_at: datetime
    result: float
    parameters: dict[str, object] | None

    @property
    def known_from(self) -> datetime:
        """From when on it was known here, whatever its maker says: only that can be proved."""
        return max(self.result_time, self.ingested_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastValue:
    """One time to come, in the property's unit."""

    time: datetime
    issued: datetime
    result: float
    low: float | None
    high: float | None
    level: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownForecast:
    """A forecast of a Thing that may be shown: its model beat both baselines at these leads."""

    datastream_id: int
    property: str
    forecast_of: str
    unit: str
    model: str
    input_provenance: str | None
    values: tuple[ForecastValue, ...]
    """Oldest first, never empty."""
    is_whole: bool
    """Whether this is all that is stored of the time to come: none of its leads may not be shown."""


def steps(
    conn: db.Connection, datastream_ids: Iterable[int], after: datetime, until: datetime, step: timedelta
) -> list[Step]:
    """Means of steps (label − step, label] of values that are good or not evaluated; empty steps are left out."""
    with conn.cursor(row_factory=tuple_row, binary=True) as cursor:
        parameters = {"datastream_ids": list(datastream_ids), "after": after, "until": until, "step": step}
        return [Step(*row) for row in cursor.execute(db.statements("forecasts")["steps"], parameters)]


def weakest_input(
    conn: db.Connection, datastream_ids: Iterable[int], after: datetime, until: datetime
) -> Provenance | None:
    """The least trustworthy provenance among the values; None where there are none."""
    parameters = {"datastream_ids": list(datastream_ids), "after": after, "until": until}
    rows = conn.execute(db.statements("forecasts")["provenances"], parameters).fetchall()
    return weakest({Provenance(row["provenance"]) for row in rows}) if rows else None


def any_above(
    conn: db.Connection, datastream_ids: Iterable[int], after: datetime, until: datetime, least: float
) -> bool:
    """Whether a value reached `least`."""
    parameters = {"datastream_ids": list(datastream_ids), "after": after, "until": until, "least": least}
    row = conn.execute(db.statements("forecasts")["any_above"], parameters).fetchone()
    return bool(row and row["found"])


def write_scores(conn: db.Connection, scores: Iterable[Score]) -> None:
    """Inside the caller's transaction."""
    with conn.cursor() as cursor:
        cursor.executemany(db.statements("forecasts")["write_score"], [asdict(score) for score in scores])


def newest_scores(conn: db.Connection) -> list[Score]:
    """The last of each model, basis and lead."""
    return [Score(**row) for row in conn.execute(db.statements("forecasts")["newest_scores"]).fetchall()]


def ahead(conn: db.Connection, datastream_ids: Iterable[int], now: datetime) -> list[HistoryValue]:
    """The forecasts of times after `now`, by Datastream and time."""
    parameters = {"datastream_ids": list(datastream_ids), "now": now}
    rows = conn.execute(db.statements("forecasts")["ahead"], parameters).fetchall()
    return [HistoryValue(**row) for row in rows]


def issued(
    conn: db.Connection, datastream_ids: Iterable[int], after: datetime, until: datetime
) -> list[Issue]:
    """Every issue for times in (after, until]."""
    parameters = {"datastream_ids": list(datastream_ids), "after": after, "until": until}
    return [Issue(**row) for row in conn.execute(db.statements("forecasts")["issued"], parameters).fetchall()]


def deciding(scores: Iterable[Score]) -> dict[tuple[str, str, str], list[Score]]:
    """(domain, property, model) → the scores that decide, by lead. Pure.

    What it issued goes before what it did on held-out data, once there are enough cases and as long as they are recent.
    """
    ordered = sorted(scores, key=lambda one: one.basis == "issued")
    last: dict[tuple[str, str], datetime] = {}
    for score in ordered:
        of = (score.domain, score.property)
        last[of] = max(last.get(of, score.scored_at), score.scored_at)
    leads: defaultdict[tuple[str, str, str], dict[float, Score]] = defaultdict(dict)
    for score in ordered:
        recent = last[score.domain, score.property] - score.held_out_to <= VERIFIED_OVER
        if score.basis == "held_out" or (score.n >= LEAST_CASES and recent):
            leads[score.domain, score.property, score.model][score.lead_from_h] = score
    return {model: [of[lead] for lead in sorted(of)] for model, of in leads.items()}


def may_be_shown(scores: Sequence[Score], lead_h: float, input_provenance: str | None) -> bool:
    """Whether the score at this lead beats both baselines, on data no weaker than what the forecast is made from. Pure.

    What was only proved in simulation holds for the simulated city alone, and carries its banner.
    """
    simulated = input_provenance == Provenance.SIMULATED
    return any(
        score.beats_both() and (simulated or score.provenance != Provenance.SIMULATED)
        for score in scores
        if score.lead_from_h - _ROUNDING_H <= lead_h <= score.lead_to_h + _ROUNDING_H
    )


_ROUNDING_H: Final = 0.01


def shown_values(
    values: Sequence[HistoryValue], scores: Mapping[str, Sequence[Score]]
) -> dict[str, list[HistoryValue]]:
    """Model → those of one Datastream's forecasts that may be shown; `scores` are the deciding ones by model. Pure."""
    found: defaultdict[str, list[HistoryValue]] = defaultdict(list)
    for value in values:
        said = value.parameters or {}
        model, lead_h = str(said.get("model")), float(said.get("lead_h", 0.0))
        if may_be_shown(scores.get(model, ()), lead_h, value.input_provenance):
            found[model].append(value)
    return dict(found)


def _skill(mae: float, of_baseline: float) -> float | None:
    return 1 - mae / of_baseline if of_baseline > 0 else None
