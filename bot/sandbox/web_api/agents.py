"""assistant.threads.* and agents.sessions.*: status, title, prompts and session of a thread."""

from __future__ import annotations

from bot.sandbox.block_kit.rules import most
from bot.sandbox.json_types import Json
from bot.sandbox.web_api import messages
from bot.sandbox.web_api.call import Call, Method, RefusalError
from bot.sandbox.web_api.streams import SESSION_STATES

STATUS_SECONDS = 120.0
"""Slack clears a status after two minutes without a message."""
LOADING_LIMIT = most("assistant.threads.setStatus.loading_messages")
PROMPT_LIMIT = most("assistant.threads.setSuggestedPrompts.prompts")


def set_status(call: Call) -> Json:
    """Sets a thread's status until a message arrives, it is cleared, or two minutes have passed."""
    channel = call.channel("channel_id")
    thread = messages.require_thread(call, channel)

    if "status" not in call.args:
        raise RefusalError("invalid_arguments", "missing required field: status")

    loading = call.json_argument("loading_messages") or []
    if not isinstance(loading, list) or len(loading) > LOADING_LIMIT:
        raise RefusalError(
            "invalid_arguments",
            f"loading_messages must be an array of at most {LOADING_LIMIT} items",
        )

    workspace = call.workspace
    loading_messages = [str(message) for message in loading]
    workspace.set_status(channel["id"], thread, call.text("status", ""), loading_messages)
    status = workspace.statuses.get((channel["id"], thread))

    def expire() -> None:
        # Identity, not equality: the bot may have set the same status again since.
        if workspace.statuses.get((channel["id"], thread)) is status:
            workspace.set_status(channel["id"], thread, "")

    if status is not None:
        call.context.clock.call_later(STATUS_SECONDS, expire)

    return {}


def set_title(call: Call) -> Json:
    """Sets a thread's title."""
    channel = call.channel("channel_id")
    thread = messages.require_thread(call, channel)
    call.workspace.set_session(channel["id"], thread, title=call.text("title"))

    return {}


def set_prompts(call: Call) -> Json:
    """Suggests up to four prompts in a thread, or in the DM if none is named."""
    channel = call.channel("channel_id")
    thread = messages.resolve_thread(call, channel) or ""

    prompts = call.json_argument("prompts")
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
    """Sets the state of a thread's agent session; creates the session if there is none."""
    channel = call.channel("channel_id")
    thread = messages.require_thread(call, channel)

    state = call.text("status")
    if state not in SESSION_STATES:
        raise RefusalError(
            "invalid_arguments", f"status must be one of {', '.join(SESSION_STATES)}"
        )

    fields = {"status": state}
    if call.text("title", ""):
        fields["title"] = call.text("title")

    session = call.workspace.set_session(channel["id"], thread, **fields)
    answer: Json = {"session": {**session, "channel_id": channel["id"]}}
    if "agent_session_stopped" not in call.context.events:
        # Without this event the Stop button would do nothing.
        answer["warning"] = "missing_agent_session_stopped_event_subscription"

    return answer


def rename(call: Call) -> Json:
    """Sets the title of a thread's agent session."""
    channel = call.channel("channel_id")
    thread = messages.require_thread(call, channel)

    # Unlike setStatus, rename does not create a session.
    if (channel["id"], thread) not in call.workspace.sessions:
        raise RefusalError("session_not_found")

    return {"session": call.workspace.set_session(channel["id"], thread, title=call.text("title"))}


ASSISTANT = ("assistant:write", "chat:write")
METHODS = {
    "assistant.threads.setStatus": Method(set_status, ASSISTANT, tier=None, limited=False),
    "assistant.threads.setTitle": Method(set_title, ("assistant:write",), tier=4),
    "assistant.threads.setSuggestedPrompts": Method(set_prompts, ("assistant:write",), tier=4),
    "agents.sessions.setStatus": Method(set_session, ("chat:write",), tier=None, limited=False),
    "agents.sessions.rename": Method(rename, ("chat:write",), tier=3),
}
