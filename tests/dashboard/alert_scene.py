"""A flooded evening as engine and dispatcher write it: what fires, who was told, what failed, what is muted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.config import load
from alerts.dispatch import Dispatcher
from alerts.metrics import Metrics
from alerts.notifiers import DeliveryError
from storage import alert_actions, db, silences
from storage.model import Provenance
from tests.integration.alarms import Clock, Kept
from tests.integration.alert_city import City, open_city

NOW = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
"""14:30 in Hanoi, a Sunday."""
MINUTE = timedelta(minutes=1)
ROUNDS = (0, 1, 2, 10, 11, 12, 16, 19)
"""Minutes at which the engine looks."""

CONFIGURATION = """
[receiver.control-room]
type = "control-room"
[receiver.duty-telegram]
type = "control-room"
[receiver.duty-sms]
type = "control-room"
[receiver.siren]
type = "control-room"

[person.lan]
name = "Nguyễn Thị Lan"
receivers = ["duty-telegram"]
[person.minh]
name = "Trần Văn Minh"
receivers = ["duty-sms"]
[roster.duty]
file = "roster.ics"
fallback = ["minh"]

[route]
receivers = ["control-room"]
group_by = ["kind", "area"]
[[route.routes]]
matchers = ["severity = critical"]
receivers = ["control-room", "duty-telegram", "siren"]
escalation = "duty"
[[route.routes]]
matchers = ["rule = flood-15"]
receivers = ["control-room", "duty-sms"]

[[inhibit]]
source = ["severity = critical"]
target = ["severity = warning"]
equal = ["thing", "kind"]

[[escalation.duty]]
after = "5m"
receivers = ["roster:duty"]
[[escalation.duty]]
after = "12h"
receivers = ["duty-sms"]
"""
ROSTER = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART:20260101T000000Z
DTEND:20360101T000000Z
SUMMARY:lan
END:VEVENT
END:VCALENDAR
"""


@dataclass(kw_only=True)
class Scene:
    city: City
    clock: Clock
    alerting_file: Path
    telegram: Kept = field(default_factory=lambda: Kept("duty-telegram", receipt="4411"))
    ids: dict[str, int] = field(default_factory=dict)
    """By what is special about it: flooded, inhibited, silenced, acknowledged, pending, resolved."""

    @property
    def conn(self) -> db.Connection:
        return self.city.conn


@dataclass
class Refusing:
    """A receiver that answers 503, or 403: then trying again can't help."""

    name: str
    again: bool

    def send(self, key: str, document: Mapping[str, Any]) -> None:
        raise DeliveryError("answered 503" if self.again else "answered 403", retry=self.again)


@contextmanager
def scene(url: str, folder: Path, now: datetime = NOW) -> Iterator[Scene]:
    """It is as it stands at `now`; it began twenty minutes before."""
    (folder / "roster.ics").write_text(ROSTER, "utf-8")
    path = folder / "alerting.toml"
    path.write_text(CONFIGURATION, "utf-8")
    clock = Clock()
    with open_city(url) as city:
        made = Scene(city=city, clock=clock, alerting_file=path)
        _play(made, now)
        yield made


def dispatcher(made: Scene) -> Dispatcher:
    """Telegram takes everything, SMS answers 503, the siren 403."""
    receivers = [
        Kept("control-room"),
        made.telegram,
        Refusing("duty-sms", again=True),
        Refusing("siren", again=False),
    ]
    return Dispatcher(
        alerting=load(made.alerting_file),
        receivers=receivers,
        metrics=Metrics(),
        clock=made.clock,
        patience_s=30.0,
    )


def _play(made: Scene, now: datetime) -> None:
    """Twenty minutes of water, rain and bad air, with what people did about it."""
    city, clock, desk = made.city, made.clock, dispatcher(made)
    start = now - 20 * MINUTE
    clock.now = start
    silences.add(
        city.conn,
        matchers=["thing = flood-thai-ha"],
        starts_at=start,
        ends_at=now + timedelta(hours=2),
        author="lan",
        reason="pump test",
        source="test",
        now=start,
    )
    dry = [(start - 40 * MINUTE, 0.0)]
    for thing in ("flood-tong-dan", "flood-thai-ha", "flood-cao-ba-quat"):
        city.write(thing, "water_depth", dry)
    done = 0
    for minute in ROUNDS:
        times = [start + number * MINUTE for number in range(done, minute + 1)]
        depths = [20.0 + number for number in range(done, minute + 1)]
        done = minute + 1
        city.write(
            "flood-tong-dan", "water_depth", zip(times, depths, strict=True), provenance=Provenance.SIMULATED
        )
        city.write("flood-thai-ha", "water_depth", [(at, 18.0) for at in times])
        if minute < 3:
            city.write("flood-cao-ba-quat", "water_depth", [(at, 17.0) for at in times])
        clock.now = times[-1] + timedelta(seconds=2)
        city.evaluate(clock.now)
        city.let_time_pass(clock.now)
        desk.run(city.conn, city.term)
    made.ids = _ids(made)
    clock.now = now - MINUTE
    alert_actions.acknowledge(
        city.conn, made.ids["flooded"], note="On my way", actor="lan", source="test", now=clock.now
    )
    clock.now = now - timedelta(seconds=1)
    desk.run(city.conn, city.term)
    desk.close()
    city.conn.execute("UPDATE alert_leader SET heartbeat_at = now() + interval '1 hour'")


def _ids(made: Scene) -> dict[str, int]:
    found = {(one["rule"], one["thing_id"]): one["id"] for one in made.city.alerts()}
    return {
        "flooded": found["flood-30", "flood-tong-dan"],
        "inhibited": found["flood-15", "flood-tong-dan"],
        "silenced": found["flood-15", "flood-thai-ha"],
        "ordinary": found["flood-15", "flood-cao-ba-quat"],
    }
