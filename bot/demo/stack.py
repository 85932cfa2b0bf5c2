"""Everything at once on this machine: a loopback Slack, the broker, the model, the bot and its workers as processes.

The demo, the story, the benchmarks and the acceptance tests all stand on it; the bot's processes do
not know.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from bot import app
from bot.sandbox.server import Sandbox, Setup
from router.config import Settings, environment, read_settings
from router.encoder.onnx import FILES
from router.errors import BeagleError
from router.store import Store, open_store
from workers.runtime.embedded_valkey import Broker, start_broker
from workers.runtime.processes import end, outlive_nobody, wait_until
from workers.runtime.queue import alive, listeners
from workers.runtime.reaper import Every

READY_SECONDS = 300.0
"""On a busy machine the first start, which makes the encoder, takes minutes; a process that ends
is noticed at once."""
STOP_SECONDS = 20.0
BROKER_SECONDS = 0.3


def unheard(said: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part. `workers` maps a process's name to its queue; `extra` are settings by environment name.

    `tell` hears in words what is being started.
    """

    workers: Mapping[str, str] = field(
        default_factory=lambda: {"worker-answer": "answer", "worker-compute": "compute"}
    )
    extra: Mapping[str, str] = field(default_factory=dict)
    local_model: bool = True
    persist: bool = True
    page_port: int = 0
    limits: bool = True
    tell: Callable[[str], None] = unheard


class Stage:
    """A context manager: inside it everything runs, afterwards no process of it is left."""

    def __init__(self, folder: Path, cast: Cast) -> None:
        self.folder, self._cast = folder.absolute(), cast
        self.sandbox = Sandbox(Setup(port=cast.page_port, limits=cast.limits))
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: dict[str, IO[bytes]] = {}
        self._launcher = ThreadPoolExecutor(1, thread_name_prefix="launcher")
        self._undo = contextlib.ExitStack()
        self._undo.callback(self._launcher.shutdown)
        self.port = _free_port()

    def __enter__(self) -> Self:
        """Everything is ready for the first message."""
        try:
            self._open()
        except BaseException:
            self._undo.close()
            raise

        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Every process has ended."""
        self._undo.close()

    @property
    def store(self) -> Store:
        """The store that the processes share, opened by this one as well."""
        return self._store

    @property
    def broker(self) -> Broker:
        """The broker that runs now."""
        return self._broker

    def at_end(self, undo: Callable[[], object]) -> None:
        """`undo` is called when the stage closes, before what was there earlier ends."""
        self._undo.callback(undo)

    def start(self, name: str, *arguments: str) -> None:
        """A process of the bot runs under that name; its log is appended to `logs/<name>.log`."""
        if name not in self._logs:
            self._logs[name] = (self.folder / "logs" / f"{name}.log").open("ab")

        log = self._logs[name]
        command = [sys.executable, "-m", "bot.cli", *arguments]

        def launch() -> subprocess.Popen[bytes]:
            return subprocess.Popen(  # noqa: S603  # our own command line
                command,
                env=environment(**self._environment()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=outlive_nobody,
            )

        # A child that outlives nobody dies with the thread that started it, so one thread starts
        # them all and stays.
        self.children[name] = self._launcher.submit(launch).result()

    def kill(self, name: str) -> None:
        """That process is gone without a warning, and has been started again."""
        child = self.children[name]
        arguments = [str(part) for part in child.args][3:]  # type: ignore[union-attr]  # we passed a list
        child.send_signal(signal.SIGKILL)
        child.wait()
        self.start(name, *arguments)

    def ready(self) -> bool:
        """Whether the bot says that all of its parts answer, and a worker is on each queue."""
        if set(self._cast.workers.values()) - set(listeners(self._broker.url)):
            return False

        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/readyz", timeout=2
            ) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def settings(self) -> Settings:
        """The settings that the processes read from their environment."""
        return read_settings(
            _env_file=None,
            **{
                name.removeprefix("BEAGLE_").lower(): value
                for name, value in self._environment().items()
                if name.startswith("BEAGLE_")
            },
        )

    def _open(self) -> None:
        self._fresh()
        self._cast.tell("starting a Slack of its own and a broker")
        self.sandbox.start()
        self._undo.callback(self.sandbox.stop)
        self._broker = start_broker(self.folder, alive, persist=self._cast.persist)
        self._undo.callback(lambda: self._broker.stop())
        self._store = open_store(self.settings().store_url)
        self._undo.callback(self._store.close)
        guardian = Every("broker", BROKER_SECONDS, self._revive)

        if self._cast.local_model:
            self._cast.tell("starting the small language model")
            local = app.local_model(self.settings(), app.catalog(self.settings()))
            if local is not None:
                self._undo.callback(local.stop)

        self._undo.callback(self._end_children)
        guardian.start()
        self._undo.callback(guardian.stop)
        first = (
            ""
            if FILES.made(self.settings().encoder_cache)
            else ", which first make the encoder: half a minute, once"
        )

        self._cast.tell(f"starting the bot and its workers{first}")
        self.start("bot", "serve")

        for name, queue in self._cast.workers.items():
            self.start(name, "work", queue)

        if (
            not wait_until(lambda: self._fallen() is not None or self.ready(), READY_SECONDS)
            or self._fallen()
        ):
            raise BeagleError(
                f"starting on this machine: {self._fallen() or 'the bot'} did not come up; see {self.folder}/logs"
            )

    def _fresh(self) -> None:
        """Only what is dear to make stays from an earlier run: the encoder."""
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        for old in [*self.folder.glob("beagle.db*"), *self.folder.glob("logs/*.log")]:
            old.unlink()

        for old in self.folder.glob("appendonlydir/*"):
            old.unlink()

    def _environment(self) -> dict[str, str]:
        return {
            "SLACK_API_URL": self.sandbox.api_url,
            "SLACK_BOT_TOKEN": self.sandbox.bot_token,
            "SLACK_APP_TOKEN": self.sandbox.app_token,
            "SLACK_SIGNING_SECRET": self.sandbox.signing_secret,
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "BEAGLE_DATA": str(self.folder),
            "BEAGLE_PORT": str(self.port),
            "BEAGLE_LOG": "json",
            "BEAGLE_SLACK_PACE": str(self._cast.limits),
            "BEAGLE_ENCODER_FOLDER": str(Settings().encoder_cache.absolute()),
            "OMP_WAIT_POLICY": "passive",
            **self._cast.extra,
        }

    def _fallen(self) -> str | None:
        return next(
            (name for name, child in self.children.items() if child.poll() is not None), None
        )

    def _revive(self) -> None:
        if not alive(self._broker.url):
            self._broker.stop()
            self._broker = start_broker(self.folder, alive, persist=self._cast.persist)

    def _end_children(self) -> None:
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()

        for child in self.children.values():
            end(child, STOP_SECONDS)

        for log in self._logs.values():
            log.close()


def kill_process(pid: int) -> None:
    """That process of ours is gone without a warning."""
    os.kill(pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
