"""What is asked about a single Thing: its clock, claims, standing, alerts, refused messages, and a year of days."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from storage import alert_pages, claims, clocks, db, facts, rejections, rollups, things
from storage.clocks import Skew
from storage.model import HANOI, Quality, Rejection
from tests.public_site import Writer

pytestmark = pytest.mark.integration

T0 = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
STATION = "hoan-kiem"
TOPIC = f"hanoi/v1/air_quality/{STATION}/observations"


@pytest.fixture
def conn(city_url: str) -> Iterator[db.Connection]:
    with db.connect(city_url, name="test", autocommit=True) as opened:
        yield opened


def reject(conn: db.Connection, topic: str, minute: int, payload: bytes) -> None:
    rejection = Rejection(
        topic=topic,
        payload=payload,
        reason="not_json",
        detail={},
        received_at=T0 + minute * MINUTE,
        source="native",
    )
    with conn.transaction():
        rejections.insert(conn, [rejection])


def test_the_newest_refused_message_of_its_topics(conn: db.Connection) -> None:
    status = f"hanoi/v1/air_quality/{STATION}/status"
    assert rejections.newest_on(conn, [TOPIC, status], 4) is None
    reject(conn, TOPIC, 1, b"old")
    reject(conn, status, 3, b"maybe online")
    reject(conn, TOPIC, 2, b"middle")
    reject(conn, "hanoi/v1/air_quality/kim-lien/observations", 9, b"another's")
    found = rejections.newest_on(conn, [TOPIC, status], 5)
    assert found is not None
    assert (found.topic, found.payload, found.size) == (status, b"maybe", 12)
    rejections.resolve(conn, [found.id], T0)
    again = rejections.newest_on(conn, [TOPIC, status], 5)
    assert again is not None
    assert again.id == found.id


def test_a_topic_as_long_as_mqtt_allows_is_still_refused_and_kept(conn: db.Connection) -> None:
    """An index row holds 2,700 bytes: one such message must not stop ingest."""
    topic = "hanoi/v1/" + "x" * 65_000
    reject(conn, topic, 1, b"{}")
    found = rejections.newest_on(conn, [topic], 2)
    assert found is not None
    assert found.topic == topic


def test_its_clock_whether_off_or_not(conn: db.Connection) -> None:
    assert clocks.of_thing(conn, STATION) is None
    skew = Skew(skew_s=3.5, time=T0, measured_at=T0, repeated=True)
    with conn.transaction():
        clocks.record(conn, {STATION: skew})
    found = clocks.of_thing(conn, STATION)
    assert found is not None
    assert (found.skew_s, found.measured_at, found.is_sure) == (3.5, T0, True)


def test_the_devices_that_it_is(conn: db.Connection) -> None:
    for device, thing, minute in (("a1", STATION, 1), ("a2", "kim-lien", 2), ("a3", STATION, 3)):
        claims.claim(conn, source="ttn", device=device, thing_id=thing, now=T0 + minute * MINUTE, by="lan")
    found = claims.claims_of(conn, STATION)
    assert [(one.source, one.device, one.claimed_by) for one in found] == [
        ("ttn", "a3", "lan"),
        ("ttn", "a1", "lan"),
    ]


def test_its_standing(conn: db.Connection) -> None:
    assert things.standing(conn, "nowhere") is None
    silent = things.standing(conn, STATION)
    assert silent is not None
    assert (silent.is_public, silent.online, silent.status_at) == (True, None, None)
    things.write_status(conn, STATION, False, T0)
    conn.execute("UPDATE thing SET is_public = false WHERE id = 'hoan-kiem'")
    gone = things.standing(conn, STATION)
    assert gone is not None
    assert (gone.is_public, gone.online, gone.status_at) == (False, False, T0)


def test_its_alerts_those_that_go_on_first(conn: db.Connection, city_url: str) -> None:
    stream = Writer(city_url).ids[STATION, "pm2_5"]
    for number, (state, hour) in enumerate((("resolved", 5), ("firing", 1), ("resolved", 7), ("pending", 2))):
        at = T0 + timedelta(hours=hour)
        row = {
            "rule": f"rule-{number}",
            "stream": stream,
            "state": state,
            "at": at,
            "fired": None if state == "pending" else at,
            "over": at if state == "resolved" else None,
        }
        conn.execute(
            """
            INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, state, title_vi, title_en,
                               runbook_vi, runbook_en, unit, limit_value, value, value_time, peak, pending_since,
                               firing_since, resolved_at, provenance, for_citizens)
            VALUES (%(rule)s, 'air_quality', 'hoan-kiem', %(stream)s, 'pm2_5', 'warning', %(state)s, '-', '-', '-',
                    '-', 'ug/m3', 30, 35, %(at)s, 35, %(at)s, %(fired)s, %(over)s, 'measured', false)
            """,
            row,
        )
    found = [one.rule for one in alert_pages.of_thing(conn, STATION, 3)]
    assert found == ["rule-3", "rule-1", "rule-2"]
    assert alert_pages.of_thing(conn, "kim-lien", 3) == []


def test_the_days_of_the_calendar_are_those_of_completeness(conn: db.Connection, city_url: str) -> None:
    """Half of a day, a burst in one hour, suspect values, a silent day, a laboratory's one sample: the same shares."""
    writer = Writer(city_url)
    now = datetime.now(UTC)
    midnight = now.astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    days = [midnight - n * DAY for n in range(7, 0, -1)]
    pm = (STATION, "pm2_5")
    writer.write(*pm, (days[0] + 23 * 60 * MINUTE, 1.0))
    writer.write(*pm, *[(days[1] + n * 5 * MINUTE, 20.0) for n in range(288)])
    writer.write(*pm, *[(days[2] + n * 5 * MINUTE, 20.0) for n in range(144)])
    writer.write(*pm, *[(days[3] + n * MINUTE / 5, 20.0) for n in range(288)])
    writer.write(*pm, *[(days[4] + n * 5 * MINUTE, 20.0) for n in range(72)], quality=Quality.SUSPECT)
    lab = ("west-lake-trich-sai", "bod5")
    streams = [pm]
    if lab in writer.ids:
        writer.write(*lab, (days[0], 4.0))
        streams.append(lab)
    first, last = (days[0].astimezone(HANOI).date(), days[-1].astimezone(HANOI).date())
    for rolled_up in (False, True):
        if rolled_up:
            while not rollups.refresh(conn, now).caught_up:
                pass
        for key in streams:
            oracle = conn.execute(
                """SELECT day, expected, received, suspect, fail, missing, share FROM completeness_1d
                   WHERE datastream_id = %(id)s ORDER BY day""",
                {"id": writer.ids[key]},
            ).fetchall()
            found = facts.calendar(conn, writer.ids[key], first, last)
            assert [
                (d.day, d.expected, d.received, d.suspect, d.fail, d.missing, d.share) for d in found
            ] == [tuple(row.values()) for row in oracle]
    shares = [round(day.share, 4) for day in facts.calendar(conn, writer.ids[pm], first, last)]
    assert shares == [1.0, 0.5, round(1 / 24, 4), 0.0, 0.0, 0.0]
    assert facts.calendar(conn, writer.ids[pm], last, last)[0].day == last
    assert facts.calendar(conn, writer.ids[STATION, "pm10"], first, last) == []
