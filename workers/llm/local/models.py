"""The models of this machine: the included one with its adapters, and trained models of their own.

A model all of whose weights were trained is a GGUF file as an adapter is, but needs a server of
its own, which takes as much memory as the included model. Only a few of them run at once.
"""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from router.errors import ModelError
from workers.llm.local.gguf_header import is_adapter
from workers.llm.local.launch import LocalServerOptions
from workers.llm.local.server import AdapterFinder, LocalModelServer
from workers.llm.model_client import ServerAddress

FOLDER = "models"
"""In the data folder: the ready files and logs of these servers."""


class LocalModels:
    """Where the included model, its adapters and the trained models answer; safe to share.

    At most `limit` trained models run at once; with one more the one ends that was not asked for
    longest, after a while, so that its last requests are answered.
    """

    def __init__(
        self,
        data: Path,
        files: Mapping[str, Path],
        options: LocalServerOptions,
        find: AdapterFinder | None = None,
        limit: int = 1,
    ) -> None:
        self._folder = data.absolute() / FOLDER
        self._options = options
        self._find = find
        self._limit = limit
        self._files = {name: path for name, path in files.items() if not is_adapter(path)}
        self._servers: OrderedDict[str, LocalModelServer] = OrderedDict()
        self._retired: list[LocalModelServer] = []
        self._ending: list[LocalModelServer] = []
        self._lock = threading.Lock()
        adapters = {name: path for name, path in files.items() if name not in self._files}
        self._included = LocalModelServer.start(data, adapters, options, find)

    def address(self) -> ServerAddress:
        """Returns where the included model answers. Raises ModelError where it does not."""
        return self._included.address()

    @property
    def adapters(self) -> Mapping[str, int]:
        """The adapters of the included model that are loaded, and their numbers in requests."""
        return self._included.adapters

    def load_adapter(self, adapter: str) -> bool:
        """Loads an adapter beside those that are; False when it has no file."""
        return self._included.load_adapter(adapter)

    def own_model(self, name: str) -> ServerAddress | None:
        """Returns where the trained model of that name answers, and starts it if needed.

        None where that is an adapter's name, or unknown. Raises ModelError where it does not start.
        """
        if name in self._included.adapters:
            return None

        # One at a time: a start takes a second or two, and others want the same server then.
        with self._lock:
            path = self._file(name)
            if path is None:
                return None

            server = self._servers.get(name)
            if server is None:
                server = LocalModelServer(self._folder / name, {}, self._options, model=path)
                self._servers[name] = server

            self._servers.move_to_end(name)
            self._retire_unused()
            try:
                return server.address()
            except ModelError:
                # Not started yet, or its owner, another process, has died or ended it.
                server.start_if_needed()
                return server.address()

    def _file(self, name: str) -> Path | None:
        """Returns the trained model's file, None where it is gone, unknown, or an adapter's."""
        path = self._files.get(name)
        if path is not None and path.is_file():
            return path

        path = self._find(name) if self._find is not None else None
        if path is None or is_adapter(path):
            return None

        self._files[name] = path
        return path

    def _retire_unused(self) -> None:
        while len(self._servers) > self._limit:
            _, server = self._servers.popitem(last=False)
            self._retired.append(server)

    def restart_if_dead(self) -> None:
        """Starts the included model's server when its owner, another process, has died."""
        self._included.restart_if_dead()

    def unload_removed(self) -> None:
        """Ends what is not needed any more: removed files' servers, and those that were replaced.

        Called at intervals that are longer than a request.
        """
        self._included.unload_removed()
        with self._lock:
            for server in self._ending:
                server.stop()

            for name in [name for name, path in self._files.items() if not path.is_file()]:
                del self._files[name]
                if name in self._servers:
                    self._retired.append(self._servers.pop(name))
                    shutil.rmtree(self._folder / name, ignore_errors=True)

            self._ending, self._retired = self._retired, []

    def stop(self) -> None:
        """Ends every server that this object started. Safe to call twice."""
        self._included.stop()
        with self._lock:
            for server in (*self._servers.values(), *self._retired, *self._ending):
                server.stop()
