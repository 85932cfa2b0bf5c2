"""A process that is told to end does end, and says what it waited for if it was made to."""

from __future__ import annotations

import subprocess
import sys

STUCK = """
import threading
from concurrent.futures import ThreadPoolExecutor
from workers.runtime.processes import limit_ending

def waits_for_nothing():
    threading.Event().wait()

ThreadPoolExecutor(1).submit(waits_for_nothing)
limit_ending(0.2)
"""
READY = """
from workers.runtime.processes import limit_ending
limit_ending()
print("ended")
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )


def test_a_thread_that_never_ends_is_named_and_the_process_ends():
    ended = run(STUCK)
    assert ended.returncode == 1
    assert "waits_for_nothing" in ended.stderr


def test_a_process_that_ends_by_itself_is_left_alone():
    ended = run(READY)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "ended\n", "")
