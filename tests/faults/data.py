"""Data as devices send it: twice, in any order, broken, far too much."""

import json
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from subprocess import TimeoutExpired
from typing import Final

from ingest.wire import Element, encode, observations_topic
from storage.model import HANOI
from tests.faults.publisher import EPOCH, Good, Sent, usual
from tests.faults.scene import Fault, Scene, another_publisher
from tests.processes import start

STATION: Final = "trung-yen-3"
FLOOD_HZ: Final = 3000.0
FLOOD_FIRST: Final = 3_000_000
HOURS_S: Final = 4 * 3600


def twice(number: int, bays: Sequence[str]) -> Sent:
    """Each message, good or broken, is published two times in a row."""
    return usual(number - number % 2, bays)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading(Good):
    """A value with many digits, at a time that the number alone does not tell."""

    at: datetime

    @property
    def time(self) -> datetime:
        return self.at

    @property
    def result(self) -> float:
        return self.number % 4001 / 13

    @property
    def key(self) -> tuple[str, str, datetime]:
        return self.bay, "pm2_5", self.time

    @property
    def topic(self) -> str:
        return observations_topic("air_quality", self.bay)

    @property
    def payload(self) -> bytes:
        return encode([Element(time=self.time, results={"pm2_5": self.result})])


def shuffled(number: int, _: Sequence[str]) -> Sent:
    """Backwards and forwards by up to four hours; 7919 and 14,400 have no common factor, so no time comes twice."""
    block, place = divmod(number, HOURS_S)
    seconds = block * HOURS_S + place * 7919 % HOURS_S
    return Reading(number=number, bay=STATION, at=EPOCH + timedelta(seconds=seconds))


def _json(number: int, **fields: object) -> bytes:
    time_ = (EPOCH + timedelta(seconds=number)).isoformat()
    return json.dumps({"time": time_, "results": {"pm2_5": 1.0}, "number": number, **fields}).encode()


GARBAGE: Final[Mapping[str, Callable[[int], bytes]]] = {
    "cut off": lambda n: _json(n)[:-12] + b"%d" % n,
    "invalid UTF-8": lambda n: b'{"time": "\xff\xfe%d"}' % n,
    "NaN": lambda n: _json(n, results={"pm2_5": float("nan")}),
    "infinite": lambda n: _json(n, results={"pm2_5": float("-inf")}),
    "-999": lambda n: _json(n, results={"pm2_5": -999}),
    "1970": lambda n: _json(n, time="1970-01-01T00:00:00Z"),
    "the year 2200": lambda n: _json(n, time="2200-01-01T00:00:00Z"),
    "no offset": lambda n: _json(n, time="2026-10-01T00:00:00"),
    "NUL in a key": lambda n: _json(n, results={f"pm\x00{n}": 1}),
    "NUL bytes": lambda n: b"\x00" * 40 + b"%d" % n,
    "a lone surrogate": lambda n: _json(n, results={f"\ud800{n}": 1}),
    "nested": lambda n: b"[" * 5000 + b"%d" % n + b"]" * 5000,
    "the next version of the schema": lambda n: b'{"schema": 2, "at": %d, "values": [["pm2_5", 1]]}' % n,
    "a number with 10,000 digits": lambda n: _json(n).replace(b"1.0", b"%d" % n + b"9" * 10_000),
    "an unknown property": lambda n: _json(n, results={"pm3": n}),
    "an array of nothing": lambda n: b"[" + b" " * (n % 997 + 1) + b" " * (n // 997) + b"]",
    "a million bytes": lambda n: _json(n, padding="x" * 1_000_000) if n % 70 == 0 else b"%d" % n,
    "two million bytes": lambda n: b"%d" % n + b"x" * 2_000_000 if n % 70 == 0 else b"%d." % n,
}
"""What is wrong → the bytes, other ones for each number."""
KINDS: Final = tuple(GARBAGE.values())
PLACES: Final[tuple[Callable[[int], str], ...]] = (
    lambda n: f"hanoi/v1/air_quality/station-{n}/observations",
    lambda n: f"hanoi/v1/air_quality/{STATION}/readings",
    lambda n: f"hanoi/v1/{n}",
    lambda n: f"hanoi/v1/air_quality/{STATION}/observations/{n}/" + "x/" * 50,
    lambda n: "hanoi/v1/" + random.Random(n).randbytes(4000).hex(),
    lambda n: f"hanoi/v1/air_quality/{random.Random(n).randbytes(4000).hex()}/observations",
    lambda n: "hanoi/v1/rain/Đống-Đa/observations",
)
"""Topics of good payloads that nobody knows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Garbage(Sent):
    """Each tenth is broken in a way of its own, each hundredth good but on a topic that means nothing."""

    @property
    def refused(self) -> bool:
        return self.number % 10 == 0

    @property
    def topic(self) -> str:
        if not self.refused:
            return observations_topic("parking", self.bay)
        kind = self.number // 10
        if kind % 10 == 0:
            return PLACES[kind // 10 % len(PLACES)](self.number)
        return observations_topic("air_quality", STATION)

    @property
    def payload(self) -> bytes:
        if not self.refused:
            return encode([Element(time=self.time, results={"occupied": self.number % 2 == 0})])
        kind = self.number // 10
        return _json(self.number) if kind % 10 == 0 else KINDS[kind % len(KINDS)](self.number)


def garbage(number: int, bays: Sequence[str]) -> Sent:
    return Garbage(number=number, bay=bays[number % len(bays)])


def every_kind(scene: Scene, seconds: float) -> str:
    scene.rest(seconds)
    return f"{len(GARBAGE)} kinds of broken payloads, {len(PLACES)} of topics"


def kill_amid(scene: Scene, seconds: float) -> str:
    scene.rest(seconds)
    scene.kill_ingest()
    scene.start_ingest()
    scene.rest(seconds)
    return "with a SIGKILL of ingest in the middle"


def flood(scene: Scene, seconds: float) -> str:
    """One bay sends as fast as it can; the others are watched."""
    wild = scene.publisher.bays[-1]

    def message(number: int, _: Sequence[str]) -> Sent:
        return Good(number=FLOOD_FIRST + number, bay=wild)

    publisher = another_publisher(scene, "wild", message, FLOOD_HZ)
    began, worst_s = time.monotonic(), 0.0
    while time.monotonic() - began < seconds:
        scene.rest(0.5)
        worst_s = max(worst_s, _behind_s(scene))
    publisher.pause()
    scene.until(lambda: publisher.unacked == 0, "the flood acknowledged")
    publisher.stop()
    scene.sent.extend(publisher.acked)
    rate = len(publisher.acked) / seconds
    return f"{rate:.0f} messages/s from one bay; the others' values at most {worst_s:.1f} s late"


def _behind_s(scene: Scene) -> float:
    """How long ago the newest stored value of the usual flow was sent."""
    with scene.superuser() as conn:
        row = conn.execute(
            "SELECT max(phenomenon_time) AS newest FROM observation WHERE phenomenon_time < %s",
            (EPOCH + timedelta(seconds=FLOOD_FIRST),),
        ).fetchone()
    newest = row["newest"] if row else None
    stored = (newest - EPOCH).total_seconds() if newest else 0.0
    return max(0.0, (scene.publisher.number - stored) / scene.publisher.rate_hz)


NEWCOMER: Final = "newcomer-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Newcomer(Good):
    """From a device that nobody knows until it is claimed for the bay."""

    @property
    def topic(self) -> str:
        return observations_topic("parking", NEWCOMER)


def newcomers(number: int, bays: Sequence[str]) -> Sent:
    return Newcomer(number=number, bay=bays[0]) if number % 3 else usual(number, bays)


def claim(scene: Scene, seconds: float) -> str:
    """The first claim is killed in the middle, ingest too; then the same again."""
    scene.rest(seconds)
    environment = {**scene.environment, "HANOI_INGEST_BIND": "127.0.0.1:1"}
    words = ("claim", "--source", "mqtt", "--device", NEWCOMER, "--thing", scene.publisher.bays[0])
    for patience_s in (1.5, 60.0):
        command = start("hanoi-ingest", *words, env=environment, log=scene.log)
        scene.rest(min(patience_s, 0.5))
        scene.kill_ingest()
        scene.start_ingest()
        try:
            assert command.wait(patience_s) == 0, scene.log_end()
        except TimeoutExpired:
            command.kill()
            command.wait()
    scene.until(lambda: _open_of(scene, NEWCOMER) == 0, "nothing left of the newcomer")
    return "reprocessed while more came; ingest and the first claim killed amid"


def _open_of(scene: Scene, device: str) -> int:
    with scene.superuser() as conn:
        row = conn.execute(
            "SELECT count(*) AS n FROM rejected_message WHERE resolved_at IS NULL AND topic = %s",
            (observations_topic("parking", device),),
        ).fetchone()
    return int(row["n"]) if row else -1


FILES_FIRST: Final = 3_500_000
FILES: Final = 60
SOURCE: Final = """
[[source]]
name = "stations"
decoder = "station_file"
folder = "{folder}"
pattern = "*.txt"
settle_s = 0.5
[source.devices]
HN_CCMT_KHITY3 = "trung-yen-3"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class StationFile(Sent):
    """One value in a file of a station; each tenth is no such file."""

    @property
    def refused(self) -> bool:
        return self.number % 10 == 0

    @property
    def result(self) -> float:
        return self.number % 4000 / 10

    @property
    def key(self) -> tuple[str, str, datetime]:
        return STATION, "pm2_5", self.time

    @property
    def name(self) -> str:
        return f"HN_CCMT_KHITY3_{self.time.astimezone(HANOI):%Y%m%d%H%M%S}.txt"

    @property
    def topic(self) -> str:
        return f"file:{self.name}"

    @property
    def payload(self) -> bytes:
        if self.refused:
            return b"no file of a station, %d" % self.number
        value = f"{self.result:.1f}".replace(".", ",")
        return f"PM-2-5\t{value}\tµg/Nm3\t{self.time.astimezone(HANOI):%Y%m%d%H%M%S}\t00\r\n".encode()


def watch_folder(scene: Scene) -> None:
    folder = scene.folder / "ftp"
    folder.mkdir()
    sources = scene.folder / "sources.toml"
    sources.write_text(SOURCE.format(folder=folder))
    scene.extra["HANOI_SOURCES_FILE"] = str(sources)
    scene.kill_ingest()
    scene.start_ingest()


def files(scene: Scene, seconds: float) -> str:
    """Ingest dies between the commit and the moving away of files, twice."""
    folder = scene.folder / "ftp"
    for half in (0, 1):
        scene.kill_ingest()
        for number in range(FILES):
            sent = StationFile(number=FILES_FIRST + half * FILES + number, bay=STATION)
            (folder / f"{sent.name}.part").write_bytes(sent.payload)
            (folder / f"{sent.name}.part").rename(folder / sent.name)
            scene.sent.append(sent)
        process = scene.spawn(1, sabotage=["before-move", "1"])
        try:
            assert process.wait(60) == -signal.SIGKILL, scene.log_end()
        finally:
            process.kill()
        scene.rest(seconds)
        scene.start_ingest()
    scene.until(lambda: not list(folder.glob("*.txt")), "every file moved away")
    return f"{2 * FILES} files of stations, each tenth broken"


FAULTS = (
    Fault(
        group="data", name="every message published twice", inject=kill_amid, seconds=5, short_s=1, flow=twice
    ),
    Fault(group="data", name="out of order by hours", inject=kill_amid, seconds=5, short_s=1, flow=shuffled),
    Fault(group="data", name="10 % garbage", inject=every_kind, seconds=40, short_s=6, flow=garbage),
    Fault(group="data", name="10 % garbage, SIGKILL", inject=kill_amid, seconds=10, flow=garbage),
    Fault(
        group="data",
        name="an unknown device is claimed",
        inject=claim,
        seconds=5,
        flow=newcomers,
    ),
    Fault(
        group="data",
        name="files in a folder, SIGKILL before they are moved away",
        prepare=watch_folder,
        inject=files,
        seconds=1,
        rate_hz=50,
    ),
    Fault(group="data", name="a flood of one topic", inject=flood, seconds=15, rate_hz=50, may_refuse=True),
)
