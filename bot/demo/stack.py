"""Runs the whole product on this machine: a local Slack, the broker, the model, bot and workers.

The demo, its scripts, the benchmarks and the acceptance tests use it. The processes are the real
ones and do not know.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from bot import app
from bot.demo import data_folder
from bot.sandbox.server import Sandbox, SandboxConfig
from router.config import Settings, child_environment, read_settings
from router.encoder.onnx import EXPORT
from router.errors import BeagleError
from router.store import Store, open_store
from workers.jobs import first_jobs, queue_of_job
from workers.runtime.embedded_valkey import EmbeddedValkey, start_valkey
from workers.runtime.processes import die_with_parent, terminate, wait_until
from workers.runtime.queue import RqQueue, is_alive, workers_per_queue
from workers.runtime.scheduling.periodic import PeriodicTask

READY_SECONDS = 300.0
"""On a busy machine the first start, which exports the encoder, takes minutes.

A process that ends meanwhile is noticed at once.
"""
STOP_SECONDS = 20.0
BROKER_SECONDS = 0.3
"""Between two checks whether the broker is alive."""
PROBE_SECONDS = 2.0
CODE_FOLDER = Path(__file__).resolve().parents[2]
"""The folder of the packages `bot`, `workers` and `router`."""


def silent(_text: str) -> None:
    """Reports to nobody."""


@dataclass(frozen=True, slots=True)
class StackConfig:
    """What to run.

    Attributes:
        workers: The queue of each worker process, by the process's name.
        extra: Settings, by the name of their environment variable.
        bots: How many bots receive from Slack: `bot`, then `bot-1`, `bot-2`, …
        own_folders: Whether each bot and worker has a data folder of its own, as on a machine
            of its own. They need a database server in `extra`, and share the broker.
        local_model: Whether to run the local language model.
        persist: Whether the broker writes its queue to disk.
        page_port: Port of the local Slack's page; 0 chooses a free one.
        limits: Whether the local Slack has rate limits.
        enterprise: The organisation that the local workspace belongs to; empty for none.
        latency: How long the local Slack takes, at least and at most, in real seconds.
        fresh: Whether to remove what earlier runs left in the folder.
        report: Gets a line about what is being started.
    """

    workers: Mapping[str, str] = field(
        default_factory=lambda: {"worker-answer": "answer", "worker-compute": "compute"}
    )
    extra: Mapping[str, str] = field(default_factory=dict)
    bots: int = 1
    own_folders: bool = False
    local_model: bool = True
    persist: bool = True
    page_port: int = 0
    limits: bool = True
    enterprise: str = ""
    latency: tuple[float, float] = (0.0, 0.0)
    fresh: bool = True
    report: Callable[[str], None] = silent


@dataclass(frozen=True, slots=True)
class BotPorts:
    """Where one bot listens: for Slack, and for health checks."""

    public: int
    health: int


class LocalStack:
    """A context manager: inside it everything runs, afterwards none of its processes is left."""

    def __init__(self, folder: Path, config: StackConfig) -> None:
        self.folder = folder.absolute()
        names = ["bot", *(f"bot-{number}" for number in range(1, config.bots))]
        self.bots = {name: BotPorts(_free_port(), _free_port()) for name in names}
        self.port, self.health_port = self.bots["bot"].public, self.bots["bot"].health
        self.keeps = False
        """Whether it goes on with what an earlier run left."""
        self._config = config
        self.sandbox = Sandbox(
            SandboxConfig(
                port=config.page_port,
                limits=config.limits,
                enterprise=config.enterprise,
                latency=config.latency,
                installs="SLACK_CLIENT_ID" in config.extra,
            )
        )
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: dict[str, IO[bytes]] = {}
        # A process that is being replaced must not be taken for one that ended.
        self._restarting = threading.RLock()
        # A child that dies with its parent dies with the *thread* that started it. So one thread
        # that stays starts them all.
        self._launcher = ThreadPoolExecutor(1, thread_name_prefix="launcher")
        self._undo = contextlib.ExitStack()
        self._undo.callback(self._launcher.shutdown)

    def __enter__(self) -> Self:
        """Starts everything; returns when the first message can be sent.

        Raises BeagleError when another process uses the folder, when the page's port is taken, or
        when a process ends or is not ready in time.
        """
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
        """Ends every process."""
        self._undo.close()

    @property
    def store(self) -> Store:
        """The store that the processes share, opened by this one as well."""
        return self._store

    @property
    def broker(self) -> EmbeddedValkey:
        """The current broker; another one after it was restarted."""
        return self._broker

    @property
    def queue_url(self) -> str:
        """The address of the queue that the processes use: REDIS_URL of `extra`, or the broker."""
        return self._config.extra.get("REDIS_URL") or self._broker.url

    def at_end(self, undo: Callable[[], object]) -> None:
        """Registers a call for when the stack closes; the newest is called first."""
        self._undo.callback(undo)

    def start(self, name: str, *arguments: str) -> None:
        """Starts a process of the bot under that name; its log is appended to `logs/<name>.log`."""
        if name not in self._logs:
            self._logs[name] = (self.folder / "logs" / f"{name}.log").open("ab")

        log = self._logs[name]
        command = [sys.executable, "-m", "bot.cli", *arguments]

        # In the current folder a child would read the `.env` of the user's real installation.
        def launch() -> subprocess.Popen[bytes]:
            return subprocess.Popen(  # noqa: S603  # our own command line
                command,
                cwd=self.folder,
                env=self._child_environment(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )

        self.children[name] = self._launcher.submit(launch).result()

    def kill(self, name: str) -> None:
        """Kills the process without a warning (SIGKILL) and starts it again."""
        with self._restarting:
            child = self.children[name]
            child.send_signal(signal.SIGKILL)
            child.wait()
            self._start_again(name)

    def ended(self) -> list[str]:
        """Returns the names of the processes that ended by themselves."""
        with self._restarting:
            return [name for name, child in self.children.items() if child.poll() is not None]

    def start_again(self, name: str) -> None:
        """Starts a process that has ended as it was started first."""
        with self._restarting:
            if self.children[name].poll() is not None:
                self._start_again(name)

    def log_path(self, name: str) -> str:
        """Returns the file that a process writes its log to."""
        return str(self.folder / "logs" / f"{name}.log")

    def output_of(self, *arguments: str) -> str:
        """Runs a command of the installation and returns what it printed on stdout."""
        command = [sys.executable, "-m", "bot.cli", *arguments]
        result = subprocess.run(  # noqa: S603  # our own command line
            command,
            cwd=self.folder,
            env=self._child_environment("bot"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return result.stdout.decode("utf-8", "replace")

    def ask_for_vectors(self, source: str) -> None:
        """Lets a compute worker make the vectors of a source of documents that has been read."""
        queue = RqQueue(self.broker.url, queue_of_job(), first_jobs())
        queue.enqueue("embed", source)
        queue.close()

    def ready(self) -> bool:
        """Returns whether every bot reports itself ready and each queue has a worker."""
        if set(self._config.workers.values()) - set(workers_per_queue(self.queue_url)):
            return False

        return all(_is_ready(ports.health) for ports in self.bots.values())

    def settings(self) -> Settings:
        """Returns the settings that the processes read from their environment."""
        values = {}
        for name, value in self._environment().items():
            if name.startswith("BEAGLE_"):
                values[name.removeprefix("BEAGLE_").lower()] = value

        values["DATABASE_URL"] = self._environment()["DATABASE_URL"]
        return read_settings(_env_file=None, **values)

    def _open(self) -> None:
        # First of all: the folder may be another one's that runs.
        self._undo.enter_context(data_folder.locked(self.folder))
        self._config.report("starting a Slack of its own and a broker")
        self.sandbox.start()
        self._undo.callback(self.sandbox.stop)
        self.keeps = data_folder.prepare(self.folder, fresh=self._config.fresh)
        data_folder.announce(self.folder, self.sandbox.page_url)
        self._broker = start_valkey(self.folder, is_alive, persist=self._config.persist)
        # Not `self._broker.stop`: by then it may be another broker.
        self._undo.callback(lambda: self._broker.stop())
        # The demo and the tests read the same database as the processes.
        self._store = open_store(self.settings().store_url)
        self._undo.callback(self._store.close)
        broker_check = PeriodicTask("broker", BROKER_SECONDS, self._restart_broker_if_dead)

        if self._config.local_model:
            self._config.report("starting the small language model")
            local = app.local_model(self.settings(), app.catalog(self.settings()))
            if local is not None:
                self._undo.callback(local.stop)

        self._undo.callback(self._end_children)
        broker_check.start()
        self._undo.callback(broker_check.stop)
        note = ""
        if not EXPORT.exists(self.settings().encoder_cache):
            note = ", which first make the encoder: half a minute, once"

        self._config.report(f"starting the bot and its workers{note}")
        for name in self.bots:
            self.start(name, "serve")

        for name, queue in self._config.workers.items():
            self.start(name, "worker", "--queue", queue)

        self._wait_until_ready()

    def _start_again(self, name: str) -> None:
        arguments = [str(part) for part in self.children[name].args][3:]  # type: ignore[union-attr]  # we passed a list
        self.start(name, *arguments)

    def _wait_until_ready(self) -> None:
        started = wait_until(lambda: self._ended_child() is not None or self.ready(), READY_SECONDS)
        if not started or self._ended_child():
            raise BeagleError(
                f"starting on this machine: {self._ended_child() or 'the bot'} did not come up; "
                f"see {self.folder}/logs"
            )

    def _child_environment(self, name: str) -> dict[str, str]:
        """Returns the environment of a child, which does not run in the current folder."""
        environment = child_environment(**self._environment())
        if name in self.bots:
            environment["BEAGLE_PORT"] = str(self.bots[name].public)
            environment["BEAGLE_HEALTH_PORT"] = str(self.bots[name].health)
        if self._config.own_folders:
            environment["BEAGLE_DATA"] = str(self.folder / "machines" / name)
            environment["REDIS_URL"] = self.queue_url

        paths = [str(CODE_FOLDER), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        if environment.get("BEAGLE_ROUTES"):
            environment["BEAGLE_ROUTES"] = str(Path(environment["BEAGLE_ROUTES"]).absolute())

        return environment

    def _environment(self) -> dict[str, str]:
        own = Settings(_env_file=None)
        return {
            "SLACK_API_URL": self.sandbox.api_url,
            "SLACK_BOT_TOKEN": self.sandbox.bot_token,
            "SLACK_APP_TOKEN": self.sandbox.app_token,
            "SLACK_SIGNING_SECRET": self.sandbox.signing_secret,
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "BEAGLE_DATA": str(self.folder),
            "BEAGLE_PORT": str(self.port),
            "BEAGLE_HEALTH_PORT": str(self.health_port),
            "BEAGLE_LOG": "json",
            "BEAGLE_SLACK_RATE_LIMITING": str(self._config.limits),
            "BEAGLE_ENCODER_FOLDER": str(own.encoder_cache.absolute()),
            # Scripts send more in a minute than people do; `extra` may set a limit.
            "BEAGLE_REQUESTS_PER_MINUTE": "0",
            # Idle threads sleep instead of spinning: the processes share few cores.
            "OMP_WAIT_POLICY": "passive",
            **self._config.extra,
        }

    def _ended_child(self) -> str | None:
        """Returns the name of a process that ended by itself, None if all are running."""
        for name, child in self.children.items():
            if child.poll() is not None:
                return name

        return None

    def _restart_broker_if_dead(self) -> None:
        if not is_alive(self._broker.url):
            self._broker.stop()
            self._broker = start_valkey(self.folder, is_alive, persist=self._config.persist)

    def _end_children(self) -> None:
        # First ask all of them, so that they end at the same time.
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()

        for child in self.children.values():
            terminate(child, STOP_SECONDS)

        for log in self._logs.values():
            log.close()


def kill_process(pid: int) -> None:
    """Kills one of our processes without a warning (SIGKILL)."""
    os.kill(pid, signal.SIGKILL)


def _is_ready(health_port: int) -> bool:
    url = f"http://127.0.0.1:{health_port}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=PROBE_SECONDS) as answer:  # our own process
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
