"""Files in: stations deliver by FTP into a folder, and a file is moved away only after the commit (design promise 1).

A file is taken when its size and time of change have stood still for `settle_s`: FTP gives no other sign of its end.
Names that programs use while they write (`.name`, `*.tmp`, `*.part`, `*.filepart`) wait for their last name. Folders
below are read as well, since stations deliver into `station/2026/11/22/`; links, pipes and devices are left alone.

Killed between commit and move, the file is read again: its observations have the same keys, and its rejection is found
by the packet id, which is made of name, size and time of change.

An upload that stalls for longer than `settle_s` is read in part, and the server's open file follows the move: what
comes then is written into `done/`. So moved files are watched for `WATCHED_S`, and one that changed is moved back and
read again whole. The process keeps that list in memory: a restart forgets it.
"""

import logging
import os
import stat
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from ingest.model import Envelope, FilePosition, Position
from ingest.sources import DONE, Source
from storage.model import HANOI

log = logging.getLogger(__name__)

UNFINISHED: Final = (".tmp", ".part", ".filepart")
LOOK_EVERY_S: Final = 1.0
"""How often the folders are listed at most."""
MOST_BYTES: Final = 8 * 1024 * 1024
"""Of all files of a batch, so that memory does not grow with the backlog; a single file may be larger."""
WATCHED_S: Final = 3600.0
MOST_WATCHED: Final = 5000
"""Files in done/ that are looked at each time, the latest."""
DEEPEST: Final = 8
"""Levels of folders below the source's."""


@dataclass(frozen=True, kw_only=True)
class _Stamp:
    """What changes when a file is written."""

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> "_Stamp":
        return cls(size=status.st_size, mtime_ns=status.st_mtime_ns)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A file as it was listed."""

    source: Source
    path: Path
    stamp: _Stamp


@dataclass(frozen=True, kw_only=True)
class _Moved:
    """A file in done/ that may still be written to."""

    source: Source
    origin: Path
    path: Path
    stamp: _Stamp
    """As it was read."""
    until: float


@dataclass(kw_only=True)
class FolderTransport:
    """All folders of the sources. `receive` runs in one thread and `commit` in another."""

    sources: Sequence[Source]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    missing: frozenset[Path] = field(default=frozenset(), init=False)
    """Folders that could not be listed the last time."""
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _taken: dict[Path, _Stamp] = field(default_factory=dict, init=False)
    """Handed out and not committed, or committed and not moved: these are not handed out again."""
    _unmoved: dict[Path, FilePosition] = field(default_factory=dict, init=False)
    _watched: deque[_Moved] = field(default_factory=lambda: deque(maxlen=MOST_WATCHED), init=False)
    _steady_since: dict[Path, tuple[_Stamp, float]] = field(default_factory=dict, init=False)
    _waiting: deque[_Found] = field(default_factory=deque, init=False)
    _unreadable: dict[Path, float] = field(default_factory=dict, init=False)
    """What was logged, and at which look it still could not be read."""
    _looked: float = field(default=float("-inf"), init=False)

    @property
    def ready(self) -> bool:
        """Whether every folder is there."""
        return not self.missing

    @property
    def waiting(self) -> int:
        """Files that are complete and not yet taken."""
        return len(self._waiting)

    def receive(self, most: int, wait_s: float) -> list[Envelope]:
        """Files that are complete, the oldest first, at most `most`; sleeps up to `wait_s` when there is none."""
        if not self._waiting and self.clock() - self._looked >= LOOK_EVERY_S:
            self._look()
        batch = self._take(most)
        if batch:
            log.info("files_read files=%d bytes=%d waiting=%d", len(batch), _bytes(batch), self.waiting)
        else:
            self.sleep(wait_s)
        return batch

    def commit(self, positions: Sequence[Position]) -> None:
        """Moves files whose transaction has committed to `done/{day}/`, or deletes them where the source says so."""
        for position in positions:
            if isinstance(position, FilePosition):
                self._move(position)

    def _look(self) -> None:
        """Lists the folders: what stands still long enough waits to be taken, the oldest first."""
        self._looked = self.clock()
        self._retry_moves()
        self._fetch_back()
        found = {file.path: file for source in self.sources for file in self._files(source)}
        before, self._steady_since = self._steady_since, {}
        steady = []
        for file in found.values():
            stamp, since = before.get(file.path, (file.stamp, self._looked))
            if stamp != file.stamp:
                since = self._looked
            self._steady_since[file.path] = (file.stamp, since)
            if self._looked - since >= file.source.settle_s and not self._is_taken(file):
                steady.append(file)
        self._unreadable = {p: at for p, at in self._unreadable.items() if p in found or at == self._looked}
        self._waiting = deque(sorted(steady, key=lambda file: (file.stamp.mtime_ns, file.path)))

    def _files(self, source: Source) -> Iterator[_Found]:
        """The files of one source; a folder that is not there is logged once, and when it is back."""
        folder = source.folder
        if folder is None:
            return
        try:
            yield from self._below(source, folder, DEEPEST)
        except OSError as error:
            if folder not in self.missing:
                log.error("folder_missing source=%s error=%r", source.name, str(error))
            self.missing |= {folder}
            return
        if folder in self.missing:
            log.info("folder_found source=%s folder=%r", source.name, str(folder))
        self.missing -= {folder}

    def _below(self, source: Source, folder: Path, deeper: int) -> Iterator[_Found]:
        others = {other.folder for other in self.sources}
        with os.scandir(folder) as entries:
            for entry in entries:
                path = folder / entry.name
                if entry.name.startswith(".") or path in others:
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(status.st_mode):
                        is_ours = folder == source.folder and entry.name == DONE
                        if deeper and not is_ours:
                            yield from self._below(source, path, deeper - 1)
                    elif stat.S_ISREG(status.st_mode) and _is_meant(source, entry.name):
                        yield _Found(source=source, path=path, stamp=_Stamp.of(status))
                except FileNotFoundError:
                    continue  # taken away between listing and looking
                except OSError as error:
                    self._log_unreadable(source, path, error)

    def _take(self, most: int) -> list[Envelope]:
        batch: list[Envelope] = []
        size = 0
        while self._waiting and len(batch) < most and size < MOST_BYTES:
            envelope = self._read(self._waiting.popleft())
            if envelope is not None:
                batch.append(envelope)
                size += len(envelope.payload)
        return batch

    def _read(self, file: _Found) -> Envelope | None:
        """The file as a message; None where it has changed, or vanished, or can't be read: then it is seen again."""
        if self._is_taken(file):
            return None
        try:
            payload = _content(file)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._log_unreadable(file.source, file.path, error)
            return None
        if payload is None:
            return None
        name = _name(file.source, file.path)
        position = FilePosition(
            generation=0,
            packet_id=_identity(name, file.stamp),
            source=file.source.name,
            path=str(file.path),
            size=file.stamp.size,
            mtime_ns=file.stamp.mtime_ns,
        )
        with self._lock:
            self._taken[file.path] = file.stamp
        return Envelope(
            topic=f"file:{name}",
            payload=payload,
            received_at=self.now(),
            position=position,
            source=file.source.name,
            redelivered=True,  # it may be: nothing tells a second reading from the first
            full_size=file.stamp.size,
        )

    def _is_taken(self, file: _Found) -> bool:
        with self._lock:
            return self._taken.get(file.path) == file.stamp

    def _move(self, position: FilePosition) -> None:
        """A file that grew after it was read stays, and is read again; one that can't be moved is tried again."""
        path = Path(position.path)
        source = next(source for source in self.sources if source.name == position.source)
        try:
            status = path.lstat()
            if (status.st_size, status.st_mtime_ns) == (position.size, position.mtime_ns):
                self._put_away(source, path, position)
        except FileNotFoundError:
            pass  # somebody else took it away; what it said is committed
        except OSError as error:
            with self._lock:
                known, self._unmoved[path] = path in self._unmoved, position
            if not known:
                log.error("file_not_moved source=%s path=%r error=%r", source.name, str(path), str(error))
            return
        with self._lock:
            self._unmoved.pop(path, None)
            if self._taken.get(path) == _Stamp(size=position.size, mtime_ns=position.mtime_ns):
                del self._taken[path]

    def _put_away(self, source: Source, path: Path, position: FilePosition) -> None:
        if source.after == "delete" and position.size <= source.max_bytes:
            path.unlink()
            return
        name = _name(source, path)
        day = self.now().astimezone(HANOI).date().isoformat()
        target = (source.folder or path.parent) / DONE / day / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target = target.with_name(f"{target.name}.{position.packet_id:08x}")
        path.rename(target)
        stamp = _Stamp(size=position.size, mtime_ns=position.mtime_ns)
        until = self.clock() + WATCHED_S
        with self._lock:
            self._watched.append(_Moved(source=source, origin=path, path=target, stamp=stamp, until=until))

    def _fetch_back(self) -> None:
        """Moves files back that somebody has gone on writing, unless another of that name is there: then later."""
        with self._lock:
            watched = list(self._watched)
        over = {id(moved) for moved in watched if moved.until < self._looked or self._is_back(moved)}
        if over:
            with self._lock:
                left = (moved for moved in self._watched if id(moved) not in over)
                self._watched = deque(left, maxlen=MOST_WATCHED)

    def _is_back(self, moved: _Moved) -> bool:
        """Whether there is nothing more to watch: the file is back, or gone."""
        try:
            if _Stamp.of(moved.path.lstat()) == moved.stamp or moved.origin.exists():
                return False
            moved.origin.parent.mkdir(parents=True, exist_ok=True)
            moved.path.rename(moved.origin)
        except FileNotFoundError:
            return True
        except OSError as error:
            log.error(
                "file_not_moved source=%s path=%r error=%r", moved.source.name, str(moved.path), str(error)
            )
            return True
        log.warning("file_written_after_it_was_read source=%s path=%r", moved.source.name, str(moved.origin))
        return True

    def _retry_moves(self) -> None:
        with self._lock:
            unmoved = list(self._unmoved.values())
        for position in unmoved:
            self._move(position)

    def _log_unreadable(self, source: Source, path: Path, error: OSError) -> None:
        if path not in self._unreadable:
            log.error("file_unreadable source=%s path=%r error=%r", source.name, str(path), str(error))
        self._unreadable[path] = self._looked


def _bytes(batch: Sequence[Envelope]) -> int:
    return sum(len(envelope.payload) for envelope in batch)


def _is_meant(source: Source, name: str) -> bool:
    return fnmatchcase(name, source.pattern) and not name.lower().endswith(UNFINISHED)


def _name(source: Source, path: Path) -> str:
    return path.relative_to(source.folder or path.parent).as_posix()


def _identity(name: str, stamp: _Stamp) -> int:
    """A number that fits the packet id's column and is the same at each reading of the same file; never 0."""
    text = f"{name}\n{stamp.size}\n{stamp.mtime_ns}"
    return zlib.crc32(text.encode("utf-8", "surrogateescape")) & 0x7FFFFFFF or 1


def _content(file: _Found) -> bytes | None:
    """The bytes, of a file over the limit just enough to see that it is; None where it is no longer what was listed."""
    descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or _Stamp.of(status) != file.stamp:
            return None
        payload = opened.read(file.source.max_bytes + 1)
        return payload if _Stamp.of(os.fstat(descriptor)) == file.stamp else None
