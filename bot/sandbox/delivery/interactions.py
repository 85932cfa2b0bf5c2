"""Builds interaction payloads for the bot and applies the bot's responses to them."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from bot.sandbox import modals
from bot.sandbox.block_kit import check_message, check_view, with_ids
from bot.sandbox.context import SandboxContext
from bot.sandbox.delivery import origins
from bot.sandbox.delivery.dispatcher import DeliveryResult
from bot.sandbox.json_types import Json
from bot.sandbox.seed_data import APP_ID, BOT_ID

SLACKBOT = {"bot_id": "B0SLACKBOT0", "username": "Slackbot"}
TEXT_LIMIT = 40_000


class ResponseTarget(TypedDict):
    """Where a response goes: the user and channel and, for a click, the message and its thread."""

    user: str
    channel: str
    thread_ts: NotRequired[str | None]
    ts: NotRequired[str]
    private: NotRequired[bool]


def build_payload(context: SandboxContext, user: Json, kind: str, **fields: Any) -> Json:
    """Returns an interaction payload: the fields that all kinds share, and a new trigger id."""
    return {
        "type": kind,
        **origins.of_click(context.workspace, user, in_dialog="view" in fields),
        "api_app_id": APP_ID,
        "token": "sandbox",
        "trigger_id": context.short_lived_tokens.issue("trigger", user=user["id"]),
        **fields,
    }


def create_response_url(
    context: SandboxContext, user: str, channel: str, message: Json | None = None
) -> str:
    """Returns a URL for up to five responses within half an hour.

    With `message`, a response may also replace or delete that message.
    """
    target = ResponseTarget(user=user, channel=channel)
    if message is not None:
        target["ts"] = message["ts"]
        target["thread_ts"] = message.get("thread_ts")
        target["private"] = bool(message.get("is_ephemeral"))

    key = context.short_lived_tokens.issue("response", **target)
    return f"{context.url}/actions/{key}"


def apply_response(context: SandboxContext, target: ResponseTarget, response: Json) -> str:
    """Applies what the bot posted to a response URL. Returns `ok`, or Slack's error code."""
    channel = target["channel"]
    if response.get("delete_original") and target.get("ts"):
        _delete_original(context, target)
        return "ok"

    text = str(response.get("text") or "")
    blocks = response.get("blocks")
    if blocks is not None and check_message(blocks).details:
        return "invalid_blocks"
    if context.refusals.check(blocks, "response", "/blocks") is not None:
        return context.refusals.code
    if not text.strip() and not blocks:
        return "no_text"

    message: Json = {
        "text": text[:TEXT_LIMIT],
        "bot_id": BOT_ID,
        "user": context.workspace.bot["id"],
    }
    if blocks:
        message["blocks"] = with_ids(blocks, context.random)
    if response.get("replace_original") and target.get("ts"):
        _replace_original(context, target, message)
        return "ok"

    thread_ts = response.get("thread_ts") or target.get("thread_ts")
    if thread_ts:
        message["thread_ts"] = thread_ts

    if response.get("response_type") == "in_channel":
        context.workspace.post(channel, message)
    else:
        context.workspace.post_ephemeral(channel, target["user"], message)

    return "ok"


def _delete_original(context: SandboxContext, target: ResponseTarget) -> None:
    channel = target["channel"]
    ts = target["ts"]

    if target["private"]:
        context.workspace.delete_ephemeral(channel, ts)
    elif context.workspace.message(channel, ts) is not None:
        context.workspace.delete_message(channel, ts)


def _replace_original(context: SandboxContext, target: ResponseTarget, message: Json) -> None:
    workspace = context.workspace
    channel = target["channel"]
    ts = target["ts"]

    if not target["private"]:
        if workspace.message(channel, ts) is not None:
            workspace.update_message(
                channel, ts, text=message["text"], blocks=message.get("blocks")
            )
    elif (channel, ts) in workspace.ephemerals:
        replacement = {**message, "ts": ts}
        if target.get("thread_ts"):
            replacement["thread_ts"] = target["thread_ts"]

        workspace.post_ephemeral(channel, target["user"], replacement)


def show_command_response(
    context: SandboxContext, target: ResponseTarget, command: str, result: DeliveryResult
) -> None:
    """Shows the response to a command, or Slack's error if the bot failed to acknowledge it."""
    code = "ok"
    if not result.ok:
        code = "operation_timeout" if "timeout" in result.reason else "dispatch_failed"
    else:
        response = {"text": result.body} if isinstance(result.body, str) else result.body
        if isinstance(response, dict) and response:
            code = apply_response(context, target, response)

    if code != "ok":
        post_slackbot_notice(context, target, f'{command} failed with the error "{code}"')


def post_slackbot_notice(context: SandboxContext, target: ResponseTarget, text: str) -> None:
    """Posts an ephemeral message by Slackbot, as Slack does when something goes wrong."""
    message: Json = {"text": text, **SLACKBOT}
    if target.get("thread_ts"):
        message["thread_ts"] = target["thread_ts"]

    context.workspace.post_ephemeral(target["channel"], target["user"], message)


def apply_submission(
    context: SandboxContext, user: str, view: Json, result: DeliveryResult
) -> dict[str, str]:
    """Applies the bot's answer to a submitted view. Returns the errors at its inputs."""
    stack = context.workspace.views.get(user, [])
    response = result.body if isinstance(result.body, dict) else {}
    action = response.get("response_action")

    # An error without a block_id is shown above the form.
    if not result.ok:
        errors = {"": "We had some trouble connecting. Try again?"}
        context.workspace.set_views(user, stack, errors)
        return errors

    if action == "errors":
        errors = {str(name): str(text) for name, text in (response.get("errors") or {}).items()}
        context.workspace.set_views(user, stack, errors)
        return errors

    if action in ("update", "push") and isinstance(response.get("view"), dict):
        return _apply_view(context, user, view, response)

    # An empty acknowledgement closes the submitted view, `clear` the whole stack.
    remaining: list[Json] = []
    if action != "clear" and not view.get("clear_on_close"):
        remaining = [other for other in stack if other["id"] != view["id"]]

    context.workspace.set_views(user, remaining)
    return {}


def _apply_view(context: SandboxContext, user: str, view: Json, response: Json) -> dict[str, str]:
    """Replaces the submitted view with the one of the response, or pushes it on top."""
    stack = context.workspace.views.get(user, [])
    is_push = response["response_action"] == "push"

    problems = check_view(response["view"], "modal")
    if not problems and is_push and len(stack) >= modals.STACK_LIMIT:
        problems = ["push_limit_reached"]

    if problems:
        errors = {"": "; ".join(problems)}
        context.workspace.set_views(user, stack, errors)
        return errors

    if is_push:
        stack = [*stack, modals.build_view(context, response["view"], parent=view)]
    else:
        updated = modals.build_view(context, response["view"], replaces=view)
        stack = [updated if other["id"] == view["id"] else other for other in stack]

    context.workspace.set_views(user, stack)
    return {}
