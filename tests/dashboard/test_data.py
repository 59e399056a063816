"""The city in memory: which values become what is shown."""

from dataclasses import replace
from datetime import timedelta

import msgspec

from dashboard.data import City, is_simulated
from storage.manual import Hold
from tests.dashboard.small_city import NOW, STREAMS, THINGS, thing, value, view

OLDER = NOW - timedelta(minutes=5)
HOUR = timedelta(hours=1)


def test_a_newer_value_replaces_what_is_shown() -> None:
    city, news = view([value("hoan-kiem", "pm2_5", 30, at=OLDER)]).with_values(
        [value("hoan-kiem", "pm2_5", 40)]
    )
    assert [item.result for item in news] == [40]
    shown = city.value_of("hoan-kiem", "pm2_5")
    assert shown is not None
    assert shown.result == 40


def test_a_late_value_changes_nothing_that_is_shown() -> None:
    before = view([value("hoan-kiem", "pm2_5", 40)])
    city, news = before.with_values([value("hoan-kiem", "pm2_5", 30, at=OLDER)])
    assert news == []
    assert city is before


def test_a_backfill_of_a_day_is_at_most_one_value_a_datastream() -> None:
    day = [value("hoan-kiem", "pm2_5", n, at=NOW - timedelta(minutes=5 * (288 - n))) for n in range(289)]
    _, news = view().with_values(day)
    assert [(item.result, item.phenomenon_time) for item in news] == [(288, NOW)]


def test_a_correction_of_the_newest_value_is_news_and_the_same_again_is_not() -> None:
    first = value("hoan-kiem", "pm2_5", 40)
    corrected = msgspec.structs.replace(first, result=41.0, result_time=NOW + timedelta(hours=1))
    city, news = view([first]).with_values([corrected])
    assert [item.result for item in news] == [41]
    assert city.with_values([corrected])[1] == []


def test_values_of_unknown_datastreams_are_left_out() -> None:
    stranger = msgspec.structs.replace(value("hoan-kiem", "pm2_5", 40), datastream_id=999)
    assert view().with_values([stranger])[1] == []


def test_a_view_that_somebody_holds_stays_as_it_is() -> None:
    city = City(view().domains)
    city.set_things(THINGS, STREAMS.values())
    held = city.view
    city.take([value("hoan-kiem", "pm2_5", 40)])
    assert held.newest == {}
    assert len(city.view.newest) == 1
    assert city.view.version > held.version


def test_things_read_again_without_a_change_are_no_new_version() -> None:
    before = view()
    assert before.with_things(THINGS, STREAMS.values()) is before


def test_a_thing_that_is_added_or_renamed_is_there_with_its_domain() -> None:
    renamed = [replace(one, name_vi="Tên mới") if one.id == "tong-dan" else one for one in THINGS]
    city = view().with_things([*renamed, thing("meter-1", "noise", "meter")], STREAMS.values())
    assert city.things["tong-dan"].name_vi == "Tên mới"
    assert [one.id for one in city.things_of["noise"]] == ["meter-1"]


def test_datastreams_of_things_that_are_not_public_are_not_kept() -> None:
    city = view().with_things([one for one in THINGS if one.id != "hoan-kiem"], STREAMS.values())
    assert "hoan-kiem" not in city.streams_of
    assert STREAMS["hoan-kiem", "pm2_5"].id not in city.streams


def test_a_value_derived_from_simulated_ones_counts_as_simulated() -> None:
    assert is_simulated(value("hoan-kiem", "vn_aqi", 80, provenance="derived", input_provenance="simulated"))
    assert is_simulated(value("hoan-kiem", "pm2_5", 80, provenance="simulated"))
    assert not is_simulated(
        value("hoan-kiem", "vn_aqi", 80, provenance="derived", input_provenance="measured")
    )


def test_a_value_by_hand_has_its_expiry_whether_it_or_the_entry_is_read_first() -> None:
    said = value("tong-dan", "water_depth", 40, provenance="manual")
    hold = Hold(thing_id="tong-dan", property="water_depth", phenomenon_time=NOW, expires_at=NOW + HOUR)
    first, news = view([said]).with_holds([hold])
    assert [one.expires_at for one in news] == [NOW + HOUR]
    then, _ = view().with_holds([hold])
    later, _ = then.with_values([said])
    assert first.newest == later.newest
    cancelled, news = first.with_holds([replace(hold, expires_at=NOW)])
    assert [(one.result, one.expires_at) for one in news] == [(40, NOW)]
    assert cancelled.with_holds([replace(hold, expires_at=NOW)]) == (cancelled, [])


def test_an_expiry_is_of_no_other_value() -> None:
    hold = Hold(thing_id="tong-dan", property="water_depth", phenomenon_time=NOW, expires_at=NOW + HOUR)
    for other in (
        value("tong-dan", "water_depth", 3),
        value("tong-dan", "water_depth", 3, at=NOW + HOUR, provenance="manual"),
    ):
        shown, news = view([other]).with_holds([hold])
        assert news == []
        assert [one.expires_at for one in shown.newest.values()] == [None]
