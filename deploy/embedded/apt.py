"""A private apt: its own state, sources and cache, the host's mirror, key and proxy settings.

It needs no root, changes nothing on the host, and never installs: it only downloads.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Say = Callable[[str], None]

# Dependencies of the packages that servers run from a folder never call: set-up scripts,
# translations, and LLVM (26 MB, for a JIT that is switched off). Named here as if they were
# installed, so that apt does not download them. One that is missing from this list, because a
# later Debian renamed it, costs a download and nothing else.
STAND_INS = (
    "adduser",
    "debconf",
    "init-system-helpers",
    "libc-bin",
    "libc-gconv-modules-extra",
    "libllvm17",
    "libllvm18",
    "libllvm19",
    "libllvm20",
    "libllvm21",
    "libz3-4",
    "locales",
    "netbase",
    "openssl",
    "openssl-provider-legacy",
    "passwd",
    "perl",
    "perl-base",
    "postgresql-client-common",
    "postgresql-common",
    "procps",
    "readline-common",
    "sensible-utils",
    "ssl-cert",
    "systemd",
    "systemd-standalone-sysusers",
    "sysvinit-utils",
    "tzdata",
    "ucf",
)


class AptError(Exception):
    """apt said no; the message carries its last lines and whether trying again can help."""


class UnknownKeyError(AptError):
    """A suite is signed by keys that the keyring at hand lacks."""


class LockedError(AptError):
    """Another apt works in the same folder."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One suite of one archive, and the keyring that must vouch for it."""

    uri: str
    suites: tuple[str, ...]
    keyring: Path


class PrivateApt:
    """apt with all of its state below one folder, for one set of sources."""

    def __init__(self, folder: Path, *, acquire: str | None = None) -> None:
        self.folder = folder
        self.archives = folder / "cache" / "archives"
        self._acquire = host_acquire_settings() if acquire is None else acquire

    def use(self, sources: Sequence[Source]) -> None:
        """Write the sources and the configuration; what was downloaded before stays."""
        for name in ("state/lists/partial", "cache/archives/partial", "empty", "sources"):
            make_open(self.folder / name)
        (self.folder / "status").write_text(stand_in_status(), encoding="ascii")
        (self.folder / "host.conf").write_text(self._acquire, encoding="utf-8")
        (self.folder / "apt.conf").write_text(self._configuration(), encoding="utf-8")
        text = "\n".join(_paragraph(source) for source in sources)
        (self.folder / "sources" / "debian.sources").write_text(text, encoding="utf-8")

    def update(self) -> None:
        """Fetch the lists of packages. Raises UnknownKeyError or AptError."""
        self._run("apt-get", "update", "--error-on=any", "-q")

    def download(self, packages: Sequence[str], progress: Callable[[float], None]) -> None:
        """Download the packages and what they need; what is here is not fetched again."""
        self._run("apt-get", *_INSTALL, "--download-only", *packages, progress=progress)

    def files(self, packages: Sequence[str]) -> list[str]:
        """Return the names of the .deb files that these packages and their dependencies are.

        `--print-uris` leaves out what is already downloaded, so it is asked of an empty cache.
        """
        empty = f"Dir::Cache::archives={self.folder / 'empty'}/"
        text = self._run("apt-get", *_INSTALL, "-o", empty, "--print-uris", *packages)
        return re.findall(r"^'[^']+' (\S+\.deb) ", text, flags=re.MULTILINE)

    def _configuration(self) -> str:
        """Settings that shut the host's hooks out and keep its proxy, and insist on signatures."""
        here = self.folder
        return (
            "\n".join(
                (
                    f'Dir::Etc::main "{here}/host.conf";',
                    f'Dir::Etc::parts "{here}/empty";',
                    'Dir::Etc::sourcelist "/dev/null";',
                    f'Dir::Etc::sourceparts "{here}/sources";',
                    'Dir::Etc::preferences "/dev/null";',
                    f'Dir::Etc::preferencesparts "{here}/empty";',
                    f'Dir::State "{here}/state";',
                    f'Dir::State::status "{here}/status";',
                    f'Dir::Cache "{here}/cache";',
                    'Acquire::Retries "3";',
                    'Acquire::Languages "none";',
                )
            )
            + "\n"
        )

    def _run(self, *command: str, progress: Callable[[float], None] | None = None) -> str:
        """Run apt and return its output; wait for one that a killed install left behind."""
        deadline = time.monotonic() + _LOCK_PATIENCE_S
        while True:
            try:
                return self._run_once(command, progress)
            except LockedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def _run_once(self, command: Sequence[str], progress: Callable[[float], None] | None) -> str:
        """Run apt and return its output; progress gets the share done, 0 to 1."""
        environment = {**os.environ, "APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C"}
        process = subprocess.Popen(
            # It ends with us: one that went on by itself would hold the locks of the next try.
            ["setpriv", "--pdeathsig=KILL", "--", command[0], *_ALWAYS, *command[1:]],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            try:
                lines = _read(process, progress)
            except BaseException:
                process.terminate()
                raise
        if process.returncode != 0:
            raise _error(command, lines)
        return "".join(lines)


_LOCK_PATIENCE_S = 30.0
_INSTALL = ("install", "-y", "-q", "--no-install-recommends", "-o", "APT::Status-Fd=1")

# On the command line, which is read last: no setting of the host weakens the check.
_ALWAYS = (
    "-o",
    "APT::Get::AllowUnauthenticated=false",
    "-o",
    "Acquire::AllowInsecureRepositories=false",
    "-o",
    "Acquire::AllowWeakRepositories=false",
    "-o",
    "Acquire::AllowDowngradeToInsecureRepositories=false",
)


def host_acquire_settings() -> str:
    """Return the host's Acquire settings (proxies, time-outs): the only ones that we share."""
    result = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=True)
    return result.stdout


def stand_in_status() -> str:
    """Return a dpkg status file in which one made-up package provides the STAND_INS."""
    provides = ", ".join(f"{name} (= 9:9)" for name in STAND_INS)
    return (
        "Package: hanoi-ops-stand-ins\n"
        "Status: install ok installed\n"
        "Maintainer: nobody <nobody@localhost>\n"
        "Architecture: all\n"
        "Version: 1\n"
        f"Provides: {provides}, debconf-2.0\n"
        "Description: what servers run from a folder do not call\n"
    )


def make_open(folder: Path) -> None:
    """Create a folder that other accounts may enter, whatever the umask is."""
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for part in missing:
        part.chmod(0o755)


def _read(process: subprocess.Popen[str], progress: Callable[[float], None] | None) -> list[str]:
    """Return what apt printed, passing the lines about progress on."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        share = _share_done(line)
        if share is None:
            lines.append(line)
        elif progress is not None:
            progress(share)
    return lines


def _paragraph(source: Source) -> str:
    return (
        "Types: deb\n"
        f"URIs: {source.uri}\n"
        f"Suites: {' '.join(source.suites)}\n"
        "Components: main\n"
        f"Signed-By: {source.keyring}\n"
    )


def _share_done(line: str) -> float | None:
    match = re.match(r"dlstatus:\d+:([\d.]+):", line)
    return float(match[1]) / 100 if match else None


def _error(command: Sequence[str], lines: Sequence[str]) -> AptError:
    text = "".join(lines)
    last = "\n".join(line.rstrip() for line in lines if re.match(r"[EWN]:", line)) or text[-600:]
    if re.search(r"NO_PUBKEY|not signed|couldn't be verified|Missing key|EXPKEYSIG", text):
        return UnknownKeyError(f"no key at hand vouches for what the mirror sent\n{last}")
    if re.search(r"Could not get lock|Unable to lock", text):
        return LockedError(f"another apt is at work in our folder\n{last}")
    return AptError(f"{' '.join(command[:2])} failed\n{last}")
