"""Logs stay small, and a pid file is believed only when the process is still the same."""

import os
import subprocess
import sys
import time
from pathlib import Path

from deploy.embedded import children, single


def test_a_log_that_grew_too_large_is_emptied_and_one_older_generation_stays(
    tmp_path: Path,
) -> None:
    log = tmp_path / "ingest.log"
    with log.open("ab") as writer:
        writer.write(b"old" * 100)
        writer.flush()
        children.bound_logs(tmp_path, limit_bytes=200)
        writer.write(b"new")
    assert log.read_bytes() == b"new"
    assert (tmp_path / "ingest.log.1").read_bytes() == b"old" * 100


def test_a_small_log_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ingest.log").write_bytes(b"x" * 200)
    children.bound_logs(tmp_path, limit_bytes=200)
    assert (tmp_path / "ingest.log").read_bytes() == b"x" * 200


def test_an_end_is_told_in_words() -> None:
    assert children.how_it_ended(-9) == "killed by SIGKILL"
    assert children.how_it_ended(3) == "exit status 3"


def test_a_pid_that_another_program_has_now_is_not_ours(tmp_path: Path) -> None:
    file = tmp_path / "ingest.pid"
    children.write_pid(file, os.getpid())
    assert single.left_behind(file) is None


def test_a_pid_that_was_given_out_again_later_is_not_ours(tmp_path: Path) -> None:
    file = tmp_path / "ingest.pid"
    program = tmp_path / "hanoi-ingest"
    program.write_text("import time; time.sleep(60)", encoding="utf-8")
    running = subprocess.Popen([sys.executable, program])
    children.write_pid(file, running.pid)
    time.sleep(0.2)
    assert single.left_behind(file) == running.pid
    os.utime(file, (time.time() - 3600, time.time() - 3600))
    assert single.left_behind(file) is None
    running.kill()
    running.wait()


def test_a_pid_file_with_nonsense_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / "ingest.pid"
    file.write_text("not a number", encoding="ascii")
    assert single.left_behind(file) is None
