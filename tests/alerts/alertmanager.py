"""A real Alertmanager, the alerts and silences that it is given, and what it tells a webhook."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[2]
NAME = "prometheus-alertmanager"


def found() -> str | None:
    """The program: where HANOI_ORACLES_DIR says, where deploy/oracles.sh put it, or where the system has it."""
    folders = [Path(os.environ.get("HANOI_ORACLES_DIR", ".")), ROOT / ".runtime" / "oracles"]
    for folder in folders:
        for path in (folder / NAME, folder / "usr" / "bin" / NAME):
            if os.access(path, os.X_OK) and path.is_file():
                return str(path)
    return shutil.which(NAME)


@dataclass(frozen=True)
class Notified:
    """What one POST said."""

    group: Mapping[str, str]
    firing: frozenset[str]
    """Values of the label `name`."""
    resolved: frozenset[str]


@dataclass
class Running:
    """Talks to it. Times are its own clock's."""

    url: str
    got: list[Notified] = field(default_factory=list)

    def alerts(self, changes: Sequence[tuple[Mapping[str, str], bool, datetime]]) -> None:
        """(labels, whether it fires, since when it fires)"""
        now = datetime.now(UTC)
        body = [
            {
                "labels": dict(labels),
                "startsAt": since.isoformat(),
                "endsAt": (now + timedelta(hours=1) if firing else now).isoformat(),
            }
            for labels, firing, since in changes
        ]
        self._post("/api/v2/alerts", body)

    def silence(self, matchers: Sequence[tuple[str, str]], until: datetime) -> None:
        body = {
            "matchers": [{"name": n, "value": v, "isRegex": False, "isEqual": True} for n, v in matchers],
            "startsAt": datetime.now(UTC).isoformat(),
            "endsAt": until.isoformat(),
            "createdBy": "test",
            "comment": "test",
        }
        self._post("/api/v2/silences", body)

    def ready(self) -> bool:
        try:
            with urlopen(f"{self.url}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, ConnectionError, TimeoutError):
            return False

    def _post(self, path: str, body: Any) -> None:
        content = json.dumps(body).encode()
        request = Request(self.url + path, content, {"Content-Type": "application/json"})
        with urlopen(request, timeout=5) as answer:
            assert answer.status == 200


@contextmanager
def running(program: str, folder: Path, configuration: Mapping[str, Any]) -> Iterator[Running]:
    """On loopback, at free ports, until the end of the block. `configuration` is all but the receiver `hook`."""
    with _listening() as (hook, got):
        receivers = [{"name": "hook", "webhook_configs": [{"url": hook, "send_resolved": True}]}]
        path = folder / "alertmanager.yml"
        path.write_text(json.dumps({**configuration, "receivers": receivers}))  # which is YAML too
        address = f"127.0.0.1:{_free_port()}"
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    program,
                    f"--config.file={path}",
                    f"--storage.path={folder / 'data'}",
                    f"--web.listen-address={address}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=log,
                cwd=Path(program).resolve().parent.parent
                / "share"
                / NAME.replace("-", "/"),  # deploy/oracles.sh
            )
        try:
            server = Running(url=f"http://{address}", got=got)
            _wait(server, process, folder / "log")
            yield server
        finally:
            process.kill()
            process.wait()


def _wait(server: Running, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(300):
        if server.ready():
            return
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError("it does not become ready: " + log.read_text())


@contextmanager
def _listening() -> Iterator[tuple[str, list[Notified]]]:
    got: list[Notified] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            names = {
                status: frozenset(a["labels"]["name"] for a in said["alerts"] if a["status"] == status)
                for status in ("firing", "resolved")
            }
            got.append(Notified(said["groupLabels"], names["firing"], names["resolved"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = (
            1_000  # all groups tell at the same moment: who finds it full comes again a second later
        )

    server = Server(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", got
    finally:
        server.shutdown()
        server.server_close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
