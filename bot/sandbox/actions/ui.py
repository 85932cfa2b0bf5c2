"""Actions on the user interface: buttons, forms, commands, shortcuts, App Home and Stop."""

from __future__ import annotations

from typing import Any

from bot.sandbox.actions.messages import find_message, resolve_channel, thread_root
from bot.sandbox.actions.person import Person
from bot.sandbox.delivery import events, interactions
from bot.sandbox.element_values import (
    ActionError,
    build_action,
    find_element,
    initial_state,
    merge_values,
    to_slack_value,
)
from bot.sandbox.json_types import Json
from bot.sandbox.seed_data import APP_ID
from bot.sandbox.workspace import STREAM_FIELDS


async def click(
    person: Person,
    *,
    channel: str,
    ts: str,
    action_id: str,
    value: Any = None,
    block_id: str | None = None,
    seen: Json | None = None,
) -> Json:
    """Uses an element of a message, which may be ephemeral.

    `seen` is an earlier version of the message, if that is what the person's screen still shows.
    """
    conversation = resolve_channel(person, channel)

    message = person.workspace.ephemerals.get((conversation["id"], ts))
    is_ephemeral = message is not None and message["user"] == person.id
    if message is None or not is_ephemeral:
        message = seen or find_message(person, conversation["id"], ts)

    block, element = find_element(message.get("blocks", []), action_id, value, block_id)
    action = build_action(block, element, value, person.workspace.next_ts())

    # A message keeps no state: only the element that was used has a new value.
    state = initial_state(message["blocks"])
    if block["block_id"] in state and action_id in state[block["block_id"]]:
        state[block["block_id"]][action_id] = to_slack_value(element, value)

    container: Json = {
        "type": "message",
        "message_ts": ts,
        "channel_id": conversation["id"],
        "is_ephemeral": is_ephemeral,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]

    payload = interactions.build_payload(
        person.context,
        person.user,
        "block_actions",
        container=container,
        channel=_channel_reference(conversation),
        state={"values": state},
        response_url=interactions.create_response_url(
            person.context, person.id, conversation["id"], message
        ),
        actions=[action],
    )
    if not is_ephemeral:
        # Slack leaves the message out of the payload if it is ephemeral.
        payload["message"] = events.event_fields(message, metadata=True)

    result = await person.context.dispatcher.dispatch_interaction("interactive", payload)
    if not result.ok:
        target = interactions.ResponseTarget(
            channel=conversation["id"], user=person.id, thread_ts=message.get("thread_ts")
        )
        interactions.post_slackbot_notice(
            person.context, target, "This app responded with an error. Try again?"
        )

    return {"acknowledged": result.ok}


async def click_view(
    person: Person,
    *,
    view_id: str,
    action_id: str,
    value: Any = None,
    block_id: str | None = None,
    values: Json | None = None,
) -> Json:
    """Uses an element of a modal or App Home; `values` are its other inputs by then."""
    view = _find_view(person, view_id)
    block, element = find_element(view["blocks"], action_id, value, block_id)
    action = build_action(block, element, value, person.workspace.next_ts())

    state = merge_values(view["blocks"], view["state"]["values"], values or {})
    if action_id in state.get(block["block_id"], {}):
        state[block["block_id"]][action_id] = to_slack_value(element, value)

    view["state"] = {"values": state}
    payload = interactions.build_payload(
        person.context,
        person.user,
        "block_actions",
        container={"type": "view", "view_id": view_id},
        view=view,
        actions=[action],
        state=view["state"],
    )

    result = await person.context.dispatcher.dispatch_interaction("interactive", payload)
    return {"acknowledged": result.ok}


async def submit_view(person: Person, *, view_id: str, values: Json) -> Json:
    """Submits a modal. Returns `errors` by block_id, from Slack itself or from the bot."""
    view = _find_view(person, view_id)
    view["state"] = {"values": merge_values(view["blocks"], view["state"]["values"], values)}

    missing = _missing_inputs(view)
    if missing:
        # Slack checks required inputs itself: the bot is not asked.
        person.workspace.set_views(person.id, person.workspace.views[person.id], missing)
        return {"errors": missing, "acknowledged": True}

    payload = interactions.build_payload(
        person.context, person.user, "view_submission", view=view, response_urls=[]
    )
    result = await person.context.dispatcher.dispatch_interaction("interactive", payload)
    errors = interactions.apply_submission(person.context, person.id, view, result)

    return {"errors": errors, "acknowledged": result.ok}


async def close_view(person: Person, *, view_id: str, all: bool = False) -> Json:  # noqa: A002  # the control API's name
    """Closes a modal, or with `all` the whole stack. Notifies the bot if the view asks for it."""
    view = _find_view(person, view_id)
    remaining = []
    if not all:
        stack = person.workspace.views.get(person.id, [])
        remaining = [other for other in stack if other["id"] != view_id]

    person.workspace.set_views(person.id, remaining)

    if view["notify_on_close"]:
        payload = interactions.build_payload(
            person.context, person.user, "view_closed", view=view, is_cleared=all
        )
        await person.context.dispatcher.dispatch_interaction("interactive", payload)

    return {}


async def slash(
    person: Person, *, channel: str, command: str, text: str = "", thread_ts: str | None = None
) -> Json:
    """Runs a slash command. The bot's immediate response, or Slack's error, is ephemeral.

    Commands and shortcuts are offered to people of the app's own workspace alone.
    """
    conversation = resolve_channel(person, channel)
    target = interactions.ResponseTarget(
        channel=conversation["id"], user=person.id, thread_ts=thread_ts, private=True
    )

    offered = {registered["command"] for registered in person.context.commands}
    if command not in offered or not person.workspace.is_colleague(person.user):
        interactions.post_slackbot_notice(
            person.context, target, f"{command} is not a valid command. Try one of the app's own."
        )
        return {"acknowledged": False}

    team = person.workspace.team
    enterprise = person.workspace.own_company.enterprise
    grid = {"enterprise_id": enterprise, "enterprise_name": enterprise} if enterprise else {}
    payload = {
        "token": "sandbox",
        "team_id": team["id"],
        "team_domain": team["domain"],
        **grid,
        "channel_id": conversation["id"],
        "channel_name": _channel_reference(conversation)["name"],
        "user_id": person.id,
        "user_name": person.name,
        "command": command,
        "text": text.strip(),
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": interactions.create_response_url(
            person.context, person.id, conversation["id"]
        ),
        "trigger_id": person.context.short_lived_tokens.issue("trigger", user=person.id),
    }

    result = await person.context.dispatcher.dispatch_interaction("slash_commands", payload)
    interactions.show_command_response(person.context, target, command, result)
    return {"acknowledged": result.ok}


async def shortcut(
    person: Person, *, callback_id: str, channel: str | None = None, ts: str | None = None
) -> Json:
    """Uses a shortcut: with a channel and ts a message shortcut, otherwise a global one."""
    offered = {registered["callback_id"] for registered in person.context.shortcuts}
    if callback_id not in offered or not person.workspace.is_colleague(person.user):
        raise ActionError(
            "no_such_element", f"taking shortcut {callback_id!r}: the app has no such shortcut"
        )

    kind = "shortcut"
    fields: Json = {"callback_id": callback_id, "action_ts": person.workspace.next_ts()}

    if channel is not None and ts is not None:
        kind = "message_action"
        conversation = resolve_channel(person, channel)
        message = find_message(person, conversation["id"], ts)
        fields |= {
            "channel": _channel_reference(conversation),
            "message_ts": ts,
            "message": message,
            "response_url": interactions.create_response_url(
                person.context, person.id, conversation["id"], message
            ),
        }

    payload = interactions.build_payload(person.context, person.user, kind, **fields)
    result = await person.context.dispatcher.dispatch_interaction("interactive", payload)
    return {"acknowledged": result.ok}


async def open_home(person: Person, *, tab: str = "home") -> Json:
    """Opens the app's Home tab, or its Messages tab."""
    if tab not in ("home", "messages"):
        raise ActionError(
            "invalid_arguments", f"opening tab {tab!r}: there are 'home' and 'messages'"
        )

    event: Json = {
        "type": "app_home_opened",
        "user": person.id,
        "channel": resolve_channel(person, "dm")["id"],
        "tab": tab,
        "event_ts": person.workspace.next_ts(),
    }
    if tab == "home" and person.id in person.workspace.homes:
        event["view"] = person.workspace.homes[person.id]

    events.publish(person.context, event)
    return {}


async def stop(person: Person, *, channel: str, thread_ts: str) -> Json:
    """Presses Stop in a thread, which ends its open streams. The bot updates the session."""
    channel_id = resolve_channel(person, channel)["id"]
    thread = thread_root(person.context, person.workspace.channels[channel_id], thread_ts)

    streaming = []
    for message in person.workspace.thread(channel_id, thread):
        if message.get("streaming"):
            streaming.append(message["ts"])

    # Slack closes the streams itself, so that a bot that ignores the event cannot go on writing.
    for ts in streaming:
        ended = dict.fromkeys(STREAM_FIELDS)
        person.workspace.update_message(channel_id, ts, **ended, stopped_by_user=True)

    event = {
        "type": "agent_session_stopped",
        "channel": channel_id,
        "thread_ts": thread,
        "user": person.id,
        "streaming_message_ts": streaming,
        "event_ts": person.workspace.next_ts(),
    }
    events.publish(person.context, event)
    return {}


def _channel_reference(conversation: Json) -> Json:
    """Returns a conversation as interaction payloads name it."""
    return {"id": conversation["id"], "name": conversation.get("name", "directmessage")}


def _find_view(person: Person, view_id: str) -> Json:
    owner_and_view = person.workspace.view(view_id)
    if owner_and_view is None or owner_and_view[0] != person.id:
        raise ActionError(
            "view_not_found", f"looking for view {view_id!r}: {person.name} has no such view open"
        )

    return owner_and_view[1]


def _missing_inputs(view: Json) -> dict[str, str]:
    """Returns Slack's error for each required input that is empty, by block_id."""
    errors = {}
    for block in view["blocks"]:
        if block["type"] != "input" or block.get("optional"):
            continue

        block_state = view["state"]["values"].get(block["block_id"], {})
        element_state = block_state.get(block["element"]["action_id"], {})
        if not any(value for name, value in element_state.items() if name != "type"):
            errors[block["block_id"]] = "Please complete this required field."

    return errors
