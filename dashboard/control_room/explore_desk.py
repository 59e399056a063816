"""What people look up when they draw any series together. Blocking: for a thread."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from dashboard.control_room import csv_text, explore_series, thing_view, time_range
from dashboard.control_room.csv_text import Download
from dashboard.control_room.explore_series import One
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.thing_series import Series
from dashboard.control_room.time_range import Range
from dashboard.data import CityView
from dashboard.figures.shared_axis import MOST
from storage import observations
from storage.folding import folded
from storage.model import Property
from storage.observations import Step
from storage.things import DatastreamRow, ThingRow

OFFERED: Final = 40
"""So many series a search offers."""
MOST_WORDS: Final = 8
_CONNECT_S: Final = 5.0
_STEPS: Final[tuple[Step, ...]] = ("raw", "1h", "1d")

Chosen = Sequence[tuple[ThingRow, DatastreamRow, Property]]


class ExploreDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def streams(self, asked: Mapping[str, str], shown: Language) -> dict[str, Any]:
        """Series of which every word of `words` begins a word of the Thing's or the property's name, or the id."""
        view = self._view()
        words = folded(asked.get("words", "")[:200]).split()[:MOST_WORDS]
        found = [
            (thing, observed)
            for thing in view.things.values()
            if thing.domain in view.domains
            for _, observed in thing_view.offered(thing, view)
            if fits(words, thing, observed)
        ]
        found.sort(key=lambda one: (one[0].parent_id is not None, folded(thing_view.name(one[0], shown))))
        offered = [
            {
                "key": f"{thing.id}:{observed.key}",
                "thing": thing_view.name(thing, shown),
                "property": observed.name.in_language(shown),
                "domain": view.domains[thing.domain].name.in_language(shown),
            }
            for thing, observed in found[:OFFERED]
        ]
        return {"offered": offered, "count": len(found)}

    def drawn(self, asked: Mapping[str, str], shown: Language) -> dict[str, Any]:
        """`asked`: series as thing:property parted by commas, and the span as time_range reads it."""
        now = self._parts.clock()
        found, span = self._found(asked, now)
        return explore_series.answer(found, span, now, shown)

    def csv(self, asked: Mapping[str, str]) -> Download:
        """As `drawn`; `for` is empty or excel."""
        form = asked.get("for", "")
        if form not in ("", "excel"):
            raise Refused(422, "csv_form", form=form[:20])
        found, span = self._found(asked, self._parts.clock())
        content = explore_series.for_excel(found) if form else explore_series.plain(found)
        return Download(name=f"explore_{csv_text.days(span.start, span.end)}.csv", content=content)

    def _found(self, asked: Mapping[str, str], now: datetime) -> tuple[list[One], Range]:
        view = self._view()
        chosen = chosen_of(view, asked.get("series", ""))
        span = time_range.asked(asked, now)
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            histories = [observations.series(conn, one, span.start, span.end) for _, one, _ in chosen]
            step: Step = max((one.step for one in histories), key=_STEPS.index, default="raw")
            histories = [
                one
                if one.step == step
                else observations.series(conn, stream, span.start, span.end, step=step)
                for one, (_, stream, _) in zip(histories, chosen, strict=True)
            ]
        found = [
            One(
                thing=thing,
                series=Series(
                    observed=observed,
                    interval_s=thing_view.interval_s(stream, thing),
                    range=span,
                    history=history,
                    rules=(),
                    notes=(),
                ),
                newest=view.newest.get(stream.id),
            )
            for (thing, stream, observed), history in zip(chosen, histories, strict=True)
        ]
        return found, span

    def _view(self) -> CityView:
        view = self._parts.city.view
        if view.loaded_at is None:
            raise Refused(503, "database")
        return view


def chosen_of(view: CityView, asked: str) -> Chosen:
    """Each of the series thing:property once. Raises Refused naming the one that is not there, or too many."""
    keys = list(dict.fromkeys(key for key in asked[:2000].split(",") if key))
    if len(keys) > MOST:
        raise Refused(422, "explore_many", most=str(MOST))
    found = []
    for key in keys:
        thing_id, _, name = key.partition(":")
        thing = view.things.get(thing_id)
        if thing is None or thing.domain not in view.domains:
            raise Refused(404, "no_thing", thing=thing_id[:64])
        one = next((one for one in thing_view.offered(thing, view) if one[0].property == name), None)
        if one is None:
            raise Refused(404, "no_property", thing=thing_id, property=name[:64])
        found.append((thing, *one))
    return found


def fits(words: Sequence[str], thing: ThingRow, observed: Property) -> bool:
    names = (thing.name_vi, thing.name_en, thing.id, observed.name.vi, observed.name.en, observed.key)
    sought = " " + folded(" ".join(names)).replace("-", " ").replace("(", " ").replace(",", " ")
    return all(f" {word}" in sought for word in words)
