"""The operators' screen: it reads alerts from the database, so that taking the notification is the delivery."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.notifiers import ReceiverTable


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlRoom:
    name: str

    def send(self, key: str, document: Mapping[str, Any]) -> None:
        """Nothing is left to be done: what is recorded is on the screen."""


class Table(ReceiverTable):
    def build(self, name: str) -> ControlRoom:
        return ControlRoom(name=name)
