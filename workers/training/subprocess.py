"""Runs a trainer in a process of its own: it gives its memory back, yields to answers, and ends when we do."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from router.errors import BeagleError, ModelError, SettingsError
from workers.training.trainers import Lesson, Options, Progress, Trained, get_trainer

LOG_FILE = "training.log"
NICE = 10


def train_apart(
    trainer: str,
    lessons: Sequence[Lesson],
    base: Path,
    folder: Path,
    options: Options,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Trained:
    """As `Train` says. Raises ModelError(retry=True) when the process died: the same call then goes on where it was."""
    folder.mkdir(parents=True, exist_ok=True)
    job = {
        "trainer": trainer,
        "lessons": [asdict(lesson) for lesson in lessons],
        "base": str(base.absolute()),
        "folder": str(folder.absolute()),
        "options": asdict(options),
    }

    with (folder / LOG_FILE).open("wb") as log, _child(options.threads, log) as process:
        try:
            return _follow(process, job, on_progress, folder)
        finally:
            process.kill()


def _child(threads: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """A child with the settings that OpenMP reads once at its start; threads that wait busily would cost it most."""
    settings = ["OMP_WAIT_POLICY=passive", f"OMP_NUM_THREADS={threads}", "HF_HUB_OFFLINE=1"]
    settings.append(f"PYTHONPATH={Path(__file__).resolve().parents[2]}")
    return subprocess.Popen(  # noqa: S603  # ourselves, with arguments we made
        ["/usr/bin/env", *settings, sys.executable, "-m", "workers.training.subprocess"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        bufsize=0,  # nothing is left to be written when it has died and the pipe is closed
        start_new_session=True,
    )


def _follow(
    process: subprocess.Popen[bytes],
    job: Mapping[str, Any],
    on_progress: Callable[[Progress], None],
    folder: Path,
) -> Trained:
    assert process.stdin is not None
    assert process.stdout is not None

    with suppress(BrokenPipeError):  # it died at once: its output ends now and the log says why
        process.stdin.write(json.dumps(job).encode() + b"\n")

    for line in process.stdout:
        said = json.loads(line)
        if "progress" in said:
            on_progress(Progress(**said["progress"]))
        elif "refused" in said:
            raise SettingsError(said["refused"])
        else:
            return _trained(said["trained"])

    words = (folder / LOG_FILE).read_text("utf-8", "replace").strip().splitlines()[-1:]
    raise ModelError(
        f"training in {str(folder)!r}: the process ended with {process.wait()}; its last words: {words!r}; "
        f"the whole log is {str(folder / LOG_FILE)!r}; start it again and it goes on from its checkpoint",
        retry=True,
    )


def _trained(said: Mapping[str, Any]) -> Trained:
    files = {name: Path(said[name]) if said[name] else None for name in ("gguf", "head")}
    return Trained(**{**said, **files, "folder": Path(said["folder"])})


def main() -> None:
    """Train the job on standard input, a line of JSON; say each step and the end on standard output."""
    os.nice(NICE)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def say(**what: Any) -> None:
        out.write(json.dumps(what, default=str) + "\n")
        out.flush()

    try:
        trained = get_trainer(job["trainer"])(
            [Lesson(**lesson) for lesson in job["lessons"]],
            Path(job["base"]),
            Path(job["folder"]),
            Options(**job["options"]),
            lambda progress: say(progress=asdict(progress)),
        )
    except BeagleError as error:
        say(refused=str(error))
    else:
        say(trained=asdict(trained))


def _end_with_parent() -> None:
    """The process ends when its input closes or its parent is gone; the next run goes on from the checkpoint."""
    ends = [0]
    if sys.platform == "linux":
        ends.append(os.pidfd_open(os.getppid()))

    select.select(ends, [], [])
    os._exit(1)


if __name__ == "__main__":
    main()
