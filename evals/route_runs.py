"""Runs versions of a route over labelled rows, through the same paths that serve people."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from router.catalog import Route, builtin_routes_folder, load_routes, read_route
from router.config import Settings
from router.embed import open_encoder
from router.errors import ModelError, PathError, RouteError
from router.route_file import Row
from router.store import open_store
from router.types import Decision, Outcome, Request
from router.version import Version
from workers.context import Context, Work
from workers.gateway import LOCAL
from workers.leases import Leases
from workers.llama import LocalModel, Options
from workers.memory import MemoryQueue, MemoryReplies
from workers.model import open_model
from workers.paths import get_path

PATIENT_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Ran:
    """One row served: the outcome, or the error that a person would have been told of."""

    row: Row
    outcome: Outcome | None
    error: str | None
    seconds: float


def find_route(name: str, settings: Settings) -> Route:
    """The route of that name or in that folder. Raises RouteError naming those there are."""
    if Path(name).is_dir():
        return read_route(Path(name).absolute())
    own = [] if settings.routes is None else [settings.routes]
    catalog = load_routes(builtin_routes_folder(), *own)
    if name not in catalog.routes:
        known = ", ".join(sorted(catalog.routes))
        raise RouteError(f"finding route {name!r}: neither a folder nor a route; known: {known}")
    return catalog.routes[name]


@contextmanager
def real_context(settings: Settings, route: Route) -> Iterator[Context]:
    """A context with the real model and nobody to answer to; the local server is started and stopped if needed."""
    chance = random.Random(settings.seed).random  # noqa: S311  # spreads retries; nothing secret hangs on it
    # A busy machine must not turn slow answers into wrong ones; the route's own limit in seconds still holds.
    settings = settings.model_copy(update={"silence_seconds": PATIENT_SECONDS, "model_seconds": PATIENT_SECONDS})
    local = None
    if LOCAL in (settings.model, *route.version.models) and not settings.model_url:
        adapters = {route.version.adapter: route.adapter} if route.version.adapter and route.adapter else {}
        options = Options(threads=settings.local_threads, slots=settings.local_slots)
        local = LocalModel.start(settings.data / "measure", adapters, options)
    try:
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(f"sqlite:///{folder}/runs.db")
            yield Context(
                settings=settings,
                store=store,
                queue=MemoryQueue({}),
                model=open_model(settings, local, time.time, chance),
                replies=MemoryReplies(),
                leases=Leases(store.requests, "eval", time.time, settings.lease_seconds),
                now=time.time,
                random=chance,
                encoder=lambda: open_encoder(settings.encoder, settings.data / "encoder"),
            )
            store.close()
    finally:
        if local is not None:
            local.stop()


def run_rows(context: Context, version: Version, rows: Sequence[Row]) -> list[Ran]:
    """Every row in order, one at a time, so that latencies are those of an idle machine."""
    return [_run(context, version, number, row) for number, row in enumerate(rows)]


def _run(context: Context, version: Version, number: int, row: Row) -> Ran:
    now = context.now()
    request = Request(f"eval-{number}", "T0", "C0", "U0", f"{now:.6f}", f"E{number}", row.text, now)
    decision = Decision("route", version.route, 1.0, 1.0, 1.0, (), "eval", version.id)
    history = ({"role": "user", "content": row.thread},) if row.thread else ()
    start = time.monotonic()
    try:
        outcome = get_path(version.kind).run(context, Work(request, decision, version, history))
    except (ModelError, PathError) as error:
        return Ran(row, None, str(error), time.monotonic() - start)
    return Ran(row, outcome, None, time.monotonic() - start)
