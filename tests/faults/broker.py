"""Faults of the broker, and what it sends that it should not."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from deploy.embedded import broker_settings
from ingest.wire import BrokerAddress
from tests.faults.publisher import Sent
from tests.faults.scene import Fault, Scene
from tests.integration.raw_mqtt import Raw
from tests.processes import LIMIT_S

BACKLOG_HZ: Final = 4000.0
CROWD: Final = 500
SMALL_QUEUE: Final = 64 * 1024


def kill(scene: Scene, seconds: float) -> None:
    scene.broker.kill()
    scene.rest(seconds)
    scene.broker.start()


def stop(scene: Scene, seconds: float) -> None:
    scene.broker.stop()
    scene.rest(seconds)
    scene.broker.start()


def backlog(messages: int, how: str) -> Callable[[Scene, float], str]:
    """Ingest is away while so many come; then the broker is restarted, and only then does ingest come back."""

    def inject(scene: Scene, seconds: float) -> str:
        scene.kill_ingest()
        before = len(scene.publisher.acked)
        rate, scene.publisher.rate_hz = scene.publisher.rate_hz, BACKLOG_HZ
        while len(scene.publisher.acked) - before < messages:
            time.sleep(0.1)
        scene.publisher.rate_hz = rate
        getattr(scene.broker, how)()
        if how == "kill":
            scene.broker.start()
        began = time.monotonic()
        scene.start_ingest()
        waiting = len(scene.publisher.acked) - before
        scene.until(lambda: scene.stored_since_begin() >= waiting * 0.97, "the backlog", 300)
        return f"{waiting} messages waited; gone {time.monotonic() - began:.1f} s after ingest was started"

    return inject


def freeze(scene: Scene, seconds: float) -> str:
    scene.broker.pause()
    scene.rest(seconds)
    scene.broker.resume()
    return "SIGSTOP, for longer than the keepalive of 15 s"


def crowd(scene: Scene, seconds: float) -> str:
    """Clients that all connect at once, twice."""
    address = BrokerAddress.parse(scene.broker.url("publisher"))
    assert address.user is not None
    assert address.password is not None
    let_in = 0
    for _ in range(2):
        with ExitStack() as stack:
            clients = [stack.enter_context(Raw(address.port)) for _ in range(CROWD)]
            for number, client in enumerate(clients):
                client.socket.settimeout(LIMIT_S)
                let_in += client.log_in(address.user, address.password, f"crowd-{number}") == 0
        scene.rest(seconds)
    return f"{let_in} logins, twice {CROWD} clients at once"


def retained(scene: Scene, seconds: float) -> str:
    """An old retained value and an old retained error, and a worker that comes and goes."""
    bay = scene.publisher.bays[0]
    messages = [Sent(number=4_000_001, bay=bay), Sent(number=4_000_100, bay=bay)]
    address = BrokerAddress.parse(scene.broker.url("publisher"))
    with Raw(address.port) as raw:
        raw.log_in(address.user or "", address.password or "", "keeper")
        for message in messages:
            assert raw.publish(message.topic, message.payload, retain=True) in (0, 16)
            scene.sent.append(message)
    for _ in range(2):
        scene.kill_ingest()
        scene.rest(seconds)
        scene.start_ingest()
    with Raw(address.port) as raw:
        raw.log_in(address.user or "", address.password or "", "keeper")
        cleared = Nothing(number=4_000_200, bay=bay)
        assert raw.publish(cleared.topic, cleared.payload, retain=True) in (0, 16)
        scene.sent.append(cleared)
    return "a good and a broken one, then two starts of ingest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing(Sent):
    """What clears a retained message, and is one itself to those who are there."""

    @property
    def payload(self) -> bytes:
        return b""


def system_topics(scene: Scene, seconds: float) -> str:
    """The broker publishes $SYS; a publisher may not."""
    address = BrokerAddress.parse(scene.broker.url("publisher"))
    with Raw(address.port) as raw:
        raw.log_in(address.user or "", address.password or "", "pretender")
        answer = raw.publish("$SYS/broker/uptime", b"1")
    scene.rest(seconds)
    with scene.superuser() as conn:
        stored = conn.execute("SELECT FROM rejected_message WHERE topic LIKE '$SYS%'").fetchall()
    assert stored == []
    return f"a publisher's own $SYS message was answered with 0x{answer:02x}; nothing of $SYS was stored"


def overflow(scene: Scene, seconds: float) -> str:
    """A queue that is too small for the outage."""
    with _small_queue(scene):
        scene.kill_ingest()
        scene.rest(seconds)
        scene.start_ingest()
        scene.rest(2.0)
    scene.broker.restart()
    dropped = scene.broker.log.read_text(errors="replace").count("being dropped")
    said = "the broker's log says so" if dropped else "nobody says so"
    return f"max_queued_bytes at 64 kB instead of 1 GiB: each publisher got its ack all the same; {said}"


@contextmanager
def _small_queue(scene: Scene) -> Iterator[None]:
    usual = broker_settings.MAX_QUEUED_BYTES
    broker_settings.MAX_QUEUED_BYTES = SMALL_QUEUE
    try:
        scene.broker.restart()
        scene.until(scene.all_ready, "ingest at the restarted broker")
        yield
    finally:
        broker_settings.MAX_QUEUED_BYTES = usual


def session_expires(scene: Scene, seconds: float) -> str:
    """An outage that is longer than the session lives."""
    scene.kill_ingest()
    lives = max(1, int(seconds / 2))
    process = scene.spawn(1, sabotage=["session-expires", str(lives)])
    scene.until(scene.all_ready, "a worker with a short session")
    scene.rest(1.0)
    process.kill()
    process.wait()
    time.sleep(seconds)
    scene.start_ingest()
    return f"at {lives} s instead of 7 days: what came while ingest was away is gone"


FAULTS = (
    Fault(group="broker", name="SIGKILL (crash)", inject=kill, seconds=60, short_s=1),
    Fault(group="broker", name="SIGTERM", inject=stop, seconds=5, short_s=0.5),
    Fault(group="broker", name="SIGKILL with 50,000 messages waiting", inject=backlog(50_000, "kill")),
    Fault(group="broker", name="frozen (half-open connections)", inject=freeze, seconds=30),
    Fault(group="broker", name="500 clients connect at once", inject=crowd, seconds=1),
    Fault(group="broker", name="stale retained messages", inject=retained, seconds=0.5, short_s=0),
    Fault(group="broker", name="$SYS topics", inject=system_topics, seconds=2, short_s=0.5),
    Fault(
        group="broker", name="limit: the broker's queue overflows", inject=overflow, seconds=10, limit=True
    ),
    Fault(group="broker", name="limit: the session expires", inject=session_expires, seconds=6, limit=True),
)
