"""Reads one source of documents again."""

from __future__ import annotations

from router.log import get_log
from router.store.knowledge.sources import Source
from workers.context import Context
from workers.knowledge.formats import SourceError
from workers.knowledge.refresh import read_source, source_digest
from workers.runtime.job_key import parse_key

QUEUE = "compute"


def run(context: Context, key: str) -> None:
    """Updates the index from the source; `key` is from `refresh_key`. Running it twice is safe."""
    team, digest = parse_key(key, "team", "source_digest")
    log = get_log(job="refresh_source", team=team)

    source = _find_source(context, team, digest)
    if source is None:
        log.info("source_gone")
        return

    try:
        summary = read_source(context.store, source, context.now())
    except SourceError as error:
        log.warning("source_skipped", why=str(error))
        return

    # New chunks are found by words at once, and by meaning when they have vectors.
    context.queue.enqueue("embed", team)
    log.info(
        "source_ingested",
        seen=summary.seen,
        changed=summary.changed,
        pruned=summary.pruned,
        left_out=len(summary.skipped),
    )


def _find_source(context: Context, team: str, digest: str) -> Source | None:
    """Returns the source with that digest; None when it was removed meanwhile."""
    for source in context.store.sources.for_team(team):
        if source_digest(source.name) == digest:
            return source

    return None
