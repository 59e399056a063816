"""How processes start: an address that is taken is said, and what is read is logged."""

import logging
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from ingest.folder import FolderTransport
from ingest.main import _log_sources
from ingest.partition import Partition
from ingest.sources import load_sources
from tests.processes import BIN

pytestmark = pytest.mark.integration

NOWHERE = {
    "HANOI_RUNTIME_DIR": "/nonexistent",
    "HANOI_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "HANOI_MQTT_URL": "mqtt://ingest:none@127.0.0.1:9",
}


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("command", "variable"),
    [("hanoi-ingest", "HANOI_INGEST_BIND"), ("hanoi-alerts", "HANOI_ALERTS_BIND")],
)
def test_an_address_that_is_taken_is_named_with_its_variable(command: str, variable: str, taken: str) -> None:
    env = {**NOWHERE, variable: taken}
    done = subprocess.run([BIN / command], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stderr
    assert f"{variable}: {taken}: Address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_each_source_is_a_line_of_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(
        '[[source]]\nname = "a"\ndecoder = "senml"\ntopics = ["a/+", "b/#"]\n'
        '[[source]]\nname = "b"\ndecoder = "csv_table"\nfolder = "/srv/b"\npartition = 2\n'
        '[[source]]\nname = "c"\ndecoder = "csv_table"\nby_hand = true\n',
        "utf-8",
    )
    with caplog.at_level(logging.INFO, "ingest.main"):
        _log_sources(load_sources(path), Partition(worker=1, workers=2, draining=False))
    assert caplog.messages == [
        "source name=a decoder=senml topics='a/+,b/#' partition=1 mine=True",
        "source name=b decoder=csv_table folder='/srv/b' partition=2 mine=False",
        "source name=c decoder=csv_table by_hand=True partition=1 mine=True",
    ]


def test_each_batch_of_files_is_a_line_of_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "sources.toml"
    path.write_text('[[source]]\nname = "b"\ndecoder = "csv_table"\nfolder = "in"\n', "utf-8")
    (source,) = load_sources(path).all
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("1.csv", "2.csv", "3.csv"):
        (folder / name).write_bytes(b"four")
    clock = count(0.0, 10.0)
    transport = FolderTransport(
        sources=[replace(source, folder=folder)], clock=lambda: next(clock), sleep=lambda _: None
    )
    with caplog.at_level(logging.INFO, "ingest.folder"):
        while not transport.receive(2, 0):
            pass
        transport.receive(2, 0)
        transport.receive(2, 0)
    assert caplog.messages == ["files_read files=2 bytes=8 waiting=1", "files_read files=1 bytes=4 waiting=0"]
