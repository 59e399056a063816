"""Other people's ways from MQTT to TimescaleDB, started on the same broker, database and messages as ours.

Each module has `install(folder)`, which fetches what it needs into a folder of its own, and `command(...)`, which
returns the process to start. They read `datastream_id`, `time` and `value` at the top of a message; ours reads `time`
and `results` of the same bytes, as ever.
"""

from dataclasses import dataclass


class NotHere(RuntimeError):
    """What this peer needs is not on the machine; the message says what."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """Where a peer reads and writes."""

    database_url: str
    broker_host: str
    broker_port: int
    user: str
    password: str
    batch: int = 500
    in_flight: int = 2000
