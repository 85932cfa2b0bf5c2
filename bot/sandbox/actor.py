"""One human of the sandbox, for tests and scripts that use Slack as a person does."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from bot.sandbox.actions import perform_action
from bot.sandbox.element_values import ActionError
from bot.sandbox.json_types import Json
from bot.sandbox.workspace import Workspace

if TYPE_CHECKING:
    from bot.sandbox.server import Sandbox

T = TypeVar("T")

WAIT_SECONDS = 60.0
"""Only a failure waits so long; a busy machine must not look like one."""


class Actor:
    """Performs actions as one person. Each returns once the action is done.

    The bot reacts later, so wait for it: `wait_for_answers`, `wait_for_ephemeral`, `wait_until`.
    Channels are ids or names, and `dm` is the DM with the bot; `@beagle` in a text mentions the
    bot. Raises ActionError for what a person cannot do.
    """

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.name = name
        self._sandbox = sandbox

    @property
    def id(self) -> str:
        """The person's user id."""
        return self._read(self._user_id)

    def channel(self, name: str = "dm") -> str:
        """Returns a channel's id."""
        return self._read(lambda workspace: self._channel_id(workspace, name))

    def say(
        self, channel: str, text: str, thread_ts: str | None = None, files: list[str] | None = None
    ) -> str:
        """Posts a message. Returns its ts."""
        posted = self._act("say", channel=channel, text=text, thread_ts=thread_ts, files=files)
        return str(posted["ts"])

    def dm(self, text: str, thread_ts: str | None = None) -> str:
        """Posts a message in the DM with the bot. Returns its ts."""
        return str(self._act("dm", text=text, thread_ts=thread_ts)["ts"])

    def edit(self, channel: str, ts: str, text: str) -> None:
        """Edits the person's own message."""
        self._act("edit", channel=channel, ts=ts, text=text)

    def delete(self, channel: str, ts: str) -> None:
        """Deletes the person's own message."""
        self._act("delete", channel=channel, ts=ts)

    def react(self, channel: str, ts: str, name: str, *, remove: bool = False) -> None:
        """Adds a reaction, or removes it with `remove`."""
        self._act("react", channel=channel, ts=ts, name=name, remove=remove)

    def click(self, channel: str, ts: str, action_id: str, value: Any = None) -> bool:
        """Uses an element of a message. Returns whether the bot acknowledged it."""
        result = self._act("click", channel=channel, ts=ts, action_id=action_id, value=value)
        return bool(result["acknowledged"])

    def click_outdated(
        self, channel: str, message: Json, action_id: str, value: Any = None
    ) -> bool:
        """Uses an element of an earlier version of a message, like a screen not yet updated.

        Returns whether the bot acknowledged it.
        """
        result = self._act(
            "click",
            channel=channel,
            ts=message["ts"],
            action_id=action_id,
            value=value,
            seen=message,
        )
        return bool(result["acknowledged"])

    def click_view(self, view_id: str, action_id: str, value: Any = None) -> bool:
        """Uses an element of a modal or App Home. Returns whether the bot acknowledged it."""
        result = self._act("click_view", view_id=view_id, action_id=action_id, value=value)
        return bool(result["acknowledged"])

    def submit_view(self, view_id: str, values: Json) -> dict[str, str]:
        """Submits a modal. Returns the errors at its inputs, by block_id, if it was refused."""
        return dict(self._act("submit_view", view_id=view_id, values=values)["errors"])

    def close_view(self, view_id: str, *, all: bool = False) -> None:  # noqa: A002  # the control API's name
        """Closes a modal, or with `all` the whole stack."""
        self._act("close_view", view_id=view_id, all=all)

    def slash(
        self, channel: str, command: str, text: str = "", thread_ts: str | None = None
    ) -> bool:
        """Runs a slash command. Returns whether the bot acknowledged it."""
        result = self._act(
            "slash", channel=channel, command=command, text=text, thread_ts=thread_ts
        )
        return bool(result["acknowledged"])

    def shortcut(self, callback_id: str, channel: str | None = None, ts: str | None = None) -> bool:
        """Uses a global shortcut, or with `channel` and `ts` a message shortcut.

        Returns whether the bot acknowledged it.
        """
        result = self._act("shortcut", callback_id=callback_id, channel=channel, ts=ts)
        return bool(result["acknowledged"])

    def open_home(self, tab: str = "home") -> None:
        """Opens the app's Home tab, or its Messages tab."""
        self._act("open_home", tab=tab)

    def stop(self, channel: str, thread_ts: str) -> None:
        """Presses Stop in a thread."""
        self._act("stop", channel=channel, thread_ts=thread_ts)

    def upload(
        self,
        channel: str,
        name: str,
        content: str | bytes,
        comment: str = "",
        thread_ts: str | None = None,
        **options: bool,
    ) -> Json:
        """Shares a file. Returns Slack's file object."""
        return dict(self._upload(channel, name, content, comment, thread_ts, options)["file"])

    def ask_about(
        self, channel: str, name: str, content: str | bytes, text: str, **options: bool
    ) -> str:
        """Posts a message with a file. Returns its ts."""
        return str(self._upload(channel, name, content, text, None, options)["ts"])

    def forward(self, channel: str, source: str, ts: str, text: str = "") -> str:
        """Shares a message of the channel `source` in another one. Returns the new ts."""
        return str(self._act("forward", channel=channel, source=source, ts=ts, text=text)["ts"])

    def join(self, channel: str) -> None:
        """Joins a public channel."""
        self._act("join", channel=channel)

    def leave(self, channel: str) -> None:
        """Leaves a channel."""
        self._act("leave", channel=channel)

    def invite_bot(self, channel: str) -> None:
        """Invites the bot to a channel."""
        self._act("invite_bot", channel=channel)

    def convert(self, channel: str, *, private: bool) -> None:
        """Makes a channel private, or public again; for admins."""
        self._act("convert", channel=channel, private=private)

    def set_guest(self, name: str, *, guest: bool, single_channel: bool = False) -> None:
        """Makes a person a guest, or a full member again; for admins."""
        self._act("set_guest", name=name, guest=guest, single_channel=single_channel)

    def share_channel(self, channel: str, team: str, *, host: bool = False) -> None:
        """Shares a channel with another workspace; `host`: as if it were theirs. For admins."""
        self._act("share_channel", channel=channel, team=team, host=host)

    def unshare_channel(self, channel: str, team: str) -> None:
        """Ends that a channel is shared; its people of that workspace leave. For admins."""
        self._act("unshare_channel", channel=channel, team=team)

    def invite(self, channel: str, name: str) -> None:
        """Invites somebody to a channel, of another company only where it is shared."""
        self._act("invite", channel=channel, name=name)

    def open_group(self, names: list[str]) -> str:
        """Opens a group DM with these people and the bot. Returns its id."""
        return str(self._act("open_group", names=names)["channel"])

    def thread(self, channel: str, ts: str) -> list[Json]:
        """Returns copies of a message and its replies, oldest first."""
        return self._read(
            lambda workspace: copy.deepcopy(
                workspace.thread(self._channel_id(workspace, channel), ts)
            )
        )

    def answers(self, channel: str, ts: str) -> list[Json]:
        """Returns copies of the bot's complete messages in a thread, oldest first."""
        return self._read(lambda workspace: self._answers(workspace, channel, ts))

    def wait_for_answers(
        self, channel: str, ts: str, number: int = 1, seconds: float = WAIT_SECONDS
    ) -> list[Json]:
        """Returns `answers` as soon as there are `number` of them. Raises TimeoutError."""

        def enough(workspace: Workspace) -> list[Json] | None:
            answers = self._answers(workspace, channel, ts)
            return answers if len(answers) >= number else None

        return self.wait_until(enough, seconds) or []

    def ephemerals(self, channel: str) -> list[Json]:
        """Returns copies of the person's ephemeral messages in a channel, oldest first."""
        return self._read(lambda workspace: self._ephemerals(workspace, channel))

    def wait_for_ephemeral(self, channel: str, text: str, seconds: float = WAIT_SECONDS) -> Json:
        """Returns the newest ephemeral message with `text` as soon as there is one.

        Raises TimeoutError.
        """

        def newest(workspace: Workspace) -> Json | None:
            messages = self._ephemerals(workspace, channel)
            return next((m for m in reversed(messages) if text in m["text"]), None)

        return self.wait_until(newest, seconds) or {}

    def views(self) -> list[Json]:
        """Returns copies of the person's open modals, bottom first."""
        return self._read(
            lambda workspace: copy.deepcopy(workspace.views.get(self._user_id(workspace), []))
        )

    def home(self) -> Json | None:
        """Returns a copy of the person's App Home."""
        return self._read(
            lambda workspace: copy.deepcopy(workspace.homes.get(self._user_id(workspace)))
        )

    def wait_until(self, predicate: Callable[[Workspace], T], seconds: float = WAIT_SECONDS) -> T:
        """Returns the first true result of `predicate`; see `Sandbox.wait_until`."""
        return self._sandbox.wait_until(predicate, seconds)

    def _upload(
        self,
        channel: str,
        name: str,
        content: str | bytes,
        comment: str,
        thread_ts: str | None,
        options: dict[str, bool],
    ) -> Json:
        data = content.encode() if isinstance(content, str) else content
        return self._act(
            "upload",
            channel=channel,
            name=name,
            base64=base64.b64encode(data).decode(),
            comment=comment,
            thread_ts=thread_ts,
            **options,
        )

    def _act(self, verb: str, **arguments: Any) -> Json:
        return self._sandbox.wait_for(
            perform_action(self._sandbox.context, self.name, verb, arguments)
        )

    def _read(self, read: Callable[[Workspace], T]) -> T:
        return self._sandbox.call(lambda: read(self._sandbox.workspace))

    def _user_id(self, workspace: Workspace) -> str:
        user = workspace.user(self.name)
        if user is None:
            raise ActionError("user_not_found", f"acting as {self.name!r}: there is no such person")

        return str(user["id"])

    def _channel_id(self, workspace: Workspace, name: str) -> str:
        if name == "dm":
            channel = workspace.dm(self._user_id(workspace))
        else:
            channel = workspace.channel(name)

        if channel is None:
            raise ActionError(
                "channel_not_found", f"looking for channel {name!r}: there is no such channel"
            )

        return str(channel["id"])

    def _answers(self, workspace: Workspace, channel: str, ts: str) -> list[Json]:
        answers = []
        for message in workspace.thread(self._channel_id(workspace, channel), ts):
            is_complete = not message.get("streaming") and message.get("subtype") != "tombstone"
            if message.get("bot_id") and is_complete:
                answers.append(message)

        # The caller is in another thread, so it must not see later changes.
        return copy.deepcopy(answers)

    def _ephemerals(self, workspace: Workspace, channel: str) -> list[Json]:
        user = self._user_id(workspace)
        channel_id = self._channel_id(workspace, channel)

        messages = []
        for (message_channel, _), message in workspace.ephemerals.items():
            if message_channel == channel_id and message["user"] == user:
                messages.append(message)

        return copy.deepcopy(messages)
