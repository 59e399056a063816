"""The last 48 hours step by step: every step shows what the live map would have shown then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboard import replay
from dashboard.replay import SPAN, STEP, STEPS, Shown
from storage.model import Provenance, Quality
from storage.past import PastExtent, StepValue
from tests.dashboard.small_city import STREAMS, thing, view

END = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POINT = Shown(
    thing=thing("tong-dan", "flood", "flood_point"), stream=STREAMS["tong-dan", "water_depth"], interval_s=60
)
TRIANGLE = [[105.85, 21.02], [105.86, 21.02], [105.86, 21.03], [105.85, 21.02]]
LAST = STEPS - 1


def heard(minutes_before_end: float, result: float, quality: int = Quality.GOOD) -> StepValue:
    """A value, as the newest of its step."""
    at = END - minutes_before_end * MINUTE
    behind = (at - END) % STEP
    return StepValue(
        datastream_id=POINT.stream.id,
        step_end=at if not behind else at - behind + STEP,
        phenomenon_time=at,
        result=result,
        quality=quality,
        provenance=Provenance.SIMULATED,
    )


def said(minutes_before_end: float, *depths: float, kind: str = "Polygon") -> PastExtent:
    rings = [TRIANGLE]
    coordinates = rings if kind == "Polygon" else [rings, rings]
    return PastExtent(
        thing_id="tong-dan",
        phenomenon_time=END - minutes_before_end * MINUTE,
        features=[
            {"geometry": {"type": kind, "coordinates": coordinates}, "properties": {"depth_cm": depth}}
            for depth in depths
        ],
        provenance=Provenance.MEASURED,
    )


def played(*values: StepValue, extents: tuple[PastExtent, ...] = ()) -> dict[str, Any]:
    return replay.document([POINT], values, extents, END, END + MINUTE)


def row(*values: StepValue) -> dict[str, Any]:
    found: dict[str, Any] = played(*values)["things"][0]
    return found


def test_the_document_has_a_step_every_five_minutes_of_48_hours() -> None:
    found = played()
    assert (found["from"], found["to"], found["steps"]) == (END - SPAN, END, 577)
    assert replay.last_step(END + timedelta(minutes=4, seconds=59)) == END
    assert replay.last_step(END + STEP) == END + STEP


def test_a_value_is_shown_at_its_step_and_for_three_intervals() -> None:
    """Of a point that reports every minute: what is older than three is silence, and silence is no zero."""
    results = row(heard(11, 12.0), heard(4, 33.0), heard(2, 0.0))["results"]
    assert results[LAST - 3 :] == [None, 12.0, None, 0.0]
    assert set(results[: LAST - 2]) == {None}


def test_a_suspect_value_is_shown_and_said_to_be_doubtful_and_a_missing_one_is_silence() -> None:
    found = row(heard(10, 190.0, Quality.SUSPECT), heard(5, 5.0), heard(0, 9.0, Quality.MISSING))
    assert found["results"][LAST - 2 :] == [190.0, 5.0, None]
    assert found["doubtful"] == [LAST - 2]


def test_an_area_is_shown_until_the_next_one_or_for_an_hour() -> None:
    extents = (said(20), said(30, 40.0), said(300, 25.0))
    [newest, oldest] = played(extents=extents)["extents"]
    assert (newest["first"], newest["behind"]) == (LAST - 6, LAST - 4)
    assert (oldest["first"], oldest["behind"]) == (LAST - 60, LAST - 47)
    assert newest["polygons"] == [{"depth_cm": 40.0, "rings": [TRIANGLE]}]


def test_several_polygons_are_all_there_and_what_is_between_steps_begins_with_the_next() -> None:
    [area] = played(extents=(said(3, 20.0, kind="MultiPolygon"),))["extents"]
    assert (area["first"], area["behind"]) == (LAST, LAST + 1)
    assert len(area["polygons"]) == 2


def test_an_area_from_before_the_first_step_is_there_at_the_first() -> None:
    before = SPAN / MINUTE + 30
    [area] = played(extents=(said(before, 20.0),))["extents"]
    assert (area["first"], area["behind"]) == (0, 6 + 1)


def test_too_many_corners_leave_out_the_oldest_areas_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MOST_CORNERS", 4)
    found = played(extents=(said(30, 40.0), said(90, 25.0)))
    assert [area["time"] for area in found["extents"]] == [END - 30 * MINUTE]
    assert found["extents_complete"] is False


def test_things_with_a_mark_and_a_headline_are_played_back() -> None:
    city = view()
    shown = replay.shown(city, [city.domains["flood"], city.domains["parking"]])
    assert [(one.thing.id, one.stream.property, one.interval_s) for one in shown] == [
        ("tong-dan", "water_depth", 60)
    ]
    assert replay.longest_hold(shown) == 3 * MINUTE
