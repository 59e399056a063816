"""Downloads packages of a Debian suite through the host's own mirror, signatures checked.

A suite that is newer than the host may be signed by keys that the host lacks. Then the keyring
package is taken from a suite whose signature the host can check, and the next check uses the
keys in it: trust is handed on, never assumed.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.embedded import apt_sources, unpack
from deploy.embedded.apt import AptError, PrivateApt, Say, Source, UnknownKeyError, make_open
from deploy.embedded.apt_sources import Mirror
from deploy.embedded.host import Host

KEYRING_PACKAGE = "debian-archive-keyring"


class Archive:
    """The Debian archive as this host reaches it."""

    def __init__(
        self, folder: Path, host: Host, say: Say, *, mirrors: Sequence[Mirror] | None = None
    ) -> None:
        self._folder = folder
        self._host = host
        self._say = say
        self._mirrors = mirrors

    def download(self, packages: Sequence[str], suite: str, title: str) -> list[Path]:
        """Return the .deb files of the packages and their dependencies from the suite."""
        apt = PrivateApt(self._folder / suite)
        self._say(f"reading the package list of Debian {suite}")
        self._update(apt, suite)
        names = apt.files(packages)
        self._say(f"downloading {title}: {len(names)} packages from Debian {suite}")
        apt.download(packages, progress_line(self._say, f"downloading {title}"))
        return [apt.archives / name for name in names]

    def _update(self, apt: PrivateApt, suite: str) -> None:
        """Try the host's mirrors in turn; the last one's error is raised."""
        mirrors = self._mirrors or apt_sources.find_mirrors(self._host.codename)
        for number, mirror in enumerate(mirrors, start=1):
            try:
                self._update_from(apt, suite, mirror)
            except AptError:
                if number == len(mirrors):
                    raise
            else:
                return

    def _update_from(self, apt: PrivateApt, suite: str, mirror: Mirror) -> None:
        """Check with the host's keys, then with those of the host's suite, then with trixie's."""
        keyring = mirror.keyring
        for vouching in (mirror.host_suites, ("trixie",)):
            try:
                self._update_with(apt, suite, mirror, keyring)
            except UnknownKeyError:
                self._say(f"Debian {suite} has newer keys: fetching them, signed by known ones")
                keyring = self._newer_keyring(mirror, vouching, keyring)
            else:
                return
        self._update_with(apt, suite, mirror, keyring)

    def _update_with(self, apt: PrivateApt, suite: str, mirror: Mirror, keyring: Path) -> None:
        """Fetch the lists, with the suite's security fixes where the host has such an entry."""
        main = Source(uri=mirror.uri, suites=(suite,), keyring=keyring)
        if mirror.security_uri is None:
            apt.use([main])
            apt.update()
            return
        fixes = Source(uri=mirror.security_uri, suites=(f"{suite}-security",), keyring=keyring)
        try:
            apt.use([main, fixes])
            apt.update()
        except UnknownKeyError:
            raise
        except AptError as problem:
            apt.use([main])
            apt.update()
            self._say(f"WARNING: going on without the security fixes of {suite}: {problem}")

    def _newer_keyring(self, mirror: Mirror, suites: Sequence[str], keyring: Path) -> Path:
        """Return Debian's keys from a suite that the keys at hand vouch for."""
        apt = PrivateApt(self._folder / f"keys-{suites[0]}")
        apt.use([Source(uri=mirror.uri, suites=tuple(suites), keyring=keyring)])
        apt.update()
        apt.download([KEYRING_PACKAGE], lambda share: None)
        unpacked = apt.folder / "unpacked"
        shutil.rmtree(unpacked, ignore_errors=True)
        make_open(unpacked)
        for name in apt.files([KEYRING_PACKAGE]):
            unpack.unpack(apt.archives / name, unpacked)
        return next((unpacked / "usr/share/keyrings").glob(f"{KEYRING_PACKAGE}.[gp][pg][gp]"))


def progress_line(say: Say, what: str, every_s: float = 2.0) -> Callable[[float], None]:
    """Return a callback that says how far a download is, at most every few seconds."""
    last = time.monotonic()

    def show(share: float) -> None:
        nonlocal last
        if time.monotonic() - last >= every_s:
            last = time.monotonic()
            say(f"{what}: {share:.0%}")

    return show
