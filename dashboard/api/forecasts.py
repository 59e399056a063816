"""/forecasts: how good each forecast is, and what may be shown of the time to come."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard.api import problems
from dashboard.api.answers import json_answer
from dashboard.api.schema import ForecastCatalogue, ThingForecasts
from dashboard.api.site import Site
from dashboard.api.things import ThingId
from dashboard.data import CityView
from storage import forecasts
from storage.forecasts import Score, ShownForecast
from storage.model import Provenance


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["forecasts"])

    @routes.get(
        "/forecasts",
        response_model=ForecastCatalogue,
        summary="Every forecast, its models and how they compare with persistence and the same hour before",
    )
    async def list_forecasts() -> Response:
        """A model without scores was not scored yet."""
        items = list(_properties(site.city.view, site.forecasts.scores, site.forecasts.models))
        return json_answer({"items": items}, max_age_s=5)

    @routes.get(
        "/forecasts/{id}",
        response_model=ThingForecasts,
        summary="What may be shown of a Thing's time to come",
        responses={404: problems.DOCUMENTED[404], 422: problems.DOCUMENTED[422]},
    )
    async def get_forecasts(id: ThingId) -> Response:
        """Only forecasts whose model beats both baselines at their lead."""
        view = site.city.view
        if id not in view.things:
            problems.not_found(f"there is no Thing '{id}'")
        items = [_forecast(one) for one in view.forecasts.get(id, ())]
        return json_answer({"thing": id, "items": items}, max_age_s=5)

    return routes


def _properties(
    view: CityView, scores: Iterable[Score], foretelling: Mapping[tuple[str, str], Collection[str]]
) -> Iterator[dict[str, Any]]:
    """By the catalogue, so that a forecast that was never scored stands there too."""
    by_property: defaultdict[tuple[str, str], list[Score]] = defaultdict(list)
    for score in scores:
        by_property[score.domain, score.property].append(score)
    for domain in view.domains.values():
        for key, observed in domain.properties.items():
            if observed.forecast_of is not None:
                yield {
                    "domain": domain.key,
                    "property": key,
                    "forecast_of": observed.forecast_of,
                    "name": {"vi": observed.name.vi, "en": observed.name.en},
                    "unit": observed.unit,
                    "models": list(
                        _models(by_property[domain.key, key], foretelling.get((domain.key, key), ()))
                    ),
                }


def _models(scores: Sequence[Score], foretelling: Collection[str]) -> Iterator[dict[str, Any]]:
    """Also who foretells and has no score yet: whoever sends forecasts sees at once that they arrived."""
    deciding = forecasts.deciding(scores)
    for model in sorted({score.model for score in scores} | set(foretelling)):
        decide = next((of for (_, _, name), of in deciding.items() if name == model), [])
        yield {
            "model": model,
            "shown": any(score.beats_both() for score in decide),
            "scores": [_score(score, score in decide) for score in scores if score.model == model],
        }


def _score(score: Score, decides: bool) -> dict[str, Any]:
    row = {key: value for key, value in asdict(score).items() if key not in ("domain", "property", "model")}
    return row | {
        "skill_persistence": score.skill_persistence(),
        "skill_climatology": score.skill_climatology(),
        "beats_both": score.beats_both(),
        "decides": decides,
    }


def _forecast(one: ShownForecast) -> dict[str, Any]:
    return {
        "property": one.property,
        "forecast_of": one.forecast_of,
        "datastream_id": one.datastream_id,
        "unit": one.unit,
        "model": one.model,
        "provenance": Provenance.FORECAST.value,
        "input_provenance": one.input_provenance,
        "items": [asdict(value) for value in one.values],
    }
