"""What a request of a replay says of itself, and what changes from step to step: without a database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.datastructures import Headers

from dashboard.control_room import replay_bar, replay_moment
from dashboard.control_room.refused import Refused
from dashboard.control_room.replay_frames import changed
from dashboard.control_room.replay_moment import Moment
from dashboard.control_room.replay_texts import (
    PAST_BAR_SCRIPT_TEXTS,
    PAST_PAGE_SCRIPT_TEXTS,
    PAST_ROOM_SCRIPT_TEXTS,
    PAST_TEXTS,
)

NOW = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
AT = datetime(2026, 11, 12, 7, 35, tzinfo=UTC)


def test_a_moment_is_read_on_hanois_clock_and_written_again() -> None:
    assert replay_moment.read("2026-11-12T14:35", NOW) == AT
    assert replay_moment.written(AT) == "2026-11-12T14:35:00"
    assert replay_moment.read(replay_moment.written(AT), NOW) == AT


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "replay_time"),
        ("now", "replay_time"),
        ("2026-13-12T14:35", "request"),
        ("2026-11-12T14:35+07:00", "replay_time"),
        ("2026-11-22T14:30:01", "replay_beyond"),
        ("1999-12-31T23:59", "replay_beyond"),
    ],
)
def test_what_is_no_moment_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        replay_moment.read(text, NOW)
    assert caught.value.code == code


def test_what_began_within_a_second_stands_at_the_next() -> None:
    assert replay_moment.begun(AT) == "2026-11-12T14:35:00"
    assert replay_moment.begun(AT + timedelta(milliseconds=1)) == "2026-11-12T14:35:01"


def test_a_request_is_marked_by_its_address_its_header_or_its_page() -> None:
    nothing = Headers({})
    assert replay_moment.own_marker("lang=en", nothing) is None
    assert replay_moment.own_marker("lang=en&at=x", nothing) == "x"
    assert replay_moment.own_marker("at=", nothing) == ""  # marked, and not to be read
    assert replay_moment.own_marker("", Headers({"X-Replay-At": "y"})) == "y"
    page = Headers({"Referer": "http://room/ops/replay?speed=60&at=2026-11-12T14:35"})
    assert replay_moment.page_marker(page) == "2026-11-12T14:35"
    assert replay_moment.own_marker("", page) is None
    assert replay_moment.page_marker(Headers({"Referer": "http://room/ops/"})) is None
    assert replay_moment.page_marker(Headers({"Referer": "http://[room/?at=1"})) is None


def test_pages_of_now_have_no_mark_and_those_of_a_replay_three() -> None:
    assert (replay_bar.attributes(None), replay_bar.bar(None, "vi")) == ("", "")
    assert replay_bar.title(None, "Overview") == "Overview"
    assert replay_bar.address("/ops/data", None) == "/ops/data"
    moment = Moment(at=AT, now=NOW)
    assert replay_bar.title(moment, "Overview") == "▶ PHÁT LẠI · REPLAY 12/11/2026 14:35 · Overview"
    assert "PHÁT LẠI · REPLAY" in replay_bar.bar(moment, "en")
    assert "12/11/2026 14:35:00" in replay_bar.bar(moment, "vi")
    assert 'data-replay-at="2026-11-12T14:35:00"' in replay_bar.attributes(moment)
    assert replay_bar.address("/ops/data?lang=en", moment) == "/ops/data?lang=en&at=2026-11-12T14:35:00"


def feature(name: str, **properties: Any) -> dict[str, Any]:
    return {"id": name, "properties": properties}


def test_a_step_tells_what_looks_different_and_what_is_gone() -> None:
    before = {"flood": {"features": [feature("a", level=1, age_s=10), feature("b", level=2, age_s=1)]}}
    older = {"flood": {"features": [feature("a", level=1, age_s=70), feature("b", level=2, age_s=61)]}}
    assert list(changed(before, older)) == []
    after = {"flood": {"features": [feature("a", level=3, age_s=0), feature("c", level=0, age_s=0)]}}
    [one] = changed(before, after)
    assert [each["id"] for each in one["features"]] == ["a", "c"]
    assert one["gone"] == ["b"]


def test_every_text_is_in_both_languages() -> None:
    assert {*PAST_BAR_SCRIPT_TEXTS, *PAST_PAGE_SCRIPT_TEXTS, *PAST_ROOM_SCRIPT_TEXTS} <= PAST_TEXTS.keys()
    assert all(text.vi.strip() and text.en.strip() for text in PAST_TEXTS.values())
    same = {key for key, text in PAST_TEXTS.items() if text.vi == text.en}
    assert same == {"past_mark"}  # in both languages on both pages
