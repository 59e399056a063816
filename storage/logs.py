"""Log lines are events: `batch_written rows=512 lag_s=0.8`. Set up once, in `main()`."""

import logging
import re
from datetime import UTC, datetime
from typing import Final

_SECRET: Final = re.compile(r"(\w+://[^:/@\s]+:)[^@\s]+@")


class _Redacting(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub(r"\1***@", super().format(record))


def configure_logging(level: str) -> None:
    """One handler to standard error, UTC, passwords in URLs never shown."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "apscheduler", "psycopg.pool", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
