"""Notification channels: one module a channel, each with one class that is a Notifier."""

from collections.abc import Mapping
from typing import Any, Protocol


class DeliveryError(Exception):
    """A receiver did not take a notification; says whether trying again can help, and names no secret."""

    def __init__(self, message: str, *, retry: bool, after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry = retry
        self.after_s = after_s
        """How long the receiver asks to wait."""


class Notifier(Protocol):
    """Somebody who is told."""

    @property
    def name(self) -> str:
        """Its name in records and metrics."""

    def send(self, key: str, document: Mapping[str, Any]) -> None:
        """Returns when it was taken. `key` is the same for every attempt. Raises DeliveryError."""
