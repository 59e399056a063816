"""An entry by hand on its way through the ordinary ingest: the message, its publication, and what became of it."""

import time as clocks
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from alerts.notifiers import DeliveryError
from alerts.notifiers._mqtt_session import Broker, Session
from ingest import wire
from storage import db, manual
from storage.manual import Refusal
from storage.model import Provenance

PUBLISH_S: Final = 5.0
PATIENCE_S: Final = 10.0
LOOK_S: Final = 0.2
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""Ingest stamps what it refuses by its own clock."""

Kind = Literal["stored", "partly", "rejected", "sent", "unsent"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One native message (ingest/wire.py). Times are aware."""

    domain: str
    thing_id: str
    results: Mapping[str, float | bool]
    time: datetime
    result_time: datetime

    @property
    def topic(self) -> str:
        return wire.observations_topic(self.domain, self.thing_id)

    @property
    def content(self) -> dict[str, Any]:
        element = wire.Element(
            time=self.time,
            result_time=self.result_time,
            results=self.results,
            provenance=Provenance.MANUAL,
        )
        built: dict[str, Any] = msgspec.to_builtins(element)
        return built

    @property
    def payload(self) -> bytes:
        return msgspec.json.encode(self.content)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """`sent`: the broker may have it, and nobody knows yet what ingest makes of it. `unsent`: it has not."""

    kind: Kind
    stored: Collection[str] = ()
    faults: Sequence[Mapping[str, Any]] = ()
    """path, reason, message as in `rejected_message.detail`."""


def judge(properties: Collection[str], stored: Collection[str], refusal: Refusal | None) -> Outcome:
    """What is known. A message's values and its rejection commit together: with one, the other is there. Pure."""
    if refusal is not None:
        kind: Kind = "partly" if stored else "rejected"
        return Outcome(kind=kind, stored=stored, faults=refusal.faults)
    return Outcome(kind="stored" if set(stored) >= set(properties) else "sent", stored=stored)


def publish(broker: Broker, message: Message) -> Outcome | None:
    """None: the broker may have it. Otherwise it surely has not, and the outcome says why."""
    connected = False
    try:
        with Session(broker, deadline_s=PUBLISH_S) as session:
            connected = True
            session.publish(message.topic, message.content, retain=False)
    except DeliveryError as error:
        if not connected or not error.retry:
            fault = {"path": "$", "reason": "unsent", "message": str(error)}
            return Outcome(kind="unsent", faults=[fault])
    return None


def follow(
    pool: db.Connections,
    message: Message,
    *,
    patience_s: float = PATIENCE_S,
    sleep: Callable[[float], None] = clocks.sleep,
) -> Outcome:
    """Looks until the message is committed or refused, or for so long. Raises DatabaseUnreachable."""
    until = clocks.monotonic() + patience_s
    while True:
        with pool.connection(timeout=PUBLISH_S) as conn:
            outcome = judge(message.results, *_traces(conn, message))
        if outcome.kind != "sent" or clocks.monotonic() > until:
            return outcome
        sleep(LOOK_S)


def _traces(conn: db.Connection, message: Message) -> tuple[set[str], Refusal | None]:
    since = message.result_time - _CLOCKS_DIFFER
    refusal = manual.refusal(conn, message.topic, message.payload, since)
    stored = manual.stored(
        conn, message.thing_id, list(message.results), time=message.time, result_time=message.result_time
    )
    return stored, refusal
