"""What somebody said in a report, and which reports may be of the same thing: no database, no network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.citizen_forms.unfit import Unfit
from dashboard.control_room.near_reports import near
from dashboard.reporting import texts
from dashboard.reporting.said import Said, report, where
from storage.citizen_reports import SERVICE_NAMES, PlaceBy, ReportRow, Service, State
from tests.dashboard.small_city import view

CITY = view()

SAID = Said(service="flood", lat="21.0285", lon="105,8542", description=" Nước\r\nngập ")
AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ROW = ReportRow(
    id=1,
    number="00000001",
    service="flood",
    lat=21.0285,
    lon=105.8542,
    place="point",
    place_id=None,
    description="x",
    language="vi",
    channel="page",
    requested_at=AT,
    updated_at=AT,
    state="new",
    status="open",
    merged_into=None,
    text_shown=None,
    photo_shown=False,
    shown_until=None,
    answer_vi=None,
    answer_en=None,
    reason=None,
    moderated_at=None,
    moderated_by=None,
    closed_at=None,
    closed_by=None,
    contact=None,
    has_photo=False,
    merged_count=0,
)
METRE = 1 / 111_195  # degrees of latitude: a quarter of a meridian is 10,007.5 km by a sphere of 6,371 km


def test_a_report_as_people_write_it() -> None:
    made = report(SAID, CITY, language="vi", channel="page")
    assert (made.service, made.lat, made.lon, made.place, made.place_id) == (
        Service.FLOOD,
        21.0285,
        105.8542,
        PlaceBy.POINT,
        None,
    )
    assert (made.description, made.contact) == ("Nước\nngập", None)


def test_a_place_is_a_point_or_else_a_thing_or_else_a_ward() -> None:
    said = replace(SAID, lat="", lon="", thing="tong-dan", ward="00070")
    by_thing = report(said, CITY, language="vi", channel="page")
    assert (by_thing.lat, by_thing.lon, by_thing.place, by_thing.place_id) == (
        21.03,
        105.85,
        "thing",
        "tong-dan",
    )
    by_ward = report(replace(SAID, lat=" ", lon="", ward="00070"), CITY, language="vi", channel="page")
    assert (by_ward.place, by_ward.place_id) == ("ward", "00070")
    assert where("ward", "00070", None, None, CITY) == {"vi": "Phường Hoàn Kiếm", "en": "Hoan Kiem ward"}
    assert where("thing", "tong-dan", None, None, CITY)["en"] == "tong-dan (en)"
    assert where("point", None, None, None, CITY) == {}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"service": ""}, "service", "missing"),
        ({"service": "pothole"}, "service", "unknown"),
        ({"lat": "", "lon": ""}, "place", "missing"),
        ({"lat": "21.0285", "lon": ""}, "place", "unknown"),
        ({"lat": "nan"}, "place", "unknown"),
        ({"lat": "1e9"}, "place", "unknown"),
        ({"lat": "٢١"}, "place", "unknown"),
        ({"lat": "10.77"}, "place", "outside"),
        ({"lat": "", "lon": "", "thing": "nowhere"}, "place", "unknown"),
        ({"lat": "", "lon": "", "ward": "99999"}, "place", "unknown"),
        ({"description": " \n\t "}, "description", "missing"),
        ({"description": "\x00\x01"}, "description", "missing"),
        ({"description": "x" * 2001}, "description", "long"),
        ({"contact": "x" * 201}, "contact", "long"),
        ({"trap": "https://buy.example"}, "trap", "trap"),
    ],
)
def test_what_can_not_be_is_named(change: dict[str, str], field: str, code: str) -> None:
    with pytest.raises(Unfit) as unfit:
        report(replace(SAID, **change), CITY, language="vi", channel="page")
    assert (unfit.value.field, unfit.value.code) == (field, code)


def test_signs_that_turn_a_text_around_are_taken_out() -> None:
    made = report(replace(SAID, description="a\u202eb\x00c"), CITY, language="vi", channel="page")
    assert made.description == "a b c"


def other(number: int, **change: object) -> ReportRow:
    return replace(ROW, id=number, number=f"{number:08d}", **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "is_near"),
    [
        ({}, True),
        ({"lat": 21.0285 + 199 * METRE}, True),
        ({"lat": 21.0285 + 201 * METRE}, False),
        ({"requested_at": AT - timedelta(hours=2)}, True),
        ({"requested_at": AT - timedelta(hours=2, seconds=1)}, False),
        ({"service": "smoke"}, False),
        ({"state": "confirmed"}, True),
        ({"status": "closed", "state": "rejected"}, False),
        (
            {"requested_at": AT + timedelta(minutes=1)},
            False,
        ),  # it will be put to this one, not this one to it
        ({"requested_at": AT + timedelta(minutes=1), "state": "confirmed"}, True),
        ({"place": "ward", "place_id": "00070"}, False),
    ],
)
def test_near_is_the_same_kind_within_200_metres_and_two_hours(
    change: dict[str, object], is_near: bool
) -> None:
    assert bool(near(replace(ROW, id=9), [other(2, **change)])) is is_near


def test_of_two_that_wait_one_is_put_to_the_other() -> None:
    first, second = other(1), other(2, requested_at=AT + timedelta(minutes=5))
    assert near(first, [first, second]) == []
    assert [one.report.id for one in near(second, [first, second])] == [1]


def test_two_who_named_the_same_ward_may_mean_the_same() -> None:
    first, second = other(1, place="ward", place_id="00070"), other(2, place="ward", place_id="00070")
    [found] = near(second, [first])
    assert found.distance_m is None
    assert near(other(3, place="ward", place_id="00004"), [first]) == []


def test_the_likeliest_comes_first() -> None:
    found = near(
        other(9, requested_at=AT + timedelta(hours=1)),
        [
            other(1, lat=21.0285 + 150 * METRE),
            other(2, lat=21.0285 + 10 * METRE),
            other(3, lat=21.0285 + 190 * METRE, state=State.CONFIRMED),
        ],
    )
    assert [one.report.id for one in found] == [3, 2, 1]
    assert [round(one.distance_m or 0) for one in found] == [190, 10, 150]


def test_every_text_is_in_both_languages() -> None:
    for table in (texts.TEXTS, texts.STATUS_NOTES, texts.SERVICE_ABOUT, SERVICE_NAMES):
        for text in table.values():
            assert text.vi.strip()
            assert text.en.strip()
            assert text.vi != text.en
    assert set(SERVICE_NAMES) == set(texts.SERVICE_ABOUT) == set(Service)
    assert set(State) <= set(texts.STATUS_NOTES)
