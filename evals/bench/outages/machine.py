"""Outages of the machine itself: a full disk, no file handles, a clock that jumps."""

from __future__ import annotations

import contextlib
import resource
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evals.bench.outages.scene import DOCTOR_SECONDS, Scene
from evals.bench.outages.servers import product
from router.errors import BeagleError
from workers.runtime.processes import wait_until

DISK_MEGABYTES = 96
BALLAST = "ballast"
CHUNK = 65_536
HOUR = 3600.0
SPARE_HANDLES = 1
"""File handles that a process may still open while they are exhausted."""
CLOCK_SOURCE = Path(__file__).with_name("jumping_clock.c")


@contextmanager
def on_small_disk(seconds: float) -> Iterator[Scene]:
    """Starts the product with its whole data folder on a small file system of its own.

    Raises BeagleError where this user may not mount one.
    """
    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        _run("mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", folder)
        try:
            with product(seconds, Path(folder)) as scene:
                yield scene
        finally:
            _run("umount", "--lazy", folder)


def disk_full(scene: Scene) -> None:
    """Fills the disk to its last byte, and keeps it full until somebody deletes a file."""
    path, end = scene.stack.folder / BALLAST, time.monotonic() + scene.seconds
    with path.open("wb", buffering=0) as ballast:

        def fill() -> bool:
            with contextlib.suppress(OSError):
                while ballast.write(b"\0" * CHUNK):
                    pass

            return scene.examined.is_set() and time.monotonic() > end

        # Again and again: what the product deletes or truncates meanwhile is taken as well.
        wait_until(fill, scene.seconds + DOCTOR_SECONDS)

    path.unlink()


def files_exhausted(scene: Scene) -> None:
    """Lets no process of ours open another file or socket for a while."""
    limits = {}
    for child in scene.stack.children.values():
        limits[child.pid] = resource.prlimit(child.pid, resource.RLIMIT_NOFILE)
        opened = len(list(Path(f"/proc/{child.pid}/fd").iterdir()))
        lowest = (opened + SPARE_HANDLES, limits[child.pid][1])
        resource.prlimit(child.pid, resource.RLIMIT_NOFILE, lowest)

    scene.pause()
    for pid, limit in limits.items():
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limit)


@contextmanager
def on_jumping_clock(seconds: float) -> Iterator[Scene]:
    """Starts the product with a clock that can be set: the machine's own has to stay as it is.

    A small library in front of the C library adds an offset to the time of day. Raises BeagleError
    where no C compiler is installed.
    """
    with tempfile.TemporaryDirectory(prefix="bc") as folder:
        library, offset = Path(folder) / "clock.so", Path(folder) / "offset"
        _run("cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(CLOCK_SOURCE), "-ldl")
        offset.write_bytes(struct.pack("d", 0.0))
        environment = {"LD_PRELOAD": str(library), "BENCH_CLOCK_OFFSET": str(offset)}
        with product(seconds, environment=environment) as scene:
            yield Scene(scene.stack, scene.model, seconds, clock=offset)


def clock_ahead_and_back(scene: Scene) -> None:
    """Sets the clock an hour ahead, then an hour back, then right again."""
    for hours in (1.0, -1.0):
        _set_clock(scene, hours * HOUR)
        scene.pause(0.5)

    _set_clock(scene, 0.0)


def _set_clock(scene: Scene, seconds: float) -> None:
    assert scene.clock is not None
    # Written in place: the processes have the file mapped.
    with scene.clock.open("r+b") as file:
        file.write(struct.pack("d", seconds))


def _run(*command: str) -> None:
    program = shutil.which(command[0])
    if program is None:
        raise BeagleError(f"preparing an outage: {command[0]!r} is not installed; install it")

    result = subprocess.run(  # noqa: S603  # our own command line
        [program, *command[1:]], capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise BeagleError(
            f"preparing an outage: {command[0]} said {result.stderr.strip()!r}; it needs the "
            "rights of an administrator on Linux, or leave this outage out with --only"
        )
