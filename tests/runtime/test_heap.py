"""What a process has freed goes back to the machine."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from evals.bench.soak.process_usage import read_usage
import os

if sys.argv[1] == "limited":
    from workers.runtime.heap import limit_heap
    assert limit_heap()

# The first block that is freed makes glibc take later ones from the heap, where one that stays
# keeps all below it.
del_me = bytearray(200_000); del del_me
blocks = [bytearray(200_000) for _ in range(400)]
full = read_usage(os.getpid()).resident_mb
last = blocks.pop()
blocks.clear()
print(full - read_usage(os.getpid()).resident_mb)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these limits")
def test_freed_blocks_go_back_although_a_later_one_stays() -> None:
    given_back = {}
    for mode in ("default", "limited"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, mode], capture_output=True, text=True, check=True
        )
        given_back[mode] = float(done.stdout)

    assert given_back["limited"] > 60
    assert given_back["default"] < 20


FROZEN = """
import gc
import sys

import bot.app
from workers.runtime.heap import freeze_startup_objects

before = len(gc.get_objects())
freeze_startup_objects()
print(before, len(gc.get_objects()))
"""


def test_the_collector_no_longer_looks_at_what_was_there_at_the_start() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FROZEN], capture_output=True, text=True, check=True
    )
    before, left = map(int, done.stdout.split())

    assert before > 100_000
    assert left < before / 100
