"""Zalo's tokens: a refresh token is good for one use, so the next one must be on disk before anything else is done."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from alerts.notifiers import DeliveryError
from storage.logs import hide


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    access_token: str
    refresh_token: str
    seed: str
    """SHA-256 of the configured refresh token that these descend from: another one there begins anew."""


class TokenStore:
    """A file that only its owner reads, replaced as a whole; locked across processes while a token is renewed."""

    def __init__(self, path: Path, *, seed: str) -> None:
        self._path = path
        self._first = seed
        self._seed = hashlib.sha256(seed.encode()).hexdigest()

    def read(self) -> Pair:
        """The configured refresh token, without an access token, when there is no file for it. Raises DeliveryError."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=Pair)
        except FileNotFoundError:
            found = None
        except (OSError, msgspec.DecodeError) as error:
            raise DeliveryError(f"zalo: token file: {type(error).__name__}", retry=True) from None
        if found is None or found.seed != self._seed:
            return Pair(access_token="", refresh_token=self._first, seed=self._seed)
        hide([found.access_token, found.refresh_token])
        return found

    def write(self, access_token: str, refresh_token: str) -> None:
        """On disk when it returns. Raises DeliveryError."""
        hide([access_token, refresh_token])
        pair = Pair(access_token=access_token, refresh_token=refresh_token, seed=self._seed)
        try:
            _replace(self._path, msgspec.json.encode(pair))
        except OSError as error:
            raise DeliveryError(f"zalo: token file: {error.strerror}", retry=True) from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Waits for whoever renews it now. Raises DeliveryError when the folder can't be written."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise DeliveryError(f"zalo: token file: {error.strerror}", retry=True) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


class Tokens:
    def __init__(self, store: TokenStore, fetch: Callable[[str], Mapping[str, Any]]) -> None:
        """`fetch` hands a refresh token to Zalo and returns its answer."""
        self._store = store
        self._fetch = fetch

    def present(self) -> str:
        """An access token, which may have expired: Zalo says so."""
        return self._store.read().access_token or self.renewed("")

    def renewed(self, refused: str) -> str:
        """A token that is not the refused one. Of several at a time one asks Zalo, the others take what it got."""
        with self._store.locked():
            pair = self._store.read()
            if pair.access_token and pair.access_token != refused:
                return pair.access_token
            access_token, refresh_token = _granted(self._fetch(pair.refresh_token))
            self._store.write(access_token, refresh_token)
            return access_token


def _granted(said: Mapping[str, Any]) -> tuple[str, str]:
    access_token, refresh_token = said.get("access_token"), said.get("refresh_token")
    if not (
        isinstance(access_token, str) and isinstance(refresh_token, str) and access_token and refresh_token
    ):
        code = said.get("error")
        shown = f" (error {code})" if isinstance(code, int) else ""
        raise DeliveryError(f"zalo: no new access token{shown}: authorise the application again", retry=False)
    return access_token, refresh_token


def _replace(path: Path, content: bytes) -> None:
    """Durably: the file, then its name."""
    written = path.with_suffix(".new")
    file = os.open(written, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        os.fchmod(file, 0o600)
        os.write(file, content)
        os.fsync(file)
    finally:
        os.close(file)
    os.replace(written, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
