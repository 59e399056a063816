"""Unpacks .deb files into a folder, without what servers run from a folder never open."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

# Whole packages that may have been downloaded all the same, and parts of others. Without them
# the folder holds 160 MB instead of 430 MB.
UNWANTED_PACKAGES = re.compile(r"^(libllvm\d+|libz3-4|perl|perl-base|perl-modules.*|systemd)_")
UNWANTED_PATHS = (
    "*/bitcode",
    "*/llvmjit*",
    "./etc/init.d",
    "./usr/share/doc",
    "./usr/share/lintian",
    "./usr/share/locale",
    "./usr/share/man",
    "./usr/share/zoneinfo",
)


class UnpackError(Exception):
    """A package did not unpack; the file is named and was removed, so trying again helps."""


def wanted(debs: Iterable[Path]) -> list[Path]:
    """Return the packages worth unpacking."""
    return [deb for deb in debs if not UNWANTED_PACKAGES.match(deb.name)]


def unpack(deb: Path, folder: Path) -> None:
    """Unpack one package, readable for the servers' account and owned by us."""
    excludes = [f"--exclude={pattern}" for pattern in UNWANTED_PATHS]
    reader = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE)
    with reader:
        writer = subprocess.run(
            ["tar", "-x", "-p", "--no-same-owner", *excludes, "-C", str(folder)],
            stdin=reader.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
    if reader.returncode != 0 or writer.returncode != 0:
        deb.unlink(missing_ok=True)
        raise UnpackError(f"{deb.name} is damaged; it was removed, try again\n{writer.stderr}")
