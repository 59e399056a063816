"""What a log may not show, however it gets there."""

import io
import logging
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from storage.logs import configure_logging, redacted

SECRETS = ["mqtt://ingest:p%40ss%2Fword@broker:1883", "t0ken-value"]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """Logging as a process sets it up; calling it gives what was written."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, sys.excepthook, threading.excepthook
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging("DEBUG", SECRETS)
    yield stream.getvalue
    configure_logging("WARNING")
    root.handlers[:], root.level, sys.excepthook, threading.excepthook = before


def log_it(text: object) -> None:
    logging.getLogger("test").warning("event what=%s", text)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://hanoi:hunter2@db:5432/hanoi",
        "mqtts://u:hunter2@h:8883 refused",
        "connection to 'mqtt://u:x@hunter2:w/rd@h' failed",
        "mqtt://u:hunter2/x@h:1",
        "http://hunter2@proxy/",
        "host=db password=hunter2 dbname=x",
        "password='hunter2 with space' x",
        'password="hunter2"',
        "PGPASSWORD=hunter2",
        "https://hooks.example/x?token=hunter2&y=1",
        "access_token: hunter2",
        "{'token': 'hunter2'}",
        '{"api_key": "hunter2"}',
        "Authorization: Bearer hunter2.abc",
        "{'Authorization': 'Basic hunter2hunter2'}",
        "bearer hunter2hunter2",
        "the password of ingest is p@ss/word",
        "p%40ss%2Fword",
        "sent t0ken-value to nobody",
    ],
)
def test_no_secret_shows(text: str, lines: Callable[[], str]) -> None:
    log_it(text)
    written = lines()
    assert "***" in written
    assert not any(secret in written for secret in ("hunter2", "p@ss", "p%40ss", "t0ken-value"))


@pytest.mark.parametrize(
    "text",
    [
        "batch_written rows=512 lag_s=0.8",
        "ops@city.vn wrote to http://127.0.0.1:8000/api/v1/things",
        'password authentication failed for user "hanoi"',
        "topic=hanoi/v1/rain/x reason='wrong_type'",
    ],
)
def test_what_is_no_secret_stays(text: str, lines: Callable[[], str]) -> None:
    log_it(text)
    assert text in lines()


def test_a_traceback_is_redacted_too(lines: Callable[[], str]) -> None:
    try:
        raise ValueError("bad URL mqtt://u:hunter2@h") from OSError("t0ken-value")
    except ValueError:
        logging.getLogger("test").exception("failed")
    assert "ValueError" in lines()
    assert "OSError" in lines()
    assert "hunter2" not in lines()
    assert "t0ken-value" not in lines()


def test_what_a_process_or_a_thread_dies_of_is_logged_and_redacted(lines: Callable[[], str]) -> None:
    def die() -> None:
        raise RuntimeError("password=hunter2")

    thread = threading.Thread(target=die, name="worker-7")
    thread.start()
    thread.join()
    try:
        die()
    except RuntimeError:
        sys.excepthook(*sys.exc_info())
    assert "thread_died name=worker-7" in lines()
    assert "uncaught_exception" in lines()
    assert lines().count("RuntimeError: password=***") == 2
    assert "hunter2" not in lines()


def test_a_line_break_in_a_topic_forges_no_line(lines: Callable[[], str]) -> None:
    log_it("hanoi/v1/x\n2026-01-01 CRITICAL forged\r\x1b[31m\x9b31m\x00")
    assert lines().count("\n") == 1
    assert "\\x0a2026-01-01 CRITICAL forged\\x0d\\x1b[31m\\x9b31m\\x00" in lines()


def test_redacting_a_long_hostile_text_ends() -> None:
    """With quadratic patterns these would take minutes each."""
    for hostile in (
        "a://",
        "password",
        "token=",
        "authorization ",
        "a.",
        "bearer ",
        "'",
        "password='",
        "a://@",
    ):
        assert len(redacted(hostile * 20_000)) > 0
