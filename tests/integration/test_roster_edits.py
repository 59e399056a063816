"""Covers and calendars of the control room, as the dispatcher honours them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from storage import db, operators, roster_edits
from storage.roster_edits import RosterChangedMeanwhile
from tests.alerts.test_roster import CONFIG, WEEKS
from tests.alerts.test_roster_edits import MINH_ALONE
from tests.integration.alarms import NOW, Alarms, Clock

pytestmark = pytest.mark.integration

CITY = CONFIG + 'group_by = ["thing"]\ngroup_interval = "1m"\nrepeat_interval = "1d"\n'
"""At NOW, 17:00 of a Monday in July, Lan is on call."""
POINTS = ("flood-cao-ba-quat", "flood-thai-ha", "flood-tong-dan", "flood-resco")


@pytest.fixture
def alarms(city_url: str, tmp_path: Path) -> Iterator[Alarms]:
    (tmp_path / "roster.ics").write_text(WEEKS)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        yield Alarms(conn=conn, clock=Clock(), folder=tmp_path)


def told(alarms: Alarms) -> dict[str, int]:
    return {name: len(one.got) for name, one in alarms.receivers.items() if one.got}


def test_who_covers_is_told_until_the_cover_is_removed(alarms: Alarms) -> None:
    running = alarms.dispatcher(CITY)
    alarms.fire("a", POINTS[0])
    alarms.run(running)
    assert told(alarms) == {"lan-phone": 1, "lan-mail": 1}
    number = roster_edits.add_cover(
        alarms.conn,
        roster="duty",
        absent="lan",
        person="minh",
        starts_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(hours=5),
        reason="con ốm",
        author="hoa",
        source="127.0.0.1",
        now=NOW,
    )
    alarms.fire("a", POINTS[1])
    alarms.run(running)
    assert told(alarms) == {"lan-phone": 1, "lan-mail": 1, "minh-phone": 1}
    done = {"actor": "binh", "source": "127.0.0.1", "now": NOW}
    assert roster_edits.remove_cover(alarms.conn, number, **done)
    assert not roster_edits.remove_cover(alarms.conn, number, **done)
    alarms.fire("a", POINTS[2])
    alarms.run(running)
    assert told(alarms) == {"lan-phone": 2, "lan-mail": 2, "minh-phone": 1}
    trail = [(one.actor, one.action) for one in operators.audit_trail(alarms.conn, 9)]
    assert trail[:2] == [("binh", "cover_removed"), ("hoa", "cover_added")]


def test_an_uploaded_calendar_is_taken_up_and_taken_back(alarms: Alarms) -> None:
    running = alarms.dispatcher(CITY)
    lasting = MINH_ALONE.replace("20260720T010000Z", "20260727T010000Z")

    def save(content: str | None, version: int) -> int:
        return roster_edits.save_file(
            alarms.conn,
            "duty",
            content=content,
            reason="quý 3",
            version=version,
            author="hoa",
            source="127.0.0.1",
            now=NOW,
        )

    assert save(lasting, 0) == 1
    alarms.fire("a", POINTS[0])
    alarms.run(running)
    assert told(alarms) == {"minh-phone": 1}
    with pytest.raises(RosterChangedMeanwhile):
        save(None, 0)
    assert save(None, 1) == 2
    alarms.fire("a", POINTS[1])
    alarms.run(running)
    assert told(alarms) == {"minh-phone": 1, "lan-phone": 1, "lan-mail": 1}


def test_what_was_written_is_not_rewritten(alarms: Alarms) -> None:
    roster_edits.add_cover(
        alarms.conn,
        roster="duty",
        absent=None,
        person="minh",
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
        reason="x",
        author="hoa",
        source="-",
        now=NOW,
    )
    for statement in (
        "UPDATE roster_cover SET person = 'lan'",
        "DELETE FROM roster_cover",
        "TRUNCATE roster_file",
        "TRUNCATE rule_edit",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            alarms.conn.execute(statement)
