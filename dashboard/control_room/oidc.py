"""Logging in at the city's identity provider: OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636).

Blocking: for a thread. Authlib speaks OAuth 2, joserfc checks the ID token.
"""

import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2 import OAuth2Error
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from storage.operators import NAME, Role

log = logging.getLogger(__name__)

SCOPE: Final = "openid profile email"
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Asymmetric ones only: a token that our own client secret could have signed proves nothing."""
LEEWAY_S: Final = 60
"""How far the provider's clock may be off."""
KEEP_S: Final = 3600.0
"""How long what the provider says of itself is believed."""
ASK_KEYS_AGAIN_S: Final = 60.0
"""A key that nobody knows makes us ask for the provider's keys again, no more often than this."""
_TIMEOUT_S: Final = 5.0


class OidcError(Exception):
    """Nobody comes in this way; `code` is that of the login page's text `oidc_…`, the message is for the log."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class OidcSettings:
    """What the provider's administrator and ours agreed on."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    callback: str
    """Our address, to which the provider sends browsers back."""
    roles: Mapping[str, Role]
    """What the provider calls a group → what its members may do here."""
    roles_claim: str = "groups"
    name_claim: str = "preferred_username"
    label: str = ""
    """What the button calls the provider; its host when empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Somebody whom a provider vouches for."""

    issuer: str
    subject: str
    name: str
    role: Role


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser keeps between leaving for the provider and coming back; of use to nobody else."""

    state: str
    nonce: str
    verifier: str
    back: str = ""


@dataclass(kw_only=True, slots=True)
class Provider:
    """Thread-safe: the worst of two threads at once is to ask the provider twice."""

    settings: OidcSettings
    _said: dict[str, Any] | None = field(default=None, init=False)
    _said_at: float = field(default=0.0, init=False)
    _keys: KeySet | None = field(default=None, init=False)
    _keys_at: float = field(default=0.0, init=False)

    @property
    def name(self) -> str:
        """What people call it."""
        return self.settings.label or str(urlsplit(self.settings.issuer).hostname)

    def begin(self, back: str) -> tuple[str, Pending]:
        """Where to send the browser, and what it keeps. Raises OidcError when the provider does not answer."""
        pending = Pending(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            back=back,
        )
        with self._session() as session:
            url, _ = session.create_authorization_url(
                self._metadata()["authorization_endpoint"],
                state=pending.state,
                nonce=pending.nonce,
                code_verifier=pending.verifier,
            )
        return str(url), pending

    def finish(self, code: str, pending: Pending) -> Identity:
        """Who came back. Raises OidcError."""
        claims = self._claims(self._token(code, pending), pending.nonce)
        return self._identity(claims)

    def _session(self) -> OAuth2Session:
        one = self.settings
        return OAuth2Session(
            one.client_id,
            one.client_secret,
            scope=SCOPE,
            redirect_uri=one.callback,
            code_challenge_method="S256",
        )

    def _metadata(self) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0."""
        if self._said is None or time.monotonic() - self._said_at > KEEP_S:
            found = _get(f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self.settings.issuer:
                raise OidcError(
                    "unreachable", f"issuer '{found.get('issuer')}' where HANOI_OIDC_ISSUER is another"
                )
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if not all(isinstance(found.get(name), str) for name in needed):
                raise OidcError("unreachable", f"no {', '.join(needed)} in the provider's metadata")
            self._said, self._said_at = found, time.monotonic()
        return self._said

    def _token(self, code: str, pending: Pending) -> str:
        """The ID token for a code."""
        try:
            with self._session() as session:
                answer = session.fetch_token(
                    self._metadata()["token_endpoint"],
                    code=code,
                    code_verifier=pending.verifier,
                    timeout=_TIMEOUT_S,
                    allow_redirects=False,
                )
        except OAuth2Error as error:
            raise OidcError("refused", f"the provider gave no token: {error.error}") from error
        except (requests.RequestException, ValueError) as error:
            raise OidcError("unreachable", f"token: {type(error).__name__}") from error
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise OidcError("refused", "the provider gave no ID token")
        return token

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        """OpenID Connect Core 1.0, 3.1.3.7."""
        one = self.settings
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": one.issuer},
            aud={"essential": True, "value": one.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = self._verified(token).claims
            rules.validate(claims)
        except (JoseError, ValueError) as error:
            raise OidcError("refused", f"ID token: {type(error).__name__}: {error}") from error
        if claims.get("azp", one.client_id) != one.client_id:
            raise OidcError("refused", "ID token: it is another client's (azp)")
        return dict(claims)

    def _verified(self, token: str) -> jwt.Token:
        """Its signature is the provider's. A key that is not known may be new. Raises JoseError, ValueError."""
        try:
            return jwt.decode(token, self._key_set(KEEP_S), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            if time.monotonic() - self._keys_at < ASK_KEYS_AGAIN_S:
                raise
            return jwt.decode(token, self._key_set(0.0), algorithms=ALGORITHMS)

    def _key_set(self, keep_s: float) -> KeySet:
        if self._keys is None or time.monotonic() - self._keys_at >= keep_s:
            found: Any = _get(self._metadata()["jwks_uri"])
            self._keys, self._keys_at = KeySet.import_key_set(found), time.monotonic()
        return self._keys

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        one = self.settings
        given = claims.get(one.name_claim)
        name = given.split("@")[0].lower() if isinstance(given, str) else ""
        if not NAME.fullmatch(name):
            raise OidcError("name", f"claim {one.name_claim}: no name that an operator can have")
        groups = claims.get(one.roles_claim)
        named = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        roles = {one.roles[group] for group in named if isinstance(group, str) and group in one.roles}
        if not roles:
            raise OidcError("no_role", f"claim {one.roles_claim}: no group that has a role here")
        role = max(roles, key=list(Role).index)
        return Identity(issuer=one.issuer, subject=str(claims["sub"]), name=name, role=role)


def _get(url: str) -> dict[str, Any]:
    try:
        answer = requests.get(url, timeout=_TIMEOUT_S, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise OidcError("unreachable", f"{url}: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise OidcError("unreachable", f"{url}: not a JSON object")
    return found
