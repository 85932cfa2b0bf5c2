"""What a person's clicks, forms and commands become on their way to the bot, and what its answers do."""

from __future__ import annotations

from typing import Any

from bot.sandbox import modals
from bot.sandbox.block_kit import check_message, check_view, with_ids
from bot.sandbox.context import Platform
from bot.sandbox.delivery.dispatcher import Answer
from bot.sandbox.seed_data import APP_ID, BOT_ID

Json = dict[str, Any]

SLACKBOT = {"bot_id": "B0SLACKBOT0", "username": "Slackbot"}


def payload(platform: Platform, user: Json, kind: str, **more: Any) -> Json:
    """An interaction payload with what all of them carry, and a fresh trigger id."""
    team = platform.workspace.team
    return {
        "type": kind,
        "user": {
            "id": user["id"],
            "username": user["name"],
            "name": user["name"],
            "team_id": team["id"],
        },
        "api_app_id": APP_ID,
        "token": "sandbox",
        "trigger_id": platform.tickets.give("trigger", user=user["id"]),
        "team": {"id": team["id"], "domain": team["domain"]},
        "enterprise": None,
        "is_enterprise_install": False,
        **more,
    }


def response_url(platform: Platform, user: str, channel: str, message: Json | None = None) -> str:
    """A URL by which the bot may answer five times within half an hour, also in place of `message`."""
    about: Json = {"user": user, "channel": channel}
    if message is not None:
        about |= {
            "ts": message["ts"],
            "thread_ts": message.get("thread_ts"),
            "private": bool(message.get("is_ephemeral")),
        }

    return f"{platform.url}/actions/{platform.tickets.give('response', **about)}"


def respond(platform: Platform, about: Json, said: Json) -> str:
    """What the bot posted to a response URL is done. Returns `ok`, or Slack's word for what is wrong."""
    workspace, channel, ts = platform.workspace, about["channel"], about.get("ts")
    if said.get("delete_original") and ts:
        if about["private"]:
            workspace.unwhisper(channel, ts)
        elif workspace.message(channel, ts) is not None:
            workspace.remove(channel, ts)

        return "ok"

    blocks = said.get("blocks")
    if blocks is not None and check_message(blocks).details:
        return "invalid_blocks"
    if not str(said.get("text") or "").strip() and not blocks:
        return "no_text"

    made: Json = {
        "text": str(said.get("text") or "")[:40_000],
        "bot_id": BOT_ID,
        "user": workspace.bot["id"],
    }

    if blocks:
        made["blocks"] = with_ids(blocks, platform.random)
    if said.get("replace_original") and ts:
        return _replace(platform, about, made)

    thread = said.get("thread_ts") or about.get("thread_ts")
    if thread:
        made["thread_ts"] = thread

    if said.get("response_type") == "in_channel":
        workspace.post(channel, made)
    else:
        workspace.whisper(channel, about["user"], made)

    return "ok"


def _replace(platform: Platform, about: Json, made: Json) -> str:
    workspace, channel, ts = platform.workspace, about["channel"], about["ts"]
    if about["private"]:
        if (channel, ts) in workspace.ephemerals:
            kept = {"thread_ts": about["thread_ts"]} if about.get("thread_ts") else {}
            workspace.whisper(channel, about["user"], {**made, **kept, "ts": ts})
    elif workspace.message(channel, ts) is not None:
        workspace.change(channel, ts, text=made["text"], blocks=made.get("blocks"))

    return "ok"


def answered(platform: Platform, about: Json, command: str, answer: Answer) -> None:
    """What the bot said while acknowledging a command is shown; so is Slack's complaint where it did not."""
    if not answer.ok:
        word = "operation_timeout" if "timeout" in answer.reason else "dispatch_failed"
        complain(platform, about, f'{command} failed with the error "{word}"')
        return

    said = {"text": answer.body} if isinstance(answer.body, str) else answer.body
    if isinstance(said, dict) and said:
        word = respond(platform, about, said)
        if word != "ok":
            complain(platform, about, f'{command} failed with the error "{word}"')


def complain(platform: Platform, about: Json, text: str) -> None:
    """Slackbot tells one person what went wrong."""
    made: Json = {"text": text, **SLACKBOT}
    if about.get("thread_ts"):
        made["thread_ts"] = about["thread_ts"]

    platform.workspace.whisper(about["channel"], about["user"], made)


def submitted(platform: Platform, user: str, view: Json, answer: Answer) -> dict[str, str]:
    """What the bot's answer to a submitted view does: errors at its inputs, another view, or the end of it."""
    stack = platform.workspace.views.get(user, [])
    said = answer.body if isinstance(answer.body, dict) else {}
    action = said.get("response_action")

    if not answer.ok:
        word = "We had some trouble connecting. Try again?"
        platform.workspace.set_views(user, stack, {"": word})
        return {"": word}

    if action == "errors":
        errors = {str(name): str(text) for name, text in (said.get("errors") or {}).items()}
        platform.workspace.set_views(user, stack, errors)
        return errors

    if action in ("update", "push") and isinstance(said.get("view"), dict):
        return _shown_next(platform, user, view, said)

    rest = (
        []
        if action == "clear" or view.get("clear_on_close")
        else [v for v in stack if v["id"] != view["id"]]
    )

    platform.workspace.set_views(user, rest)
    return {}


def _shown_next(platform: Platform, user: str, view: Json, said: Json) -> dict[str, str]:
    """The view of a response_action stands instead of the submitted one, or on top of it."""
    stack = platform.workspace.views.get(user, [])
    problems = check_view(said["view"], "modal")
    if not problems and said["response_action"] == "push" and len(stack) >= modals.STACK_LIMIT:
        problems = ["push_limit_reached"]

    if problems:
        errors = {"": "; ".join(problems)}
        platform.workspace.set_views(user, stack, errors)
        return errors

    if said["response_action"] == "push":
        stack = [*stack, modals.made(platform, said["view"], below=view)]
    else:
        made = modals.made(platform, said["view"], instead_of=view)
        stack = [made if one["id"] == view["id"] else one for one in stack]

    platform.workspace.set_views(user, stack)
    return {}
