"""What this computer is: which Debian, which processor, and who may run the servers."""

from __future__ import annotations

import grp
import os
import platform
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

OS_RELEASE = Path("/etc/os-release")
ZONEINFO = Path("/usr/share/zoneinfo")
SUPPORTED = ("12", "13")
OWN_SERVER_USER = "hanoi-ops"

_TRIPLES = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}


class UnsupportedHostError(Exception):
    """The embedded runtime can't be installed here; the message says what to do instead."""


@dataclass(frozen=True, kw_only=True)
class Host:
    """A Debian that the runtime can be installed on."""

    codename: str
    triple: str


@dataclass(frozen=True, kw_only=True)
class ServerUser:
    """The unprivileged account that servers run as when we are root."""

    name: str
    uid: int
    gid: int


def detect(os_release: Path = OS_RELEASE, machine: str | None = None) -> Host:
    """Return the host, or raise UnsupportedHostError naming the way that works everywhere."""
    facts = read_os_release(os_release)
    triple = _TRIPLES.get(machine or platform.machine())
    known = facts.get("ID") == "debian" and facts.get("VERSION_ID") in SUPPORTED
    if not known or triple is None:
        raise UnsupportedHostError(_unsupported(facts, machine or platform.machine()))
    return Host(codename=facts["VERSION_CODENAME"], triple=triple)


def read_os_release(path: Path) -> dict[str, str]:
    """Return the KEY=value lines of os-release; empty where there is none (macOS)."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}


def server_user() -> ServerUser | None:
    """Return whom to step down to: PostgreSQL refuses to run as root. None: we are not root."""
    if os.geteuid() != 0:
        return None
    for name in (OWN_SERVER_USER, "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise UnsupportedHostError(f"no account '{OWN_SERVER_USER}' or 'nobody' to run servers as")


def can_traverse(folder: Path, user: ServerUser) -> bool:
    """Whether the user may walk to the folder (/root and mktemp -d are 0700, for example)."""
    groups = {user.gid} | {g.gr_gid for g in grp.getgrall() if user.name in g.gr_mem}
    real = folder.resolve()
    return all(_may_enter(part.stat(), user.uid, groups) for part in (real, *real.parents) if part.exists())


def _may_enter(entry: os.stat_result, uid: int, groups: set[int]) -> bool:
    if entry.st_uid == uid:
        return bool(entry.st_mode & stat.S_IXUSR)
    if entry.st_gid in groups:
        return bool(entry.st_mode & stat.S_IXGRP)
    return bool(entry.st_mode & stat.S_IXOTH)


def require_zoneinfo(zoneinfo: Path = ZONEINFO) -> None:
    """PostgreSQL from Debian reads the host's time zones and has none of its own."""
    for zone in ("UTC", "Asia/Ho_Chi_Minh"):
        if not (zoneinfo / zone).is_file():
            raise UnsupportedHostError(
                f"{zoneinfo / zone} is missing and PostgreSQL needs it: apt-get install tzdata"
            )


def _unsupported(facts: dict[str, str], machine: str) -> str:
    name = facts.get("PRETTY_NAME") or platform.system()
    return (
        f"The embedded database and broker run on Debian 12 and 13 (amd64, arm64); "
        f"this is {name} on {machine}.\n"
        "Anywhere else, with Docker:  docker compose -f deploy/compose.yaml up"
    )
