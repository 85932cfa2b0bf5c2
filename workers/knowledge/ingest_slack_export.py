"""Ingests the allowed channels of a Slack export."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from pathlib import Path

from router.index import Document, Index
from router.store.knowledge.access import AccessControl
from workers.knowledge.formats import SourceError
from workers.knowledge.ingest import IngestSummary
from workers.knowledge.sources.slack_export import read_channels, read_threads
from workers.knowledge.sources.slack_message import merge_export

NOT_ALLOWED = (
    "no admin allowed Beagle to read it; an admin types `/beagle knowledge read` there first, "
    "and the channel is told"
)


def ingest_export(
    index: Index,
    access: AccessControl,
    path: Path,
    team: str,
    link: Callable[[str], str],
    progress: Callable[[int, int], None] | None = None,
    opted_out: Container[str] = (),
) -> IngestSummary:
    """Ingests the threads of every channel in which an admin allowed Beagle to read.

    Their readers are the channel's members as Slack names them now; the export's may be out of
    date. Other channels are listed in the summary and not opened. Messages by users in `opted_out`
    are not stored. Raises SourceError when the file is no export.
    """
    allowed = access.readable_channels(team)
    summary = IngestSummary()
    channels = []

    for channel in read_channels(path):
        if channel.id in allowed:
            channels.append(channel)
        else:
            summary.skipped.append((f"#{channel.name}", NOT_ALLOWED))

    for number, channel in enumerate(channels, 1):
        try:
            _store_threads(index, read_threads(path, team, channel, link, opted_out), summary)
        except SourceError as error:
            summary.skipped.append((f"#{channel.name}", str(error)))

        if progress is not None:
            progress(number, len(channels))

    return summary


def _store_threads(index: Index, threads: Iterable[Document], summary: IngestSummary) -> None:
    """Merges the threads into the index; what was edited or posted since the export wins."""
    for thread in threads:
        summary.seen += 1
        summary.chunks += len(thread.chunks)

        def merge(stored: Document | None, exported: Document = thread) -> Document:
            return exported if stored is None else merge_export(stored, exported)

        # Within one transaction, so that a message that arrives meanwhile is not lost.
        summary.changed += index.edit(thread.team, thread.key, merge)
