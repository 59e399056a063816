"""Stands in for every `hanoi-*` program: notes how it was called, answers /readyz, waits.

The supervisor's tests link it under each program's name. What it notes goes to
`$STAND_IN_NOTES/<name>.json`, so that a test can read what the supervisor handed over.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import SimpleQueue

import psycopg

NAME = Path(sys.argv[0]).name
WORKER = int(sys.argv[sys.argv.index("--worker") + 1]) if "--worker" in sys.argv else 0
NOTE = f"{NAME}-{WORKER}" if WORKER else NAME
BINDS = {
    "hanoi-ingest": "HANOI_INGEST_BIND",
    "hanoi-alerts": "HANOI_ALERTS_BIND",
    "hanoi-public": "HANOI_PUBLIC_BIND",
    "hanoi-control-room": "HANOI_CONTROL_ROOM_BIND",
}


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def note(**more: object) -> None:
    values = {k: v for k, v in os.environ.items() if k.startswith("HANOI_")}
    text = json.dumps({"arguments": sys.argv[1:], "environment": values, **more})
    Path(os.environ["STAND_IN_NOTES"], f"{NOTE}.json").write_text(text, encoding="utf-8")


def migrate() -> None:
    with psycopg.connect(os.environ["HANOI_DATABASE_URL"], autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'hanoi_public'")
        if known.fetchone() is None:
            connection.execute("CREATE ROLE hanoi_public NOLOGIN")
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        connection.execute("CREATE TABLE IF NOT EXISTS ingest_worker (worker int)")


def drain() -> None:
    with psycopg.connect(os.environ["HANOI_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DELETE FROM ingest_worker WHERE worker = %s", (WORKER,))


def serve() -> None:
    stopped = SimpleQueue[None]()  # whose put may interrupt itself, as an Event's set may not
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.put(None))
    if NAME in BINDS:
        host, port = os.environ[BINDS[NAME]].split(":")
        for offset in {WORKER} if WORKER > 1 else {0, WORKER}:
            server = HTTPServer((host, int(port) + offset), Ready)
            threading.Thread(target=server.serve_forever, daemon=True).start()
    stopped.get()
    note(stopped=True)


def main() -> None:
    if os.environ.get("STAND_IN_FAILS") == NAME:
        sys.exit("told to fail")
    if "--password-stdin" in sys.argv:
        Path(os.environ["STAND_IN_NOTES"], "operator.txt").write_text(sys.stdin.read())
    elif NAME == "hanoi-migrate":
        migrate()
    elif "--drain" in sys.argv:
        note()
        drain()
    else:
        note(stopped=False)
        serve()


main()
