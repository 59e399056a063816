"""QCVN 05: the limits of Circular 01/2023/TT-BTNMT as printed there, and when each holds."""

from datetime import UTC, date, datetime

import pytest

from ingest.indicators import qcvn_05
from storage.model import HANOI

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("pollutant", "hour", "eight_hours", "day", "year"),
    [
        ("so2", 350, None, 125, 50),
        ("co", 30_000, 10_000, None, None),
        ("no2", 200, None, 100, 40),
        ("o3", 200, 120, None, None),
        ("tsp", 300, None, 200, 100),
        ("pm10", None, None, 100, 50),
        ("pm2_5", None, None, 45, 25),
    ],
)
def test_the_limits_of_2023(
    pollutant: str, hour: float | None, eight_hours: float | None, day: float | None, year: float | None
) -> None:
    limits = {
        averaging: qcvn_05.limit(pollutant, averaging, TODAY) for averaging in ("1h", "8h", "24h", "year")
    }
    shown = {averaging: found.ug_m3 if found else None for averaging, found in limits.items()}
    assert shown == {"1h": hour, "8h": eight_hours, "24h": day, "year": year}
    assert {found.trust for found in limits.values() if found} == {"V"}


@pytest.mark.parametrize(
    ("day", "ug_m3", "edition", "trust"),
    [
        (date(2017, 4, 30), 50, "QCVN 05:2013/BTNMT", "M"),
        (date(2023, 9, 11), 50, "QCVN 05:2013/BTNMT", "M"),
        (date(2023, 9, 12), 50, "QCVN 05:2023/BTNMT", "V"),
        (date(2025, 12, 31), 50, "QCVN 05:2023/BTNMT", "V"),
        (date(2026, 1, 1), 45, "QCVN 05:2023/BTNMT", "V"),
    ],
)
def test_the_limit_of_a_day_of_pm2_5_changes(day: date, ug_m3: float, edition: str, trust: str) -> None:
    found = qcvn_05.limit("pm2_5", "24h", day)
    assert found is not None
    assert (found.ug_m3, found.edition, found.trust) == (ug_m3, edition, trust)


def test_pm10_of_a_day_was_150_in_2017_and_is_from_memory() -> None:
    found = qcvn_05.limit("pm10", "24h", date(2017, 4, 30))
    assert found is not None
    assert (found.ug_m3, found.trust) == (150, "M")


def test_an_hour_of_particles_has_no_limit_and_before_2014_nothing_has() -> None:
    assert qcvn_05.limit("pm2_5", "1h", TODAY) is None
    assert qcvn_05.limit("pm10", "1h", TODAY) is None
    assert qcvn_05.limit("no2", "1h", date(2013, 12, 31)) is None


def test_no_two_limits_hold_at_once() -> None:
    for one in qcvn_05.LIMITS:
        held = [
            other
            for other in qcvn_05.LIMITS
            if (other.pollutant, other.averaging) == (one.pollutant, one.averaging)
            and other.since <= one.since
            and (other.until is None or one.since < other.until)
        ]
        assert held == [one]


@pytest.mark.parametrize(
    ("mean", "ratio", "exceeded"),
    [(100.0, 0.5, False), (200.0, 1.0, False), (200.001, 1.000005, True), (-3.0, 0.0, False)],
)
def test_a_limit_is_kept_up_to_itself(mean: float, ratio: float, exceeded: bool) -> None:
    found = qcvn_05.compare("no2", "1h", mean, datetime(2026, 11, 22, 5, tzinfo=UTC))
    assert found is not None
    assert found.ratio == pytest.approx(ratio)
    assert found.exceeded is exceeded


def test_24_o_clock_is_of_the_day_that_it_ends() -> None:
    midnight = datetime(2026, 1, 1, tzinfo=HANOI)
    of_2025 = qcvn_05.compare("pm2_5", "24h", 48.0, midnight.astimezone(UTC))
    assert of_2025 is not None
    assert not of_2025.exceeded
    of_2026 = qcvn_05.compare("pm2_5", "24h", 48.0, datetime(2026, 1, 2, tzinfo=HANOI))
    assert of_2026 is not None
    assert of_2026.exceeded
