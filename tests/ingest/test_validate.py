"""Validation against the shipped catalogue: what is refused, what is suspect, what is good."""

from datetime import UTC, datetime, timedelta

import pytest

from ingest.model import Reading
from ingest.validate import Checked, Known, check
from ingest.wire import MessageKind, Topic
from storage.model import Domain, Provenance, Quality

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
STATION = Topic("air_quality", "trung-yen-3", MessageKind.OBSERVATIONS)


@pytest.fixture
def known(domains: dict[str, Domain]) -> Known:
    return Known(
        domains=domains,
        things={("air_quality", "trung-yen-3"): {"pm2_5": 7}, ("parking", "ltk-01-b07"): {"occupied": 8}},
    )


def checked(
    known: Known, key: str, value: float | bool, *, time: datetime = NOW, flag: str | None = None
) -> Checked:
    topic = STATION if key != "occupied" else Topic("parking", "ltk-01-b07", MessageKind.OBSERVATIONS)
    reading = Reading(
        path="$",
        time=time,
        result_time=time,
        results={key: value},
        flags={key: flag} if flag else {},
        provenance=Provenance.MEASURED,
    )
    return check(topic, [reading], known, NOW)


def test_the_embassy_s_small_negative_is_good(known: Known) -> None:
    (observation,) = checked(known, "pm2_5", -0.8).observations
    assert (observation.result, observation.quality) == (-0.8, Quality.GOOD)


def test_an_implausible_value_is_stored_as_suspect(known: Known) -> None:
    (observation,) = checked(known, "pm2_5", 1200).observations
    assert (observation.quality, observation.quality_reason) == (Quality.SUSPECT, "implausible")


@pytest.mark.parametrize(
    ("flag", "quality"),
    [("calibrating", Quality.FAIL), ("fault", Quality.FAIL), ("estimated", Quality.SUSPECT)],
)
def test_flags_become_quality(known: Known, flag: str, quality: Quality) -> None:
    (observation,) = checked(known, "pm2_5", 20, flag=flag).observations
    assert (observation.quality, observation.quality_reason) == (quality, flag)


@pytest.mark.parametrize(("sent", "stored"), [(True, 1.0), (False, 0.0), (1.0, 1.0), (0.0, 0.0)])
def test_occupied_is_stored_as_one_or_zero(known: Known, sent: float | bool, stored: float) -> None:
    (observation,) = checked(known, "occupied", sent).observations
    assert observation.result == stored


@pytest.mark.parametrize(
    ("time", "accepted"),
    [
        (datetime(2000, 1, 1, tzinfo=UTC), True),
        (datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC), False),
        (NOW + timedelta(minutes=10), True),
        (NOW + timedelta(minutes=10, seconds=1), False),
    ],
)
def test_times_are_taken_from_2000_to_ten_minutes_ahead(known: Known, time: datetime, accepted: bool) -> None:
    assert bool(checked(known, "pm2_5", 20, time=time).observations) is accepted


def test_a_property_without_datastream_is_asked_for(known: Known) -> None:
    result = checked(known, "no2", 20)
    assert [(thing, observed.key) for thing, observed in result.wanted] == [("trung-yen-3", "no2")]
    assert not result.faults
