"""Runs routes outside the bot: finds a route and builds a context with a real model."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from router.catalog.catalog import Catalog, Route, read_route
from router.catalog.installed import has_larger_model, installed_routes
from router.catalog.route_file import ExampleRow
from router.config import Settings, read_settings
from router.encoder.factory import open_encoder
from router.encoder.lazy import LazyEncoder
from router.errors import RouteError
from router.log import set_up_logs
from router.store import open_store
from workers.context import Context
from workers.evaluation.run import CHANNEL, TEAM
from workers.fakes import MemoryQueue, MemoryReplies
from workers.knowledge.ingest import DocumentOrigin, ingest_folder
from workers.llm.gateway import LOCAL
from workers.llm.litellm_client import open_model
from workers.llm.local.launch import LocalServerOptions
from workers.llm.local.models import LocalModels
from workers.ports import LanguageModel
from workers.runtime.leases import Leases

PATIENT_SECONDS = 600.0
DOCUMENTS = Path(__file__).parents[1] / "handbook"
"""The default documents for routes that search."""


def find_route(name: str, settings: Settings, *, all_tiers: bool = False) -> Route:
    """Returns the route of that name or in that folder, with the tiers that the model has.

    With `all_tiers` it has those that need a larger model too, so its version is the prompted one.

    Raises RouteError naming all routes.
    """
    if Path(name).is_dir():
        larger_model = all_tiers or has_larger_model(settings)
        return read_route(Path(name).absolute(), larger_model=larger_model)

    catalog = installed_routes(settings, all_tiers=all_tiers)
    if name not in catalog.routes:
        known = ", ".join(sorted(catalog.routes))
        raise RouteError(f"finding route {name!r}: neither a folder nor a route; known: {known}")

    return catalog.routes[name]


def labelled_rows(route: Route, split: str) -> list[ExampleRow]:
    """Returns the rows of a split that have a correct answer.

    Raises RouteError if there are none.
    """
    labelled = [row for row in route.rows if row.split == split and row.answer is not None]
    if not labelled:
        raise RouteError(
            f"measuring route {route.name!r}: examples.jsonl has no {split!r} row with an answer; "
            f'add lines like {{"text": …, "answer": …, "split": "{split}"}}'
        )

    return labelled


@contextmanager
def route_on_rows(
    name: str, split: str, count: int
) -> Iterator[tuple[Context, Route, list[ExampleRow]]]:
    """Yields a real context with a prompted route and its first `count` labelled rows; 0 for all.

    Raises RouteError as `find_route` and `labelled_rows` do.
    """
    settings = read_settings()
    set_up_logs(settings.log, "warning")
    route = find_route(name, settings, all_tiers=True)
    rows = labelled_rows(route, split)[: count or None]

    with real_context(settings, route) as context:
        yield context, route, rows


@contextmanager
def real_context(
    settings: Settings,
    route: Route,
    documents: Path = DOCUMENTS,
    model: LanguageModel | None = None,
) -> Iterator[Context]:
    """Yields a context with a real model, or the one given, and replies that go nowhere.

    The local server is started if the route needs it, and stopped afterwards.

    The folder `documents` is indexed for keyword search.
    """
    rng = random.Random(settings.seed).random  # noqa: S311  # spreads retries, no secret
    # On a busy machine a slow answer must not count as a wrong one. The route's own time limit
    # still applies.
    settings = settings.model_copy(
        update={"stall_timeout_seconds": PATIENT_SECONDS, "model_timeout_seconds": PATIENT_SECONDS}
    )
    local = None if model is not None else _local_server(settings, route)

    try:
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(f"sqlite:///{folder}/runs.db")
            index = store.documents
            ingest_folder(index, documents, DocumentOrigin(TEAM, "documents", acl=CHANNEL))
            yield Context(
                settings=settings,
                store=store,
                queue=MemoryQueue({}),
                model=model or open_model(settings, local, time.time, rng),
                replies=MemoryReplies(),
                leases=Leases(store.requests, "eval", time.time, settings.lease_seconds),
                now=time.time,
                random=rng,
                index=index,
                encoder=LazyEncoder(lambda: open_encoder(settings.encoder, settings.encoder_cache)),
            )

            store.close()
    finally:
        if local is not None:
            local.stop()


def _local_server(settings: Settings, route: Route) -> LocalModels | None:
    """Starts the server of the small local model where the route asks that model."""
    if settings.model_url or LOCAL not in (settings.model, *route.version.models):
        return None

    adapters = Catalog({route.name: route}).adapter_files()
    options = LocalServerOptions(threads=settings.local_threads, slots=settings.local_concurrency)
    return LocalModels(settings.data / "measure", adapters, options)
