"""Sirens and signs: the present state of each Thing as a retained MQTT message at {prefix}/{domain}/{thing}.

A Thing may have several alerts, told in several notifications: the retained message holds them all, so it is read back,
changed and published again, and whoever connects finds the worst of them. Published with QoS 1 (MQTT 5), taken when the
broker has acknowledged it.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any, Final

from pydantic import Field, field_validator

from alerts.model import State
from alerts.notifiers import ReceiverTable, Secret
from alerts.notifiers._mqtt_session import Broker, Session, parse_broker
from alerts.notifiers._sign import sign_of, test_sign

URL_VARIABLE: Final = "HANOI_ALERTS_MQTT_URL"
PREFIX: Final = "hanoi/alerts"
TELEMETRY: Final = "hanoi/v1"
"""What Things publish; nobody else does."""
DEADLINE_S: Final = 10.0


class Signs:
    def __init__(self, name: str, broker: Broker, *, prefix: str, exercises: bool, deadline_s: float) -> None:
        self.name = name
        self._broker = broker
        self._prefix = prefix
        self._exercises = exercises
        self._deadline_s = deadline_s
        self._one_at_a_time = Lock()

    def __repr__(self) -> str:
        return f"<mqtt {self.name} at {self._broker}, {self._prefix}/#>"

    def send(self, key: str, document: Mapping[str, Any]) -> None:
        """Returns when the broker has acknowledged every Thing's state. A test goes to {prefix}/test, not retained."""
        with self._one_at_a_time, Session(self._broker, deadline_s=self._deadline_s) as session:
            if not document["alerts"]:
                session.publish(f"{self._prefix}/test", test_sign(document), retain=False)
                return
            things = self._by_topic(document["alerts"])
            before = session.retained(list(things))
            for topic, alerts in things.items():
                sign = sign_of(before.get(topic), alerts, key=key, at=document["created_at"])
                session.publish(topic, sign, retain=True)

    def _by_topic(self, alerts: Sequence[Mapping[str, Any]]) -> Mapping[str, list[Mapping[str, Any]]]:
        def topic(alert: Mapping[str, Any]) -> str:
            return f"{self._prefix}/{alert['domain']}/{alert['thing']['id']}"

        told = [
            alert
            for alert in alerts  # the end is always told: what began as actual may have weaker values by then
            if self._exercises or alert["status"] == "actual" or alert["state"] == State.RESOLVED
        ]
        return {name: list(found) for name, found in groupby(sorted(told, key=topic), key=topic)}


class Table(ReceiverTable):
    url: Secret = Field(default={"env": URL_VARIABLE}, validate_default=True)
    prefix: str = PREFIX
    exercises: bool = True
    """False: only what rests on measured values. For a siren that does not look at `status`."""
    ca_file: Path | None = None
    """Who signs the broker's certificate, where that is not an authority that the system knows."""
    timeout_s: float = Field(default=DEADLINE_S, gt=0, le=50)

    @field_validator("prefix")
    @classmethod
    def _is_ours(cls, prefix: str) -> str:
        if not prefix or set(prefix) & set("+#\0") or prefix.startswith(("/", "$")) or prefix.endswith("/"):
            raise ValueError("must be a topic such as 'hanoi/alerts', without wildcards")
        if f"{prefix}/".startswith(f"{TELEMETRY}/"):
            raise ValueError(f"must not be under {TELEMETRY}/, where Things publish what they measure")
        return prefix

    def build(self, name: str) -> Signs:
        broker = parse_broker(self.url.get_secret_value(), self.ca_file)
        return Signs(name, broker, prefix=self.prefix, exercises=self.exercises, deadline_s=self.timeout_s)
