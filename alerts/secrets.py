"""Secrets of alerting.toml: a text, `{ env = "NAME" }` or `{ file = "path" }`. What is read is hidden in the log."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from storage.logs import hide

FORMS: Final = 'is a text, { env = "NAME" } or { file = "path" }'
_SEPARATORS: Final = re.compile(r"[/?&=:@#,;]+")
_TOKEN: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.~+-]{8,}|[\w.~+-]*[A-Z][\w.~+-]{11,}|\d{8,}|\S{24,}")
"""What in an address may be a token: letters and digits mixed, or long; words such as `notifications` are not."""
_NAME: Final = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")
"""A host or a file: with letters and digits it is still no secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretReader:
    """Reads what a receiver's table says about a secret."""

    folder: Path
    """Of alerting.toml: relative files are looked for here."""
    environment: Mapping[str, str]

    @property
    def state_folder(self) -> Path:
        """Where a channel keeps what it must not forget, such as a token that is good for one use."""
        return Path(self.environment.get("HANOI_RUNTIME_DIR") or ".runtime") / "receivers"

    def __repr__(self) -> str:
        """Without the environment, which is full of them."""
        return f"SecretReader(folder={str(self.folder)!r})"

    def read(self, source: Any) -> str:
        """Raises ValueError that says where it was looked for, and never what was found."""
        match source:
            case str() if source:
                secret = source
            case {"env": str() as name, **rest} if not rest:
                secret = self._variable(name)
            case {"file": str() as name, **rest} if not rest:
                secret = self._file(name)
            case _:
                raise ValueError(FORMS)
        hide(parts(secret))
        return secret

    def _variable(self, name: str) -> str:
        secret = self.environment.get(name, "")
        if not secret:
            raise ValueError(f"the environment variable {name} is not set")
        return secret

    def _file(self, name: str) -> str:
        try:
            secret = (self.folder / name).read_text("utf-8").rstrip("\r\n")
        except OSError as error:
            raise ValueError(f"the file {name}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ValueError(f"the file {name}: is not UTF-8 text") from None
        if not secret:
            raise ValueError(f"the file {name}: is empty")
        return secret


def parts(secret: str) -> set[str]:
    """The secret, and of an address also its pieces that look like tokens: errors of others quote these alone."""
    return {secret, *(_tokens(secret) if "://" in secret else ())}


def _tokens(url: str) -> Iterator[str]:
    rest = url.partition("://")[2]
    for piece in _SEPARATORS.split(rest):
        if _TOKEN.fullmatch(piece) and not _NAME.fullmatch(piece):
            yield piece
