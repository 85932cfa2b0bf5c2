"""The small local model server, shared by every process of a data folder.

The first process starts it, under a file lock; a ready file tells the others where it is.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from router.errors import ModelError
from workers.llm.local import weights
from workers.llm.local.launch import READY_FILE, LocalServerOptions, end, launch
from workers.llm.local.server_process import ServerState, file_signature
from workers.llm.model_client import ServerAddress
from workers.runtime.socket_owner import is_listener

LOCK_FILE = "llama.lock"
PING_SECONDS = 3.0
AdapterFinder = Callable[[str], Path | None]
"""Returns the file of trained weights by its name, None when there is none."""


class LocalModelServer:
    """The running server as its users see it: `url` and `adapters` always describe the current one.

    The process that starts the server owns it: the server ends with `stop`, or when the owner dies
    in whatever way. The other processes share it.
    """

    name = weights.NAME

    def __init__(
        self,
        data: Path,
        adapters: Mapping[str, Path],
        options: LocalServerOptions,
        find: AdapterFinder | None = None,
        model: Path | None = None,
    ) -> None:
        self._find = find
        self._data = data.absolute()
        self._wanted = dict(adapters)
        self._options = options
        self._model = model
        self._process: subprocess.Popen[bytes] | None = None
        self._retired: list[subprocess.Popen[bytes]] = []
        self._ending: list[subprocess.Popen[bytes]] = []
        self._state: ServerState | None = None
        self._state_signature: tuple[int, int] | None = None

    @classmethod
    def start(
        cls,
        data: Path,
        adapters: Mapping[str, Path] | None = None,
        options: LocalServerOptions | None = None,
        find: AdapterFinder | None = None,
        model: Path | None = None,
    ) -> LocalModelServer:
        """Returns a server that answers and has loaded `adapters`, started here or elsewhere.

        `find` gives the file of an adapter that is wanted later, `model` is a GGUF file, None for
        the included model. Raises ModelError when no server can be started.
        """
        server = cls(data, adapters or {}, options or LocalServerOptions(), find, model)
        server.start_if_needed()
        return server

    def start_if_needed(self) -> None:
        """Starts a server unless one answers that has every wanted adapter loaded.

        llama.cpp loads adapters at its start only, so a new adapter means a new server. The old one
        finishes its requests and ends at the next change.
        """
        self._data.mkdir(parents=True, exist_ok=True)
        self._end_retired()

        with _locked(self._data / LOCK_FILE):
            state = self._read()
            if state is not None and _has_adapters(state, self._wanted) and _answers(state):
                self._state = state
                return

            self._replace()

    def load_adapters(self, adapters: Mapping[str, Path]) -> None:
        """Makes these adapters usable as well, if necessary by replacing the server."""
        self._wanted |= adapters
        self.start_if_needed()

    def load_adapter(self, adapter: str) -> bool:
        """Makes an adapter usable beside all that are loaded; False when it has no file."""
        path = None
        if self._find is not None:
            path = self._find(adapter)
        if path is None:
            return False

        # Another process may have loaded adapters that this one has never heard of.
        wanted = {}
        for name, signature in self._current().loaded.items():
            file = Path(str(signature[0]))
            if file.is_file():
                wanted[name] = file

        self.load_adapters(wanted | {adapter: path})
        return True

    def own_model(self, name: str) -> ServerAddress | None:
        """Returns None: one server has one model, and adapters of it."""

    def restart_if_dead(self) -> None:
        """Starts a server when its owner, another process, has died and ended it."""
        if not _is_ours(self._current()):
            # A workspace that left has taken its adapters along.
            self._wanted = _existing(self._wanted)
            self.start_if_needed()

    def address(self) -> ServerAddress:
        """Returns the address and the key of the OpenAI-compatible interface.

        Raises ModelError when our server no longer has that port, because another user of this
        machine may have taken it since and would be sent people's messages.
        """
        state = self._current()
        if not _is_ours(state):
            raise ModelError(
                f"using the local model: process {state.pid} does not listen on {state.url} any "
                "more; only the server that we started is asked; a worker starts another one soon",
                retry=True,
            )

        return ServerAddress(f"{state.url}/v1", state.key)

    def unload_removed(self) -> None:
        """Replaces a server that holds adapters whose files were removed.

        Also ends this process's own servers that were replaced, by whichever process. Called at
        intervals that are longer than a request.
        """
        self._end_replaced()
        if _missing_files(self._current()):
            self._unload()

    def _end_replaced(self) -> None:
        """Ends servers that had a whole interval to finish their last requests."""
        for process in self._ending:
            end(process)

        # Another process may have replaced ours, too.
        if self._process is not None and self._current().pid != self._process.pid:
            self._retired.append(self._process)
            self._process = None

        self._ending, self._retired = self._retired, []

    def _unload(self) -> None:
        """Replaces the server by one without the adapters whose files were removed.

        llama.cpp holds a loaded adapter in memory for as long as it runs.
        """
        with _locked(self._data / LOCK_FILE):
            state = self._read() or self._state
            if state is None or not _missing_files(state):
                return

            loaded = {name: Path(str(signature[0])) for name, signature in state.loaded.items()}
            self._wanted = _existing(loaded | self._wanted)
            self._replace()

    @property
    def url(self) -> str:
        """The address of the OpenAI-compatible interface, ending in /v1."""
        return f"{self._current().url}/v1"

    @property
    def adapters(self) -> Mapping[str, int]:
        """Adapter name -> its number in requests. All are off unless a request switches one on."""
        return self._current().adapters

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._current().pid

    @property
    def is_owner(self) -> bool:
        """Whether this object started the server."""
        return self._process is not None

    def is_alive(self) -> bool:
        """Returns whether the server answers at this moment."""
        return _answers(self._current())

    def stop(self) -> None:
        """Ends the server if this object started it. Safe to call twice."""
        process = self._process
        self._process = None
        self._end_retired()
        if process is not None:
            end(process)

    def _replace(self) -> None:
        """Starts a server with the wanted adapters; the lock is held."""
        model = self._model or weights.find_weights(self._data)
        # The new server is started before the old one ends, so that requests never find none.
        started = launch(self._data, model, self._wanted, self._options)
        if self._process is not None:
            self._retired.append(self._process)

        self._process = started
        self._state = self._read()

    def _end_retired(self) -> None:
        for process in (*self._retired, *self._ending):
            end(process)

        self._retired, self._ending = [], []

    def _current(self) -> ServerState:
        """Returns the state in the ready file, or the last known one when the file is gone."""
        state = self._read() or self._state
        if state is None:
            raise ModelError(
                "using the local model: it was not started; call start_if_needed() first",
                retry=True,
            )

        self._state = state
        return state

    def _read(self) -> ServerState | None:
        """Reads the ready file if it has changed since; None when there is no usable one."""
        path = self._data / READY_FILE
        try:
            stat = path.stat()
            signature = (stat.st_ino, stat.st_mtime_ns)
            if self._state is not None and signature == self._state_signature:
                return self._state

            state = _state(json.loads(path.read_text("utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            # It is gone, or another release wrote it: a new server is started.
            return None

        self._state_signature = signature
        return state


def _state(values: object) -> ServerState:
    """Returns the state that a ready file holds. Raises ValueError or TypeError for anything else.

    A file from before servers had keys lacks one, and its server must not be asked any more.
    """
    if not isinstance(values, dict):
        raise TypeError("the ready file holds no object")

    state = ServerState(**values)
    if not isinstance(state.url, str) or not state.key:
        raise ValueError("the ready file names no address or key")

    return state


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keeps other processes from starting or replacing the server; waits for its turn."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _existing(adapters: Mapping[str, Path]) -> dict[str, Path]:
    return {name: path for name, path in adapters.items() if path.is_file()}


def _missing_files(state: ServerState) -> list[str]:
    """Returns the names of the loaded adapters whose files were removed."""
    loaded = state.loaded.items()
    return [name for name, signature in loaded if not Path(str(signature[0])).is_file()]


def _has_adapters(state: ServerState, wanted: Mapping[str, Path]) -> bool:
    return all(state.loaded.get(name) == file_signature(path) for name, path in wanted.items())


def _is_ours(state: ServerState) -> bool:
    """Returns whether the process that we started is the one behind the address now."""
    port = urlsplit(state.url).port
    return port is not None and is_listener(state.pid, port)


def _answers(state: ServerState) -> bool:
    """Returns whether our server answers there; another program may have taken its port since."""
    if not _is_ours(state):
        return False

    address = urlsplit(state.url)
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=PING_SECONDS
    )

    try:
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {state.key}"})
        answer = json.loads(connection.getresponse().read())
        return any(model.get("id") == weights.NAME for model in answer["data"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, http.client.HTTPException):
        return False
    finally:
        connection.close()
