"""What the overview shows while it is played: one moment whole, then what changes from step to step. Pure.

Each step is made as the live page is: by the same functions from a picture of the city, only that it is of then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.control_room.language import Language
from dashboard.control_room.on_duty import ShownDuty
from dashboard.control_room.overview import Overview, overview
from dashboard.control_room.room import RoomView
from dashboard.control_room.texts import say
from dashboard.data import CityView
from dashboard.map_snapshot import feature_collection

SPEEDS: Final = (1, 10, 60, 300)
"""Seconds of then in one second of now."""
STEPS: Final = 10
"""Of one answer; at most, since nothing is told of what has not been yet."""
SHORTEST: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(minutes=5)
_AGES: Final = ("age_s",)
"""They grow by themselves and are no change."""

Maps = Mapping[str, Mapping[str, Any]]
Feature = Mapping[str, Any]


def maps(view: CityView, at: datetime) -> dict[str, dict[str, Any]]:
    """The map of every domain."""
    return {key: feature_collection(view, domain, at, bays=False) for key, domain in view.domains.items()}


def changed(before: Maps, after: Maps) -> Iterator[dict[str, Any]]:
    """By domain the features that look different, whole, and the ids of those that are gone."""
    for key, collection in after.items():
        was = {one["id"]: _lasting(one) for one in before[key]["features"]} if key in before else {}
        now = {one["id"]: one for one in collection["features"]}
        features = [one for name, one in now.items() if was.get(name) != _lasting(one)]
        gone = [name for name in was if name not in now]
        if features or gone:
            yield {"domain": key, "features": features, "gone": gone}


def _lasting(feature: Feature) -> dict[str, Any]:
    properties = {key: value for key, value in feature["properties"].items() if key not in _AGES}
    return {**feature, "properties": properties}


def shown(view: CityView, room: RoomView, at: datetime, language: Language) -> Overview:
    """As the overview page shows it, in the words of a replay: nothing of it is 'live' or 'now'."""
    found = overview(view, room, connected=True, now=at, language=language)
    link = say(f"past_link_{found.link}", language)
    return replace(
        found,
        link_word=link,
        duty=_duty(found.duty, room, language),
        ingest_word=say("past_unknown", language),
    )


def _duty(found: ShownDuty, room: RoomView, language: Language) -> ShownDuty:
    """By today's roster; without one nobody can tell who was on duty."""
    then = say("past_on_call", language)
    if room.duty is None or not room.duty.rosters:
        return ShownDuty(kind="off", words=f"{then}: {say('past_unknown', language)}", fault=None)
    return replace(found, words=found.words.replace(say("on_call", language), then, 1))
