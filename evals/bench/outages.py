"""Takes database, broker or worker away during a run and counts what that costs people."""

from __future__ import annotations

import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import typer
from redis import Redis
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from bot.demo.stack import LocalStack, kill_process
from evals.bench.latency_proxy import LatencyProxy, latency_proxy
from evals.bench.message_stack import count_answers, message_stack, post_messages, wait_for_answers
from evals.bench.writers import local_postgresql, server_address
from evals.figures import print_figures
from router.log import set_up_logs
from workers.runtime.processes import wait_until

MODEL_SECONDS = 0.5
LEASE_SECONDS = 4.0
STALLED_SECONDS = 400.0
"""Slack sends an event that was not acknowledged again after one minute, and after five."""
END_CONNECTIONS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True, slots=True)
class Scene:
    """The running product, the way to its database, and the database itself."""

    stack: LocalStack
    proxy: LatencyProxy
    database: URL
    seconds: float

    def say(self, *statements: str) -> None:
        """Runs statements on the server itself, and ends every other connection."""
        engine = create_engine(self.database, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

            connection.execute(END_CONNECTIONS)

        engine.dispose()

    def pause(self) -> None:
        """Waits for as long as an outage lasts."""
        wait_until(lambda: False, self.seconds)


def main(
    seconds: Annotated[float, typer.Option(help="How long each outage lasts.")] = 60.0,
    requests: Annotated[int, typer.Option(help="Messages that are posted meanwhile.")] = 40,
    only: Annotated[str, typer.Option(help="Names of outages, separated by commas.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count lost, doubled and stuck requests while parts of the installation are away."""
    set_up_logs("auto", "error")
    names = [name for name in only.split(",") if name] or list(OUTAGES)
    figures: dict[str, object] = {"lost": 0, "doubled": 0, "stuck": 0}

    with local_postgresql() as database, latency_proxy(*server_address(database)) as proxy:
        url = database.set(host="127.0.0.1", port=proxy.port, query={})
        address = url.render_as_string(hide_password=False)
        with message_stack(
            MODEL_SECONDS,
            2,
            database=address,
            lease_seconds=str(LEASE_SECONDS),
            reaper_interval_seconds="1",
        ) as stack:
            scene = Scene(stack, proxy, database, seconds)
            for name in names:
                counts = _measure(scene, OUTAGES[name], requests)
                for key in ("lost", "doubled", "stuck"):
                    figures[key] = int(str(figures[key])) + int(counts[key])

                figures |= {f"{name}_{key}": value for key, value in counts.items()}

    print_figures(figures, as_json=as_json, width=28)
    if any(figures[key] for key in ("lost", "doubled", "stuck")):
        raise typer.Exit(1)


def _measure(scene: Scene, outage: Callable[[Scene], None], count: int) -> Mapping[str, float]:
    """Posts messages while the outage lasts; returns what became of them."""
    stack = scene.stack
    answered: list[bool] = []
    start = time.monotonic()
    fault = threading.Thread(target=outage, args=(scene,), name="outage", daemon=True)
    fault.start()
    watch = threading.Thread(target=_watch_metrics, args=(scene, fault, answered), daemon=True)
    watch.start()

    timestamps = post_messages(stack, 0, count, scene.seconds)
    fault.join()
    watch.join()
    wait_for_answers(stack, timestamps, STALLED_SECONDS)
    counts = count_answers(stack, timestamps)

    return {
        "lost": count - counts.answered,
        "doubled": counts.duplicates,
        "stuck": stack.store.requests.open_count(time.time())[0],
        "metrics_unanswered": answered.count(False),
        "seconds": round(time.monotonic() - start, 1),
    }


def _watch_metrics(scene: Scene, fault: threading.Thread, answered: list[bool]) -> None:
    """Notes each second whether the metrics page answers, until the outage is over."""
    url = f"http://127.0.0.1:{scene.stack.health_port}/metrics"
    while fault.is_alive():
        try:
            with urllib.request.urlopen(url, timeout=15.0) as page:  # our own process
                answered.append(page.status == 200 and b"beagle_store_up" in page.read())
        except OSError:
            answered.append(False)

        wait_until(lambda: not fault.is_alive(), 1.0)


def _database_away(scene: Scene) -> None:
    scene.proxy.cut()
    scene.pause()
    scene.proxy.restore()


def _database_restarted(scene: Scene) -> None:
    for _ in range(3):
        wait_until(lambda: False, scene.seconds / 4)
        scene.say()


def _database_read_only(scene: Scene) -> None:
    name = scene.database.database
    scene.say(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    scene.pause()
    scene.say(
        "SET default_transaction_read_only = off",
        f"ALTER DATABASE {name} RESET default_transaction_read_only",
    )


def _worker_frozen(scene: Scene) -> None:
    """Stops a worker in the middle of its requests, past their leases, and wakes it up again."""
    wait_until(lambda: False, min(2.0, scene.seconds / 4))
    child = scene.stack.children["worker-0"]
    child.send_signal(signal.SIGSTOP)
    wait_until(lambda: False, max(scene.seconds, LEASE_SECONDS * 3))
    child.send_signal(signal.SIGCONT)


def _broker_flushed(scene: Scene) -> None:
    for _ in range(3):
        wait_until(lambda: False, scene.seconds / 4)
        with Redis.from_url(scene.stack.broker.url) as client:
            client.flushall()


def _broker_killed(scene: Scene) -> None:
    wait_until(lambda: False, scene.seconds / 2)
    if scene.stack.broker.pid is not None:
        kill_process(scene.stack.broker.pid)


def _broker_full(scene: Scene) -> None:
    with Redis.from_url(scene.stack.broker.url) as client:
        client.config_set("maxmemory", "1")
        scene.pause()
        client.config_set("maxmemory", "0")


OUTAGES: Mapping[str, Callable[[Scene], None]] = {
    "database_away": _database_away,
    "database_restarted": _database_restarted,
    "database_read_only": _database_read_only,
    "worker_frozen": _worker_frozen,
    "broker_flushed": _broker_flushed,
    "broker_killed": _broker_killed,
    "broker_full": _broker_full,
}
