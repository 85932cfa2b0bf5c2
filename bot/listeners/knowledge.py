"""The sources of knowledge as an admin manages them: seen, read again, taken out; and channels that are read or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.admins import Admins
from bot.transport.clients import UNREACHABLE
from bot.ui import dialogs as forms
from bot.ui import rich_text
from bot.ui.blocks import Shown, button, plain, words
from bot.ui.texts import common as texts
from router.errors import PathError, QueueError
from router.log import get_log
from router.store import Store
from router.store.knowledge.access import Readers
from router.store.knowledge.index import Held, Knowledge
from router.store.knowledge.sources import Source, Sources
from workers.knowledge.channel_history import History
from workers.knowledge.refresh import refresh_key, remove
from workers.knowledge.retrieval import day
from workers.ports import Directory, Queue

MOST = 20
"""Sources in one message; Slack allows 50 blocks."""
REFRESH, REMOVE = "knowledge_refresh", "knowledge_remove"


class KnowledgePanel:
    """Answers the buttons of `/beagle knowledge`; rights are looked at when one is pressed."""

    def __init__(self, store: Store, queue: Queue, admins: Admins) -> None:
        self._store, self._queue, self._admins = store, queue, admins
        self._log = get_log(part="knowledge")

    def listen(self, app: App) -> None:
        """The buttons are answered."""
        app.action(REFRESH)(self.refresh)
        app.action(REMOVE)(self.remove)

    def refresh(self, ack: Any, body: dict[str, Any], action: dict[str, Any], respond: Any) -> None:
        """A worker reads the source again."""
        ack()
        source = self._source(body, action, "refresh", respond)
        if source is None:
            return

        try:
            self._queue.wake("refresh_source", refresh_key(body["team"]["id"], source))
        except QueueError as error:
            self._log.warning("not_refreshed", error=str(error))
            _tell(respond, texts.KNOWLEDGE_NO_QUEUE)
            return

        _tell(respond, texts.KNOWLEDGE_REFRESHING)

    def remove(self, ack: Any, body: dict[str, Any], action: dict[str, Any], respond: Any) -> None:
        """The source is gone from the next answer; of a channel nothing more is read either."""
        ack()
        team = str(body["team"]["id"])

        source = self._source(body, action, "remove", respond)
        if source is None:
            return

        channel = source.removeprefix("slack:") if source.startswith("slack:") else ""
        if channel:
            Readers(self._store.engine).stop_reading(team, channel)

        count = remove(self._store, team, source)
        self._log.info("source_removed", documents=count)
        _tell(respond, texts.KNOWLEDGE_REMOVED.format(count=count))

    def _source(
        self, body: Mapping[str, Any], action: Mapping[str, Any], what: str, respond: Any
    ) -> str | None:
        """The source that the button names, None when it is no admin's press or there is no such source any more."""
        team, user = str(body["team"]["id"]), str(body["user"]["id"])
        key = str(forms.parsed(str(action.get("value", ""))).get("source", ""))

        if not self._admins.includes(team, user):
            self._admins.note((team, user), f"knowledge {what}", key, "refused")
            _tell(respond, texts.ADMINS_ONLY)
            return None

        names = {one.source for one in Knowledge(self._store.engine).sources(team)}
        names |= {one.name for one in Sources(self._store.engine).of(team)}
        found = next((name for name in names if refresh_key(team, name) == key), None)
        self._admins.note((team, user), f"knowledge {what}", key, "applied" if found else "late")

        if found is None:
            _tell(respond, texts.ALREADY)

        return found


def shown(store: Store, team: str, acls: Sequence[str] | None, *, admin: bool) -> Shown:
    """Each source with its size and age; with `acls` only what may be read by one of them."""
    held = Knowledge(store.engine).sources(team, acls)
    told = {one.name: one for one in Sources(store.engine).of(team)}
    names = Readers(store.engine).names(team)

    if admin:
        here = {one.source for one in held}
        held += [
            Held(name, 0, 0, 0, one.read_at)
            for name, one in told.items()
            if name not in here and _own(one)
        ]

    if not held:
        return Shown(texts.KNOWLEDGE_NONE, [words(texts.KNOWLEDGE_NONE)])

    blocks, lines = [words(texts.KNOWLEDGE)], [texts.KNOWLEDGE]
    for one in held[:MOST]:
        elements = [
            *rich_text.text(_name(one.source, names), bold=True),
            *rich_text.text(_about(one, told)),
        ]
        blocks.append(rich_text.block([rich_text.section(elements)]))
        lines.append(plain([rich_text.section(elements)]))

        if admin:
            blocks.append({"type": "actions", "elements": _buttons(team, one.source, told)})

    if len(held) > MOST:
        blocks.append(words(texts.KNOWLEDGE_MORE.format(count=len(held) - MOST)))

    return Shown("\n".join(lines), blocks)


def start_reading(
    history: History, client: WebClient, directory: Directory, who: tuple[str, str], asked: Any
) -> str:
    """What is said in the channel is kept from now on, and the channel was told so first. What to tell the admin."""
    team, user = who
    channel = str(asked.channel)

    try:
        place, members = directory.place(team, channel), directory.members(team, channel)
        if channel.startswith("D"):
            return texts.READ_NO_CHANNEL

        client.chat_postMessage(
            channel=channel,
            text=texts.READ_TOLD.format(user=user),
            unfurl_links=False,
            unfurl_media=False,
        )
    except (PathError, SlackApiError, *UNREACHABLE) as error:
        get_log(part="knowledge").warning(
            "channel_not_read", channel=channel, error=type(error).__name__
        )
        return texts.READ_NOT

    history.allow(
        team, channel, place.name, public=place.public, shared=place.shared, members=list(members)
    )
    Readers(asked.store.engine).set_members(team, channel, members, asked.now())
    return texts.READ


def stop_reading(history: History, client: WebClient, who: tuple[str, str], channel: str) -> str:
    """Nothing more is kept, and what was kept is gone; the channel is told. What to tell the admin."""
    count = history.forbid(who[0], channel)
    try:
        client.chat_postMessage(
            channel=channel,
            text=texts.UNREAD_TOLD.format(user=who[1]),
            unfurl_links=False,
            unfurl_media=False,
        )
    except (SlackApiError, *UNREACHABLE) as error:
        get_log(part="knowledge").warning(
            "channel_not_told", channel=channel, error=type(error).__name__
        )

    return texts.UNREAD.format(count=count)


def _own(told: Source) -> bool:
    """Whether its documents stand under its own name; an export's stand under their channels'."""
    return told.kind != "export"


def _name(source: str, names: Mapping[str, str]) -> str:
    channel = source.removeprefix("slack:")
    return f"#{names.get(channel) or channel}" if source.startswith("slack:") else source


def _about(held: Held, told: Mapping[str, Source]) -> str:
    parts = [f": {held.documents} documents, {held.chunks} passages"]
    if held.without_vector:
        parts.append(f"{held.without_vector} found by their words only so far")
    if held.documents:
        parts.append(f"newest change {day(held.updated_at)}")

    source = told.get(held.source)
    if source is not None:
        parts.append(f"read {day(source.read_at)}")
        if source.left_out:
            parts.append(f"{source.left_out} left out")

    return ", ".join(parts)


def _buttons(team: str, source: str, told: Mapping[str, Source]) -> list[dict[str, Any]]:
    key = refresh_key(team, source)
    sure = {
        "title": {"type": "plain_text", "text": texts.KNOWLEDGE_REMOVE_TITLE},
        "text": {"type": "plain_text", "text": texts.KNOWLEDGE_REMOVE_ASK},
        "confirm": {"type": "plain_text", "text": texts.KNOWLEDGE_REMOVE},
        "deny": {"type": "plain_text", "text": texts.CANCEL},
    }

    again = [button(texts.KNOWLEDGE_REFRESH, REFRESH, {"source": key})] if source in told else []
    return [
        *again,
        button(texts.KNOWLEDGE_REMOVE, REMOVE, {"source": key}, style="danger", confirm=sure),
    ]


def _tell(respond: Any, said: str) -> None:
    respond(text=said, response_type="ephemeral", replace_original=False)
