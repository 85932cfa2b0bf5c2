"""What an admin of the workspace changes: kinds of channels, and who is a guest."""

from __future__ import annotations

from bot.sandbox.actions.messages import resolve_channel
from bot.sandbox.actions.person import Person
from bot.sandbox.delivery import events
from bot.sandbox.element_values import ActionError
from bot.sandbox.json_types import Json


async def convert(person: Person, *, channel: str, private: bool) -> Json:
    """Makes a channel private, or public again. Its id stays: it goes on beginning with C."""
    require_admin(person)
    conversation = resolve_channel(person, channel)
    if conversation["is_im"] or conversation["is_private"] == private:
        raise ActionError("method_not_supported", f"converting {channel!r}: it is one already")

    conversation.update(is_private=private, is_channel=not private, is_group=private)
    person.workspace.set_members(conversation["id"], conversation["members"])

    kind = "private" if private else "public"
    notice = {
        "subtype": f"channel_convert_to_{kind}",
        "user": person.id,
        "text": f"made this channel {kind}",
    }
    posted = person.workspace.post(conversation["id"], notice)
    events.publish_message(person.context, conversation["id"], posted)
    return {"ts": posted["ts"]}


async def set_guest(
    person: Person, *, name: str, guest: bool, single_channel: bool = False
) -> Json:
    """Makes somebody a guest, of one or of several channels, or a full member again."""
    require_admin(person)
    user = person.workspace.user(name)
    if user is None or user["is_bot"]:
        raise ActionError("user_not_found", f"changing the role of {name!r}: no such person")

    # Both flags are set of a guest of a single channel.
    user["is_restricted"] = guest
    user["is_ultra_restricted"] = guest and single_channel
    event = {"type": "user_change", "user": dict(user), "event_ts": person.workspace.next_ts()}
    events.publish(person.context, event)
    return {}


def require_admin(person: Person) -> None:
    """Raises ActionError unless the person is an admin of the workspace."""
    if not person.user["is_admin"]:
        raise ActionError("not_allowed", f"acting as {person.name}: only an admin can do that")
