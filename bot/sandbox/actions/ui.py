"""What people press: buttons, forms, commands, shortcuts, the home, Stop."""

from __future__ import annotations

from typing import Any

from bot.sandbox.actions.messages import root, standing, where
from bot.sandbox.actions.person import Person
from bot.sandbox.delivery import events, interactions
from bot.sandbox.element_values import ActError, action, chosen, filled, find, initial_state
from bot.sandbox.seed_data import APP_ID

Json = dict[str, Any]


async def click(
    me: Person, *, channel: str, ts: str, action_id: str, value: Any = None,
    block_id: str | None = None, seen: Json | None = None,
) -> Json:  # fmt: skip
    """The element in a message, or in one that only this person sees, was used.

    `seen` is the message as it stood earlier, where the person's screen still shows that.
    """
    place = where(me, channel)
    whispered = me.platform.workspace.ephemerals.get((place["id"], ts))
    private = whispered is not None and whispered["user"] == me.user["id"]
    message = (
        whispered if private and whispered is not None else seen or standing(me.platform, place, ts)
    )
    block, element = find(message.get("blocks", []), action_id, value, block_id)
    done = action(block, element, value, me.platform.workspace.next_ts())

    state = initial_state(message["blocks"])
    if block["block_id"] in state and action_id in state[block["block_id"]]:
        state[block["block_id"]][action_id] = chosen(element, value)

    container: Json = {
        "type": "message",
        "message_ts": ts,
        "channel_id": place["id"],
        "is_ephemeral": private,
    }

    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]

    sent = interactions.payload(
        me.platform,
        me.user,
        "block_actions",
        container=container,
        channel={"id": place["id"], "name": place.get("name", "directmessage")},
        state={"values": state},
        response_url=interactions.response_url(me.platform, me.user["id"], place["id"], message),
        actions=[done],
    )
    if not private:
        # Slack leaves the message out where it is ephemeral.
        sent["message"] = {
            n: v for n, v in message.items() if n not in events.INSIDE or n == "metadata"
        }

    answer = await me.platform.delivery.ask("interactive", sent)
    if not answer.ok:
        about = {
            "channel": place["id"],
            "user": me.user["id"],
            "thread_ts": message.get("thread_ts"),
        }

        interactions.complain(me.platform, about, "This app responded with an error. Try again?")

    return {"acknowledged": answer.ok}


async def click_view(
    me: Person, *, view_id: str, action_id: str, value: Any = None, block_id: str | None = None,
    values: Json | None = None,
) -> Json:  # fmt: skip
    """The element in a modal or in the App Home was used; `values` is what else was filled in by then."""
    view = _view(me, view_id)
    block, element = find(view["blocks"], action_id, value, block_id)
    done = action(block, element, value, me.platform.workspace.next_ts())

    state = filled(view["blocks"], view["state"]["values"], values or {})
    if action_id in state.get(block["block_id"], {}):
        state[block["block_id"]][action_id] = chosen(element, value)

    view["state"] = {"values": state}
    container = {"type": "view", "view_id": view_id}
    sent = interactions.payload(
        me.platform,
        me.user,
        "block_actions",
        container=container,
        view=view,
        actions=[done],
        state=view["state"],
    )

    return {"acknowledged": (await me.platform.delivery.ask("interactive", sent)).ok}


async def submit_view(me: Person, *, view_id: str, values: Json) -> Json:
    """The modal was submitted; `errors` says by block_id what the bot, or Slack itself, does not accept."""
    view = _view(me, view_id)
    view["state"] = {"values": filled(view["blocks"], view["state"]["values"], values)}

    missing = _missing(view)
    if missing:
        me.platform.workspace.set_views(
            me.user["id"], me.platform.workspace.views[me.user["id"]], missing
        )
        return {"errors": missing, "acknowledged": True}

    sent = interactions.payload(
        me.platform, me.user, "view_submission", view=view, response_urls=[]
    )
    answer = await me.platform.delivery.ask("interactive", sent)
    return {
        "errors": interactions.submitted(me.platform, me.user["id"], view, answer),
        "acknowledged": answer.ok,
    }


async def close_view(me: Person, *, view_id: str, all: bool = False) -> Json:  # noqa: A002
    """The modal, or with `all` the whole stack, is closed; the bot hears of it where it asked to."""
    view = _view(me, view_id)
    stack = me.platform.workspace.views.get(me.user["id"], [])
    me.platform.workspace.set_views(
        me.user["id"], [] if all else [one for one in stack if one["id"] != view_id]
    )

    if view["notify_on_close"]:
        sent = interactions.payload(me.platform, me.user, "view_closed", view=view, is_cleared=all)
        await me.platform.delivery.ask("interactive", sent)

    return {}


async def slash(
    me: Person, *, channel: str, command: str, text: str = "", thread_ts: str | None = None
) -> Json:
    """The command was typed; what the bot says to it at once, or Slack about it, is shown to this person."""
    place, team = where(me, channel), me.platform.workspace.team
    about: Json = {
        "channel": place["id"],
        "user": me.user["id"],
        "thread_ts": thread_ts,
        "private": True,
    }

    if command not in {known["command"] for known in me.platform.commands}:
        interactions.complain(
            me.platform, about, f"{command} is not a valid command. Try one of the app's own."
        )
        return {"acknowledged": False}

    sent = {
        "token": "sandbox",
        "team_id": team["id"],
        "team_domain": team["domain"],
        "channel_id": place["id"],
        "channel_name": place.get("name", "directmessage"),
        "user_id": me.user["id"],
        "user_name": me.user["name"],
        "command": command,
        "text": text.strip(),
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": interactions.response_url(me.platform, me.user["id"], place["id"]),
        "trigger_id": me.platform.tickets.give("trigger", user=me.user["id"]),
    }

    answer = await me.platform.delivery.ask("slash_commands", sent)
    interactions.answered(me.platform, about, command, answer)
    return {"acknowledged": answer.ok}


async def shortcut(
    me: Person, *, callback_id: str, channel: str | None = None, ts: str | None = None
) -> Json:
    """The shortcut was taken: with a channel and ts on that message, else from anywhere."""
    if callback_id not in {known["callback_id"] for known in me.platform.shortcuts}:
        raise ActError(
            "no_such_element", f"taking shortcut {callback_id!r}: the app has no such shortcut"
        )

    more: Json = {"callback_id": callback_id, "action_ts": me.platform.workspace.next_ts()}
    if channel is not None and ts is not None:
        place = where(me, channel)
        message = standing(me.platform, place, ts)
        more |= {
            "channel": {"id": place["id"], "name": place.get("name", "directmessage")},
            "message_ts": ts,
            "message": message,
            "response_url": interactions.response_url(
                me.platform, me.user["id"], place["id"], message
            ),
        }

    kind = "message_action" if "message" in more else "shortcut"
    sent = interactions.payload(me.platform, me.user, kind, **more)
    return {"acknowledged": (await me.platform.delivery.ask("interactive", sent)).ok}


async def open_home(me: Person, *, tab: str = "home") -> Json:
    """The person looks at the app: its home, or the messages with it."""
    if tab not in ("home", "messages"):
        raise ActError("invalid_arguments", f"opening tab {tab!r}: there are 'home' and 'messages'")

    ts = me.platform.workspace.next_ts()
    dm = where(me, "dm")["id"]
    event: Json = {
        "type": "app_home_opened",
        "user": me.user["id"],
        "channel": dm,
        "tab": tab,
        "event_ts": ts,
    }

    if tab == "home" and me.user["id"] in me.platform.workspace.homes:
        event["view"] = me.platform.workspace.homes[me.user["id"]]

    events.publish(me.platform, event)
    return {}


async def stop(me: Person, *, channel: str, thread_ts: str) -> Json:
    """The person pressed Stop: open streams of the thread end. The session's state is for the bot to change."""
    place = where(me, channel)
    thread = root(me.platform, place, thread_ts)

    open_ones = [
        m["ts"] for m in me.platform.workspace.thread(place["id"], thread) if m.get("streaming")
    ]
    for ts in open_ones:
        me.platform.workspace.change(
            place["id"], ts, streaming=None, streamed_at=None, task_display_mode=None
        )

    event = {
        "type": "agent_session_stopped",
        "channel": place["id"],
        "thread_ts": thread,
        "user": me.user["id"],
        "streaming_message_ts": open_ones,
        "event_ts": me.platform.workspace.next_ts(),
    }

    events.publish(me.platform, event)
    return {}


def _view(me: Person, view_id: str) -> Json:
    found = me.platform.workspace.view(view_id)
    if found is None or found[0] != me.user["id"]:
        raise ActError(
            "view_not_found",
            f"looking for view {view_id!r}: {me.user['name']} has no such view open",
        )

    return found[1]


def _missing(view: Json) -> dict[str, str]:
    """Required inputs that are empty: Slack does not even ask the bot then."""
    missing = {}
    for block in view["blocks"]:
        if block["type"] == "input" and not block.get("optional"):
            state = (
                view["state"]["values"]
                .get(block["block_id"], {})
                .get(block["element"]["action_id"], {})
            )
            if not any(value for name, value in state.items() if name != "type"):
                missing[block["block_id"]] = "Please complete this required field."

    return missing
