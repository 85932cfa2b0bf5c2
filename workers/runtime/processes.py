"""Child processes that end when we do, whatever ends us."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.02
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def outlive_nobody() -> None:
    """Run in the child before exec: on Linux the kernel ends it when the thread that started it dies."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """The process has ended: asked politely, then killed after `seconds`."""
    if process.poll() is None:
        process.terminate()

    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    """Whether `true()` became true within `seconds`; for another process's state, which gives no event to wait on."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()

    while not true():
        if time.monotonic() > deadline:
            return False

        pause.wait(POLL_SECONDS)

    return True
