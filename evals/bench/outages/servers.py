"""Outages on PostgreSQL with a broker of the installation's own: servers away, broken or slow."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from redis import Redis

from bot.demo.stack import LocalStack, StackConfig, kill_process
from evals.bench.outages.scene import LEASE_SECONDS, MODEL_SECONDS, Scene
from evals.bench.stacks.latency_proxy import latency_proxy
from evals.bench.stacks.local_postgresql import local_postgresql, server_address
from evals.bench.stacks.message_stack import model_environment
from workers.llm.fake_server import fake_model_server
from workers.runtime.embedded_valkey import start_valkey
from workers.runtime.processes import wait_until
from workers.runtime.queue import is_alive

QUICK = {
    "BEAGLE_LEASE_SECONDS": str(LEASE_SECONDS),
    "BEAGLE_REAPER_INTERVAL_SECONDS": "1",
}
NOTHING: Mapping[str, str] = MappingProxyType({})
SLOW_SECONDS = 0.4
"""What a slow broker takes longer in each direction: two commands take longer than a person's
patience with a page, one stays within the client's time-out."""


@contextmanager
def product(
    seconds: float, folder: Path | None = None, environment: Mapping[str, str] = NOTHING
) -> Iterator[Scene]:
    """Starts the product on a SQLite file in `folder`, or in a temporary one."""
    with (
        fake_model_server(text="A clearer sentence.", seconds=MODEL_SECONDS) as model,
        tempfile.TemporaryDirectory(prefix="bg") as temporary,
    ):
        config = StackConfig(
            workers={"worker-0": "answer", "worker-1": "answer", "worker-compute": "compute"},
            extra=model_environment(model) | QUICK | dict(environment),
            local_model=False,
            limits=False,
        )
        with LocalStack(folder or Path(temporary), config) as stack:
            yield Scene(stack, model, seconds)


@contextmanager
def on_postgresql(seconds: float) -> Iterator[Scene]:
    """Starts the product on a PostgreSQL server behind a proxy that can be cut."""
    with local_postgresql() as database, latency_proxy(*server_address(database)) as proxy:
        url = database.set(host="127.0.0.1", port=proxy.port, query={})
        address = url.render_as_string(hide_password=False)
        with product(seconds, environment={"DATABASE_URL": address}) as scene:
            yield Scene(scene.stack, scene.model, seconds, proxy, database)


@contextmanager
def on_slow_broker(seconds: float) -> Iterator[Scene]:
    """Starts the product with a broker elsewhere, behind a proxy that can slow it down."""
    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        broker = start_valkey(Path(folder), is_alive)
        try:
            with latency_proxy(broker.url.removeprefix("unix://"), 0) as proxy:
                address = f"redis://127.0.0.1:{proxy.port}/0"
                with product(seconds, environment={"REDIS_URL": address}) as scene:
                    yield Scene(scene.stack, scene.model, seconds, proxy)
        finally:
            broker.stop()


def broker_slow(scene: Scene) -> None:
    """Delays every answer of the broker."""
    assert scene.proxy is not None
    scene.proxy.slow_down(SLOW_SECONDS)
    scene.pause()
    scene.proxy.slow_down(0.0)


def database_away(scene: Scene) -> None:
    """Cuts every connection to the database and takes no new one."""
    assert scene.proxy is not None
    scene.proxy.cut()
    scene.pause()
    scene.proxy.restore()


def database_restarted(scene: Scene) -> None:
    """Ends every connection three times, as a restart or a failover does."""
    for _ in range(3):
        scene.pause(0.25)
        scene.say()


def database_read_only(scene: Scene) -> None:
    """Makes the database read-only, as a standby is before it takes over."""
    assert scene.database is not None
    name = scene.database.database
    scene.say(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    scene.pause()
    scene.say(
        "SET default_transaction_read_only = off",
        f"ALTER DATABASE {name} RESET default_transaction_read_only",
    )


def worker_frozen(scene: Scene) -> None:
    """Stops a worker in the middle of its requests, past their leases, and wakes it up again."""
    wait_until(lambda: False, min(2.0, scene.seconds / 4))
    child = scene.stack.children["worker-0"]
    child.send_signal(signal.SIGSTOP)
    wait_until(lambda: False, max(scene.seconds, LEASE_SECONDS * 3))
    child.send_signal(signal.SIGCONT)


def broker_flushed(scene: Scene) -> None:
    """Removes everything from the broker, three times."""
    for _ in range(3):
        scene.pause(0.25)
        with Redis.from_url(scene.stack.broker.url) as client:
            client.flushall()


def broker_killed(scene: Scene) -> None:
    """Kills the broker once."""
    scene.pause(0.5)
    if scene.stack.broker.pid is not None:
        kill_process(scene.stack.broker.pid)


def broker_full(scene: Scene) -> None:
    """Leaves the broker no memory, so that it refuses every write."""
    with Redis.from_url(scene.stack.broker.url) as client:
        client.config_set("maxmemory", "1")
        scene.pause()
        client.config_set("maxmemory", "0")
