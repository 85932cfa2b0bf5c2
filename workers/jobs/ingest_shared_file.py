"""Reads a file that was shared in a channel whose history an admin lets Beagle read."""

from __future__ import annotations

from dataclasses import replace

from router.errors import PathError
from router.log import get_log
from workers.context import Context
from workers.knowledge.channel_history import file_document_key
from workers.knowledge.formats import SourceError
from workers.knowledge.ingest import MAX_FILE_BYTES, DocumentOrigin, parse_document
from workers.knowledge.parser_process import ParserProcess
from workers.runtime.job_key import parse_key

QUEUE = "compute"


def run(context: Context, key: str) -> None:
    """Adds the file of key `team channel file` to the index, readable by the channel's members.

    The author of its chunks is whoever shared it. Running it twice is safe. A file that cannot be
    read is skipped with one line in the log.
    """
    team, channel, file = parse_key(key, "team", "channel", "file")
    access = context.store.access
    index = context.store.documents
    log = get_log(job="ingest_shared_file", channel=channel, file=file)

    if context.directory is None or not access.may_read_history(team, channel):
        return

    try:
        shared = context.directory.shared_file(team, file, MAX_FILE_BYTES)
        origin = DocumentOrigin(team, f"slack:{channel}", acl=channel)
        with ParserProcess() as parser:
            document, _ = parse_document(parser, shared.data, shared.name, origin, shared.shared_at)
    except (PathError, SourceError) as error:
        log.info("document_skipped", why=str(error))
        return

    channel_name = access.channel_name(team, channel) or channel
    chunks = [replace(chunk, author=shared.user) for chunk in document.chunks]
    index.upsert(
        replace(
            document,
            key=file_document_key(channel, file),
            title=f"#{channel_name}: {document.title}",
            url=shared.url,
            chunks=chunks,
        )
    )

    # Checked once more after the download: the admin may have withdrawn the right meanwhile.
    if not access.may_read_history(team, channel):
        index.delete(team, [file_document_key(channel, file)])
        return

    context.queue.enqueue("embed", channel)
    log.info("source_ingested", pieces=len(chunks))
