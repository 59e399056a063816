"""One run: scores where they are due, then issues what beats both baselines. Called in a short-lived process."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import pandas as pd

from ingest.derivation import City
from ingest.derive import load_city
from ingest.forecasts import load, trees, verify
from ingest.forecasts.examples import examples, method
from ingest.forecasts.load import Loaded
from ingest.forecasts.products import LEVEL, PRODUCTS, Product, made_by_others
from ingest.forecasts.scores import MOST_EXAMPLES, GroupScore, held_out
from storage import db, forecasts, observations, things
from storage.forecasts import Score
from storage.model import Domain, Observation, Property, Provenance, Quality

log = logging.getLogger(__name__)

SCORED_EVERY: Final = timedelta(hours=20)
"""Once a day; less than 24 h, so that the hour does not wander."""
SEED: Final = 1
LOCK: Final = "forecasts"
"""Whoever runs holds it, so that nothing is forecast twice at a time."""

Outcome = Literal["issued", "no_things", "not_called_for", "too_little_history", "beats_nothing"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What became of a product."""

    product: Product
    outcome: Outcome
    span: timedelta = timedelta()
    """Of the history that there is."""
    scores: Sequence[Score] = ()
    """Those taken in this run."""
    issued: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """How a run is made: the time, the random seed, and what is left out."""

    now: datetime
    seed: int = SEED
    score: bool = False
    """Score in any case, not only when it is due."""
    dry_run: bool = False


def run(
    conn: db.Connection, domains: Mapping[str, Domain], how: Run, products: Iterable[Product] = PRODUCTS
) -> list[Done]:
    """All that there is, or the given products. Raises db.DatabaseUnreachable."""
    city = load_city(conn, domains)
    done = []
    for product in [*PRODUCTS, *made_by_others(domains)] if products is None else products:
        domain = domains.get(product.domain)
        observed = domain.properties.get(product.property) if domain else None
        if observed is None or observed.forecast_of != product.forecast_of:
            continue  # a catalogue without it, or with another meaning
        one = _one(conn, city, product, observed, how)
        log.info("forecast property=%s outcome=%s values=%d", product.property, one.outcome, one.issued)
        done.append(one)
    return done


def _one(conn: db.Connection, city: City, product: Product, observed: Property, how: Run) -> Done:
    """1. Score when due. 2. Nothing more where no lead may be shown. 3. Fit on all of the history and issue."""
    found = load.inputs(city, product)
    if not found.target:
        return Done(product=product, outcome="no_things")
    newest = forecasts.newest_scores(conn)
    due = how.score or _is_due(newest, product, how.now)
    if not due and not _may_beat(newest, product):
        return Done(product=product, outcome="beats_nothing")
    called_for = load.is_called_for(conn, product, found, how.now)
    if not due and not called_for:
        return Done(product=product, outcome="not_called_for")
    loaded = load.load(conn, product, found, how.now)
    if loaded is None:
        return Done(product=product, outcome="too_little_history")
    enough = loaded.span >= product.history_least
    scores = _scores(conn, city, loaded, product, observed, how, enough=enough) if due else []
    if not enough:
        return Done(product=product, outcome="too_little_history", span=loaded.span, scores=scores)
    made = pd.DataFrame()
    if called_for and product.method is not None:
        made = _forecast(loaded, product, observed, [*newest, *scores], how)
    written = _write(conn, city, product, observed, loaded, made, how)
    outcome: Outcome = "issued" if written else "beats_nothing" if called_for else "not_called_for"
    return Done(product=product, outcome=outcome, span=loaded.span, scores=scores, issued=written)


def _is_due(scores: Iterable[Score], product: Product, now: datetime) -> bool:
    """By the last score of our own model, or of anybody's where we have none."""
    mine = [
        score.scored_at
        for score in scores
        if (score.domain, score.property) == (product.domain, product.property)
        and (product.method is None or (score.model, score.basis) == (product.model, "held_out"))
    ]
    return not mine or now - max(mine) >= SCORED_EVERY


def _may_beat(scores: Iterable[Score], product: Product) -> bool:
    deciding = forecasts.deciding(scores).get((product.domain, product.property, product.model), [])
    return any(score.beats_both() for score in deciding)


def _scores(
    conn: db.Connection,
    city: City,
    loaded: Loaded,
    product: Product,
    observed: Property,
    how: Run,
    *,
    enough: bool,
) -> list[Score]:
    """Of our model where there is enough to fit it, and of all that was issued; written unless it is a dry run."""
    scores = _issued(conn, city, loaded, product, how)
    if enough and product.method is not None:
        scores = [*_held_out(loaded, product, observed, how), *scores]
    if scores and not how.dry_run:
        with conn.transaction():
            forecasts.write_scores(conn, scores)
    return scores


def _held_out(loaded: Loaded, product: Product, observed: Property, how: Run) -> list[Score]:
    found = held_out(loaded.history, product, possible=_possible(observed), seed=how.seed)
    if found is None:
        return []
    return [
        replace(
            _score(product, group, loaded, how, level=LEVEL),
            trained_from=found.trained_from.to_pydatetime(),
            trained_to=found.split.to_pydatetime(),
            held_out_from=found.split.to_pydatetime(),
            held_out_to=found.held_out_to.to_pydatetime(),
        )
        for group in found.groups
    ]


def _issued(conn: db.Connection, city: City, loaded: Loaded, product: Product, how: Run) -> list[Score]:
    """Ours and others', each model by what it issued in the last days."""
    since = loaded.until - forecasts.VERIFIED_OVER
    streams = _streams(city, product)
    frame = verify.as_frame(forecasts.issued(conn, streams, since, loaded.until), streams)
    return [
        replace(
            _score(product, group, loaded, how, level=_level(issues)),
            model=str(model),
            basis="issued",
            held_out_from=issues["time"].min().to_pydatetime(),
            held_out_to=issues["time"].max().to_pydatetime(),
        )
        for model, issues in frame.groupby("model")
        for group in verify.verify(issues, loaded.history.target, product)
    ]


def _streams(city: City, product: Product) -> dict[int, str]:
    """The Datastreams that hold the forecast, with their Things."""
    found = {thing: of.get(product.property) for thing, of in city.streams.items()}
    return {row.id: thing for thing, row in found.items() if row is not None}


def _level(issues: pd.DataFrame) -> float | None:
    level = issues["level"].median()
    return None if pd.isna(level) else float(level)


def _score(product: Product, group: GroupScore, loaded: Loaded, how: Run, *, level: float | None) -> Score:
    """Of our own model on held-out data; where it is another's or of issues, the caller says so."""
    return Score(
        scored_at=how.now,
        domain=product.domain,
        property=product.property,
        model=product.model,
        basis="held_out",
        lead_from_h=product.hours(group.lead_from),
        lead_to_h=product.hours(group.lead_to),
        n=group.n,
        mae=group.mae,
        mae_persistence=group.mae_persistence,
        mae_climatology=group.mae_climatology,
        coverage=group.coverage,
        level=None if group.coverage is None else level,
        trained_from=None,
        trained_to=None,
        held_out_from=loaded.until,
        held_out_to=loaded.until,
        provenance=loaded.provenance.value,
    )


def _forecast(
    loaded: Loaded, product: Product, observed: Property, scores: Iterable[Score], how: Run
) -> pd.DataFrame:
    """From the newest step, at the leads that may be shown; fitted on all that is known. Empty where there are none."""
    deciding = forecasts.deciding(scores).get((product.domain, product.property, product.model), [])
    leads = {
        lead
        for lead in product.leads
        if forecasts.may_be_shown(deciding, product.hours(lead), loaded.provenance.value)
    }
    issued = examples(loaded.history, product, since=pd.Timestamp(loaded.until))
    issued = issued[issued["lead"].isin(leads) & (issued["time"] > how.now)]
    if issued.empty:
        return issued
    past = examples(loaded.history, product, most=MOST_EXAMPLES, seed=how.seed).dropna(subset=["outcome"])
    if past.empty:
        return past
    model = trees.fit(past, method(product), possible=_possible(observed), seed=how.seed)
    return pd.concat([issued, model.forecast(issued)], axis=1)


def _possible(observed: Property) -> tuple[float, float]:
    low, high = observed.possible.low, observed.possible.high
    return (float("-inf") if low is None else max(low, 0.0)), (float("inf") if high is None else high)


def _write(
    conn: db.Connection,
    city: City,
    product: Product,
    observed: Property,
    loaded: Loaded,
    made: pd.DataFrame,
    how: Run,
) -> int:
    """As ordinary observations; a Thing for which somebody else forecasts keeps that forecast."""
    if made.empty:
        return 0
    others = _forecast_by_others(conn, city, product, how.now)
    records: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in made.to_dict("records")]
    rows = [row for row in records if row["thing"] not in others]
    if how.dry_run:
        return len(rows)
    with conn.transaction():
        ids = {
            thing: things.ensure_datastream(conn, thing, observed) for thing in {row["thing"] for row in rows}
        }
        batch = [_observation(ids[row["thing"]], row, product, loaded, how.now) for row in rows]
        observations.write(conn, batch, expect_new=False)
    return len(rows)


def _forecast_by_others(conn: db.Connection, city: City, product: Product, now: datetime) -> set[str]:
    streams = _streams(city, product)
    ahead = forecasts.ahead(conn, streams, now)
    return {streams[v.datastream_id] for v in ahead if (v.parameters or {}).get("model") != product.model}


def _observation(
    datastream_id: int, row: Mapping[str, Any], product: Product, loaded: Loaded, now: datetime
) -> Observation:
    return Observation(
        datastream_id=datastream_id,
        phenomenon_time=row["time"].to_pydatetime(),
        result_time=now,
        result=round(float(row["middle"]), 2),
        quality=Quality.NOT_EVALUATED,
        provenance=Provenance.FORECAST,
        input_provenance=loaded.provenance,
        parameters={
            "model": product.model,
            "lead_h": product.hours(int(row["lead"])),
            "low": round(float(row["low"]), 2),
            "high": round(float(row["high"]), 2),
            "level": LEVEL,
            "from": loaded.until.isoformat(),
        },
    )
