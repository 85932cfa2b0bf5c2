"""What one request may ask of the database, from the event of Slack to the answer in its thread."""

from __future__ import annotations

import json

import pytest

from bot.replies.replies import SlackReplies
from bot.transport.clients import Clients
from router.catalog.catalog import builtin_routes_folder, load_routes
from router.config import Settings
from router.store.versions.versions import StoredVersion
from router.types import INSTALLATION
from tests.fixtures.delivery import make_context, sandbox
from tests.fixtures.request_cost import counted
from tests.fixtures.slack_app import TEAM, deliver, slack_app
from workers.jobs.answer import answer_next
from workers.llm.budget import Budget
from workers.llm.fakes import smallest_instance
from workers.llm.gateway import Gateway
from workers.llm.model_client import RawAnswer
from workers.llm.pricing import Price
from workers.runtime.processes import wait_until

__all__ = ["deliver", "make_context", "sandbox", "slack_app"]

BUILT_IN = {"prompt": "rewrite", "rag": "handbook", "tools": "figures"}
BUDGETS = {"prompt": (25, 32), "rag": (33, 46), "tools": (33, 46)}
"""Statements and round trips by path kind. Raise one only for something that is worth it."""


class Vendor:
    """A model with a price that answers each call at once."""

    def send(self, endpoint, call, stall_seconds, on_text):
        text = "An answer." if call.schema is None else json.dumps(smallest_instance(call.schema))
        if on_text is not None:
            on_text(text)

        return RawAnswer(text, "stop", 10, 10)

    def price(self, name):
        return Price(output_usd=0.00001)


@pytest.fixture
def serve(slack_app, sandbox, deliver, make_context, store, clock):
    """Serves one mention by a route of that kind, as bot and worker do; returns what it cost."""
    settings = Settings(_env_file=None, model="vendor/one", cap_user_usd=5.0)
    budget = Budget(settings, store.spend, clock, store.channel_rules.daily_cap_usd)
    replies = SlackReplies(
        Clients.single(sandbox.bot_token, sandbox.api_url),
        store.replies,
        clock,
        lambda request: [],
        store.proposals.get,
    )
    context = make_context(
        settings=settings,
        model=Gateway(settings, Vendor(), None, clock, lambda: 0.0, budget),
        replies=replies,
        index=store.documents,
    )

    def serve(kind):
        version = load_routes(builtin_routes_folder()).routes[BUILT_IN[kind]].version
        body = version.model_dump(mode="json")
        store.versions.insert(
            StoredVersion(INSTALLATION, "refund", version.id, kind, "shadow", body, clock())
        )
        store.versions.go_live(INSTALLATION, "refund", version.id)
        # The first request also reads what is then held for a while.
        answer_one()
        with counted(store.engine) as cost:
            ada, ts = answer_one()

        assert store.requests.find(TEAM, ada.channel("general"), ts).state == "answered"
        assert len(ada.thread("general", ts)) == 2
        return cost

    def answer_one():
        ada = sandbox.actor("ada")
        text = "<@U0BEAGLE001> !refund I want my money back"
        ts = ada.say("general", text)
        event = {"type": "app_mention", "user": ada.id, "text": text, "ts": ts}

        assert deliver(event | {"channel": ada.channel("general")}) == 200
        assert wait_until(lambda: slack_app._queue.woken, 60.0)
        slack_app._queue.woken.clear()
        assert answer_next(context)
        return ada, ts

    return serve


@pytest.mark.parametrize("kind", sorted(BUDGETS))
def test_a_request_stays_within_its_budget(kind, serve):
    cost = serve(kind)

    statements, trips = BUDGETS[kind]
    asked = "\n".join(cost.log)
    assert cost.statements <= statements, f"{cost.statements} statements:\n{asked}"
    assert cost.trips <= trips, f"{cost.trips} round trips for {cost.statements} statements"
