"""Reads one source of knowledge again."""

from __future__ import annotations

from router.log import get_log
from router.store.knowledge.sources import Sources
from workers.context import Context
from workers.knowledge.refresh import read, source_digest
from workers.knowledge.sources import SourceError

QUEUE = "compute"


def run(context: Context, key: str) -> None:
    """The source that `refresh_key` names stands in the index as it is now; safe to run twice."""
    team, _, digest = key.partition(" ")
    found = next(
        (
            one
            for one in Sources(context.store.engine).of(team)
            if source_digest(one.name) == digest
        ),
        None,
    )

    log = get_log(step="refresh_source", team=team)
    if found is None:
        log.info("source_gone")
        return

    try:
        summary = read(context.store, found, context.now())
    except SourceError as error:
        log.warning("not_read", why=str(error))
        return

    context.queue.wake("embed", team)
    log.info(
        "read",
        seen=summary.seen,
        changed=summary.changed,
        pruned=summary.pruned,
        left_out=len(summary.skipped),
    )
