"""Brings the allowed channels of a Slack export into the index."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from pathlib import Path

from router.index import Document
from router.store.knowledge.access import Readers
from router.store.knowledge.index import Knowledge
from workers.knowledge.ingest import Summary
from workers.knowledge.sources import SourceError
from workers.knowledge.sources.slack_export import read_channels, read_threads
from workers.knowledge.sources.slack_message import with_older

NOT_ALLOWED = "nobody let Beagle read it; an admin types `/beagle knowledge read` there first, and the channel is told"


def ingest_export(
    index: Knowledge,
    readers: Readers,
    path: Path,
    team: str,
    link: Callable[[str], str],
    progress: Callable[[int, int], None] | None = None,
    out: Container[str] = (),
) -> Summary:
    """The threads of the channels in which an admin let Beagle read can be found by who is in them now.

    Who may read is what Slack said, not what the export says: that may be old. Other channels are
    named in the summary and not opened, and what people in `out` said is not kept. Raises
    SourceError when it is no export.
    """
    allowed, summary = readers.read(team), Summary()
    channels = read_channels(path)
    summary.skipped += [(f"#{one.name}", NOT_ALLOWED) for one in channels if one.id not in allowed]

    wanted = [one for one in channels if one.id in allowed]
    for number, channel in enumerate(wanted, 1):
        try:
            _keep(index, read_threads(path, team, channel, link, out), summary)
        except SourceError as error:
            summary.skipped.append((f"#{channel.name}", str(error)))

        if progress is not None:
            progress(number, len(wanted))

    return summary


def _keep(index: Knowledge, threads: Iterable[Document], summary: Summary) -> None:
    """The threads stand in the index; what people have said in one since the export stays."""
    for thread in threads:
        summary.seen += 1
        summary.chunks += len(thread.pieces)

        def merged(held: Document | None, new: Document = thread) -> Document:
            return new if held is None else with_older(held, new)

        summary.changed += index.edit(thread.team, thread.key, merged)
