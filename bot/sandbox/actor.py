"""One human of the sandbox, driven from tests and scripts as a person drives Slack."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from bot.sandbox.actions import act
from bot.sandbox.element_values import ActError
from bot.sandbox.workspace import Workspace

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

Json = dict[str, Any]
T = TypeVar("T")


class Actor:
    """Acts at once and returns when it is done; whatever the bot does about it comes later: `wait_until`.

    Channels are named by id or name, `dm` is the person's DM with the bot; `@beagle` in a text
    mentions the bot. Raises ActError for what a person cannot do either.
    """

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.name = name
        self._sandbox = sandbox

    @property
    def id(self) -> str:
        """The person's id."""
        return self._read(self._me)

    def channel(self, name: str = "dm") -> str:
        """A channel's id."""
        return self._read(lambda workspace: self._place(workspace, name))

    def say(
        self, channel: str, text: str, thread_ts: str | None = None, files: list[str] | None = None
    ) -> str:
        """The message stands. Its ts."""
        return str(
            self._act("say", channel=channel, text=text, thread_ts=thread_ts, files=files)["ts"]
        )

    def dm(self, text: str, thread_ts: str | None = None) -> str:
        """The bot was told something in private. The message's ts."""
        return str(self._act("dm", text=text, thread_ts=thread_ts)["ts"])

    def edit(self, channel: str, ts: str, text: str) -> None:
        """The person's message has another text."""
        self._act("edit", channel=channel, ts=ts, text=text)

    def delete(self, channel: str, ts: str) -> None:
        """The person's message is gone."""
        self._act("delete", channel=channel, ts=ts)

    def react(self, channel: str, ts: str, name: str, *, remove: bool = False) -> None:
        """The person's reaction stands, or is gone."""
        self._act("react", channel=channel, ts=ts, name=name, remove=remove)

    def click(self, channel: str, ts: str, action_id: str, value: Any = None) -> bool:
        """The element was used; whether the bot acknowledged it."""
        return bool(
            self._act("click", channel=channel, ts=ts, action_id=action_id, value=value)[
                "acknowledged"
            ]
        )

    def click_late(self, channel: str, seen: Json, action_id: str, value: Any = None) -> bool:
        """The element of a message as it stood earlier was used; whether the bot acknowledged it."""
        how = {
            "channel": channel,
            "ts": seen["ts"],
            "action_id": action_id,
            "value": value,
            "seen": seen,
        }
        return bool(self._act("click", **how)["acknowledged"])

    def click_view(self, view_id: str, action_id: str, value: Any = None) -> bool:
        """The element of a modal or home was used; whether the bot acknowledged it."""
        return bool(
            self._act("click_view", view_id=view_id, action_id=action_id, value=value)[
                "acknowledged"
            ]
        )

    def submit_view(self, view_id: str, values: Json) -> dict[str, str]:
        """The modal was submitted; the errors at its inputs, by block_id, if it was refused."""
        return dict(self._act("submit_view", view_id=view_id, values=values)["errors"])

    def close_view(self, view_id: str, *, all: bool = False) -> None:  # noqa: A002  # the control API's word
        """The modal, or the whole stack, is closed."""
        self._act("close_view", view_id=view_id, all=all)

    def slash(
        self, channel: str, command: str, text: str = "", thread_ts: str | None = None
    ) -> bool:
        """The command was typed; whether the bot acknowledged it."""
        how = {"channel": channel, "command": command, "text": text, "thread_ts": thread_ts}
        return bool(self._act("slash", **how)["acknowledged"])

    def shortcut(self, callback_id: str, channel: str | None = None, ts: str | None = None) -> bool:
        """The shortcut was taken; whether the bot acknowledged it."""
        return bool(
            self._act("shortcut", callback_id=callback_id, channel=channel, ts=ts)["acknowledged"]
        )

    def open_home(self, tab: str = "home") -> None:
        """The person looks at the app's home, or its messages."""
        self._act("open_home", tab=tab)

    def stop(self, channel: str, thread_ts: str) -> None:
        """The person pressed Stop in a thread."""
        self._act("stop", channel=channel, thread_ts=thread_ts)

    def upload(
        self, channel: str, name: str, text: str, comment: str = "", thread_ts: str | None = None
    ) -> Json:
        """A file stands in the channel. The file."""
        content = base64.b64encode(text.encode()).decode()
        how = {
            "channel": channel,
            "name": name,
            "base64": content,
            "comment": comment,
            "thread_ts": thread_ts,
        }

        return dict(self._act("upload", **how)["file"])

    def join(self, channel: str) -> None:
        """The person is a member of a public channel."""
        self._act("join", channel=channel)

    def leave(self, channel: str) -> None:
        """The person is no member of the channel any more."""
        self._act("leave", channel=channel)

    def invite_bot(self, channel: str) -> None:
        """The bot is a member of the channel."""
        self._act("invite_bot", channel=channel)

    def thread(self, channel: str, ts: str) -> list[Json]:
        """Copies of a message and its replies, oldest first."""
        return self._read(
            lambda workspace: _copies(workspace.thread(self._place(workspace, channel), ts))
        )

    def answers(self, channel: str, ts: str) -> list[Json]:
        """Copies of the bot's messages that stand in the thread and are complete, oldest first."""
        return self._read(lambda workspace: self._answers(workspace, channel, ts))

    def wait_answers(
        self, channel: str, ts: str, number: int = 1, seconds: float = 10.0
    ) -> list[Json]:
        """The bot's answers in the thread, as soon as there are so many. Raises TimeoutError."""

        def enough(workspace: Workspace) -> list[Json] | None:
            found = self._answers(workspace, channel, ts)
            return found if len(found) >= number else None

        return self.wait_until(enough, seconds) or []

    def whispers(self, channel: str) -> list[Json]:
        """Copies of the messages in the channel that only this person sees, oldest first."""
        return self._read(lambda workspace: self._whispers(workspace, channel))

    def views(self) -> list[Json]:
        """Copies of the person's open modals, bottom first."""
        return self._read(lambda workspace: _copies(workspace.views.get(self._me(workspace), [])))

    def home(self) -> Json | None:
        """A copy of the person's App Home."""
        return self._read(lambda workspace: copy.deepcopy(workspace.homes.get(self._me(workspace))))

    def wait_until(self, predicate: Callable[[Workspace], T], seconds: float = 10.0) -> T:
        """The first true result of `predicate`, asked now and after each change. Raises TimeoutError."""
        return self._sandbox.wait_until(predicate, seconds)

    def _act(self, verb: str, **how: Any) -> Json:
        return self._sandbox.wait_for(act(self._sandbox.platform, self.name, verb, how))

    def _read(self, read: Callable[[Workspace], T]) -> T:
        return self._sandbox.call(lambda: read(self._sandbox.workspace))

    def _me(self, workspace: Workspace) -> str:
        found = workspace.user(self.name)
        if found is None:
            raise ActError("user_not_found", f"acting as {self.name!r}: there is no such person")
        return str(found["id"])

    def _place(self, workspace: Workspace, channel: str) -> str:
        found = workspace.dm(self._me(workspace)) if channel == "dm" else workspace.channel(channel)
        if found is None:
            raise ActError(
                "channel_not_found", f"looking for channel {channel!r}: there is no such channel"
            )

        return str(found["id"])

    def _answers(self, workspace: Workspace, channel: str, ts: str) -> list[Json]:
        thread = workspace.thread(self._place(workspace, channel), ts)
        done = [
            m
            for m in thread
            if m.get("bot_id") and not m.get("streaming") and m.get("subtype") != "tombstone"
        ]

        return _copies(done)

    def _whispers(self, workspace: Workspace, channel: str) -> list[Json]:
        user, place = self._me(workspace), self._place(workspace, channel)
        return _copies(
            [
                m
                for (where, _), m in workspace.ephemerals.items()
                if where == place and m["user"] == user
            ]
        )


def _copies(messages: list[Json]) -> list[Json]:
    """Copies that later changes do not touch."""
    return copy.deepcopy(messages)
