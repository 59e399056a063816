"""What may be shown of the time to come, and the scores that say so; read again and again beside the change feed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from dashboard.data import City, CityView, Watch
from storage import db, forecasts
from storage.forecasts import ForecastValue, Score, ShownForecast
from storage.observations import HistoryValue
from storage.things import DatastreamRow

EVERY: Final = timedelta(seconds=5)


class ForecastBoard:
    """The newest scores; the forecasts themselves are in the city's view."""

    def __init__(self, city: City) -> None:
        self.scores: tuple[Score, ...] = ()
        self.models: Mapping[tuple[str, str], set[str]] = {}
        """(domain, property) → who has a forecast of a time to come there, scored or not."""
        self._city = city

    @property
    def watch(self) -> Watch:
        """Give it to the CityFeed."""
        return Watch(every=EVERY, look=self._look)

    def _look(self, conn: db.Connection, now: datetime) -> None:
        self.scores = tuple(forecasts.newest_scores(conn))
        view = self._city.view
        streams = [stream for stream in view.streams.values() if view.forecast_of(stream) is not None]
        ahead = forecasts.ahead(conn, [stream.id for stream in streams], now) if streams else []
        self.models = foretelling(view, ahead)
        self._city.set_forecasts(shown(view, self.scores, ahead))


def shown(
    view: CityView, scores: Iterable[Score], ahead: Iterable[HistoryValue]
) -> dict[str, Sequence[ShownForecast]]:
    """By Thing the forecasts whose model beats both baselines at their leads. Pure."""
    by_model = forecasts.deciding(scores)
    by_stream: defaultdict[int, list[HistoryValue]] = defaultdict(list)
    for value in ahead:
        by_stream[value.datastream_id].append(value)
    found: defaultdict[str, list[ShownForecast]] = defaultdict(list)
    for id, values in by_stream.items():
        stream = view.streams[id]
        one = _of_stream(view, stream, by_model, values)
        if one is not None:
            found[stream.thing_id].append(one)
    return dict(found)


def foretelling(view: CityView, ahead: Iterable[HistoryValue]) -> dict[tuple[str, str], set[str]]:
    """(domain, property) → the models of these forecasts. Pure."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for value in ahead:
        stream = view.streams[value.datastream_id]
        model = (value.parameters or {}).get("model")
        if model is not None:
            found[view.things[stream.thing_id].domain, stream.property].add(str(model))
    return dict(found)


def _of_stream(
    view: CityView,
    stream: DatastreamRow,
    by_model: Mapping[tuple[str, str, str], Sequence[Score]],
    values: Sequence[HistoryValue],
) -> ShownForecast | None:
    """Of several models the one that shows most."""
    domain = view.things[stream.thing_id].domain
    scores = {m: of for (d, p, m), of in by_model.items() if (d, p) == (domain, stream.property)}
    by_shown = forecasts.shown_values(values, scores)
    if not by_shown:
        return None
    model = max(sorted(by_shown), key=lambda one: len(by_shown[one]))
    chosen = by_shown[model]
    return ShownForecast(
        datastream_id=stream.id,
        property=stream.property,
        forecast_of=view.forecast_of(stream) or "",
        unit=stream.unit,
        model=model,
        input_provenance=chosen[0].input_provenance,
        values=tuple(map(_value, chosen)),
        is_whole=len(chosen) == len(values),
    )


def _value(value: HistoryValue) -> ForecastValue:
    said = value.parameters or {}
    return ForecastValue(
        time=value.phenomenon_time,
        issued=value.result_time,
        result=value.result,
        low=said.get("low"),
        high=said.get("high"),
        level=said.get("level"),
    )
