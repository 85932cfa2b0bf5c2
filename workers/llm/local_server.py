"""The small local model, shared by every process of a data folder: started by the first, found by the others."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from router.errors import ModelError
from workers.llm import weights
from workers.llm.local_server_process import Running, mark

READY_FILE = "llama.json"
LOCK_FILE = "llama.lock"
LOG_FILE = "llama.log"
Find = Callable[[str], Path | None]


@dataclass(frozen=True, slots=True)
class Options:
    """How the server runs: processor threads, requests served at once, and how long it may take to start."""

    threads: int = 2
    slots: int = 4
    seconds: float = 60.0


class LocalModel:
    """The running server as its users see it. `url` and `adapters` always speak of the server that runs now.

    Whoever starts first owns the server and ends it with `stop`, or by dying, however it dies. The
    others share it.
    """

    name = weights.NAME

    def __init__(
        self, data: Path, adapters: Mapping[str, Path], options: Options, find: Find | None = None
    ) -> None:
        self._find = find
        self._data, self._wanted, self._options = data.absolute(), dict(adapters), options
        self._process: subprocess.Popen[bytes] | None = None
        self._retired: list[subprocess.Popen[bytes]] = []
        self._state: Running | None = None
        self._seen: tuple[int, int] | None = None

    @classmethod
    def start(
        cls,
        data: Path,
        adapters: Mapping[str, Path] | None = None,
        options: Options | None = None,
        find: Find | None = None,
    ) -> LocalModel:
        """A server that answers and has loaded `adapters`: one of ours, or another process's if it fits.

        `find` gives the file of an adapter that is asked for later.
        Raises ModelError when none can be started.
        """
        model = cls(data, adapters or {}, options or Options(), find)
        model.ensure()
        return model

    def ensure(self) -> None:
        """A server answers now and has what we want loaded; if it was gone or lacked something, it has a successor."""
        self._data.mkdir(parents=True, exist_ok=True)
        self._end_retired()

        with _locked(self._data / LOCK_FILE):
            state = self._read()
            if state is not None and _fits(state, self._wanted) and _answers(state.url):
                self._state = state
                return

            started = _launch(self._data, self._wanted, self._options)
            if self._process is not None:
                self._retired.append(self._process)

            self._process = started
            self._state = self._read()

    def load(self, adapters: Mapping[str, Path]) -> None:
        """These adapters can be used too. Requests that run now end on the old server; it goes at the next change."""
        self._wanted |= adapters
        self.ensure()

    def want(self, adapter: str) -> bool:
        """That adapter can be used too, beside all that are loaded; False when there is no file of that name."""
        path = self._find(adapter) if self._find is not None else None
        if path is None:
            return False

        others = {name: Path(mark[0]) for name, mark in self._current().loaded.items()}
        self.load({name: file for name, file in others.items() if file.is_file()} | {adapter: path})
        return True

    def revive(self) -> None:
        """A server runs again when its owner, another process, has ended and taken it along."""
        try:
            os.kill(self._current().pid, 0)
        except ProcessLookupError:
            self.ensure()

    @property
    def url(self) -> str:
        """Where the OpenAI-compatible interface is; ends in /v1."""
        return f"{self._current().url}/v1"

    @property
    def adapters(self) -> Mapping[str, int]:
        """The number that a request names each adapter by; all are off unless a request switches one on."""
        return self._current().adapters

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._current().pid

    @property
    def owned(self) -> bool:
        """Whether this object started the server."""
        return self._process is not None

    def alive(self) -> bool:
        """Whether the server answers at this moment."""
        return _answers(self._current().url)

    def stop(self) -> None:
        """The server has ended if it is ours; one that another process started runs on. Safe to call twice."""
        process, self._process = self._process, None
        self._end_retired()
        if process is not None:
            _end(process)

    def _end_retired(self) -> None:
        while self._retired:
            _end(self._retired.pop())

    def _current(self) -> Running:
        """The latest that a server said of itself; when none runs, the last one that did."""
        state = self._read() or self._state
        if state is None:
            raise ModelError(
                "using the local model: it was not started; call ensure() first", retry=True
            )

        self._state = state
        return state

    def _read(self) -> Running | None:
        path = self._data / READY_FILE
        try:
            stat = path.stat()
            seen = (stat.st_ino, stat.st_mtime_ns)
            if self._state is not None and seen == self._seen:
                return self._state

            state = Running(**json.loads(path.read_text("utf-8")))
        except (
            FileNotFoundError,
            ValueError,
            TypeError,
        ):  # gone, or left by another release: start anew
            return None

        self._seen = seen
        return state


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Nobody else starts or replaces the server meanwhile; a lock ends with its holder."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fits(state: Running, wanted: Mapping[str, Path]) -> bool:
    return all(state.loaded.get(name) == mark(path) for name, path in wanted.items())


def _answers(url: str) -> bool:
    """Whether the server there is ours and up."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=3.0)

    try:
        connection.request("GET", "/v1/models")
        found = json.loads(connection.getresponse().read())
        return any(model.get("id") == weights.NAME for model in found["data"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _launch(data: Path, adapters: Mapping[str, Path], options: Options) -> subprocess.Popen[bytes]:
    gguf = weights.find_weights(data)
    named = [{"name": name, "path": mark(path)[0]} for name, path in adapters.items()]
    command = [sys.executable, "-m", "workers.llm.local_server_process", "--weights", str(gguf)]
    command += ["--ready-file", str(data / READY_FILE), "--adapters", json.dumps(named)]
    command += ["--threads", str(options.threads), "--slots", str(options.slots)]

    with (data / LOG_FILE).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # ourselves, with arguments we made
            command,
            env=_environment(options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C in a terminal reaches the owner, which still needs the server to finish
        )

    assert process.stdout is not None
    waiter = select.poll()
    waiter.register(process.stdout, select.POLLIN)

    ready = waiter.poll(options.seconds * 1000)
    if ready and process.stdout.read(1):
        return process

    process.kill()
    process.communicate()
    said = (data / LOG_FILE).read_text("utf-8", "replace").strip().splitlines()[-3:]
    raise ModelError(
        f"starting the local model: {'it ended' if ready else f'nothing came up within {options.seconds:.0f} s'}; "
        f"its last words: {' | '.join(said)!r}; the whole log is {str(data / LOG_FILE)!r}; "
        "see what is wrong with `beagle doctor`, or set BEAGLE_MODEL to another model",
        retry=not ready,
    )


def _environment(options: Options) -> dict[str, str]:
    """All that the server gets to see of the environment: no tokens and keys of ours.

    With the OpenMP runtime's own waiting policy two threads on two busy cores made 1-4 tokens a
    second instead of 50; it is read once, when the process starts.
    """
    return {
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "OMP_WAIT_POLICY": "passive",
        "OMP_NUM_THREADS": str(options.threads),
        "LC_ALL": "C.UTF-8",
    }


def _end(process: subprocess.Popen[bytes]) -> None:
    """The server is gone: its input closes, which it takes as the end; after 5 s it is killed."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.stdout.close()

    try:
        process.wait(5.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
