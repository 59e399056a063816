"""Reads where this host gets Debian from, so that no mirror is written in the repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ETC_APT = Path("/etc/apt")
KEYRINGS = Path("/usr/share/keyrings")
_ARCHIVE = "debian-archive-keyring"
_STABLE_NAMES = {"stable", "oldstable", "oldoldstable"}


class NoDebianSourceError(Exception):
    """The host's apt configuration names no Debian archive."""


@dataclass(frozen=True, kw_only=True)
class AptEntry:
    """One enabled `deb` entry, of either file format."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str | None


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """Where Debian comes from on this host and the keyring that its signatures are checked with."""

    uri: str
    security_uri: str | None
    keyring: Path
    host_suites: tuple[str, ...]


def find_mirrors(codename: str, etc_apt: Path = ETC_APT, keyrings: Path = KEYRINGS) -> tuple[Mirror, ...]:
    """Return the mirrors to try, those signed by name with the archive's key first.

    An entry without Signed-By may be a third party's: it comes later, and fails the check of
    its signature against Debian's key if it is.
    """
    default = _default_keyring(keyrings)
    entries = read_entries(etc_apt)
    names = {codename, *_STABLE_NAMES}
    candidates = [entry for entry in entries if _may_be_debian(entry, names)]
    candidates.sort(key=lambda entry: _ARCHIVE not in (entry.signed_by or ""))
    security = [e for e in entries if _may_be_debian(e, {f"{name}-security" for name in names})]
    security_uri = security[0].uri if security else None
    mirrors = tuple(_mirror(entry, security_uri, default) for entry in candidates)
    if not mirrors:
        raise NoDebianSourceError(f"no entry for {codename} signed by the Debian archive under {etc_apt}")
    return mirrors


def read_entries(etc_apt: Path) -> list[AptEntry]:
    """Return all enabled binary entries in the order in which apt reads the files."""
    parts = etc_apt / "sources.list.d"
    dropped_in = (*sorted(parts.glob("*.list")), *sorted(parts.glob("*.sources")))
    entries: list[AptEntry] = []
    for file in (etc_apt / "sources.list", *dropped_in):
        if file.is_file():
            parse = parse_deb822 if file.suffix == ".sources" else parse_one_line
            entries.extend(parse(file.read_text(encoding="utf-8")))
    return entries


def parse_deb822(text: str) -> Iterator[AptEntry]:
    """Yield the entries of a .sources file (paragraphs of fields)."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for paragraph in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = _fields(paragraph)
        binary = "deb" in fields.get("types", "").split()
        if not binary or fields.get("enabled", "yes").lower() in {"no", "false", "0"}:
            continue
        yield from _entries(
            uris=fields.get("uris", "").split(),
            suites=fields.get("suites", "").split(),
            components=fields.get("components", "").split(),
            signed_by=fields.get("signed-by"),
        )


def parse_one_line(text: str) -> Iterator[AptEntry]:
    """Yield the entries of a .list file: `deb [option=value …] URI suite component …`."""
    pattern = re.compile(r"^\s*deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<rest>[^#]+)")
    for line in text.splitlines():
        match = pattern.match(line)
        if match is None:
            continue
        words = match["rest"].split()
        options = dict(o.split("=", 1) for o in (match["options"] or "").split() if "=" in o)
        if len(words) >= 2:
            yield from _entries(
                uris=words[:1],
                suites=words[1:2],
                components=words[2:],
                signed_by=options.get("signed-by"),
            )


def _fields(paragraph: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    key = ""
    for line in paragraph.splitlines():
        if line[:1].isspace():
            fields[key] = f"{fields.get(key, '')}\n{line.strip()}"
        elif ":" in line:
            key, value = line.split(":", 1)
            key = key.strip().lower()
            fields[key] = value.strip()
    return fields


def _entries(
    *, uris: Iterable[str], suites: list[str], components: list[str], signed_by: str | None
) -> Iterator[AptEntry]:
    for uri in uris:
        if not uri.startswith("cdrom:"):
            yield AptEntry(
                uri=uri,
                suites=tuple(suites),
                components=tuple(components),
                signed_by=signed_by,
            )


def _may_be_debian(entry: AptEntry, suites: set[str]) -> bool:
    """An entry that names a keyring of somebody else's is out; the rest is checked by signature."""
    key = entry.signed_by or ""
    foreign_key = key.startswith("/") and _ARCHIVE not in key
    offered = bool(suites.intersection(entry.suites)) and "main" in entry.components
    return offered and not foreign_key


def _mirror(entry: AptEntry, security_uri: str | None, default: Path) -> Mirror:
    named = entry.signed_by if entry.signed_by and entry.signed_by.startswith("/") else None
    return Mirror(
        uri=entry.uri,
        security_uri=security_uri,
        keyring=Path(named.split(",")[0].split()[0]) if named else default,
        host_suites=tuple(s for s in entry.suites if "/" not in s),
    )


def _default_keyring(keyrings: Path) -> Path:
    for suffix in (".gpg", ".pgp"):
        if (keyrings / f"{_ARCHIVE}{suffix}").is_file():
            return keyrings / f"{_ARCHIVE}{suffix}"
    return keyrings / f"{_ARCHIVE}.gpg"
