"""Checks of what must run: the bot, the database, the queue and a worker for each queue."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from bot.app import now
from bot.demo import data_folder
from router.config import Settings
from router.errors import QueueError, SettingsError, StoreError
from router.store import newest_revision, open_store, parse_url
from router.text.printable import counted
from workers.jobs import queue_of_job, queues
from workers.runtime.embedded_valkey import find_server, running_url
from workers.runtime.queue import RqQueue, is_alive, workers_per_queue

PROBE_SECONDS = 5.0


def check_bot(settings: Settings) -> str:
    """Asks the bot's own health page what it lacks."""
    problems = _bot_problems(settings)
    if problems is None:
        return "does not run, or its health page cannot be reached from here"
    if problems:
        parts = [f"{part}: {text}" for part, text in problems.items()]
        raise SettingsError(f"it runs but is not ready: {'; '.join(parts)}")

    return "runs and is ready"


def _bot_problems(settings: Settings) -> Mapping[str, str] | None:
    """Returns what the running bot lacks, by part; None where none answers."""
    host = settings.health_host
    if host in ("0.0.0.0", "::"):  # noqa: S104  # asked, not listened on
        host = "127.0.0.1"

    host = f"[{host}]" if ":" in host else host
    url = f"http://{host}:{settings.health_port}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=PROBE_SECONDS):  # our own page
            return {}
    except urllib.error.HTTPError as error:
        try:
            problems = json.loads(error.read()).get("problems")
        except (ValueError, AttributeError):
            return None  # somebody else's page

        return problems if isinstance(problems, dict) else None
    except OSError:
        return None


def check_store(settings: Settings) -> str:
    """Opens the database as it is: nothing is created and nothing is migrated."""
    file = database_file(settings)
    if file is not None and not file.exists():
        folder = next(parent for parent in file.absolute().parents if parent.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise StoreError(
                f"looking at the store: {str(file)!r} cannot be made, because this user cannot "
                f"write in {str(folder)!r}; let them, or name another place in DATABASE_URL"
            )

        return f"none yet; the first start makes {file}"

    with closing(open_store(settings.store_url, migrates=False)) as store:
        count, oldest_seconds = store.requests.open_count(now())

    age = f", the oldest for {oldest_seconds:.0f} s" if count else ""
    requests = counted(count, "request")
    return f"answers, with every migration up to {newest_revision()}; {requests} open{age}"


def database_file(settings: Settings) -> Path | None:
    """Returns the SQLite file; None for a database server."""
    url = parse_url(settings.store_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return None

    return Path(url.database)


def check_queue(settings: Settings) -> str:
    """Counts what waits; an embedded queue that does not run is not started here."""
    url = _queue_url(settings)
    if url is None:
        find_server()
        return "embedded; it starts with the first process"

    with closing(RqQueue(url, queue_of_job())) as queue:
        depths = queue.depth().items()

    where = "REDIS_URL" if settings.redis_url.get_secret_value() else "embedded"
    waiting = ", ".join(f"{name} {count}" for name, count in depths)
    return f"answers ({where}); waiting: {waiting}"


def _queue_url(settings: Settings) -> str | None:
    """Returns the address of the queue; None where the embedded one does not run.

    Raises QueueError where REDIS_URL is set and nobody answers there.
    """
    url = settings.redis_url.get_secret_value()
    if not url:
        embedded = running_url(settings.data)
        return embedded if embedded is not None and is_alive(embedded) else None

    if not is_alive(url):
        raise QueueError(
            "looking at the queue: REDIS_URL is set but no server answers there; start it, correct "
            "the URL, or remove REDIS_URL to use the embedded one"
        )

    return url


def check_workers(settings: Settings) -> str:
    """Counts the workers of each queue. While something runs, each queue needs one."""
    url = _queue_url(settings)
    counts = workers_per_queue(url) if url is not None else {}
    text = ", ".join(f"{queue} {counts.get(queue, 0)}" for queue in queues())
    idle = [queue for queue in queues() if not counts.get(queue)]
    if not idle:
        return text

    if not counts and _bot_problems(settings) is None:
        return f"{text}; {_describe_demo(settings)}"

    commands = " and ".join(f"`beagle worker --queue {queue}`" for queue in idle)
    raise SettingsError(f"{text}; what waits there is not done: start {commands}")


def _describe_demo(settings: Settings) -> str:
    """Returns whether a demo runs here, where nothing of the installation does."""
    folder = settings.data / data_folder.NAME
    address = data_folder.running_address(folder)
    if address is None:
        return "nothing of Beagle runs here yet"

    state = "runs" if address else "is starting"
    return (
        f"nothing of this installation runs yet; the demo in {folder} {state}, with workers of "
        "its own"
    )
