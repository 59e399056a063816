"""Zalo: texts of an Official Account to its followers, and template messages (ZNS) to phone numbers.

Endpoints, headers, the rotating refresh token and the error codes are from public copies of Zalo's documentation and
code that uses them, not from a run against Zalo: docs/receivers.md. Zalo answers 200 with an `error` in the body.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import urlencode

import msgspec
from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from alerts.notifiers import DeliveryError, Secret
from alerts.notifiers._http import DEADLINE_S, Answer, Http, parse
from alerts.notifiers._letter import LetterTable
from alerts.notifiers._progress import Progress
from alerts.notifiers._zalo_tokens import Tokens, TokenStore
from alerts.secrets import SecretReader
from alerts.templating import Language, Writer

BODY_LIMIT: Final = 64 * 1024
LONGEST_TEXT: Final = 2000
"""Characters of an Official Account's text."""
LONGEST_RECEIPT: Final = 200
TOKEN_REFUSED: Final = frozenset({-216, -220, -124})
"""Access token invalid, expired or removed: a new one is fetched."""
TRANSIENT: Final[Mapping[int, float | None]] = {-32: 60.0, -100: None, -200: None}
"""Too many calls in this minute, 'unknown error, retry later', 'send message failed': seconds to wait, if it is known.

Night bans (-133, -234) and quotas (-115, -144, -147, -211) pass too late for a warning: they are dead letters at once.
"""
_PLACE: Final = re.compile(r"\{(title|place|severity|time|value|text|subject|link)\}")

_SAYS_WHAT_IT_IS: Final = re.compile(r"\{(title|subject|text)\}")


class Zalo:
    def __init__(self, name: str, table: "Table", tokens: Tokens, writer: Writer) -> None:
        self.name = name
        self._table = table
        self._tokens = tokens
        self._writer = writer
        self._http = Http(deadline_s=table.timeout_s, body_limit=BODY_LIMIT)
        self._progress = Progress()

    def __repr__(self) -> str:
        return f"<zalo {self.name}: {len(self._table.users)} followers, {len(self._table.phones)} phones>"

    def send(self, key: str, document: Mapping[str, Any]) -> str:
        """Returns Zalo's message ids."""
        to = [*(f"user {user}" for user in self._table.users), *(f"phone {p}" for p in self._table.phones)]
        ids = self._progress.tell(key, to, lambda address: self._send_one(key, address, document))
        return ", ".join(ids)[:LONGEST_RECEIPT]

    def _send_one(self, key: str, address: str, document: Mapping[str, Any]) -> str:
        kind, _, who = address.partition(" ")
        if kind == "user":
            text = _limited(self._writer.text(document), LONGEST_TEXT)
            message: Mapping[str, Any] = {"recipient": {"user_id": who}, "message": {"text": text}}
            return self._call(f"{self._table.api_url}/v3.0/oa/message/cs", message, "message_id")
        body = {
            "phone": who,
            "template_id": self._table.template_id,
            "template_data": self._data(document),
            "tracking_id": _tracking(key, who),
        }
        return self._call(f"{self._table.template_url}/message/template", body, "msg_id")

    def _call(self, url: str, body: Mapping[str, Any], receipt: str) -> str:
        """With the token we have, and once more with a new one when that is refused."""
        token = self._tokens.present()
        said = self._post(url, body, token)
        if said.get("error") in TOKEN_REFUSED:
            said = self._post(url, body, self._tokens.renewed(token))
        code = said.get("error", 0)
        if code != 0:
            wait_s = TRANSIENT.get(code)
            raise DeliveryError(f"zalo: refused (error {code})", retry=code in TRANSIENT, after_s=wait_s)
        data = said.get("data")
        return str(data.get(receipt, "")) if isinstance(data, dict) else ""

    def _post(self, url: str, body: Mapping[str, Any], token: str) -> Mapping[str, Any]:
        headers = {"Content-Type": "application/json", "access_token": token}
        if self._table.proof:
            secret = self._table.secret_key.get_secret_value().encode()
            headers["appsecret_proof"] = hmac.new(secret, token.encode(), hashlib.sha256).hexdigest()
        address = parse(url)
        assert address is not None, "checked by the table"
        content = msgspec.json.encode(body)
        return said_by(self._http.request("zalo", "POST", address, content=content, headers=headers))

    def _data(self, document: Mapping[str, Any]) -> Mapping[str, str]:
        """The template's parameters, filled and cut to their length."""
        values = self._values(document)
        return {
            name: _limited(_PLACE.sub(lambda place: values[place[1]], text), self._table.parameter_limit)
            for name, text in self._table.template_data.items()
        }

    def _values(self, document: Mapping[str, Any]) -> Mapping[str, str]:
        """Of the worst alert, in the receiver's language; a template must not be sent empty words."""
        parts = self._writer.parts(document)
        return {**parts, "link": document.get("url") or "-"}


class Table(LetterTable):
    language: Language = "vi"
    app_id: str = Field(pattern=r"^[0-9]{1,32}$")
    secret_key: Secret
    refresh_token: Secret
    """The first one, from the authorisation; later ones are kept in `token_file`."""
    token_file: Path | None = None
    users: tuple[Annotated[str, Field(pattern=r"^[0-9]{1,32}$")], ...] = ()
    phones: tuple[Annotated[str, Field(pattern=r"^84[0-9]{8,10}$")], ...] = ()
    template_id: str | None = Field(default=None, min_length=1)
    template_data: dict[str, str] = Field(default_factory=dict)
    parameter_limit: int = Field(default=100, ge=1, le=1000)
    proof: bool = False
    """Sends appsecret_proof, where the application asks for it."""
    api_url: str = "https://openapi.zalo.me"
    template_url: str = "https://business.openapi.zalo.me"
    oauth_url: str = "https://oauth.zaloapp.com"
    timeout_s: float = Field(default=DEADLINE_S, gt=0, le=15)
    _folder: Path = PrivateAttr()

    @model_validator(mode="after")
    def _is_complete(self, info: ValidationInfo) -> Self:
        assert isinstance(info.context, SecretReader)
        self._folder = info.context.state_folder
        if not self.users and not self.phones:
            raise ValueError("give users (followers' ids) or phones (84…), or both")
        if bool(self.phones) != bool(self.template_id):
            raise ValueError("phones and template_id go together: phone numbers get template messages only")
        if self.phones and not _SAYS_WHAT_IT_IS.search(" ".join(self.template_data.values())):
            raise ValueError(
                "template_data: must hold {title}, {subject} or {text}: they say when values are simulated"
            )
        for key in ("api_url", "template_url", "oauth_url"):
            if parse(getattr(self, key)) is None:
                raise ValueError(f"{key}: must be an http:// or https:// address")
        return self

    def build(self, name: str) -> Zalo:
        path = self._folder / (self.token_file or f"zalo-{name}.json")
        store = TokenStore(path, seed=self.refresh_token.get_secret_value())
        return Zalo(name, self, Tokens(store, self._fetch), self.writer("text"))

    def _fetch(self, refresh_token: str) -> Mapping[str, Any]:
        """Zalo's answer to a refresh token, which is used up by it."""
        address = parse(f"{self.oauth_url}/v4/oa/access_token")
        assert address is not None, "checked by the table"
        form = {"refresh_token": refresh_token, "app_id": self.app_id, "grant_type": "refresh_token"}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "secret_key": self.secret_key.get_secret_value(),
        }
        http = Http(deadline_s=self.timeout_s, body_limit=BODY_LIMIT)
        return said_by(
            http.request("zalo", "POST", address, content=urlencode(form).encode(), headers=headers)
        )


def said_by(answer: Answer) -> Mapping[str, Any]:
    """The JSON object of an answer. Raises DeliveryError when there is none."""
    if not answer.is_success:
        raise DeliveryError(
            f"zalo: answered {answer.status}", retry=answer.is_transient, after_s=answer.retry_after_s
        )
    try:
        said = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        said = None
    if not isinstance(said, dict):
        raise DeliveryError("zalo: answered no JSON object", retry=True)
    return said


def _limited(text: str, most: int) -> str:
    """Composed letters, as Zalo counts them."""
    composed = unicodedata.normalize("NFC", text)
    return composed if len(composed) <= most else composed[: most - 1].rstrip() + "…"


def _tracking(key: str, who: str) -> str:
    """The same for every attempt, within 48 characters."""
    return hashlib.sha256(f"{key} {who}".encode()).hexdigest()[:40]
