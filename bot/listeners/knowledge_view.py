"""The sources of knowledge, as `/beagle knowledge` shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.payloads import Block
from bot.ui import rich_text
from bot.ui.blocks import Rendered, actions, button, paragraph
from bot.ui.outcome_text import plain_text
from bot.ui.texts import common
from bot.ui.texts import knowledge as texts
from router.index import SourceSummary
from router.store import Store
from router.store.knowledge.captured_answers import KEY_PREFIX
from router.store.knowledge.sources import Source
from router.store.privacy.others import NOTE_PREFIX
from workers.knowledge.refresh import refresh_key
from workers.knowledge.retrieval import format_date

MAX_SOURCES = 20
"""Sources in one message: each takes two blocks, and Slack allows 50."""
REFRESH, REMOVE = "knowledge_refresh", "knowledge_remove"
CHANNEL_PREFIX = "slack:"
"""What the name of a source that is a channel begins with."""


def render_sources(store: Store, team: str, acls: Sequence[str] | None, *, admin: bool) -> Rendered:
    """Returns each source with its size and age.

    With `acls` only documents count that one of them may read. An admin also sees sources without a
    document, and buttons.
    """
    summaries = store.documents.sources(team, acls)
    ingested = {source.name: source for source in store.sources.for_team(team)}
    channel_names = store.access.channel_names(team)

    if admin:
        summaries += _empty_sources(summaries, ingested)

    if not summaries:
        return Rendered(texts.KNOWLEDGE_NONE, [paragraph(texts.KNOWLEDGE_NONE)])

    blocks, lines = [paragraph(texts.KNOWLEDGE)], [texts.KNOWLEDGE]
    for summary in summaries[:MAX_SOURCES]:
        source = ingested.get(summary.source)
        line = rich_text.section(
            [
                *rich_text.text(_title(summary.source, channel_names), bold=True),
                *rich_text.text(_details(summary, source)),
            ]
        )
        blocks.append(rich_text.block([line]))
        lines.append(plain_text([line]))

        if admin:
            buttons = _buttons(team, summary.source, can_refresh=source is not None)
            blocks.append(actions(buttons))

    if len(summaries) > MAX_SOURCES:
        blocks.append(paragraph(texts.KNOWLEDGE_MORE.format(count=len(summaries) - MAX_SOURCES)))

    return Rendered("\n".join(lines), blocks)


def _empty_sources(
    summaries: Sequence[SourceSummary], ingested: Mapping[str, Source]
) -> list[SourceSummary]:
    """Returns the ingested sources of which no document is stored."""
    with_documents = {summary.source for summary in summaries}
    empty = []
    for name, source in ingested.items():
        # The documents of a Slack export are stored under the names of their channels.
        if source.kind != "export" and name not in with_documents:
            empty.append(SourceSummary(name, 0, 0, 0, source.read_at))

    return empty


def _title(source: str, channel_names: Mapping[str, str]) -> str:
    if source.startswith(KEY_PREFIX):
        channel = source.removeprefix(KEY_PREFIX)
        return texts.KNOWLEDGE_PEOPLE.format(channel=channel_names.get(channel) or channel)
    if source.startswith(NOTE_PREFIX):
        channel = source.removeprefix(NOTE_PREFIX)
        return texts.KNOWLEDGE_NOTES.format(channel=channel_names.get(channel) or channel)
    if not source.startswith(CHANNEL_PREFIX):
        return source

    channel = source.removeprefix(CHANNEL_PREFIX)
    return f"#{channel_names.get(channel) or channel}"


def _details(summary: SourceSummary, source: Source | None) -> str:
    parts = [texts.SOURCE_SIZE.format(documents=summary.documents, passages=summary.chunks)]
    if summary.without_vector:
        parts.append(texts.SOURCE_WITHOUT_VECTOR.format(count=summary.without_vector))
    if summary.documents:
        parts.append(texts.SOURCE_CHANGED.format(day=format_date(summary.updated_at)))

    if source is not None:
        parts.append(texts.SOURCE_READ.format(day=format_date(source.read_at)))
        if source.left_out:
            parts.append(texts.SOURCE_LEFT_OUT.format(count=source.left_out))

    return ", ".join(parts)


def _buttons(team: str, source: str, *, can_refresh: bool) -> list[Block]:
    # A source's name may be a long path, so buttons carry a short key.
    value = {"source": refresh_key(team, source)}
    confirm = {
        "title": {"type": "plain_text", "text": texts.KNOWLEDGE_REMOVE_TITLE},
        "text": {"type": "plain_text", "text": texts.KNOWLEDGE_REMOVE_ASK},
        "confirm": {"type": "plain_text", "text": texts.KNOWLEDGE_REMOVE},
        "deny": {"type": "plain_text", "text": common.CANCEL},
    }

    buttons = []
    if can_refresh:
        buttons.append(button(texts.KNOWLEDGE_REFRESH, REFRESH, value))

    buttons.append(button(texts.KNOWLEDGE_REMOVE, REMOVE, value, style="danger", confirm=confirm))
    return buttons
