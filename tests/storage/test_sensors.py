"""Calibrations of files and of Sensors that took another's place: which holds when."""

from datetime import UTC, datetime
from itertools import pairwise

from storage.model import Calibration
from storage.sensors import Sensor, merged


def on(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


def filed(start: int, end: int | None = None, *, gain: float = 2.0) -> Calibration:
    return Calibration(
        gain=gain, valid_from=on(start), valid_to=None if end is None else on(end), note="file"
    )


def sensor(since: int, *, gain: float = 1.0, offset: float = 0.0) -> Sensor:
    return Sensor(
        id=since,
        thing_id="a",
        property="pm2_5",
        since=on(since),
        model="m",
        serial="s",
        gain=gain,
        offset=offset,
        calibration_note="",
        reason="r",
        replaced_by="lan",
        recorded_at=on(20),
    )


def spans(files: list[Calibration], *sensors: Sensor) -> list[tuple[float, int, int | None]]:
    """(gain, from day, to day)"""
    found = merged(files, sensors)
    return [(one.gain, one.valid_from.day, one.valid_to and one.valid_to.day) for one in found]


def test_without_sensors_the_files_hold() -> None:
    assert spans([filed(1, 5), filed(7)]) == [(2.0, 1, 5), (2.0, 7, None)]


def test_a_calibration_of_the_sensor_before_ends_with_it() -> None:
    assert spans([filed(1)], sensor(10)) == [(2.0, 1, 10)]


def test_a_sensor_brings_its_own_until_the_next_one() -> None:
    assert spans([filed(1)], sensor(10, gain=1.1), sensor(12)) == [(2.0, 1, 10), (1.1, 10, 12)]


def test_a_file_that_begins_after_a_sensor_is_about_it_and_leaves_it_its_own_behind() -> None:
    assert spans([filed(14, 16)], sensor(10, gain=1.1)) == [(1.1, 10, 14), (2.0, 14, 16), (1.1, 16, None)]


def test_a_file_that_begins_with_a_sensor_goes_before_it() -> None:
    assert spans([filed(10, gain=3.0)], sensor(10, gain=1.1)) == [(3.0, 10, None)]


def test_no_two_hold_at_a_time() -> None:
    found = merged([filed(1, 4), filed(6, 13), filed(15)], [sensor(3, gain=1.2), sensor(9, offset=4.0)])
    for before, after in pairwise(found):
        assert before.valid_to is not None
        assert before.valid_to <= after.valid_from
