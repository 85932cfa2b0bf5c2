"""Reads a file that was shared in a channel where an admin let Beagle read."""

from __future__ import annotations

from dataclasses import replace

from router.errors import PathError
from router.log import get_log
from router.store.knowledge.access import Readers
from router.store.knowledge.index import Knowledge
from workers.context import Context
from workers.knowledge.channel_history import file_key
from workers.knowledge.ingest import LARGEST, Origin, page
from workers.knowledge.sources import SourceError

QUEUE = "compute"


def run(context: Context, key: str) -> None:
    """The file of `team channel file` can be found by who is in the channel; its words are those of who shared it.

    Running it twice is safe. A file that cannot be read is left out, with one line in the log.
    """
    team, channel, file = key.split(" ")
    readers, index = Readers(context.store.engine), Knowledge(context.store.engine)
    log = get_log(step="ingest_shared_file", channel=channel, file=file)

    if context.directory is None or not readers.may_read_history(team, channel):
        return

    try:
        got = context.directory.file(team, file, LARGEST)
        made = page(
            got.data, got.name, Origin(team, f"slack:{channel}", acl=channel), got.shared_at
        )
    except (PathError, SourceError) as error:
        log.info("left_out", why=str(error))
        return

    title = f"#{readers.name(team, channel) or channel}: {made.title}"
    pieces = [replace(piece, author=got.user) for piece in made.pieces]
    index.upsert(
        replace(made, key=file_key(channel, file), title=title, url=got.url, pieces=pieces)
    )

    # Nobody may have lost the right, or taken the file back, while it was on its way.
    if not readers.may_read_history(team, channel):
        index.delete(team, [file_key(channel, file)])
        return

    context.queue.wake("embed", channel)
    log.info("read", pieces=len(pieces))
