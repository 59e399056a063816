"""How long what is kept: one TOML (HANOI_RETENTION_FILE), read into a `Retention`. No I/O but that file.

docs/retention.md explains the keys. Without a file everything is kept for ever.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from storage.catalog import Key, ReferenceDataError, explain, read_toml

FOREVER: Final = None
"""No limit, where a `timedelta | None` says how long."""
SHORTEST_RAW: Final = timedelta(days=40)
"""Derivations look back up to 30 days, and what comes late or is corrected makes them do so again."""
_LENGTH: Final = re.compile(r"([1-9][0-9]{0,4})([dwy])")
_DAYS: Final = {"d": 1, "w": 7, "y": 366}
"""A year is the longest there is: nothing goes before its day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What is kept of one domain; None is for ever, or for `compress_after` never."""

    raw: timedelta | None = FOREVER
    hourly: timedelta | None = FOREVER
    daily: timedelta | None = FOREVER
    compress_after: timedelta | None = None
    archive: bool = False
    archive_folder: Path | None = None

    @property
    def deletes(self) -> bool:
        return any(kept is not FOREVER for kept in (self.raw, self.hourly, self.daily))


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """The policies of a city. A domain without its own has the default."""

    default: Policy = field(default_factory=Policy)
    domains: Mapping[str, Policy] = field(default_factory=dict)

    def of(self, domain: str) -> Policy:
        return self.domains.get(domain, self.default)

    @property
    def deletes(self) -> bool:
        return any(policy.deletes for policy in self._all)

    @property
    def archives(self) -> bool:
        return any(policy.archive for policy in self._all)

    @property
    def longest_raw(self) -> timedelta | None:
        """How long raw values of some domain are kept: so long is what belongs to no domain."""
        return longest(policy.raw for policy in self._all)

    @property
    def compress_after(self) -> timedelta | None:
        """A chunk holds every domain, so the one that wants it uncompressed for longest decides."""
        return longest(policy.compress_after for policy in self._all)

    @property
    def _all(self) -> list[Policy]:
        return [self.default, *self.domains.values()]


def longest(lengths: Iterable[timedelta | None]) -> timedelta | None:
    """The longest of some; None, which has no end, is longer than any."""
    known = list(lengths)
    return None if None in known else max((length for length in known if length is not None), default=None)


def load_retention(path: Path | None, domains: Iterable[str]) -> Retention:
    """The policies of a file, for these domains. Raises ReferenceDataError naming file and key."""
    if path is None:
        return Retention()
    document = read_toml(path)
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        raise explain(path, error, document) from error
    known = sorted(domains)
    for key in file.domain:
        if key not in known:
            raise ReferenceDataError(f"{path}: domain.{key}: no domain of the catalogue: {', '.join(known)}")
    default = _policy(path, "default", file.default, _Table())
    own = {
        key: _policy(path, f"domain.{key}", table, file.default, "default")
        for key, table in file.domain.items()
    }
    return Retention(default=default, domains=own)


def _length(text: Any) -> Any:
    """'400d' → timedelta; 'forever' → None."""
    if text == "forever":
        return FOREVER
    match = _LENGTH.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a length is '400d', '60w', '10y' or 'forever'")
    return timedelta(days=int(match[1]) * _DAYS[match[2]])


Length = Annotated[timedelta | None, BeforeValidator(_length)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    raw: Length = FOREVER
    hourly: Length = FOREVER
    daily: Length = FOREVER
    compress_after: Length = None
    archive: bool = Field(default=False, strict=True)
    archive_folder: Path | None = None

    @model_validator(mode="after")
    def _is_not_too_short(self) -> Self:
        if self.raw is not FOREVER and self.raw < SHORTEST_RAW:
            raise ValueError(
                f"raw must be {SHORTEST_RAW.days}d or more: indicators look back up to 30 days"
                " and are computed again when values come late"
            )
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    default: _Table = _Table()
    domain: dict[Key, _Table] = Field(default_factory=dict)


def _policy(path: Path, where: str, table: _Table, above: _Table, *inherited: str) -> Policy:
    """A key that a domain leaves out is that of the default."""
    found = {
        key: getattr(table if key in table.model_fields_set else above, key) for key in _Table.model_fields
    }
    policy = Policy(**found)
    for shorter, longer in (("raw", "hourly"), ("hourly", "daily")):
        if _is_longer(found[shorter], found[longer]):
            raise ReferenceDataError(
                f"{path}: {where}.{longer}: {_shown(found[longer])} is shorter than {shorter}"
                f" ({_shown(found[shorter])}): what is rolled up is kept at least as long as what it came from"
                + "".join(f"; a key that is left out is that of [{name}]" for name in inherited)
            )
    if policy.archive and policy.archive_folder is None:
        raise ReferenceDataError(f"{path}: {where}.archive_folder: archive = true needs a folder")
    return policy


def _is_longer(one: timedelta | None, other: timedelta | None) -> bool:
    return other is not FOREVER and (one is FOREVER or one > other)


def _shown(length: timedelta | None) -> str:
    return "forever" if length is FOREVER else f"{length.days}d"
