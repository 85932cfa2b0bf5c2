"""Processes that end when their parent does, and waiting for what other processes do."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h: the signal that a process gets when its parent dies."""
POLL_SECONDS = 0.02
ENDING_SECONDS = 45.0
"""How long a process may take to end when told to: the deployment files give it 75 seconds."""
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Makes the kernel kill this process when the thread that started it dies (Linux only).

    Run it in the child before exec.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def parent_descriptors() -> list[int]:
    """Returns descriptors that become readable once the parent has ended, also by SIGKILL.

    A pipe alone would not do: a process that the parent forked keeps a copy of its other end. None
    on systems without pidfd.
    """
    return [os.pidfd_open(os.getppid())] if sys.platform == "linux" else []


def end_with_parent(pipes: Sequence[int] = ()) -> None:
    """Ends this process, from now on, when its parent ends or one of the `pipes` closes."""
    ends = [*pipes, *parent_descriptors()]

    def wait() -> None:
        select.select(ends, [], [])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def terminate(process: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """Ends the process with SIGTERM, and with SIGKILL if that takes too long."""
    if process.poll() is None:
        process.terminate()

    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def limit_ending(seconds: float = ENDING_SECONDS) -> None:
    """Ends this process after so long with exit code 1, whatever its threads do, if it has not.

    What every thread was doing is written to standard error. All work survives a kill, but nobody
    could tell from one what the process was waiting for.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.stderr)


def wait_until(condition: Callable[[], bool], timeout_seconds: float) -> bool:
    """Polls `condition` and returns whether it became true in time.

    For the state of another process, which gives no event to wait on.
    """
    deadline = time.monotonic() + timeout_seconds
    # An event that nobody sets is a pause; sleeping is banned so that waits can be found.
    pause = threading.Event()

    while not condition():
        if time.monotonic() > deadline:
            return False

        pause.wait(POLL_SECONDS)

    return True
