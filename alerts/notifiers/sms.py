"""SMS by the HTTP interface of any gateway: its table says what a request looks like and when it was taken."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlencode

import httpx
import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo, model_validator

from alerts.notifiers import DeliveryError, Secret
from alerts.notifiers._http import DEADLINE_S, Answer, Http, parse
from alerts.notifiers._letter import LetterTable
from alerts.notifiers._progress import Progress
from alerts.notifiers._segments import shortened, size, without_marks
from alerts.secrets import SecretReader
from alerts.templating import Language, Writer

BODY_LIMIT: Final = 64 * 1024
LONGEST_RECEIPT: Final = 200
_PLACE: Final = re.compile(r"\{(to|text|key)\}")

Body = Mapping[str, Any]
"""Texts with {to}, {text} and {key}; SecretStr stays as it is."""


class Taken(BaseModel):
    """How an answer says that the gateway took the message, beyond its HTTP status."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    path: str | None = None
    """Where in its JSON, such as "data.0.status"; without: the whole body is looked at."""
    equals: str | int | None = None
    matches: re.Pattern[str] | None = None
    retry: tuple[str | int, ...] = ()
    """Values after which trying again can help."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.equals is None and self.matches is None:
            raise ValueError("give equals or matches")
        return self

    def by(self, value: Any) -> bool:
        """Whether the value says so."""
        if self.equals is not None and str(value) != str(self.equals):
            return False
        return self.matches is None or (value is not None and self.matches.search(str(value)) is not None)


class Sms:
    """One request a recipient; when it is tried again, only those are told that had not been."""

    def __init__(self, name: str, table: "Table", url: httpx.URL, writer: Writer) -> None:
        self.name = name
        self._table = table
        self._url = url
        self._writer = writer
        self._http = Http(deadline_s=table.timeout_s, body_limit=BODY_LIMIT)
        self._progress = Progress()

    def __repr__(self) -> str:
        return f"<sms {self.name} at {self._url.host}, {len(self._table.to)} recipients>"

    def send(self, key: str, document: Mapping[str, Any]) -> str:
        """Returns the gateway's ids and what each message costs."""
        text = self.text(document)
        ids = self._progress.tell(key, self._table.to, lambda number: self._send_one(key, number, text))
        each = " each" if len(self._table.to) > 1 else ""
        return ", ".join([f"{size(text)}{each}", *ids])[:LONGEST_RECEIPT]

    def text(self, document: Mapping[str, Any]) -> str:
        """What is sent: at most `max_segments` long, with the link when there is one."""
        said, link = self._writer.short(document), document.get("url")
        ending = f" {link}" if self._table.link and link else ""
        if self._table.ascii:
            said, ending = without_marks(said), without_marks(ending)
        return shortened(said, self._table.max_segments, ending=ending)

    def _send_one(self, key: str, number: str, text: str) -> str:
        """The gateway's id, '' when it gives none."""
        table = self._table
        filled = _filled(table.body, {"to": number, "text": text, "key": key})
        url, content, kind = self._url, None, None
        match table.format:
            case "json":
                content, kind = msgspec.json.encode(filled), "application/json"
            case "form":
                content, kind = urlencode(filled).encode(), "application/x-www-form-urlencoded"
            case "query":
                url = url.copy_merge_params(filled)
        headers = {name: value.get_secret_value() for name, value in table.headers.items()}
        if kind:
            headers = {"Content-Type": kind, **headers}
        answer = self._http.request("sms", table.method, url, content=content, headers=headers)
        return self._judged(answer)

    def _judged(self, answer: Answer) -> str:
        if not answer.is_success:
            raise DeliveryError(
                f"sms: answered {answer.status}", retry=answer.is_transient, after_s=answer.retry_after_s
            )
        said, taken = _json(answer.body), self._table.taken
        if taken is not None:
            value = _at(said, taken.path) if taken.path else answer.body.decode("utf-8", "replace")
            if not taken.by(value):
                shown = (
                    f" ({value})"
                    if taken.path and isinstance(value, str | int) and len(str(value)) <= 20
                    else ""
                )
                retry = any(str(value) == str(one) for one in taken.retry)
                raise DeliveryError(f"sms: the gateway did not take it{shown}", retry=retry)
        receipt = _at(said, self._table.receipt) if self._table.receipt else None
        return "" if receipt is None else str(receipt)[:50]


def _body(value: Any, info: ValidationInfo) -> Any:
    """Secrets inside are read, at any depth."""
    assert isinstance(info.context, SecretReader)
    reader = info.context

    def walk(node: Any) -> Any:
        match node:
            case {"env": str(), **rest} | {"file": str(), **rest} if not rest:
                return SecretStr(reader.read(node))
            case dict():
                return {key: walk(one) for key, one in node.items()}
            case list():
                return [walk(one) for one in node]
        return node

    return walk(value)


class Table(LetterTable):
    language: Language = "vi"
    url: Secret
    method: Literal["POST", "PUT", "GET"] = "POST"
    headers: dict[str, Secret] = Field(default_factory=dict)
    format: Literal["json", "form", "query"] = "json"
    body: Annotated[dict[str, Any], BeforeValidator(_body)]
    to: tuple[Annotated[str, Field(pattern=r"^\+?[0-9]{8,15}$")], ...] = Field(min_length=1)
    ascii: bool = False
    """Drops the marks of Vietnamese: one segment then holds 160 characters in place of 70."""
    max_segments: int = Field(default=3, ge=1, le=10)
    link: bool = True
    taken: Taken | None = None
    receipt: str | None = None
    """Where in the answer's JSON the gateway's id stands."""
    timeout_s: float = Field(default=DEADLINE_S, gt=0, le=15)

    def build(self, name: str) -> Sms:
        url = parse(self.url.get_secret_value())
        if url is None:
            raise ValueError("url: must be an http:// or https:// address")
        places = set(_PLACE.findall(_texts(self.body)))
        if not {"to", "text"} <= places:
            raise ValueError("body: must hold {to} and {text}")
        if self.format != "json" and any(isinstance(one, dict | list) for one in self.body.values()):
            raise ValueError(f"body: must be flat with format '{self.format}'")
        if self.method == "GET" and self.format != "query":
            raise ValueError("format: must be 'query' with method 'GET'")
        return Sms(name, self, url, self.writer("short"))


def _filled(node: Any, values: Mapping[str, str]) -> Any:
    match node:
        case str():
            return _PLACE.sub(lambda place: values[place[1]], node)
        case SecretStr():
            return node.get_secret_value()
        case dict():
            return {key: _filled(one, values) for key, one in node.items()}
        case list():
            return [_filled(one, values) for one in node]
    return node


def _texts(node: Any) -> str:
    match node:
        case str():
            return node
        case dict():
            return " ".join(_texts(one) for one in node.values())
        case list():
            return " ".join(_texts(one) for one in node)
    return ""


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None


def _at(node: Any, path: str) -> Any:
    """None where there is nothing."""
    for part in path.split("."):
        if isinstance(node, dict):
            node = node.get(part)
        elif isinstance(node, list) and part.isdecimal() and int(part) < len(node):
            node = node[int(part)]
        else:
            return None
    return node
