"""A request to stop is heard, whatever it interrupts."""

import subprocess
import sys

import pytest

HOLDS_THE_LOCK = """
import os, signal, threading
from storage.stopping import when_asked_to_stop

held, heard = threading.Lock(), threading.Event()

def stop():
    with held:  # as Event.set has the lock of who waits for it
        heard.set()

when_asked_to_stop(stop)
for number in (signal.SIGTERM, signal.SIGINT):
    heard.clear()
    with held:
        os.kill(os.getpid(), number)
    heard.wait()
print("both were heard")
"""


def test_a_request_that_interrupts_who_holds_the_lock_is_heard() -> None:
    try:
        done = subprocess.run(
            [sys.executable, "-c", HOLDS_THE_LOCK], capture_output=True, text=True, check=False, timeout=60
        )
    except subprocess.TimeoutExpired:
        pytest.fail("it waits for the lock that it holds itself")
    assert (done.returncode, done.stdout) == (0, "both were heard\n"), done.stderr
