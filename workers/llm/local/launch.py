"""Starts and ends the process of a model server."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from router.errors import ModelError
from workers.llm.local.server_process import file_signature

READY_FILE = "llama.json"
LOG_FILE = "llama.log"
LOG_LINES = 3
"""How many of the log's last lines an error repeats."""
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class LocalServerOptions:
    """Processor threads, requests served at once, and how many seconds the start may take."""

    threads: int = 2
    slots: int = 4
    seconds: float = 60.0


def launch(
    data: Path, model: Path, adapters: Mapping[str, Path], options: LocalServerOptions
) -> subprocess.Popen[bytes]:
    """Starts the server of the GGUF file `model` and waits until it answers.

    `data` is the folder for its ready file and log. Raises ModelError when it does not answer.
    """
    named = [{"name": name, "path": file_signature(path)[0]} for name, path in adapters.items()]
    command = [sys.executable, "-m", "workers.llm.local.server_process", "--weights", str(model)]
    command += ["--ready-file", str(data / READY_FILE), "--adapters", json.dumps(named)]
    command += ["--threads", str(options.threads), "--slots", str(options.slots)]

    with (data / LOG_FILE).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # ourselves, with arguments we made
            command,
            env=_environment(options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            # Otherwise Ctrl-C in a terminal ends the server while its owner still needs it.
            start_new_session=True,
        )

    # The server writes one byte once it answers, and closes the pipe when it dies.
    assert process.stdout is not None
    poll = select.poll()
    poll.register(process.stdout, select.POLLIN)

    ready = poll.poll(options.seconds * 1000)
    if ready and process.stdout.read(1):
        return process

    process.kill()
    process.communicate()

    log_lines = (data / LOG_FILE).read_text("utf-8", "replace").strip().splitlines()
    reason = "it ended"
    if not ready:
        reason = f"nothing came up within {options.seconds:.0f} s"

    raise ModelError(
        f"starting the local model: {reason}; its last words: "
        f"{' | '.join(log_lines[-LOG_LINES:])!r}; the whole log is {str(data / LOG_FILE)!r}; "
        "see what is wrong with `beagle doctor`, or set BEAGLE_MODEL to another model",
        retry=not ready,
    )


def _environment(options: LocalServerOptions) -> dict[str, str]:
    """Returns the server's whole environment, which has none of our tokens and keys.

    OMP_WAIT_POLICY is read once, at the start. With the default policy two threads on two busy
    cores wrote 1-4 tokens a second instead of 50.
    """
    return {
        "PYTHONPATH": str(Path(__file__).resolve().parents[3]),
        "OMP_WAIT_POLICY": "passive",
        "OMP_NUM_THREADS": str(options.threads),
        "LC_ALL": "C.UTF-8",
    }


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends the server by closing its input; kills it after 5 s."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.stdout.close()

    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
