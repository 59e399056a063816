"""Log lines are events: `batch_written rows=512 lag_s=0.8`. Set up once, in `main()`.

No secret shows in them: not the ones that are configured, nor what looks like one in a URL, a connection string or a
header. Tracebacks and what a thread dies of go through the same formatter.
"""

import logging
import re
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

_HIDDEN: Final = "***"
_SHORTEST: Final = 4
"""Shorter ones would blank half of every line, and protect nothing anyway."""
# Bounded throughout: topics and payloads are written by others, and quadratic patterns would stop a process.
_LOOKS_SECRET: Final = (
    # scheme://user:pass@host; a password may hold @ / : as people type them, so up to the last @ of the word
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://)[^\s'\"<>]{0,512}@", re.I), rf"\1{_HIDDEN}@"),
    (
        re.compile(r"((?:proxy-)?authorization['\"]?\s{0,8}[:=]\s{0,8})(?:['\"][^'\"]*['\"]|[^\r\n]+)", re.I),
        rf"\1{_HIDDEN}",
    ),
    (re.compile(r"\b(bearer|basic)\s{1,8}[\w.~+/=-]{8,}", re.I), rf"\1 {_HIDDEN}"),
    (
        re.compile(
            r"((?:password|passwd|pwd|token|secret|api_?key)\w{0,32}['\"]?\s{0,8}[=:]\s{0,8})"
            r"('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s,;&)}\]]+)",
            re.I,
        ),
        rf"\1{_HIDDEN}",
    ),
)


_CONTROL: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
"""A line break in a topic would forge a log line, an escape sequence the reader's terminal."""


_configured: list[str] = []
"""What this process must not say; set with the logging, `hide` adds to it."""


class _Redacting(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).translate(_CONTROL)

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def redacted(text: str) -> str:
    """Without the secrets of this process and what looks like one."""
    for secret in _configured:
        text = text.replace(secret, _HIDDEN)
    for pattern, instead in _LOOKS_SECRET:
        text = pattern.sub(instead, text)
    return text


def hide(secrets: Iterable[str]) -> None:
    """From now on these do not show either: secrets that stand in files which are read later."""
    _configured[:] = _parts([*_configured, *secrets])


def configure_logging(level: str, secrets: Iterable[str] = ()) -> None:
    """One handler to standard error, UTC; `secrets` and what looks like one never show."""
    _configured[:] = _parts(secrets)
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "apscheduler", "psycopg.pool", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    sys.excepthook = _uncaught
    threading.excepthook = _thread_died


def _parts(secrets: Iterable[str]) -> list[str]:
    """Each secret, and of a URL its password as it is typed and as it is meant; the longest first."""
    found = set(secrets)
    for secret in list(found):
        try:
            password = urlsplit(secret).password or ""
        except ValueError:
            continue
        found |= {password, unquote(password)}
    return sorted((part for part in found if len(part) >= _SHORTEST), key=len, reverse=True)


def _uncaught(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("main").critical("uncaught_exception", exc_info=(kind, error, trace))


def _thread_died(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread else "?"
    error = arguments.exc_value or arguments.exc_type()
    logging.getLogger("main").critical("thread_died name=%s", name, exc_info=error)
