"""Writes requests on PostgreSQL from one and from many processes, near and over a network."""

from __future__ import annotations

import multiprocessing
import time
import uuid
from multiprocessing.connection import Connection
from typing import Annotated

import typer
from sqlalchemy.engine import URL

from evals.bench.stacks.latency_proxy import latency_proxy
from evals.bench.stacks.local_postgresql import DatabaseOption, local_postgresql, server_address
from evals.figures import print_figures
from router.store import Store, open_store
from router.store.usage.spend import Cap
from router.types import Decision, Outcome, Request, Score

WRITERS = 16
TEAMS = 4
"""Workspaces that the writers belong to, in turn."""
ONE_WAY_SECONDS = 0.002
DAY = 20_000
LEASE_SECONDS = 60.0
DECISION = Decision("route", "triage", 0.9, 0.5, 1.0, (Score("triage", 0.9),), "v0")
ANSWER = Outcome("An answer of some words.", usd=0.001, route="triage", kind="prompt")


def main(
    seconds: Annotated[float, typer.Option(help="How long each of the four runs takes.")] = 15.0,
    database: DatabaseOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare the requests a second of 16 writers with those of one, at 0 and 2 ms each way."""
    with local_postgresql(database) as url:
        open_store(url.render_as_string(hide_password=False)).close()
        one, many = _rate(url, 1, seconds), _rate(url, WRITERS, seconds)

        with latency_proxy(*server_address(url), ONE_WAY_SECONDS) as proxy:
            behind = url.set(host="127.0.0.1", port=proxy.port, query={})
            one_far = _rate(behind, 1, seconds)
            trips = proxy.round_trips
            many_far = _rate(behind, WRITERS, seconds)

    figures = {
        "speedup": round(many / one, 2),
        "speedup_2ms": round(many_far / one_far, 2),
        "writers": WRITERS,
        "one_per_second": round(one, 1),
        "many_per_second": round(many, 1),
        "one_2ms_per_second": round(one_far, 1),
        "many_2ms_per_second": round(many_far, 1),
        "round_trips_per_request": round(trips / max(1.0, one_far * seconds), 1),
    }
    print_figures(figures, as_json=as_json, width=24)


def write_request(store: Store, team: str, user: str) -> bool:
    """Makes every write of one answered request, as bot and worker make them.

    Returns False where another writer serves what was stored here.
    """
    key, now = uuid.uuid4().hex, time.time()
    request = Request(key, team, f"C-{user}", user, f"{now:.6f}", key, "please do it", now)
    store.requests.insert(request, now + 5)
    store.decisions.insert_first(key, DECISION, now)

    lease = store.requests.claim(user, now, LEASE_SECONDS, 8)
    if lease is None:
        return False

    served = lease.request
    caps = [Cap(("user", f"{team}/{user}"), usd=1e6), Cap(("team", team), usd=1e6)]
    store.spend.reserve(caps, DAY, 1, 0.01)
    store.spend.settle([cap.scope for cap in caps], DAY, -0.009)
    store.decisions.insert_outcome_held(lease, 0, ANSWER, now)
    store.replies.begin_post(served.id, served.channel)
    store.replies.complete_post(served.id, f"{time.time():.6f}")
    store.replies.mark_shown(served.id, 0)
    store.requests.complete(lease, "answered", now)
    return True


def _rate(url: URL, writers: int, seconds: float) -> float:
    """Returns the requests a second of so many processes together."""
    fork = multiprocessing.get_context("fork")
    ends, processes = [], []
    for number in range(writers):
        ours, theirs = fork.Pipe()
        process = fork.Process(target=_write, args=(theirs, url, number, seconds), daemon=True)
        process.start()
        ends.append(ours)
        processes.append(process)

    # All are connected before the first begins.
    for end in ends:
        end.recv()
    for end in ends:
        end.send("begin")

    counts = [int(end.recv()) for end in ends]
    for process in processes:
        process.join()

    return sum(counts) / seconds


def _write(end: Connection, url: URL, number: int, seconds: float) -> None:
    store = open_store(url.render_as_string(hide_password=False))
    team, user = f"T{number % TEAMS}", f"U{number}"
    write_request(store, team, user)
    end.send("ready")
    end.recv()

    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        count += write_request(store, team, user)

    store.close()
    end.send(count)
