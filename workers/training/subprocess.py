"""Runs a trainer in a process of its own.

The process gives its memory back, yields the CPU to answers, and ends with its parent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from router.config import bare_environment
from router.errors import INSTALL_EXTRA, BeagleError, InputError, ModelError
from workers.runtime.processes import end_with_parent
from workers.training.trainers import (
    ChatExample,
    ReinforcementOptions,
    TrainedModel,
    TrainingOptions,
    TrainingProgress,
    get_trainer,
)

LOG_FILE = "training.log"
NICE = 10


def train_in_subprocess(
    trainer: str,
    examples: Sequence[ChatExample],
    base: Path,
    folder: Path,
    options: TrainingOptions,
    on_progress: Callable[[TrainingProgress], None] = lambda _: None,
) -> TrainedModel:
    """Runs the trainer of that name; see `TrainFunction` for the arguments.

    Raises ModelError(retry=True) when the process died; the same call then resumes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    job = {
        "trainer": trainer,
        "examples": [asdict(example) for example in examples],
        "base": str(base.absolute()),
        "folder": str(folder.absolute()),
        "options": asdict(options),
    }

    with (folder / LOG_FILE).open("wb") as log, _start_child(options.threads, log) as process:
        try:
            return _follow(process, job, on_progress, folder)
        finally:
            process.kill()


def _start_child(threads: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts the child with the settings that OpenMP reads only once, when it starts."""
    environment = bare_environment(
        # Threads that wait busily would take time from answers.
        OMP_WAIT_POLICY="passive",
        OMP_NUM_THREADS=str(threads),
        HF_HUB_OFFLINE="1",
        # Processes that train together are all on this machine, whatever its name resolves to.
        GLOO_SOCKET_IFNAME="lo",
        PYTHONPATH=str(Path(__file__).resolve().parents[2]),
    )
    return subprocess.Popen(  # ourselves, with arguments we made
        [sys.executable, "-m", "workers.training.subprocess"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        bufsize=0,  # nothing is left to be written when it has died and the pipe is closed
        start_new_session=True,
    )


def _follow(
    process: subprocess.Popen[bytes],
    job: Mapping[str, Any],
    on_progress: Callable[[TrainingProgress], None],
    folder: Path,
) -> TrainedModel:
    """Hands the job to the child and reads its lines of JSON until the last."""
    assert process.stdin is not None
    assert process.stdout is not None

    # A child that died at once breaks the pipe. Its output ends too, and the log says why.
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(job).encode() + b"\n")

    for line in process.stdout:
        message = json.loads(line)
        if "progress" in message:
            on_progress(TrainingProgress(**message["progress"]))
        elif "refused" in message:
            raise InputError(message["refused"])
        elif "failed" in message:
            raise ModelError(message["failed"], retry=message["retry"])
        else:
            return _parse_trained(message["trained"])

    last_line = (folder / LOG_FILE).read_text("utf-8", "replace").strip().splitlines()[-1:]
    raise ModelError(
        f"training in {str(folder)!r}: the process ended with {process.wait()}; "
        f"its last words: {last_line!r}; the whole log is {str(folder / LOG_FILE)!r}; "
        "start it again and it resumes from its checkpoint",
        retry=True,
    )


def _parse_trained(body: Mapping[str, Any]) -> TrainedModel:
    artifact = Path(body["artifact"]) if body["artifact"] else None
    return TrainedModel(**{**body, "folder": Path(body["folder"]), "artifact": artifact})


def _parse_options(body: Mapping[str, Any]) -> TrainingOptions:
    reinforcement = body["reinforcement"]
    if reinforcement is not None:
        reinforcement = ReinforcementOptions(**reinforcement)

    return TrainingOptions(**{**body, "reinforcement": reinforcement})


def main() -> None:
    """Train the job on standard input, one line of JSON.

    Report each step and the end on standard output.
    """
    os.nice(NICE)
    # Libraries print to standard output too: from here on that goes to the log, and only our own
    # lines to the parent.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = json.loads(sys.stdin.readline())
    # The next run resumes from the checkpoint.
    end_with_parent([0])

    def send(**message: object) -> None:
        out.write(json.dumps(message, default=str) + "\n")
        out.flush()

    try:
        trained = get_trainer(job["trainer"]).train(
            [ChatExample(**example) for example in job["examples"]],
            Path(job["base"]),
            Path(job["folder"]),
            _parse_options(job["options"]),
            lambda progress: send(progress=asdict(progress)),
        )
    except ModelError as error:
        send(failed=str(error), retry=error.retry)
    except BeagleError as error:
        send(refused=str(error))
    except ImportError as error:
        send(
            refused=f"training with {job['trainer']!r}: {error}; {INSTALL_EXTRA.format('tune')} "
            "where the compute worker runs (the image made with LOCK=serve trains nothing)"
        )
    else:
        send(trained=asdict(trained))


if __name__ == "__main__":
    main()
