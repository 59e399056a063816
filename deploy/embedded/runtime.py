"""Installs the database and the broker into a folder, once, and knows where they are.

`ensure()` is what everybody calls: a fraction of a second when all is in place.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded import host as hosts
from deploy.embedded import install
from deploy.embedded.apt import Say, make_open
from deploy.embedded.host import ServerUser

SYSTEM_PARENT = Path("/var/lib/hanoi-ops")
_OWNER = "linked-from"


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """The installed servers. `folder` is real: any link was followed."""

    folder: Path
    database: Path
    broker: Path
    broker_version: str
    triple: str
    user: ServerUser | None

    def own(self, path: Path, mode: int = 0o700) -> None:
        """Give a file or folder to the account that the servers run as."""
        if self.user is not None:
            os.chown(path, self.user.uid, self.user.gid)
        path.chmod(mode)

    def folder_for_server(self, path: Path) -> Path:
        """Create (if need be) a folder that only the servers' account may read; return it."""
        make_open(path.parent)
        path.mkdir(exist_ok=True)
        if self.user is not None and not hosts.can_traverse(path.parent, self.user):
            raise PermissionError(
                f"the account '{self.user.name}', which servers run as, can't enter {path.parent}; "
                "use a folder from Runtime.temporary_folder()"
            )
        self.own(path)
        return path.resolve()

    @contextlib.contextmanager
    def temporary_folder(self, name: str = "servers", parent: Path | None = None) -> Iterator[Path]:
        """Yield a folder that servers can reach (pytest's own is 0700); it is removed after.

        A given parent must be open to everybody, as /tmp is.
        """
        if parent is None:
            parent = self.folder / "tmp"
            make_open(parent)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def ensure(runtime_dir: Path, say: Say) -> Runtime:
    """Install what is missing below runtime_dir and return where it is.

    Raises UnsupportedHostError where this can't work, AptError or another error that says
    whether trying again helps. Two processes may call it at once: one waits.
    """
    host = hosts.detect()
    hosts.require_zoneinfo()
    user = hosts.server_user()
    folder = settle(runtime_dir, user, say)
    ready = install.installed(folder)
    if ready is None:
        with _one_at_a_time(folder, say):
            ready = install.installed(folder) or install.run(folder, host, say)
    return Runtime(
        folder=folder,
        database=folder / install.DATABASE,
        broker=folder / install.BROKER,
        broker_version=ready.broker_version,
        triple=host.triple,
        user=user,
    )


def settle(runtime_dir: Path, user: ServerUser | None, say: Say) -> Path:
    """Return the real folder of the runtime, elsewhere when the servers' account can't reach it."""
    if runtime_dir.is_symlink():
        _claim(runtime_dir, say)
    if user is not None and not runtime_dir.is_symlink():
        existing = runtime_dir if runtime_dir.exists() else _nearest(runtime_dir)
        if not hosts.can_traverse(existing, user):
            _link_elsewhere(runtime_dir, say)
    make_open(runtime_dir)
    return runtime_dir.resolve()


def _claim(link: Path, say: Say) -> None:
    """Drop a link that was copied along with its parent and still belongs to the original."""
    target = link.resolve()
    owner_file = target / _OWNER
    owner = Path(owner_file.read_text(encoding="utf-8")) if owner_file.is_file() else None
    if target.is_dir() and (owner is None or owner == link.absolute()):
        return
    original_lives = owner is not None and owner.is_symlink() and owner.resolve() == target
    if target.is_dir() and not original_lives:
        owner_file.write_text(str(link.absolute()), encoding="utf-8")
        return
    say(f"{link} points to the runtime of another copy: making one of its own")
    link.unlink()


def _link_elsewhere(runtime_dir: Path, say: Say) -> None:
    """Move the runtime to /var/lib/hanoi-ops/<hash>; `.runtime` becomes a link to it."""
    digest = hashlib.sha256(str(runtime_dir.absolute()).encode()).hexdigest()[:12]
    target = SYSTEM_PARENT / digest
    make_open(target)
    if runtime_dir.is_dir():
        for entry in runtime_dir.iterdir():
            shutil.move(entry, target / entry.name)
        runtime_dir.rmdir()
    (target / _OWNER).write_text(str(runtime_dir.absolute()), encoding="utf-8")
    make_open(runtime_dir.parent)
    runtime_dir.symlink_to(target)
    say(f"servers can't enter {runtime_dir.parent}: the runtime is in {target}")


def _nearest(path: Path) -> Path:
    return next(parent for parent in path.absolute().parents if parent.exists())


@contextlib.contextmanager
def _one_at_a_time(folder: Path, say: Say) -> Iterator[None]:
    with (folder / "install.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another process is installing the runtime: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
