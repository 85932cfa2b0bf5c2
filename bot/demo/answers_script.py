"""Chapters of the discovery story: what keeps going wrong, and a colleague's answer that is kept.

Both are clicks of an admin in Slack. They follow the digest, before the route that it found is
drafted.
"""

from __future__ import annotations

import json
from html import unescape

from bot.demo import failing_data
from bot.demo.rollout_actors import LEADS, RolloutActors, ScriptFailedError
from bot.demo.rollout_script import CLICK_SECONDS, Figures
from bot.demo.script_user import CHANNEL, Message
from bot.sandbox.seed_data import TEAM_ID
from bot.weekly.failures.view import LINT
from router.store.weekly.failure_groups import FailureGroup
from workers.runtime.processes import wait_until

QUESTION = "where can I leave my cello while I am at the Lisbon office?"
ANSWER = "In the music cupboard on the second floor of the Lisbon office; Mae has the key."
SIMILAR = "where do people leave a cello at the Lisbon office?"
QUOTED = "music cupboard"


def remedy_failures(actors: RolloutActors) -> Figures:
    """Reads the group of failures in the digest, and opens what it says of the prompt."""
    wait_until(lambda: _group_button(actors) is not None, CLICK_SECONDS)
    found = _group_button(actors)
    if found is None:
        raise ScriptFailedError("the digest names no group of failures with a failing prompt")

    message, group = found
    value = json.dumps({"group": group.id}, separators=(",", ":"))
    actors.ada.click(LEADS, str(message["ts"]), LINT, value)
    if not wait_until(lambda: bool(actors.ada.views()), CLICK_SECONDS):
        raise ScriptFailedError("the prompt's lint did not open")

    view = actors.ada.views()[-1]
    actors.ada.close_view(view["id"])
    rule = str(group.detail.get("rule") or "")
    if failing_data.RULE not in rule or rule not in unescape(str(view["blocks"])):
        raise ScriptFailedError(f"the dialog should name the failing rule, and found {rule!r}")

    def is_remedied() -> bool:
        stored = actors.store.failure_groups.get(TEAM_ID, group.id)
        return stored is not None and bool(stored.remedy)

    if not wait_until(is_remedied, CLICK_SECONDS):
        raise ScriptFailedError("the digest does not say that the prompt was looked at")

    return {
        "route": group.route,
        "failed": group.failed,
        "requests": group.total,
        "people": group.people,
        "cause": group.cause,
        "rule": rule,
    }


def keep_answer(actors: RolloutActors) -> Figures:
    """Nothing that Beagle may read answers; a colleague does, and Ada saves it."""
    grace = actors.users["grace"]
    ts = grace.ask(QUESTION)
    if grace.wait(ts) is None:
        raise ScriptFailedError(f"{QUESTION!r} got no answer at all")

    before = grace.answers(ts)[-1]
    if QUOTED in str(before["text"]):
        raise ScriptFailedError("the documents answer it already")

    mae = actors.demo.sandbox.actor("mae")
    reply = mae.say(CHANNEL, ANSWER, thread_ts=ts)
    actors.ada.shortcut("save_answer", CHANNEL, reply)

    def is_ready() -> bool:
        return bool(actors.ada.views()) and ANSWER in str(actors.ada.views()[-1]["blocks"])

    # The dialog opens at once, and is filled in when Slack has shown the thread.
    if not wait_until(is_ready, CLICK_SECONDS):
        raise ScriptFailedError("the dialog did not open with Mae's answer")

    actors.submit()
    channel = actors.ada.channel(CHANNEL)

    def is_saved() -> bool:
        return bool(actors.store.captured_answers.for_channel(TEAM_ID, channel))

    if not wait_until(is_saved, CLICK_SECONDS):
        raise ScriptFailedError("the answer was not saved")

    return {"question": QUESTION, "answer": ANSWER}


def quote_answer(actors: RolloutActors) -> Figures:
    """The next one who asks, in other words, is shown it with its author and date."""
    omar = actors.users["omar"]
    ts = omar.ask(SIMILAR)
    message = omar.wait(ts)
    text = unescape(str(message["text"])) if message is not None else ""
    if QUOTED not in text:
        raise ScriptFailedError(f"asked {SIMILAR!r}, the saved answer was not quoted: {text!r}")

    _, outcome, milliseconds = omar.facts(ts)
    citations = outcome.citations if outcome is not None else ()
    return {
        "asked": SIMILAR,
        "answer": text,
        "quoted": [citation.title for citation in citations],
        "ms": round(milliseconds),
    }


def _group_button(actors: RolloutActors) -> tuple[Message, FailureGroup] | None:
    """Returns the digest's message with the group whose prompt fails, and the group."""
    for group in actors.store.failure_groups.since(TEAM_ID, 0.0):
        if group.cause != "prompt" or group.route != failing_data.ROUTE:
            continue

        for message in actors.leads_messages():
            if group.id in str(message.get("blocks")):
                return message, group

    return None
