"""A draft on stored history beside the rule as it is: the same Things for both, within bounds, until stopped."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.config import load
from alerts.rule_form import form_of, text_of, with_form
from alerts.rules import SHIPPED, parse_text, written_tables
from dashboard.control_room import rule_trial
from dashboard.control_room.rule_trial import Asked, Stopped, run
from storage.catalog import load_catalog
from tests.integration.alert_city import City, open_city
from tests.integration.test_alerts_process import EACH_ALONE, POINTS

pytestmark = pytest.mark.integration

DOMAINS = load_catalog()
TEXT = text_of(written_tables(DOMAINS, (SHIPPED,))["flood-15"][1])
END = datetime(2026, 7, 20, 10, 0, tzinfo=UTC)
TOLD = {"webhook": {"type": "webhook", "url": "http://127.0.0.1:9"}}
PEAKS = (10.0, 17.0, 25.0)
"""Of each point's hour, in cm."""


def asked(limit: str, **more: str) -> Asked:
    form = {**form_of(TEXT), "value": limit, **more}
    (draft,) = parse_text(DOMAINS, with_form(TEXT, form), "draft").by_key.values()
    (before,) = parse_text(DOMAINS, TEXT, "file").by_key.values()
    return Asked(rule=draft, before=before, thing=None, start=END - timedelta(days=1), end=END)


@pytest.fixture
def city(city_url: str) -> Iterator[City]:
    with open_city(city_url) as opened:
        for point, peak in zip(POINTS, PEAKS, strict=False):
            values = [(END - timedelta(minutes=n), peak if 60 <= n < 120 else 2.0) for n in range(1, 241)]
            opened.write(point, "water_depth", values)
        yield opened


@pytest.mark.parametrize(("limit", "fires"), [("9", 3), ("15", 2), ("20", 1), ("26", 0)])
def test_it_counts_what_each_limit_fires_on(city: City, limit: str, fires: int) -> None:
    found = run(city.conn, asked(limit, clear="8"), load(EACH_ALONE, added=TOLD))
    assert found.before is not None
    assert (found.now.begun, found.before.begun) == (fires, 2)
    assert found.values == len(PEAKS) * 240
    assert found.tried == found.things
    assert found.now.told == 2 * fires, "each is told, and its end"


def test_one_thing_alone_and_a_rule_that_is_new(city: City) -> None:
    one = replace(asked("20"), thing=POINTS[2], before=None)
    found = run(city.conn, one, None)
    assert (found.things, found.now.begun, found.before, found.now.told) == (1, 1, None, None)


def test_at_its_bound_it_ends_with_the_same_things_for_both(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_trial, "MOST_VALUES", 300)
    monkeypatch.setattr(rule_trial, "BREATHE_EVERY", 10)
    found = run(city.conn, asked("20"), load())
    assert found.before is not None
    assert 0 < found.tried < found.things
    assert found.now.by_thing.keys() == found.before.by_thing.keys()
    assert found.values <= 310


def test_it_stops_when_nobody_waits_any_more(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_trial, "BREATHE_EVERY", 10)
    told: list[tuple[int, int, int]] = []
    with pytest.raises(Stopped):
        run(city.conn, asked("20"), load(), lambda *far: told.append(far), lambda: len(told) > 3)
    assert len(told) == 4
