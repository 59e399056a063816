"""Several ingest workers on a real broker: each message is handled once, whoever has it and whoever dies."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.runtime import Runtime
from ingest.partition import owner_of_thing
from ingest.wire import BrokerAddress
from storage import db, inventory, things
from storage.inventory import load_inventory
from storage.model import Domain
from tests.faults.rig import free_ports, rig, settled
from tests.processes import BIN, publish, ready, start, wait_for

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC).replace(microsecond=0)
Message = tuple[str, bytes]


@dataclass(kw_only=True)
class Crew:
    """The workers of one city."""

    url: str
    broker: Mosquitto
    folder: Path
    sources: Path | None = None
    port: int = field(default_factory=lambda: free_ports(6))
    running: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def start(self, worker: int, of: int, *more: str) -> subprocess.Popen[bytes]:
        env = {
            "HANOI_DATABASE_URL": self.url,
            "HANOI_MQTT_URL": self.broker.url("ingest"),
            "HANOI_INGEST_BIND": f"127.0.0.1:{self.port}",
            "HANOI_INGEST_WORKERS": str(of),
            **({"HANOI_SOURCES_FILE": str(self.sources)} if self.sources else {}),
        }
        log = self._open.enter_context((self.folder / f"ingest-{worker}.log").open("ab"))
        process = start("hanoi-ingest", "--worker", str(worker), *more, env=env, log=log)
        self.running[worker] = process
        return process

    def start_all(self, count: int) -> None:
        for worker in range(1, count + 1):
            self.start(worker, count)
        binds = [f"127.0.0.1:{self.port + (w if count > 1 else 0)}" for w in range(1, count + 1)]
        wait_for(lambda: all(map(ready, binds)), "every worker ready", context=self.log)
        wait_for(lambda: settled(self.url, count), f"{count} workers in order", context=self.log)

    def end(self, worker: int) -> None:
        process = self.running.pop(worker)
        process.terminate()
        process.wait(60)

    def close(self) -> None:
        for worker in list(self.running):
            self.end(worker)
        self._open.close()

    def metric(self, worker: int, name: str) -> float:
        text = httpx.get(f"http://127.0.0.1:{self.port + worker}/metrics").text
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))

    def log(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in self.folder.glob("ingest-*.log"))

    def rejections(self) -> Counter[Message]:
        with db.connect(self.url, name="test") as conn:
            rows = conn.execute("SELECT topic, payload FROM rejected_message").fetchall()
        return Counter((row["topic"], bytes(row["payload"])) for row in rows)

    def count(self, table: str) -> int:
        with db.connect(self.url, name="test") as conn:
            sent = "WHERE provenance <> 'derived'" if table == "observation" else ""
            row = conn.execute(f"SELECT count(*) AS n FROM {table} {sent}").fetchone()  # noqa: S608 - names of ours
        assert row is not None
        return int(row["n"])


@pytest.fixture
def crew(city_url: str, broker: Mosquitto, tmp_path: Path) -> Iterator[Crew]:
    made = Crew(url=city_url, broker=broker, folder=tmp_path)
    yield made
    made.close()


def bay(thing: str, number: int = 0) -> Message:
    element = {
        "time": (NOW - timedelta(seconds=number)).isoformat(),
        "results": {"occupied": number % 2 == 0},
    }
    return f"hanoi/v1/parking/{thing}/observations", json.dumps(element).encode()


def bays(domains: dict[str, Domain]) -> list[str]:
    return [thing.id for thing in load_inventory([inventory.SHIPPED], domains) if thing.kind == "bay"]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_every_message_is_stored_once_whoever_owns_its_thing(
    crew: Crew, domains: dict[str, Domain], count: int
) -> None:
    crew.start_all(count)
    known = bays(domains)
    good = [bay(thing, n) for thing in known for n in range(2)]
    broken = [(f"hanoi/v1/parking/{thing}/observations", b"ERR") for thing in known for _ in range(2)]
    strangers = [bay(f"atlantis-{n}") for n in range(20)]
    strangers += [(f"hanoi/v1/parking/{known[0]}/{last}", b"?") for last in ("readings", "a/b", "Status")]
    strangers += [(f"hanoi/v1/{known[0]}", b"?"), (f"hanoi/v1/rain/{known[0]}/observations", b"?")]
    publish(crew.broker.url("publisher"), [*good, *broken, *strangers])
    wait_for(
        lambda: crew.rejections().total() >= len(broken) + len(strangers), "the rejections", context=crew.log
    )
    wait_for(lambda: crew.count("observation") >= len(good), "the observations", context=crew.log)
    assert crew.rejections() == Counter([*broken, *strangers])
    assert crew.count("observation") == len(good)
    own = Counter(owner_of_thing(thing, count) for thing in known)
    for worker in range(2, count + 1):
        least = 4 * own[worker]  # the topic below a Thing that is none of its kinds is its own as well
        assert least <= crew.metric(worker, "hanoi_ingest_messages_received_total") <= least + 3
    if count > 1:
        left = crew.metric(1, "hanoi_ingest_messages_left_total")
        assert 4 * (own.total() - own[1]) <= left <= 4 * (own.total() - own[1]) + 3
        assert ready(f"127.0.0.1:{crew.port}"), "where a single worker answers, worker 1 does"


def test_what_waits_for_worker_1_is_not_left_to_one_that_came_later(
    crew: Crew, domains: dict[str, Domain]
) -> None:
    crew.start_all(1)
    crew.end(1)
    theirs = [thing for thing in bays(domains) if owner_of_thing(thing, 2) == 2]
    before = [bay(thing, n) for thing in theirs[:50] for n in range(10)]
    broken = [(f"hanoi/v1/parking/{thing}/observations", b"ERR") for thing in theirs[:50]]
    publish(crew.broker.url("publisher"), [*before, *broken])
    crew.start_all(2)
    publish(crew.broker.url("publisher"), broken)
    wait_for(lambda: crew.count("observation") >= len(before), "what waited", context=crew.log)
    wait_for(lambda: crew.rejections().total() >= 2 * len(broken), "the rejections", context=crew.log)
    assert crew.count("observation") == len(before)
    assert crew.rejections() == Counter([*broken, *broken])


def test_a_thing_that_is_added_goes_to_its_owner_and_a_drained_worker_ends_its_session(
    crew: Crew, domains: dict[str, Domain]
) -> None:
    crew.start_all(2)
    (template,) = [t for t in load_inventory([inventory.SHIPPED], domains) if t.id == "trung-yen-3"]
    new = next(f"new-{n}" for n in range(20) if owner_of_thing(f"new-{n}", 2) == 2)
    with db.connect(crew.url, name="test") as conn:
        things.add(conn, domains, replace(template, id=new))
        things.announce(conn)
    wait_for(lambda: settled(crew.url, 2), "the new Thing with worker 2", context=crew.log)
    for worker in (1, 2):
        crew.end(worker)
    message = {"time": NOW.isoformat(), "results": {"pm2_5": 3.5}}
    publish(
        crew.broker.url("publisher"),
        [(f"hanoi/v1/air_quality/{new}/observations", json.dumps(message).encode()), bay("nobody")],
    )
    crew.start(1, 1)
    drained = crew.start(2, 1, "--drain")
    assert drained.wait(60) == 0, crew.log()
    wait_for(lambda: settled(crew.url, 1), "all with worker 1", context=crew.log)
    assert crew.count("observation") == 1, "what waited for worker 2"
    assert crew.count("ingest_worker") == 0
    assert not has_session(crew.broker, "hanoi-ingest-2")


def has_session(broker: Mosquitto, client_id: str) -> bool:
    """Whether the broker keeps a session for a client that is away; asking ends it."""
    address = BrokerAddress.parse(broker.url("ingest"))
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(address.user, address.password)
    answers: list[bool] = []
    client.on_connect = lambda _, __, flags, *___: answers.append(flags.session_present)
    client.connect(address.host, address.port, clean_start=False)
    client.loop_start()
    wait_for(lambda: answers, "the broker's answer")
    client.disconnect()
    client.loop_stop()
    return answers[0]


def test_two_processes_of_one_number_do_not_fight_for_the_session(crew: Crew) -> None:
    crew.start_all(2)
    first = crew.running[2]
    port, crew.port = crew.port, free_ports(6)
    crew.start(2, 2)
    assert first.wait(60) == 70
    assert "session_taken_over client_id=hanoi-ingest-2" in crew.log()
    wait_for(lambda: ready(f"127.0.0.1:{crew.port + 2}"), "the second goes on")
    crew.port = port


def test_a_source_is_read_by_the_worker_of_its_partition(crew: Crew, tmp_path: Path) -> None:
    crew.sources = tmp_path / "sources.toml"
    crew.sources.write_text(
        '[[source]]\nname = "lakes"\ndecoder = "senml"\ntopics = ["lakes/+/senml"]\npartition = 2\n'
        'properties = { pm2_5 = "pm2_5" }\ndevices = { station = "trung-yen-3" }\n'
    )
    crew.broker.extra_topics = ("lakes/+/senml",)
    crew.broker.restart()
    crew.start_all(2)
    wait_for(lambda: held(crew, "lakes/+/senml"), "the source with worker 2", context=crew.log)
    pack = [{"n": "station/pm2_5", "t": NOW.timestamp(), "v": 12.5}]
    publish(
        crew.broker.url("publisher"),
        [("lakes/west/senml", json.dumps(pack).encode()), ("lakes/west/senml", b"not SenML")],
    )
    wait_for(lambda: crew.rejections().total() > 0, "the rejection", context=crew.log)
    with db.connect(crew.url, name="test") as conn:
        rows = conn.execute("SELECT worker, source, payload FROM rejected_message").fetchall()
    assert [(row["worker"], row["source"]) for row in rows if bytes(row["payload"]) == b"not SenML"] == [
        (2, "lakes")
    ]
    assert crew.metric(1, "hanoi_ingest_messages_left_total") == 2


def held(crew: Crew, topic_filter: str) -> bool:
    with db.connect(crew.url, name="test") as conn:
        row = conn.execute("SELECT since FROM ingest_tenure WHERE filter = %s", (topic_filter,)).fetchone()
    return row is not None and row["since"] is not None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--worker", "3"], "HANOI_INGEST_WORKERS is 2; a worker that is left over is ended with --drain"),
        (["--worker", "0"], "--worker 0"),
        (["--drain"], "worker 1 takes what the others leave"),
    ],
)
def test_a_number_that_cannot_be_is_refused(arguments: list[str], said: str) -> None:
    environment = {"HANOI_INGEST_WORKERS": "2", "PATH": "/usr/bin:/bin"}
    ended = subprocess.run(
        [BIN / "hanoi-ingest", *arguments], env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert said in ended.stderr


@pytest.mark.faults
def test_the_number_changes_under_way_and_workers_die_in_the_middle(servers: tuple[Runtime, Path]) -> None:
    """The short form of `python -m tests.faults --workers 1,2,4,2,1`."""
    installed, _ = servers
    with installed.temporary_folder("workers") as folder, rig(installed, folder) as running:
        running.publisher.rate_hz = 200.0
        for count, killed in ((2, 1), (4, 3), (1, 2)):
            change = running.change_workers(count, killed, after_s=1.5)
            assert change.acked > 200, "messages flowed"
            assert change.lost == [], change
            assert change.twice == [], change
