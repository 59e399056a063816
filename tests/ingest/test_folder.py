"""A folder as a source: which files are taken, when, and what becomes of them. Real files, and a clock of our own."""

import logging
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest import decoders, folder
from ingest.folder import FolderTransport
from ingest.model import Envelope
from ingest.sources import Source, load_sources
from storage.catalog import ReferenceDataError

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)  # the 23rd in Hanoi


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.at


def _source(path: Path, **more: Any) -> Source:
    decoder = decoders.find("station_file")
    return Source(
        name="stations", decoder=decoder, decoder_name="station_file", folder=path, settle_s=5, **more
    )


def _transport(*sources: Source) -> tuple[FolderTransport, Callable[[float], list[Envelope]]]:
    """The transport, and a function that lets seconds pass and then receives."""
    clock = Clock()
    transport = FolderTransport(sources=sources, clock=clock, sleep=clock.slept.append, now=lambda: NOW)

    def after(seconds: float) -> list[Envelope]:
        clock.at += seconds
        return transport.receive(100, 0.5)

    return transport, after


def _names(envelopes: list[Envelope]) -> list[str]:
    return [envelope.topic for envelope in envelopes]


def _commit(transport: FolderTransport, envelopes: list[Envelope]) -> None:
    transport.commit([envelope.position for envelope in envelopes])


def test_a_file_is_taken_when_it_stands_still(tmp_path: Path) -> None:
    transport, after = _transport(_source(tmp_path))
    path = tmp_path / "a.txt"
    path.write_bytes(b"half")
    assert after(0) == []
    assert after(4) == []
    with path.open("ab") as opened:  # the station goes on writing
        opened.write(b" and half")
    assert after(2) == []  # it has changed: the five seconds begin anew
    assert after(4) == []
    (envelope,) = after(1)
    assert envelope.payload == b"half and half"
    assert envelope.topic == "file:a.txt"
    assert envelope.source == "stations"
    assert envelope.received_at == NOW
    assert transport.waiting == 0


def test_it_is_handed_out_once_and_moved_after_the_commit_only(tmp_path: Path) -> None:
    transport, after = _transport(_source(tmp_path))
    (tmp_path / "a.txt").write_bytes(b"x")
    after(0)
    batch = after(5)
    assert _names(batch) == ["file:a.txt"]
    assert after(60) == []
    assert (tmp_path / "a.txt").exists()
    _commit(transport, batch)
    assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "done" / "2026-11-23" / "a.txt").read_bytes() == b"x"
    assert after(60) == []
    assert after(60) == []


def test_a_second_file_of_the_same_name_is_kept_beside_the_first(tmp_path: Path) -> None:
    transport, after = _transport(_source(tmp_path))
    for content in (b"one", b"other"):
        (tmp_path / "a.txt").write_bytes(content)
        after(5)
        _commit(transport, after(5))
    done = tmp_path / "done" / "2026-11-23"
    assert sorted(path.read_bytes() for path in done.iterdir()) == [b"one", b"other"]


def test_the_same_file_read_again_has_the_same_identity(tmp_path: Path) -> None:
    """Killed between commit and move: the next process finds it again."""
    (tmp_path / "a.txt").write_bytes(b"x")
    identities = []
    for _ in range(2):
        _, after = _transport(_source(tmp_path))
        after(0)
        (envelope,) = after(5)
        assert envelope.redelivered
        identities.append(envelope.position.packet_id)
    assert identities[0] == identities[1]
    assert 0 < identities[0] < 2**31
    os.utime(tmp_path / "a.txt", (1, 1))  # delivered anew with the same bytes: that is another message
    _, after = _transport(_source(tmp_path))
    after(0)
    (envelope,) = after(5)
    assert envelope.position.packet_id != identities[0]


def test_a_file_that_grew_after_it_was_read_is_read_again(tmp_path: Path) -> None:
    transport, after = _transport(_source(tmp_path))
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\n")
    after(0)
    batch = after(5)
    path.write_bytes(b"one\ntwo\n")
    _commit(transport, batch)
    assert path.exists()
    after(1)
    assert [envelope.payload for envelope in after(5)] == [b"one\ntwo\n"]


def _stalled_upload(tmp_path: Path) -> tuple[FolderTransport, Callable[[float], list[Envelope]], Any]:
    """An upload that stands still for so long that its file is read and moved; the server keeps it open."""
    transport, after = _transport(_source(tmp_path))
    opened = (tmp_path / "a.txt").open("wb", buffering=0)
    opened.write(b"PM10\t1")
    after(0)
    _commit(transport, after(5))
    assert not (tmp_path / "a.txt").exists()
    return transport, after, opened


def test_a_file_that_is_written_after_it_was_moved_is_read_again_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    transport, after, opened = _stalled_upload(tmp_path)
    after(1800)
    with opened:
        opened.write(b"20.5\tug/m3\r\n")
    assert after(1) == []  # back, and to stand still like any other
    (envelope,) = after(5)
    assert envelope.payload == b"PM10\t120.5\tug/m3\r\n"
    assert envelope.topic == "file:a.txt"
    assert [r.getMessage().split()[0] for r in caplog.records] == ["file_written_after_it_was_read"]
    _commit(transport, [envelope])
    assert [path.name for path in tmp_path.rglob("*.txt")] == ["a.txt"]
    assert (tmp_path / "done" / "2026-11-23" / "a.txt").exists()
    assert after(60) == []


def test_it_waits_while_another_file_has_its_name(tmp_path: Path) -> None:
    transport, after, opened = _stalled_upload(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"other")
    with opened:
        opened.write(b"20.5")
    after(1)
    batch = after(5)
    assert [envelope.payload for envelope in batch] == [b"other"]
    _commit(transport, batch)
    after(1)
    assert [envelope.payload for envelope in after(5)] == [b"PM10\t120.5"]


def test_a_moved_file_is_watched_for_an_hour(tmp_path: Path) -> None:
    _, after, opened = _stalled_upload(tmp_path)
    after(folder.WATCHED_S + 1)
    with opened:
        opened.write(b"20.5")
    assert after(1) == after(5) == []
    assert (tmp_path / "done" / "2026-11-23" / "a.txt").read_bytes() == b"PM10\t120.5"


def test_a_moved_file_that_was_taken_away_is_not_missed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, after, opened = _stalled_upload(tmp_path)
    with opened:
        (tmp_path / "done" / "2026-11-23" / "a.txt").unlink()
    assert after(1) == after(5) == []
    assert not caplog.records


def test_delete_instead_of_move(tmp_path: Path) -> None:
    transport, after = _transport(_source(tmp_path, after="delete", max_bytes=3))
    (tmp_path / "a.txt").write_bytes(b"abc")
    (tmp_path / "b.txt").write_bytes(b"abcd")  # over the limit: the file is the only whole copy
    after(0)
    batch = after(5)
    assert [(envelope.payload, envelope.full_size) for envelope in batch] == [(b"abc", 3), (b"abcd", 4)]
    _commit(transport, batch)
    assert [path.name for path in tmp_path.rglob("*.txt")] == ["b.txt"]
    assert (tmp_path / "done" / "2026-11-23" / "b.txt").read_bytes() == b"abcd"


def test_of_a_huge_file_only_the_beginning_is_read(tmp_path: Path) -> None:
    _, after = _transport(_source(tmp_path, max_bytes=10))
    with (tmp_path / "a.txt").open("wb") as opened:
        opened.truncate(10**12)  # sparse
    after(0)
    (envelope,) = after(5)
    assert len(envelope.payload) == 11
    assert envelope.full_size == 10**12


def test_only_finished_files_of_the_pattern_are_read(tmp_path: Path) -> None:
    for name in (".hidden.txt", "a.txt.tmp", "b.txt.part", "c.txt.filepart", "d.TMP", "e.csv", "f.txt"):
        (tmp_path / name).write_bytes(b"x")
    outside = tmp_path.with_name("outside.txt")
    outside.write_bytes(b"secret")
    (tmp_path / "link.txt").symlink_to(outside)
    (tmp_path / "folder.txt").symlink_to(tmp_path.parent, target_is_directory=True)
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "directory.txt").mkdir()
    _, after = _transport(_source(tmp_path, pattern="*.txt"))
    after(0)
    assert _names(after(5)) == ["file:f.txt"]


def test_folders_below_are_read_but_for_what_is_done(tmp_path: Path) -> None:
    for place in ("station/2026/11/22", "done/2026-11-21", ".git", "other/done"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "a.txt").write_bytes(b"x")
    other = Source(
        name="other", decoder=decoders.find("csv_table"), decoder_name="csv_table", folder=tmp_path / "other"
    )
    transport, after = _transport(_source(tmp_path), other)
    after(0)
    batch = after(5)
    found = {(envelope.source, envelope.topic) for envelope in batch}
    assert found == {
        ("stations", "file:station/2026/11/22/a.txt")
    }  # other's is not ours, its done is its own
    _commit(transport, batch)
    assert (tmp_path / "done" / "2026-11-23" / "station" / "2026" / "11" / "22" / "a.txt").exists()


def test_the_oldest_come_first_and_no_more_than_asked_for(tmp_path: Path) -> None:
    for n in range(5):
        path = tmp_path / f"{n}.txt"
        path.write_bytes(b"x")
        os.utime(path, (100 - n, 100 - n))
    transport, after = _transport(_source(tmp_path))
    after(0)
    transport.clock.at = 5.0  # type: ignore[attr-defined]  # the clock is this test's
    assert _names(transport.receive(2, 0.5)) == ["file:4.txt", "file:3.txt"]
    assert transport.waiting == 3
    assert _names(transport.receive(2, 0.5)) == ["file:2.txt", "file:1.txt"]


def test_a_batch_is_bounded_by_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MOST_BYTES", 25)
    for n in range(5):
        (tmp_path / f"{n}.txt").write_bytes(b"x" * 10)
    _, after = _transport(_source(tmp_path))
    after(0)
    assert [len(after(5)), len(after(0))] == [3, 2]


def test_a_file_that_vanishes_between_listing_and_reading_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_bytes(b"x")
    transport, after = _transport(_source(tmp_path))
    after(0)
    transport.clock.at = 5.0  # type: ignore[attr-defined]  # the clock is this test's
    assert len(transport.receive(1, 0)) == 1
    (tmp_path / "b.txt").unlink()
    (tmp_path / "c.txt").unlink()
    (tmp_path / "c.txt").symlink_to("/etc/passwd")
    assert transport.receive(100, 0) == []
    assert [record.getMessage().split()[0] for record in caplog.records] == ["file_unreadable"]  # the link


def test_an_unreadable_file_is_logged_once_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Tests may run as root, who can read everything: the system's answer is put in its place."""
    (tmp_path / "a.txt").write_bytes(b"x")
    (tmp_path / "b.txt").write_bytes(b"x")
    really_open = os.open

    def refuses(path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if str(path).endswith("a.txt"):
            raise PermissionError(13, "Permission denied", str(path))
        return really_open(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refuses)
    _, after = _transport(_source(tmp_path))
    after(0)
    assert _names(after(5)) == ["file:b.txt"]
    assert after(5) == []
    assert after(5) == []
    assert [record.getMessage().split()[0] for record in caplog.records] == ["file_unreadable"]
    monkeypatch.undo()
    assert _names(after(5)) == ["file:a.txt"]


def test_a_missing_folder_is_awaited(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "ftp"
    transport, after = _transport(_source(path))
    assert after(0) == []
    assert after(5) == []
    assert not transport.ready
    path.mkdir()
    (path / "a.txt").write_bytes(b"x")
    assert after(5) == []
    assert transport.ready
    assert _names(after(5)) == ["file:a.txt"]
    assert [r.getMessage().split()[0] for r in caplog.records] == [
        "folder_missing",
        "folder_found",
        "files_read",
    ]


def test_what_cannot_be_moved_is_not_read_again_and_moved_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    transport, after = _transport(_source(tmp_path))
    (tmp_path / "a.txt").write_bytes(b"x")
    (tmp_path / "done").write_bytes(b"a file where the folder should be")
    os.utime(tmp_path / "done", (1, 1))
    transport.sources = [_source(tmp_path, pattern="*.txt")]
    after(0)
    _commit(transport, after(5))
    assert after(60) == []
    assert [record.getMessage().split()[0] for record in caplog.records] == ["file_not_moved"]
    (tmp_path / "done").unlink()
    assert after(60) == []
    assert (tmp_path / "done" / "2026-11-23" / "a.txt").exists()


def test_a_name_that_is_no_unicode_is_read_like_any_other(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/HN_A\xb5_B_20261122000500.txt"
    with open(path, "wb") as opened:
        opened.write(b"x")
    transport, after = _transport(_source(tmp_path))
    after(0)
    batch = after(5)
    assert len(batch) == 1
    _commit(transport, batch)
    assert not os.path.exists(path)


def test_files_dropped_back_are_read_again(tmp_path: Path) -> None:
    """An operator's way to have a file read once more."""
    transport, after = _transport(_source(tmp_path))
    (tmp_path / "a.txt").write_bytes(b"x")
    after(0)
    _commit(transport, after(5))
    shutil.copy2(tmp_path / "done" / "2026-11-23" / "a.txt", tmp_path / "a.txt")
    assert _names(after(5) + after(5)) == ["file:a.txt"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('topics = ["a"]\nafter = "delete"', "after: only a source with a folder has that"),
        ('topics = ["a"]\nsettle_s = 3', "settle_s: only a source with a folder has that"),
        ('folder = "/srv/ftp"\nafter = "burn"', "after"),
        ('folder = "/srv/ftp"\nsettle_s = 0', "settle_s"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, keys: str, said: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(f'[[source]]\nname = "stations"\ndecoder = "station_file"\n{keys}\n')
    with pytest.raises(ReferenceDataError, match=said):
        load_sources(path)
