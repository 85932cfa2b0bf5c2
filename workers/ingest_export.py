"""Brings the allowed channels of a Slack export into the index, with who is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from router.search import Document
from router.store.knowledge import Knowledge
from router.store.readers import Readers
from workers.ingest import BATCH, Summary
from workers.sources import SourceError
from workers.sources.slack_export import Channel, read_channels, read_threads


def ingest_export(
    index: Knowledge,
    readers: Readers,
    path: Path,
    team: str,
    allowed: Sequence[str],
    link: Callable[[str], str],
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """The threads of the channels named in `allowed` (names or ids) can be found by who is in them.

    Only those channels are read, whatever the export holds. Raises SourceError when it is no export.
    """
    wanted = {name.lstrip("#") for name in allowed}
    channels = [one for one in read_channels(path) if one.id in wanted or one.name in wanted]
    summary = Summary()
    missing = wanted - {one.id for one in channels} - {one.name for one in channels}
    summary.skipped += [(name, "the export holds no such channel; check the name") for name in sorted(missing)]
    for number, channel in enumerate(channels, 1):
        try:
            _keep(index, readers, team, channel, read_threads(path, team, channel, link), summary)
        except SourceError as error:
            summary.skipped.append((f"#{channel.name}", str(error)))
        if progress is not None:
            progress(number, len(channels))
    return summary


def _keep(
    index: Knowledge, readers: Readers, team: str, channel: Channel, threads: Iterable[Document], summary: Summary
) -> None:
    values = {"name": channel.name, "public": channel.public, "shared": channel.shared, "read": True}
    readers.set_channel(team, channel.id, **values)
    readers.joined(team, channel.id, *channel.members)
    batch: list[Document] = []
    for thread in threads:
        batch.append(thread)
        summary.seen += 1
        summary.chunks += len(thread.pieces)
        if len(batch) == BATCH:
            summary.changed += index.upsert(*batch)
            batch.clear()
    summary.changed += index.upsert(*batch)
