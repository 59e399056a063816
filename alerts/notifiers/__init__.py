"""Notification channels: one module a channel, `type = "control-room"` is `control_room.py`.

A channel is a module with a class `Table` (a ReceiverTable): what [receiver.x] may hold, and how its Notifier is built.
Adding a channel is adding a file. Modules whose name starts with `_` are what several channels share.
"""

import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr, ValidationError, ValidationInfo

from alerts.secrets import SecretReader
from storage.catalog import ReferenceDataError, in_plain_words


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
        """The receiver's name in routes, records and metrics."""

    def send(self, key: str, document: Mapping[str, Any]) -> str | None:
        """Returns when it was taken: the receipt (the provider's message id), if there is one.

        `key` is the same for every attempt, `document` is alerts.message.document's. Raises DeliveryError.
        """


def _read(source: Any, info: ValidationInfo) -> str:
    assert isinstance(info.context, SecretReader)
    return info.context.read(source)


Secret = Annotated[SecretStr, BeforeValidator(_read)]
"""In a table: a text, `{ env = … }` or `{ file = … }`; hidden in the log from then on."""


class ReceiverTable(BaseModel):
    """What a receiver's table may hold. Validated with a SecretReader as its context."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)

    def build(self, name: str) -> Notifier:
        """Raises ValueError 'key: what would be right'."""
        raise NotImplementedError


def build(name: str, table: Mapping[str, Any], where: str, secrets: SecretReader) -> Notifier:
    """The receiver of a table. Raises ReferenceDataError naming `where` (the file), receiver and key, a line a fault.

    It says what would be right and shows no value of the table: it might be a secret.
    """
    place = f"{where}: receiver.{name}"
    kind = table.get("type")
    if not isinstance(kind, str) or kind not in channels():
        raise ReferenceDataError(f"{place}.type: is one of {', '.join(channels())}")
    model: type[ReceiverTable] = import_module(channels()[kind]).Table
    rest = {key: value for key, value in table.items() if key != "type"}
    try:
        return model.model_validate(rest, context=secrets).build(name)
    except ValidationError as error:
        raise ReferenceDataError(_explained(place, model, error)) from None
    except ValueError as error:
        raise ReferenceDataError(f"{place}.{error}") from None


@cache
def channels() -> Mapping[str, str]:
    """Each type and the module that is its channel."""
    names = sorted(
        module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    )
    return {name.replace("_", "-"): f"{__name__}.{name}" for name in names}


def _explained(place: str, model: type[ReceiverTable], error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "\n".join(f"{place}{_path(fault['loc'])}: {_said(fault, model)}" for fault in faults)


def _path(parts: Iterable[int | str]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)


def _said(fault: Any, model: type[ReceiverTable]) -> str:
    if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1:
        return f"is no key of this type; it has {', '.join(sorted(model.model_fields))}"
    return in_plain_words(fault["msg"])
