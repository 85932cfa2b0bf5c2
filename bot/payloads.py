"""Types of what Slack sends and Bolt hands to listeners: clicks, dialogs, commands, events.

Only fields that Beagle reads are listed. Slack leaves fields out by surface (a click in the App
Home has no channel, a click in a message has no view), so most keys are optional: read them with
`.get`. The shapes are those of https://docs.slack.dev/reference/interaction-payloads/.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NotRequired, Protocol, Required, TypeAlias, TypedDict

from slack_sdk import WebClient

from router.types import SlackPerson

Block: TypeAlias = dict[str, object]
"""One Block Kit block, or a view: JSON that Beagle builds and Slack checks."""
Json: TypeAlias = Mapping[str, object]
"""A JSON object whose fields are checked where they are read."""
Listener: TypeAlias = Callable[..., object]
"""A function that Bolt calls with the arguments it names: `ack`, `action`, `body`, `client` ..."""


class Ack(Protocol):
    """Acknowledges a click or dialog. Slack wants it within three seconds."""

    def __call__(
        self,
        *,
        response_action: Literal["errors", "update", "push", "clear"] | None = None,
        errors: Mapping[str, str] | None = None,
        view: Mapping[str, object] | None = None,
    ) -> object:
        """Acknowledges. With `errors` the dialog stays open; a text appears at its question.

        With `update` the dialog becomes `view`.
        """


class Respond(Protocol):
    """Posts to the `response_url` of a click or command."""

    def __call__(
        self,
        *,
        text: str = "",
        blocks: Sequence[Block] | None = None,
        response_type: Literal["ephemeral", "in_channel"] | None = None,
        replace_original: bool | None = None,
        delete_original: bool | None = None,
    ) -> object:
        """Returns Slack's webhook response, which carries a `status_code`."""


class TeamRef(TypedDict):
    """The workspace of a payload. Beagle's code says `team` because Slack's payloads do."""

    id: str


class UserRef(TypedDict):
    """The person who clicked. `team_id` differs from the payload's team in a shared channel."""

    id: str
    team_id: NotRequired[str]


class ChannelRef(TypedDict):
    """The channel in which somebody clicked.

    Slack hides the name of a private channel (`privategroup`) and of a direct message
    (`directmessage`).
    """

    id: str
    name: NotRequired[str]


class Text(TypedDict):
    """A `plain_text` or `mrkdwn` object."""

    type: str
    text: str


class Option(TypedDict):
    """One answer of a select, a radio button or a checkbox."""

    text: Text
    value: str


class Action(TypedDict, total=False):
    """The element that was clicked. A button has a `value`, a select has a `selected_option`."""

    action_id: str
    block_id: str
    type: str
    value: str
    selected_option: Option | None
    action_ts: str


class ButtonValue(TypedDict, total=False):
    """The JSON in a button's `value` or a dialog's `private_metadata`: ids, never content.

    Beagle wrote it, but an old message may carry ids that no longer exist. Look each of them up.
    """

    candidate: str
    version: int
    dataset: str
    places: list[int]
    request: str
    revision: int
    route: str
    reason: str
    user: str
    channel: str
    ts: str
    thread: str
    team: str
    source: str
    span: str
    proposal: str
    seal: str
    group: str
    sending: str
    action: str
    link: str


class Message(TypedDict, total=False):
    """A message inside a payload: the one that holds the button, or the one a shortcut is on."""

    ts: Required[str]
    thread_ts: str
    text: str
    user: str
    bot_id: str
    subtype: str
    edited: Json
    user_team: str
    source_team: str
    team: str
    files: list[Json]
    attachments: list[Json]


class Input(TypedDict, total=False):
    """The state of one input element in a submitted dialog."""

    type: str
    value: str | None
    selected_option: Option | None
    selected_options: list[Option] | None
    selected_conversation: str | None
    selected_user: str | None
    selected_users: list[str] | None


class ViewState(TypedDict):
    """The inputs of a submitted dialog, by block id and action id."""

    values: dict[str, dict[str, Input]]


class View(TypedDict, total=False):
    """A dialog or an App Home as Slack sends it back."""

    id: str
    type: str
    callback_id: str
    private_metadata: str
    state: Required[ViewState]


class InteractionBody(TypedDict, total=False):
    """What every interaction has: who did it, and where."""

    type: str
    user: Required[UserRef]
    team: TeamRef | None
    channel: ChannelRef | None
    trigger_id: str
    response_url: str


class ActionBody(InteractionBody, total=False):
    """A click (`block_actions`). `view` is set where the button is in a dialog or the App Home."""

    actions: list[Action]
    message: Message
    view: View


class ViewBody(InteractionBody, total=False):
    """A submitted dialog (`view_submission`)."""

    view: Required[View]


class ShortcutBody(InteractionBody, total=False):
    """A message shortcut (`message_action`)."""

    callback_id: str
    message: Required[Message]
    message_ts: Required[str]
    action_ts: Required[str]


class SlashCommand(TypedDict, total=False):
    """A slash command with what was typed behind it."""

    command: Required[str]
    text: str
    team_id: Required[str]
    user_id: Required[str]
    channel_id: Required[str]
    trigger_id: Required[str]
    response_url: str


class Authorization(TypedDict, total=False):
    """The installation for which Slack sent an event."""

    team_id: str | None
    user_id: str


class Event(TypedDict, total=False):
    """The inner event of the Events API, of any type: which fields are set depends on `type`."""

    type: Required[str]
    event_ts: str
    subtype: str | None
    user: str
    bot_id: str
    channel: str
    channel_type: str
    text: str
    ts: str
    thread_ts: str
    deleted_ts: str
    message: Message
    previous_message: Message
    user_team: str
    source_team: str
    team: str
    tab: str
    files: list[Json]
    attachments: list[Json] | None
    assistant_thread: Json
    tokens: Json
    inviter: str
    reaction: str
    item: Json
    item_user: str


class EventBody(TypedDict, total=False):
    """The envelope of an event (`event_callback`)."""

    type: str
    event_id: str
    event_time: int
    team_id: str
    event: Event
    is_ext_shared_channel: bool
    minute_rate_limited: int
    authorizations: list[Authorization] | None


EventHandler: TypeAlias = Callable[[Event, str, WebClient], None]
"""Takes an event, the id of the workspace it was sent to, and a client for that workspace."""


def clicker(body: InteractionBody) -> SlackPerson:
    """Returns who clicked."""
    return SlackPerson(*team_and_user(body), clicker_home(body))


def clicker_home(body: InteractionBody) -> str:
    """Returns the workspace of whoever clicked where it is another one than the payload's."""
    team, _ = team_and_user(body)
    home = body["user"].get("team_id") or team
    return "" if home == team else home


def team_and_user(body: InteractionBody) -> tuple[str, str]:
    """Returns the workspace and the person of an interaction; no workspace is an empty text."""
    team = body.get("team")
    return (team["id"] if team else ""), body["user"]["id"]
