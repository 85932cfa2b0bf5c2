"""A correction in the running bot retrains the router in the background; undoing it does too."""

from __future__ import annotations

import json

import pytest

from bot.sandbox.seed_data import TEAM_ID
from workers.runtime.processes import wait_until

SECONDS = 300.0
pytestmark = pytest.mark.chaos
MISTAKEN = "could you put this into better words for the client: we cannot come"


@pytest.fixture
def ada(stack):
    return stack.sandbox.actor("ada")


def until(true):
    return wait_until(true, SECONDS)


def decided(stack, ada, text):
    """Returns the bot's decision about a message, and the ts of the message and of its answer."""
    channel, ts = ada.channel("general"), ada.say("general", f"@beagle {text}")
    found = []

    def answered():
        request = stack.store.requests.find(TEAM_ID, channel, ts)
        decision = stack.store.decisions.newest(request.id) if request else None
        replies = [m for m in ada.thread("general", ts) if m["ts"] > ts and m.get("metadata")]
        found[:] = [(decision, m["ts"]) for m in replies]

        return decision is not None and replies

    assert until(answered), "no answer came"
    return found[0][0], ts, found[0][1]


def thanks(ada):
    """The answers to a correction that offer to undo it; a welcome says thank you as well."""
    return [m for m in ada.ephemerals("general") if "undo_label" in json.dumps(m)]


def test_a_correction_teaches_the_running_bot_and_can_be_taken_back(ada, stack):
    before, _, answer = decided(stack, ada, MISTAKEN)
    wanted = "reply" if before.scores[0].route != "reply" else "rewrite"

    ada.click("general", answer, "wrong_route")
    assert until(ada.views)
    ada.submit_view(ada.views()[-1]["id"], {"route": wanted, "again": []})
    assert until(lambda: thanks(ada))
    # Thanks wait only a few seconds for the training, which may take longer on a busy machine.
    assert until(lambda: decided(stack, ada, MISTAKEN)[0].router_version != before.router_version)
    learned, _, _ = decided(stack, ada, MISTAKEN)

    ada.click("general", thanks(ada)[-1]["ts"], "undo_label")
    assert until(lambda: [m for m in ada.ephemerals("general") if "Undone" in m["text"]])

    assert learned.scores[0].route == wanted
    assert until(lambda: decided(stack, ada, MISTAKEN)[0].router_version == before.router_version)
