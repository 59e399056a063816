"""How long what is kept: one TOML (HANOI_RETENTION_FILE), read into a `Retention`. No I/O but that file.

docs/retention.md explains the keys. Without a file everything is kept for ever.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

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
    document, known = read_toml(path), sorted(domains)
    unknown = [f"{path}: {line}" for line in _unknown_keys(document, known)]
    if unknown:
        raise ReferenceDataError("\n".join(unknown))
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        raise explain(path, error, document) from error
    for key in file.domain:
        if key not in known:
            raise ReferenceDataError(f"{path}: domain.{key}: no domain of the catalogue: {', '.join(known)}")
    given = document.get("default", {})
    default = _policy(f"{path}: default", file.default, _Table(), given)
    own = {
        key: _policy(f"{path}: domain.{key}", table, file.default, given | document["domain"][key])
        for key, table in file.domain.items()
    }
    for key, policy in own.items():
        if "archive_folder" in file.domain[key].model_fields_set and not policy.archive:
            raise _without_archive(f"{path}: domain.{key}")
    if default.archive_folder is not None and not any(p.archive for p in (default, *own.values())):
        raise _without_archive(f"{path}: default")
    return Retention(default=default, domains=own)


def require_folders(path: Path, retention: Retention) -> None:
    """For who archives: whether the folders are there. Raises ReferenceDataError.

    Who only reads the file may not see them, and one that goes away later, like a disk that is not mounted, must stop
    nothing but the archive.
    """
    for policy in (retention.default, *retention.domains.values()):
        folder = policy.archive_folder
        if policy.archive and folder is not None and not folder.is_dir():
            raise ReferenceDataError(
                f"{path}: archive_folder: there is no folder {folder}: make it, or mount its disk"
            )


def _unknown_keys(document: Mapping[str, Any], known: Collection[str]) -> Iterator[str]:
    """What a key that nobody knows was perhaps meant as; never its value, which may be a misplaced secret."""
    for key, value in document.items():
        if key in ("default", "domain"):
            continue
        if key in _Table.model_fields:
            yield f"{key}: belongs under [default], for every domain, or under [domain.<its key>]"
        elif key in known:
            yield f"{key}: is written [domain.{key}]"
        else:
            what = "table" if isinstance(value, dict) else "key"
            yield f"{key}: no such {what}; there are [default] and [domain.<key>]"
    tables = {"default": document.get("default")}
    domains = document.get("domain")
    if isinstance(domains, dict):
        tables |= {f"domain.{key}": table for key, table in domains.items()}
    for where, table in tables.items():
        for key in table if isinstance(table, dict) else ():
            if key not in _Table.model_fields:
                yield f"{where}.{key}: no such key; there are {', '.join(_Table.model_fields)}"


def _length(text: Any) -> Any:
    """'400d' → timedelta; 'forever' → None."""
    if text == "forever":
        return FOREVER
    match = _LENGTH.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("a length is '400d', '60w', '10y' or 'forever'")
    return timedelta(days=int(match[1]) * _DAYS[match[2]])


def _not_too_short(raw: timedelta | None) -> timedelta | None:
    if raw is not FOREVER and raw < SHORTEST_RAW:
        raise ValueError(
            f"must be {SHORTEST_RAW.days}d or more: indicators look back up to 30 days"
            " and are computed again when values come late"
        )
    return raw


def _absolute(folder: Path | None) -> Path | None:
    if folder is not None and not folder.is_absolute():
        raise ValueError(
            "must be an absolute path such as /srv/archive: it is the same wherever we are started"
        )
    return folder


Length = Annotated[timedelta | None, BeforeValidator(_length)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    raw: Annotated[Length, AfterValidator(_not_too_short)] = FOREVER
    hourly: Length = FOREVER
    daily: Length = FOREVER
    compress_after: Length = None
    archive: bool = Field(default=False, strict=True)
    archive_folder: Annotated[Path | None, AfterValidator(_absolute)] = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    default: _Table = _Table()
    domain: dict[Key, _Table] = Field(default_factory=dict)


def _policy(where: str, table: _Table, above: _Table, written: Mapping[str, Any]) -> Policy:
    """A key that a domain leaves out is that of the default. `written` is how lengths stand in the file."""
    found = {
        key: getattr(table if key in table.model_fields_set else above, key) for key in _Table.model_fields
    }
    policy = Policy(**found)
    inherited = above.model_fields_set - table.model_fields_set
    hint = "; a key that is left out is that of [default]" if inherited else ""
    for shorter, longer in (("raw", "hourly"), ("hourly", "daily")):
        if _is_longer(found[shorter], found[longer]):
            raise ReferenceDataError(
                f"{where}.{longer}: {written.get(longer)} is shorter than {shorter}"
                f" ({written.get(shorter, 'forever')})"
                f": what is rolled up is kept at least as long as what it came from{hint}"
            )
    # One that is inherited is harmless: a chunk waits for the domain that wants it uncompressed for longest.
    after = table.compress_after
    if after is not None and _is_longer(after, policy.raw):
        raise ReferenceDataError(
            f"{where}.compress_after: {written['compress_after']} is longer than raw ({written['raw']})"
            f": it is deleted before it is compressed{hint}"
        )
    if policy.archive and policy.archive_folder is None:
        raise ReferenceDataError(f"{where}.archive_folder: archive = true needs a folder")
    return policy


def _without_archive(where: str) -> ReferenceDataError:
    return ReferenceDataError(f"{where}.archive_folder: nothing is archived without archive = true")


def _is_longer(one: timedelta | None, other: timedelta | None) -> bool:
    return other is not FOREVER and (one is FOREVER or one > other)
