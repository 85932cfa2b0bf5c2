"""assistant.threads.* and agents.sessions.*: what the bot says about its own work."""

from __future__ import annotations

from typing import Any

from bot.sandbox.web_api import messages
from bot.sandbox.web_api.call import Call, Method, RefusalError
from bot.sandbox.web_api.streams import SESSION_STATES

Json = dict[str, Any]

STATUS_SECONDS = 120.0
"""Slack clears a status after two minutes without a message."""
LOADING_LIMIT = 10
PROMPT_LIMIT = 4


def set_status(call: Call) -> Json:
    """The thread shows a status until a message comes, it is cleared, or two minutes are over."""
    channel = call.channel("channel_id")
    thread = messages.thread(call, channel, required=True)
    assert thread is not None

    if "status" not in call.args:
        raise RefusalError("invalid_arguments", "missing required field: status")

    loading = call.structure("loading_messages") or []
    if not isinstance(loading, list) or len(loading) > LOADING_LIMIT:
        raise RefusalError(
            "invalid_arguments",
            f"loading_messages must be an array of at most {LOADING_LIMIT} items",
        )

    workspace, place = call.workspace, (channel["id"], thread)
    workspace.set_status(*place, call.text("status", ""), [str(one) for one in loading])
    mine = workspace.statuses.get(place)

    def clear() -> None:
        if mine is not None and workspace.statuses.get(place) is mine:
            workspace.set_status(*place, "")

    if mine is not None:
        call.platform.clock.call_later(STATUS_SECONDS, clear)

    return {}


def set_title(call: Call) -> Json:
    """The thread has a title."""
    channel = call.channel("channel_id")
    thread = messages.thread(call, channel, required=True)
    assert thread is not None
    call.workspace.set_session(channel["id"], thread, title=call.text("title"))

    return {}


def set_prompts(call: Call) -> Json:
    """The thread, or without one the DM, offers up to four prompts."""
    channel = call.channel("channel_id")
    thread = messages.thread(call, channel) or ""

    prompts = call.structure("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= PROMPT_LIMIT:
        raise RefusalError(
            "invalid_arguments", f"prompts must be an array of 1 to {PROMPT_LIMIT} items"
        )

    for prompt in prompts:
        if not isinstance(prompt, dict) or not prompt.get("title") or not prompt.get("message"):
            raise RefusalError("invalid_arguments", "a prompt needs title and message")

    call.workspace.set_prompts(channel["id"], thread, call.text("title", ""), prompts)
    return {}


def set_session(call: Call) -> Json:
    """The agent session of the thread is in this state; it is made if it is not there."""
    channel = call.channel("channel_id")
    thread = messages.thread(call, channel, required=True)
    assert thread is not None

    state = call.text("status")
    if state not in SESSION_STATES:
        raise RefusalError(
            "invalid_arguments", f"status must be one of {', '.join(SESSION_STATES)}"
        )

    title = call.text("title", "")
    session = call.workspace.set_session(
        channel["id"], thread, status=state, **({"title": title} if title else {})
    )
    answer: Json = {"session": {**session, "channel_id": channel["id"]}}

    if "agent_session_stopped" not in call.platform.events:
        answer["warning"] = "missing_agent_session_stopped_event_subscription"

    return answer


def rename(call: Call) -> Json:
    """The agent session of the thread has this title."""
    channel = call.channel("channel_id")
    thread = messages.thread(call, channel, required=True)
    assert thread is not None

    if (channel["id"], thread) not in call.workspace.sessions:
        raise RefusalError("session_not_found")

    return {"session": call.workspace.set_session(channel["id"], thread, title=call.text("title"))}


ASSISTANT = ("assistant:write", "chat:write")
METHODS = {
    "assistant.threads.setStatus": Method(set_status, ASSISTANT, limited=False),
    "assistant.threads.setTitle": Method(set_title, ("assistant:write",), tier=3),
    "assistant.threads.setSuggestedPrompts": Method(set_prompts, ("assistant:write",), tier=3),
    "agents.sessions.setStatus": Method(set_session, ("chat:write",), limited=False),
    "agents.sessions.rename": Method(rename, ("chat:write",), tier=3),
}
