"""Our own processes as their users start them, and a publisher that waits for the broker's acks."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from ingest.wire import BrokerAddress

BIN = Path(sys.executable).parent
LIMIT_S = 180.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(program: str, *arguments: str, env: Mapping[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts a console script with only the given HANOI_* variables."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HANOI_")}
    return subprocess.Popen(
        [BIN / program, *arguments],
        env={**clean, "HANOI_RUNTIME_DIR": "/nonexistent", "PYTHONFAULTHANDLER": "1", **env},
        stdout=log,
        stderr=subprocess.STDOUT,
    )


@contextmanager
def running(
    program: str, *arguments: str, env: Mapping[str, str], bind: str, folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """The process from /readyz on until the end of the block; its log is in the message when it fails."""
    path = folder / f"{program}.log"
    with path.open("ab") as log:
        process = start(program, *arguments, env=env, log=log)
        try:
            wait_for(
                lambda: ready(bind),
                f"{program} ready",
                alive=lambda: process.poll() is None,
                context=lambda: path.read_text()[-3000:],
            )
            yield process
        finally:
            if process.poll() is None:
                end(process, lambda: path.read_text()[-20_000:])


def end(process: subprocess.Popen[bytes], context: Callable[[], str] = str) -> int:
    """Asks it to stop; its exit status. One that doesn't is ended, and its log then says where each thread was."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(LIMIT_S)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        process.wait()
        raise AssertionError(f"asked to stop, it went on\n{context()}") from None


def ready(bind: str) -> bool:
    try:
        return httpx.get(f"http://{bind}/readyz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def wait_for(
    happened: Callable[[], object],
    what: str,
    *,
    limit_s: float = LIMIT_S,
    alive: Callable[[], bool] = lambda: True,
    context: Callable[[], str] = str,
) -> None:
    """Polls until it is true; fails by name. The limit is no promise, only an end to waiting."""
    end = time.monotonic() + limit_s
    while not happened():
        if not alive() or time.monotonic() > end:
            raise AssertionError(f"never happened: {what}\n{context()}")
        time.sleep(0.05)


def publish(url: str, messages: Iterable[tuple[str, bytes]], client_id: str = "test-publisher") -> None:
    """Sends with QoS 1 and returns when the broker has acknowledged every message."""
    address = BrokerAddress.parse(url)
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(address.user, address.password)
    client.connect(address.host, address.port)
    client.loop_start()
    try:
        for sent in [client.publish(topic, payload, qos=1) for topic, payload in messages]:
            sent.wait_for_publish(LIMIT_S)
            assert sent.is_published()
    finally:
        client.disconnect()
        client.loop_stop()


def ingest_env(database_url: str, broker_url: str) -> dict[str, str]:
    """What hanoi-ingest needs, on a free port."""
    return {
        "HANOI_DATABASE_URL": database_url,
        "HANOI_MQTT_URL": broker_url,
        "HANOI_INGEST_BIND": f"127.0.0.1:{free_port()}",
    }
